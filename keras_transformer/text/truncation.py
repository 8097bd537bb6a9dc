"""How many tokens of each text fit, and cutting to as many."""

import tensorflow as tf

from keras_transformer.text.words import part_of_each


def longest_first(lengths, room):
    """Say how many tokens of one text or two fit into a row.

    Of two texts the longer is cut to the length of the shorter; if that is
    not enough, both get half, and an odd token goes to the longer one, or to
    the second of two that are equally long.

    Args:
        lengths: List of one or two int64 tensors `(batch,)`.
        room: Most tokens of all texts together.

    Returns:
        List of as many int64 tensors `(batch,)`.
    """
    if len(lengths) == 1:
        return [tf.minimum(lengths[0], room)]
    first, second = lengths
    shorter = tf.minimum(first, second)
    half = tf.constant(room // 2, first.dtype)
    is_both_cut = shorter > half
    kept_shorter = tf.where(is_both_cut, half, shorter)
    kept_longer = tf.minimum(tf.maximum(first, second), room - kept_shorter)
    is_first_longer = first > second
    return [
        tf.where(is_first_longer, kept_longer, kept_shorter),
        tf.where(is_first_longer, kept_shorter, kept_longer),
    ]


def keep_first(ragged, limits):
    """Keep the first elements of each row.

    Args:
        ragged: RaggedTensor `(batch, length)`.
        limits: int64 `(batch,)`, how many to keep, at most the row's length.

    Returns:
        RaggedTensor `(batch, length)`.
    """
    splits = ragged.row_splits
    row = part_of_each(splits)
    place = tf.range(splits[-1]) - tf.gather(splits, row)
    kept = tf.boolean_mask(ragged.values, place < tf.gather(limits, row))
    return tf.RaggedTensor.from_row_lengths(kept, limits, validate=False)
