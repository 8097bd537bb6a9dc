"""Scores of units out of windows, and what their labels say of the texts."""

import tensorflow as tf

from keras_transformer.text.units import (
    read_characters,
    splits_of,
    substrings,
)
from keras_transformer.text.words import part_of_each


def in_rows(values, width):
    """Bring what `kept_scores` gave into rows.

    Args:
        values: Float, the scores of all tokens in one line.
        width: How many scores a token has.

    Returns:
        Float `(tokens, width)`.
    """
    return tf.reshape(values, [-1, width])


def real_units(values, mask):
    """Bring the units of all texts into one line.

    Args:
        values: Tensor or array `(texts, most units)`.
        mask: Bool, likewise, `True` for real units.

    Returns:
        Tensor `(units,)`.
    """
    return tf.boolean_mask(values, mask)


def scores_of_units(scores, units):
    """Join the tokens of each text to one chain of units.

    Args:
        scores: Float `(tokens, labels)`, of the tokens that windows keep.
        units: The `Units` of these windows.

    Returns:
        A pair of float `(texts, most units, labels)`, the scores of each
        unit's first token, and bool `(texts, most units)`, `True` for real
        units. There is room for one unit at least.
    """
    with tf.device("CPU:0"):
        ragged = tf.RaggedTensor.from_row_splits(
            tf.gather(scores, units.tokens), units.splits, validate=False
        )
        lengths = ragged.row_lengths()
        most = tf.reduce_max(tf.concat([[1], lengths], axis=0))
        width = scores.shape[-1]
        padded = ragged.to_tensor(shape=tf.stack([-1, most, width]))
        padded = tf.ensure_shape(padded, [None, None, width])
        return padded, tf.sequence_mask(lengths, most)


def kept_scores(logits, keeps):
    """Take the logits of the tokens that windows keep.

    Args:
        logits: Float `(windows, length, labels)`.
        keeps: Bool `(windows, length)`, see `WindowPreprocessor.pad`.

    Returns:
        Float, those of all kept tokens in one line.
    """
    return tf.reshape(tf.boolean_mask(logits, keeps), [-1])


def entities_in_texts(texts, units, types, begins, scores, type_names):
    """Cut the entities out of texts.

    Args:
        texts: String tensor `(texts,)`.
        units: The `Units`.
        types: int32 `(units,)`, the type that each unit's label names, -1 for
            none.
        begins: Bool `(units,)`, whether the label begins an entity.
        scores: Float `(units,)`, the probability of each label.
        type_names: Names of the types, a list of str.

    Returns:
        Dict of tensors `(texts, most entities)`: string "entity", the part of
        the text, and "label"; int32 "start" and "end", in characters of the
        text, and float "score", the mean of those of its units. Texts with
        fewer entities are filled up with `""`, -1 and 0.
    """
    with tf.device("CPU:0"):
        number = tf.cumsum(tf.cast(begins, tf.int64)) - 1
        inside = types >= 0
        first = tf.where(begins)[:, 0]
        count = tf.size(first, tf.int64)

        def joined(reduce, values):
            return reduce(
                tf.boolean_mask(values, inside),
                tf.boolean_mask(number, inside),
                count,
            )

        start = tf.gather(units.start, first)
        end = joined(tf.math.unsorted_segment_max, units.end)
        text = tf.gather(part_of_each(units.splits), first)
        characters = read_characters(texts)
        origin = tf.gather(characters.splits, text)
        of_entities = {
            "entity": substrings(
                characters.code_points,
                origin + tf.cast(start, tf.int64),
                origin + tf.cast(end, tf.int64),
            ),
            "label": tf.gather(type_names, tf.gather(types, first)),
            "start": start,
            "end": end,
            "score": joined(tf.math.unsorted_segment_mean, scores),
        }
        splits = splits_of(text, tf.size(texts, tf.int64))
        return {
            name: tf.RaggedTensor.from_row_splits(
                values, splits, validate=False
            ).to_tensor(_filler(values.dtype))
            for name, values in of_entities.items()
        }


def labels_of_words(units, labels, outside_label, label_names):
    """Give each word the label of its first unit.

    Args:
        units: The `Units`.
        labels: int32 `(units,)`, the number of each unit's label.
        outside_label: The number of the label of words without units.
        label_names: Names of the labels, a list of str.

    Returns:
        String tensor `(texts, most words)`, filled up with `""`.
    """
    with tf.device("CPU:0"):
        previous = tf.concat([[-1], units.words], axis=0)[:-1]
        first = tf.where(units.words != previous)
        of_words = tf.tensor_scatter_nd_update(
            tf.fill(units.word_splits[-1:], outside_label),
            tf.gather(units.words, first),
            tf.gather(labels, first[:, 0]),
        )
        return tf.RaggedTensor.from_row_splits(
            tf.gather(label_names, of_words), units.word_splits, validate=False
        ).to_tensor("")


def _filler(dtype):
    if dtype == tf.string:
        return ""
    return -1 if dtype.is_integer else 0.0
