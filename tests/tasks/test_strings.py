"""Strings are told from ids, whatever holds them."""

import numpy as np
import pytest
import tensorflow as tf

from keras_transformer.tasks.strings import has_strings

STRINGS = [
    "a",
    ["a", "b"],
    [],
    {"text": ["a"]},
    np.array(["a"]),
    np.array([b"a"]),
    np.array(["a", "b"], object),
    tf.constant(["a"]),
]
NO_STRINGS = [
    None,
    [1, 2],
    {"token_ids": np.zeros((2, 3), "int32")},
    np.zeros((2, 3), "int32"),
    tf.zeros((2, 3), tf.int32),
    [tf.zeros((2,), tf.bool)],
    tf.data.Dataset.from_tensors(1),
]


@pytest.mark.parametrize("x", STRINGS)
def test_strings_are_seen(x):
    assert has_strings(x)


@pytest.mark.parametrize("x", NO_STRINGS)
def test_ids_are_not_taken_for_strings(x):
    assert not has_strings(x)
