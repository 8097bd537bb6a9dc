"""Prompts of different lengths, brought side by side."""

import keras
from keras import ops


def align_right(token_ids, padding_mask):
    """Move the real tokens of each row to its end, in their order.

    After that the next token of all rows belongs into the same place, wherever
    the padding was. Columns that are padding in all rows are left out.

    Args:
        token_ids: Int tensor `(batch, length)`.
        padding_mask: Bool tensor `(batch, length)`, `True` = real.

    Returns:
        Tuple of the token ids and the mask, both moved, and the position of
        each token among the real ones of its row, int32 `(batch, longest)`, 0
        at padding. `longest` is at least 1.
    """
    tokens, mask = _sorted(token_ids, padding_mask, first=0)
    start = ops.shape(mask)[1] - _longest(mask)
    tokens, mask = tokens[:, start:], mask[:, start:]
    positions = ops.maximum(ops.cumsum(mask, axis=1) - 1, 0)
    return tokens, ops.cast(mask, "bool"), ops.cast(positions, "int32")


def align_left(token_ids, padding_mask):
    """Move the real tokens of each row to its begin, in their order.

    Columns that are padding in all rows are left out.

    Args:
        token_ids: Int tensor `(batch, length)`.
        padding_mask: Bool tensor `(batch, length)`, `True` = real.

    Returns:
        Tuple of the token ids and the mask, `(batch, longest)`. `longest` is
        at least 1.
    """
    tokens, mask = _sorted(token_ids, padding_mask, first=1)
    end = _longest(mask)
    return tokens[:, :end], ops.cast(mask[:, :end], "bool")


def as_size(number):
    """Make an int of a tensor `()`, but where a graph has open sizes."""
    is_open = keras.backend.backend() == "tensorflow"
    return number if is_open else int(number)


def _longest(mask):
    return as_size(ops.max(ops.sum(mask, axis=1), initial=1))


def _sorted(token_ids, padding_mask, first):
    """Bring the real tokens (first=1) or the padding (0) to the begin.

    A column of padding is added, so that there is one in any case.
    """
    mask = ops.pad(ops.cast(padding_mask, "int32"), [[0, 0], [0, 1]])
    token_ids = ops.pad(token_ids, [[0, 0], [0, 1]])
    length = ops.shape(mask)[1]
    places = ops.arange(length, dtype="int32")[None]
    # All keys differ, so what is alike stays in its order.
    keys = ops.where(mask == first, places, places + length)
    order = ops.argsort(keys, axis=1)
    return (
        ops.take_along_axis(token_ids, order, axis=1),
        ops.take_along_axis(mask, order, axis=1),
    )
