import json
import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_transformer.text import LabelNames

NAMES = ["negative", "positive", "\u4e2d", "a b"]


def test_names_become_ids_and_ids_names():
    labels = LabelNames(NAMES)
    ids = labels.ids(["positive", "a b", "negative", "\u4e2d"])
    assert ids.dtype == tf.int32
    assert ids.numpy().tolist() == [1, 3, 0, 2]
    assert labels.ids("positive").numpy() == 1
    assert labels.ids([]).shape == (0,)
    assert labels.names([[3], [0]]).numpy().tolist() == [
        [b"a b"],
        [b"negative"],
    ]
    assert labels.names(np.int64(1)).numpy() == b"positive"
    assert len(labels) == 4
    assert list(labels) == NAMES


def test_many_names_keep_their_ids():
    names = [f"class {i}" for i in range(3001)]
    labels = LabelNames(names)
    np.testing.assert_array_equal(labels.ids(names[::-1]), range(3000, -1, -1))


def test_it_works_in_graphs():
    labels = LabelNames(NAMES)
    data = tf.data.Dataset.from_tensor_slices(NAMES * 2)
    assert [int(id) for id in data.map(labels.ids)] == [0, 1, 2, 3] * 2
    batch = next(iter(data.batch(3).map(labels.ids).map(labels.names)))
    assert batch.numpy().tolist() == [name.encode() for name in NAMES[:3]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be among"):
        tf.function(labels.ids)(tf.constant(["positive", "neutral"]))


def test_config_and_pickle_keep_the_names():
    labels = LabelNames(NAMES)
    labels.ids(NAMES)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(labels)))
    for other in (
        keras.saving.deserialize_keras_object(config),
        pickle.loads(pickle.dumps(labels)),
    ):
        assert list(other) == NAMES
        assert other.ids(NAMES).numpy().tolist() == [0, 1, 2, 3]


def test_unknown_labels_are_listed_with_their_rows():
    labels = LabelNames(NAMES)
    with pytest.raises(
        ValueError, match=r"'negative'.*'neutral' in row 1, 'Positive' in row 2"
    ):
        labels.ids(["positive", "neutral", "Positive"])
    with pytest.raises(ValueError, match="and 4 more"):
        labels.ids(["x"] * 9)
    with pytest.raises(ValueError, match="'x' in row 0"):
        labels.ids("x")
    with pytest.raises(ValueError, match=r"labels\[1\]=1"):
        labels.ids(["positive", 1])


@pytest.mark.parametrize("ids", [[4], [-1, 2]])
def test_unknown_ids_are_refused(ids):
    with pytest.raises(ValueError, match="from 0 to 3"):
        LabelNames(NAMES).names(ids)


def test_ids_must_be_integers():
    with pytest.raises(ValueError, match="must be integers"):
        LabelNames(NAMES).names([0.5])


@pytest.mark.parametrize(
    "names, message",
    [
        ([], "at least one"),
        ("ab", "a list of class names"),
        (["a", ""], r"names\[1\]=''"),
        (["a", 3], r"names\[1\]=3"),
        (["a", "b", "a"], "'a' at 0 and 2"),
    ],
)
def test_broken_names_are_refused(names, message):
    with pytest.raises(ValueError, match=message):
        LabelNames(names)
