"""What users pass as token ids, made a ragged batch, or refused."""

import numpy as np
import tensorflow as tf


def to_ragged_ids(ids, vocabulary_size):
    """Make a ragged batch of rows of token ids.

    Args:
        ids: Integer RaggedTensor `(batch, tokens)`, or tensor, array or list
            of any rank from 1.
        vocabulary_size: Number of ids. Ids are checked where they have values,
            which they do not while a graph is traced.

    Returns:
        Tuple of an int32 RaggedTensor `(rows, tokens)` and the shape, an int
        tensor, that a value for each row is to be given.

    Raises:
        ValueError: If `ids` are no integers, have no axis, or hold one that is
            not in the vocabulary.
    """
    if isinstance(ids, (list, tuple)) and not tf.nest.flatten(ids):
        ids = np.zeros((len(ids), 0) if ids else (0,), np.int32)
    if isinstance(ids, (list, tuple)) and _is_uneven(ids):
        ids = tf.ragged.constant(ids)
    if not isinstance(ids, tf.RaggedTensor):
        ids = tf.convert_to_tensor(ids)
    if not ids.dtype.is_integer or not ids.shape.rank:
        raise ValueError(
            "`ids` must be integers with at least one axis, the tokens of a "
            f"text. Received: dtype={ids.dtype.name}, shape={ids.shape}"
        )
    ids = tf.cast(ids, tf.int32)
    flat = ids.flat_values if isinstance(ids, tf.RaggedTensor) else ids
    if tf.executing_eagerly() and tf.size(flat):
        low, high = int(tf.reduce_min(flat)), int(tf.reduce_max(flat))
        if low < 0 or high >= vocabulary_size:
            raise ValueError(
                f"`ids` must be from 0 to {vocabulary_size - 1}, the last one "
                f"of the vocabulary. Received ids from {low} to {high}"
            )
    if isinstance(ids, tf.RaggedTensor):
        if ids.shape.rank != 2:
            raise ValueError(
                "Ragged `ids` must have the shape (batch, tokens). Received: "
                f"shape={ids.shape}"
            )
        return ids.with_row_splits_dtype(tf.int64), ids.nrows()[None]
    shape = tf.shape(ids)
    rows = tf.reshape(ids, [tf.reduce_prod(shape[:-1]), shape[-1]])
    return tf.RaggedTensor.from_tensor(rows), shape[:-1]


def _is_uneven(rows):
    lengths = {len(row) for row in rows if isinstance(row, (list, tuple))}
    return len(lengths) > 1
