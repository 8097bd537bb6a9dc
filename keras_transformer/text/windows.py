"""Long texts as overlapping windows that together answer for every token."""

from typing import NamedTuple

import tensorflow as tf

from keras_transformer.text.words import part_of_each


class Windows(NamedTuple):
    """Where the windows of a batch of texts lie.

    Args:
        row: int64 `(windows,)`, the number of the text of each window.
        tokens: int64 RaggedTensor `(windows, length)`: the places of the
            window's tokens in the flat values of all texts.
        keeps: Bool RaggedTensor of that shape, `True` where this window
            answers for the token. Each token of each text is kept once, and
            the kept ones of all windows stand in the order of the texts.
    """

    row: tf.Tensor
    tokens: tf.RaggedTensor
    keeps: tf.RaggedTensor


def cut_windows(splits, room, overlap):
    """Cut texts into windows of which neighbours share some tokens.

    Window `k` of a text begins `k * (room - overlap)` tokens behind the
    text's beginning. Of the tokens that two windows share, the first one
    answers for the first half and the second one for the rest, so that a
    token is seen with what stands on both of its sides. A text without tokens
    has one empty window.

    Args:
        splits: int64 `(texts + 1,)`, the row splits of the texts' tokens.
        room: int64 `(texts,)`, most tokens of a window of each text.
        overlap: int64 `(texts,)`, below `room`: how many tokens neighbours
            share.

    Returns:
        The `Windows`.
    """
    lengths = splits[1:] - splits[:-1]
    step = room - overlap
    beyond = tf.maximum(lengths - room, 0)
    number = 1 + (beyond + step - 1) // step  # of windows of each text
    window_splits = tf.concat([[0], tf.cumsum(number)], axis=0)
    row = part_of_each(window_splits)
    place = tf.range(window_splits[-1]) - tf.gather(window_splits, row)

    def of_text(values):
        return tf.gather(values, row)

    first = place * of_text(step)
    size = tf.minimum(of_text(room), of_text(lengths) - first)
    is_last = place + 1 == of_text(number)
    shared = of_text(overlap // 2)
    begins = tf.where(place == 0, tf.zeros_like(shared), shared)
    ends = tf.where(is_last, size, of_text(step) + shared)
    inner_splits = tf.concat([[0], tf.cumsum(size)], axis=0)
    window = part_of_each(inner_splits)
    inner = tf.range(inner_splits[-1]) - tf.gather(inner_splits, window)
    tokens = inner + tf.gather(first + of_text(splits[:-1]), window)
    keeps = (inner >= tf.gather(begins, window)) & (
        inner < tf.gather(ends, window)
    )

    def ragged(values):
        return tf.RaggedTensor.from_row_splits(
            values, inner_splits, validate=False
        )

    return Windows(row, ragged(tokens), ragged(keeps))
