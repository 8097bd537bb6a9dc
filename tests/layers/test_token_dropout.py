import keras
import numpy as np
import pytest

from keras_transformer.layers import TokenDropout
from tests.layers.checks import to_numpy

TOKEN_IDS = np.random.default_rng(0).integers(0, 9, (200, 50)).astype("int32")


def test_replaces_the_share_that_it_is_told_to():
    layer = TokenDropout(0.3, replacement_id=99, seed=1)
    output = to_numpy(layer(TOKEN_IDS, training=True))
    replaced = output == 99
    assert replaced.mean() == pytest.approx(0.3, abs=0.02)
    np.testing.assert_array_equal(output[~replaced], TOKEN_IDS[~replaced])


def test_keeps_what_it_is_told_to_keep():
    layer = TokenDropout(0.9, replacement_id=99, kept_ids=(0, 3), seed=1)
    output = to_numpy(layer(TOKEN_IDS, training=True))
    kept = np.isin(TOKEN_IDS, (0, 3))
    np.testing.assert_array_equal(output[kept], TOKEN_IDS[kept])
    assert (output[~kept] == 99).mean() == pytest.approx(0.9, abs=0.02)


def test_replaces_other_tokens_every_time():
    layer = TokenDropout(0.5, replacement_id=99, seed=1)
    once, again = (to_numpy(layer(TOKEN_IDS, training=True)) for _ in "ab")
    assert (once != again).any()


@pytest.mark.parametrize("arguments", [{}, {"training": False}])
def test_replaces_nothing_outside_of_training(arguments):
    layer = TokenDropout(0.5, replacement_id=99, seed=1)
    output = to_numpy(layer(TOKEN_IDS, **arguments))
    np.testing.assert_array_equal(output, TOKEN_IDS)


def test_a_model_with_it_loads_and_replaces_in_training_alone(tmp_path):
    inputs = keras.Input((None,), dtype="int32")
    layer = TokenDropout(0.5, replacement_id=99, kept_ids=[0], seed=1)
    outputs = layer(inputs)
    assert (outputs.shape, outputs.dtype) == ((None, None), "int32")
    model = keras.Model(inputs, outputs)
    path = str(tmp_path / "model.keras")
    model.save(path)
    loaded = keras.saving.load_model(path)
    assert loaded.layers[1].get_config() == layer.get_config()
    np.testing.assert_array_equal(to_numpy(loaded(TOKEN_IDS)), TOKEN_IDS)
    output = to_numpy(loaded(TOKEN_IDS, training=True))
    assert (output == 99).any()
    assert (output[TOKEN_IDS == 0] == 0).all()


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_a_share_of_tokens_is_below_one(rate):
    with pytest.raises(ValueError, match=f"below 1. Received: rate={rate}"):
        TokenDropout(rate, replacement_id=1)
