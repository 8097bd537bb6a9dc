import numpy as np
import pytest

from keras_transformer.layers import SequencePooling
from tests.layers.checks import (
    assert_close,
    assert_finite,
    check_layer,
    features,
    to_numpy,
)

KINDS = ["first", "max", "mean"]
MASK = np.array(
    [[1, 1, 1, 1], [1, 0, 0, 0], [0, 1, 1, 0]],
    "bool",
)


@pytest.mark.parametrize("kind", KINDS)
def test_pools_the_real_positions_one_row_at_a_time(kind):
    x = features(3, 4, 5)
    function = {
        "first": lambda rows: rows[0],
        "max": lambda rows: rows.max(0),
        "mean": lambda rows: rows.mean(0),
    }[kind]
    layer = SequencePooling(kind)
    assert_close(layer(x), np.stack([function(rows) for rows in x]))
    real = [x[i] if kind == "first" else x[i, MASK[i]] for i in range(3)]
    wanted = np.stack([function(rows) for rows in real])
    assert_close(layer(x, MASK), wanted)
    assert_close(layer(x, MASK.astype("int32")), wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_blind_to_padding(kind):
    x = features(3, 4, 5)
    mask = np.sort(MASK, axis=1)[:, ::-1].copy()
    wanted = SequencePooling(kind)(x, mask)
    altered = np.where(mask[..., None], x, 1e3)
    longer = np.pad(altered, [(0, 0), (0, 2), (0, 0)], constant_values=-1e3)
    assert_close(SequencePooling(kind)(altered, mask), wanted)
    mask = np.pad(mask, [(0, 0), (0, 2)])
    assert_close(SequencePooling(kind)(longer, mask), wanted)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("kind", ["max", "mean"])
def test_nothing_real_gives_zeros(kind, dtype):
    layer = SequencePooling(kind, dtype=dtype)
    output = to_numpy(layer(features(2, 3, 5), np.zeros((2, 3), "bool")))
    assert not output.any()


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_a_maximum_may_be_very_low(dtype):
    layer = SequencePooling("max", dtype=dtype)
    x = np.full((1, 3, 2), -60000.0, "float32")
    output = to_numpy(layer(x, np.array([[True, True, False]])))
    np.testing.assert_allclose(output, -60000.0, rtol=0.01)


def test_a_long_mean_keeps_its_digits_in_half_precision():
    x = np.full((1, 3000, 2), 30.0, "float32")
    output = SequencePooling("mean", dtype="float16")(x)
    assert_finite(output)
    np.testing.assert_allclose(to_numpy(output), 30.0, rtol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_keeps_the_promises_of_a_layer(kind, tmp_path):
    def make(**kwargs):
        return SequencePooling(kind, **kwargs)

    inputs = {"inputs": features(3, 4, 5), "padding_mask": MASK}
    check_layer(make, inputs, tmp_path)


def test_another_kind_is_an_error_that_names_all():
    words = r"one of \('first', 'max', 'mean'\).*kind='last'"
    with pytest.raises(ValueError, match=words):
        SequencePooling("last")
