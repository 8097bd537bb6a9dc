import keras
import numpy as np
import pytest

from keras_transformer.training import SpanCrossentropy

to_numpy = keras.ops.convert_to_numpy


def drawn(batch=3, length=5):
    rng = np.random.default_rng(0)
    logits = 3 * rng.normal(size=(batch, length, 2)).astype("float32")
    return rng.integers(0, length, (batch, 2)), logits


def expected(places, logits):
    logits = logits.astype("float64")
    log_p = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    return np.array(
        [
            -(row[start, 0] + row[end, 1]) / 2
            for row, (start, end) in zip(log_p, places, strict=True)
        ]
    )


def test_it_is_the_mean_of_two_crossentropies():
    places, logits = drawn()
    loss = SpanCrossentropy(reduction=None)
    np.testing.assert_allclose(
        to_numpy(loss(places, logits)), expected(places, logits), rtol=1e-5
    )
    weights = np.array([0.0, 2.0, 1.0], "float32")
    np.testing.assert_allclose(
        to_numpy(SpanCrossentropy()(places, logits, weights)),
        (expected(places, logits) * weights).sum() / 3,
        rtol=1e-5,
    )


def test_positions_that_are_ruled_out_have_no_part_in_it():
    places, logits = drawn()
    wider = np.concatenate(
        [logits, np.full((3, 4, 2), -1e9, "float32")], axis=1
    )
    loss = SpanCrossentropy(reduction=None)
    np.testing.assert_allclose(
        to_numpy(loss(places, wider)), to_numpy(loss(places, logits)), rtol=1e-6
    )


@pytest.mark.parametrize(
    ("places", "logits"),
    [((3,), (3, 5, 2)), ((3, 2), (3, 5)), ((3, 2), (3, 5, 1))],
)
def test_other_shapes_are_refused(places, logits):
    with pytest.raises(ValueError, match="of a start and an end"):
        SpanCrossentropy()(np.zeros(places), np.zeros(logits))


def test_it_comes_back_from_its_config():
    loss = SpanCrossentropy(reduction="sum", name="spans")
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(loss)
    )
    assert again.get_config() == loss.get_config()
