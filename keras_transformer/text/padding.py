"""Rows of ids, filled up to one length."""

import tensorflow as tf


def pad_ids(token_ids, pad_token_id, prefix=""):
    """Fill rows up to the longest.

    Args:
        token_ids: int32 RaggedTensor `(batch, length)`.
        pad_token_id: What to fill up with.
        prefix: Of the names in the result, such as `"encoder_"`.

    Returns:
        Dict of `token_ids`, int32 `(batch, length)`, and `padding_mask`, bool
        of that shape, `True` = real; their names with the prefix.
    """
    with tf.device("CPU:0"):
        padded = token_ids.to_tensor(pad_token_id)
        mask = tf.sequence_mask(token_ids.row_lengths(), tf.shape(padded)[1])
        return {f"{prefix}token_ids": padded, f"{prefix}padding_mask": mask}


def keep_real(token_ids, padding_mask):
    """Drop the padding: the reverse of `pad_ids`, for any place of it.

    Args:
        token_ids: int32 tensor `(batch, length)`.
        padding_mask: Bool tensor `(batch, length)`.

    Returns:
        int32 RaggedTensor `(batch, tokens)`.
    """
    with tf.device("CPU:0"):
        return tf.ragged.boolean_mask(token_ids, padding_mask)
