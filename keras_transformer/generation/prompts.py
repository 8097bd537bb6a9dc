"""Prompts of different lengths, brought side by side."""

from keras import ops


def align_right(token_ids, padding_mask):
    """Move the real tokens of each row to its end, in their order.

    After that the next token of all rows belongs into the same place, wherever
    the padding was.

    Args:
        token_ids: Int tensor `(batch, length)`.
        padding_mask: Bool tensor `(batch, length)`, `True` = real.

    Returns:
        Tuple of the token ids and the mask, both moved, and the position of
        each token among the real ones of its row, int32 `(batch, length)`, 0
        at padding.
    """
    mask = ops.cast(padding_mask, "int32")
    length = ops.shape(mask)[1]
    places = ops.arange(length, dtype="int32")[None]
    # All keys differ: padding first, and everything in its old order.
    order = ops.argsort(mask * length + places, axis=1)
    mask = ops.take_along_axis(mask, order, axis=1)
    token_ids = ops.take_along_axis(token_ids, order, axis=1)
    positions = ops.maximum(ops.cumsum(mask, axis=1) - 1, 0)
    return token_ids, ops.cast(mask, "bool"), ops.cast(positions, "int32")


def bucket_size(size: int, multiple: int = 8) -> int:
    """Round a size up, so that near sizes share one compiled function.

    Args:
        size: From 0.
        multiple: Sizes above it are rounded up to a multiple of it, smaller
            ones to a power of two.

    Returns:
        A number of at least `size`, and at least 1.
    """
    if size > multiple:
        return -(-size // multiple) * multiple
    return 1 << max(size - 1, 0).bit_length()
