"""Dropout that stores nothing: what is dropped is a hash of its place."""

from keras import ops


def hashed_dropout(x, seed, rate):
    """Drop a share of the features, and scale up the rest.

    Dropout ([Srivastava et al.,
    2014](https://jmlr.org/papers/v15/srivastava14a.html)) needs a random
    number for each feature. Here that is a hash of its place and of the seed,
    a dozen integer operations which a compiler puts into the loop that needs
    them: no random numbers are written to memory, nor kept for the gradient.

    Args:
        x: Float tensor.
        seed: Int tensor `(2,)`, such as `SeedGenerator.next` gives.
        rate: Share that is dropped, at least 0 and below 1.

    Returns:
        Float tensor of the shape of `x`.
    """
    if not rate:
        return x
    shape = ops.shape(x)
    size = 1
    for length in shape:
        size = size * length
    place = ops.cast(ops.reshape(ops.arange(size), shape), "uint32")
    first, second = (ops.cast(seed[i], "uint32") for i in (0, 1))
    chances = _mixed(_mixed(place + first) ^ second)
    least = ops.cast(int(rate * 2**32), "uint32")
    kept = ops.greater_equal(chances, least)
    return ops.where(kept, x / (1.0 - rate), ops.zeros_like(x))


def _mixed(x):
    """Mix 32 bits, as the end of MurmurHash3 (Appleby, 2011) does."""
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, None)):
        x = x ^ ops.right_shift(x, ops.cast(shift, "uint32"))
        if factor is not None:
            x = x * ops.cast(factor, "uint32")
    return x
