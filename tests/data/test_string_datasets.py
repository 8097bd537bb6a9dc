"""Datasets of strings become datasets of ids."""

import pytest
import tensorflow as tf

from keras_transformer.data import map_strings


def encode(inputs, labels=None):
    lengths = {"length": tf.strings.length(inputs)}
    if labels is None:
        return lengths
    return lengths, tf.strings.to_number(labels, tf.int32)


def test_inputs_targets_and_weights_keep_their_places():
    rows = (["a", "bb", "ccc"], ["1", "2", "3"], [0.1, 0.2, 0.3])
    dataset = tf.data.Dataset.from_tensor_slices(rows).batch(2)
    mapped = list(map_strings(dataset, encode))
    assert len(mapped) == 2
    inputs, targets, weights = mapped[0]
    assert inputs["length"].numpy().tolist() == [1, 2]
    assert targets.numpy().tolist() == [1, 2]
    assert weights.numpy().tolist() == pytest.approx([0.1, 0.2])
    alone = tf.data.Dataset.from_tensor_slices(rows[0]).batch(3)
    (inputs,) = map_strings(alone, encode)
    assert inputs["length"].numpy().tolist() == [1, 2, 3]


def test_single_examples_are_refused_with_the_mend():
    dataset = tf.data.Dataset.from_tensor_slices((["a"], ["1"]))
    with pytest.raises(ValueError, match=r"Call `\.batch\(32\)`"):
        map_strings(dataset, encode)


def test_weights_of_examples_multiply_those_of_positions():
    def positions(inputs, labels):
        return *encode(inputs, labels), tf.constant([[1.0, 0.0], [1.0, 1.0]])

    rows = (["a", "bb"], ["1", "2"], [0.5, 2.0])
    dataset = tf.data.Dataset.from_tensor_slices(rows).batch(2)
    ((_, _, weights),) = map_strings(dataset, positions)
    assert weights.numpy().tolist() == [[0.5, 0.0], [2.0, 2.0]]
