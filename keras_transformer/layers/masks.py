"""Masks for attention. `True` always means "may be looked at".

All are boolean and broadcast against scores of shape
`(batch, heads, query_length, key_length)`.
"""

from keras import ops

# What a masked score becomes: finite in float32, in which all scores are
# normalised. A row that may see nothing looks at everything alike, instead of
# being 0 / 0.
MASKED = -1e9


def causal_mask(query_length, key_length, start_index=0):
    """Let every query see its own position and the ones before it.

    Args:
        query_length: Number of queries.
        key_length: Number of keys; the first stands at position 0.
        start_index: Position of the first query, above 0 when earlier keys
            come from a cache.

    Returns:
        Bool tensor `(1, 1, query_length, key_length)`.
    """
    return _distances(query_length, key_length, start_index) >= 0


def sliding_window_mask(query_length, key_length, window, start_index=0):
    """Let every query see the keys fewer than `window` positions away.

    Looks both ways; joined with `causal_mask` it is the window of
    [Jiang et al., 2023](https://arxiv.org/abs/2310.06825), in which a query
    sees itself and the `window - 1` positions before it.

    Args:
        query_length: Number of queries.
        key_length: Number of keys; the first stands at position 0.
        window: Distance at which a key is out of sight.
        start_index: Position of the first query.

    Returns:
        Bool tensor `(1, 1, query_length, key_length)`.
    """
    distances = _distances(query_length, key_length, start_index)
    return ops.absolute(distances) < window


def broadcast_mask(mask, name):
    """Give a mask the rank of the scores.

    Args:
        mask: Bool or 0/1 tensor `(query_length, key_length)`,
            `(batch, query_length, key_length)` or
            `(batch, heads, query_length, key_length)`, or `None`.
        name: What the caller calls it, for the error.

    Returns:
        Bool tensor of rank 4, or `None`.

    Raises:
        ValueError: If the mask has another rank.
    """
    if mask is None:
        return None
    mask = ops.cast(mask, "bool")
    rank = len(mask.shape)
    if rank == 2:
        return ops.expand_dims(mask, (0, 1))
    if rank == 3:
        return ops.expand_dims(mask, 1)
    if rank == 4:
        return mask
    raise ValueError(
        f"`{name}` must have the shape (batch, query_length, key_length); the "
        "batch axis may be left out, or an axis of heads put behind it. "
        f"Received: {name}.shape={tuple(mask.shape)}."
    )


def key_padding_mask(padding_mask, name="padding_mask"):
    """Turn the mask of real keys into one for scores.

    Args:
        padding_mask: Bool or 0/1 tensor `(batch, key_length)`, `True` = real,
            or `None`.
        name: What the caller calls it, for the error.

    Returns:
        Bool tensor `(batch, 1, 1, key_length)`, or `None`.

    Raises:
        ValueError: If the mask is not of rank 2.
    """
    if padding_mask is None:
        return None
    padding_mask = ops.cast(padding_mask, "bool")
    if len(padding_mask.shape) != 2:
        raise ValueError(
            f"`{name}` must have the shape (batch, length), True where a token "
            f"is real. Received: {name}.shape={tuple(padding_mask.shape)}. "
            "A mask of pairs of positions belongs into `attention_mask`."
        )
    return ops.expand_dims(padding_mask, (1, 2))


def same_segment_mask(segment_ids):
    """Let every position see those of its own segment.

    Args:
        segment_ids: Int tensor `(batch, length)`, the number of the segment
            that a position belongs to.

    Returns:
        Bool tensor `(batch, length, length)`.
    """
    return ops.equal(
        ops.expand_dims(segment_ids, 2), ops.expand_dims(segment_ids, 1)
    )


def positions_in_segments(segment_ids):
    """Count positions from the start of each segment.

    Args:
        segment_ids: Int tensor `(batch, length)`; the positions of a segment
            stand next to each other.

    Returns:
        Int32 tensor of that shape.
    """
    places = ops.arange(ops.shape(segment_ids)[1], dtype="int32")
    same = same_segment_mask(segment_ids)
    # The first position of the same segment; argmax takes the first of equals.
    starts = ops.argmax(ops.cast(same, "int32"), axis=-1)
    return places - ops.cast(starts, "int32")


def join_masks(*masks):
    """Return what all masks allow, or `None` if all are `None`."""
    joined = None
    for mask in masks:
        if mask is not None:
            joined = mask if joined is None else ops.logical_and(joined, mask)
    return joined


def _distances(query_length, key_length, start_index):
    """How far each key lies behind each query, `(1, 1, queries, keys)`."""
    queries = ops.arange(query_length, dtype="int32") + start_index
    keys = ops.arange(key_length, dtype="int32")
    distances = ops.expand_dims(queries, 1) - keys
    return ops.expand_dims(distances, (0, 1))
