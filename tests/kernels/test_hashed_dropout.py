"""Hashes that decide about dropout are as good as random numbers."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_transformer.kernels.hashed_dropout import hashed_dropout

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="it is for kernels, which are TensorFlow's",
)

SHAPE = (64, 50, 40)


def kept(seed, rate=0.1, shape=SHAPE):
    """Which features are kept, as 0 and 1."""
    seed = np.asarray(seed, "uint32")
    output = hashed_dropout(ops.ones(shape), seed, rate)
    return ops.convert_to_numpy(output) > 0


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.5, 0.9])
def test_the_share_asked_for_is_dropped_and_the_rest_scaled_up(rate):
    x = np.random.default_rng(0).normal(size=SHAPE).astype("float32") + 9
    seed = np.array([1, 2], "uint32")
    output = ops.convert_to_numpy(hashed_dropout(x, seed, rate))
    dropped = output == 0
    # Five standard deviations of the share of so many coins.
    assert abs(dropped.mean() - rate) < 5 * (rate * (1 - rate) / x.size) ** 0.5
    np.testing.assert_allclose(
        output[~dropped], x[~dropped] / (1 - rate), rtol=1e-6
    )


def test_a_rate_of_zero_drops_nothing():
    x = np.ones((2, 3), "float32")
    assert hashed_dropout(x, None, 0.0) is x


def test_a_seed_gives_the_same_each_time_and_others_something_else():
    np.testing.assert_array_equal(kept([3, 4]), kept([3, 4]))
    for other in ([4, 4], [3, 5], [4, 3], [2**32 - 1, 4]):
        both = np.mean(kept([3, 4], 0.5) == kept(other, 0.5))
        assert abs(both - 0.5) < 0.01, other


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_neighbours_are_dropped_independently(axis, rate):
    for seed in ([0, 0], [0, 1], [1, 0], [123456789, 987654321]):
        coins = kept(seed, rate).astype("float64")
        coins = np.moveaxis(coins, axis, 0) - coins.mean()
        for lag in (1, 2, 7):
            correlation = np.mean(coins[lag:] * coins[:-lag]) / coins.var()
            assert abs(correlation) < 5 / coins.size**0.5, (seed, lag)


def test_seeds_that_follow_each_other_are_independent():
    steps = [kept([7, step], 0.5, (20_000,)) for step in range(12)]
    correlations = np.corrcoef(np.stack(steps).astype("float64"))
    off_diagonal = correlations[~np.eye(12, dtype="bool")]
    assert np.abs(off_diagonal).max() < 5 / 20_000**0.5
