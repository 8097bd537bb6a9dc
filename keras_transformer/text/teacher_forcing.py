"""The shift between what a decoder reads and what it is to say."""

import tensorflow as tf


def teacher_forcing(token_ids, start_token_id, end_token_id, max_length=None):
    """Make the inputs and the targets of a decoder out of whole texts.

    Position `i` reads the token before the one it is to say: the inputs are
    the start token and the text, the targets the text and the end token.

    Args:
        token_ids: int32 RaggedTensor `(batch, tokens)`.
        start_token_id: Id of the token that everything begins with; `None` to
            begin with the first token of the text, which then is no target.
        end_token_id: Id of the token that ends a text.
        max_length: Most positions; what is beyond is cut, the end token too.

    Returns:
        Tuple of two int32 RaggedTensors of one shape: inputs and targets.
    """
    with tf.device("CPU:0"):
        rows = token_ids.nrows()
        end = tf.fill([rows, 1], end_token_id)
        parts = [token_ids, end]
        if start_token_id is not None:
            parts = [tf.fill([rows, 1], start_token_id), *parts]
        whole = tf.concat(parts, axis=1)
        if max_length is not None:
            whole = whole[:, : max_length + 1]
        return whole[:, :-1], whole[:, 1:]
