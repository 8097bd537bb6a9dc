"""A bias on scores that depends on how far a key stands from a query."""

from keras import ops


def spread_distances(bias, query_length, key_length):
    """Give each pair of a query and a key the bias of its distance.

    Nothing is looked up: rows of equal numbers, laid out in a line and cut
    into rows that are one longer, are shifted by one place from row to row.

    Args:
        bias: Float tensor `(heads, query_length + key_length - 1)`, from the
            distance of the first key to the last query, `1 - query_length`,
            to that of the last key to the first query, `key_length - 1`.
        query_length: Number of queries.
        key_length: Number of keys.

    Returns:
        Float tensor `(1, heads, query_length, key_length)`.
    """
    heads, width = bias.shape[0], query_length + key_length
    rows = ops.broadcast_to(
        ops.expand_dims(bias, 1), (heads, query_length, width - 1)
    )
    line = ops.reshape(rows, (heads, query_length * (width - 1)))
    rest = ops.zeros((heads, query_length), dtype=bias.dtype)
    line = ops.concatenate([line, rest], axis=1)
    rows = ops.reshape(line, (heads, query_length, width))[:, :, :key_length]
    # The last query comes first.
    return ops.expand_dims(ops.flip(rows, axis=1), 0)


def sum_distances(values):
    """Add up what belongs to pairs of one distance, and to all texts.

    Args:
        values: Float tensor `(batch, heads, query_length, key_length)`.

    Returns:
        Float tensor `(heads, query_length + key_length - 1)`.
    """
    values = ops.flip(ops.sum(values, axis=0), axis=1)
    heads, query_length, key_length = ops.shape(values)
    width = query_length + key_length
    rest = ops.zeros((heads, query_length, query_length), dtype=values.dtype)
    rows = ops.concatenate([values, rest], axis=2)
    line = ops.reshape(rows, (heads, query_length * width))
    line = line[:, : query_length * (width - 1)]
    return ops.sum(ops.reshape(line, (heads, query_length, width - 1)), axis=1)
