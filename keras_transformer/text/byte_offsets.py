"""Places among the bytes of texts and among their characters."""

import tensorflow as tf

from keras_transformer.text.words import part_of_each


def byte_widths(code_points):
    """Count the bytes of each character in UTF-8.

    Args:
        code_points: int32 `(characters,)`.

    Returns:
        int64 `(characters,)`.
    """
    return 1 + sum(
        tf.cast(code_points >= first, tf.int64)
        for first in (0x80, 0x800, 0x10000)
    )


def to_characters(texts, token_splits, starts, ends):
    """Count the characters before a byte instead of the bytes.

    Args:
        texts: String tensor `(texts,)` of valid UTF-8.
        token_splits: int64 `(texts + 1,)`, where the tokens of each begin.
        starts: Integer `(tokens,)`, the byte of its text at which each begins.
        ends: Integer `(tokens,)`, the byte after the last one.

    Returns:
        Both as int32 `(tokens,)` counts of characters. A place inside a
        character counts as the one after it.
    """
    values = tf.io.decode_raw(tf.strings.reduce_join(texts), tf.uint8)
    leads = tf.bitwise.bitwise_and(values, 0xC0) != 0x80
    before = tf.concat([[0], tf.cumsum(tf.cast(leads, tf.int32))], axis=0)
    lengths = tf.cast(tf.strings.length(texts), tf.int64)
    text_bytes = tf.cumsum(lengths, exclusive=True)
    text = part_of_each(token_splits)  # of each token
    origin = tf.gather(text_bytes, text)
    characters = tf.gather(before, origin)
    starts = tf.gather(before, origin + tf.cast(starts, tf.int64))
    ends = tf.gather(before, origin + tf.cast(ends, tf.int64))
    return starts - characters, ends - characters
