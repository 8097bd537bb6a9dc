"""Labels of words, and spans of characters, as labels of units and tokens."""

from typing import NamedTuple

import tensorflow as tf

from keras_transformer.text.units import (
    Units,
    find_units,
    read_characters,
    splits_of,
)
from keras_transformer.text.words import part_of_each

# More than any text has characters: place `p` of text `t` is `t * _FAR + p`.
_FAR = 2**32


class UnitEntities(NamedTuple):
    """What each unit is a part of.

    Attributes:
        numbers: int64 `(units,)`, one number for each entity, 0 for none.
        types: int32 `(units,)`, the type of the entity; of no meaning where
            there is none.
    """

    numbers: tf.Tensor
    types: tf.Tensor


def count_words_and_characters(texts):
    """Measure texts.

    Args:
        texts: String tensor `(texts,)`.

    Returns:
        A pair of int64 `(texts,)`: how many words there are between spaces,
        and how many characters.
    """
    with tf.device("CPU:0"):
        characters = read_characters(texts)
        words, splits = characters.word_splits, characters.splits
        return words[1:] - words[:-1], splits[1:] - splits[:-1]


def labels_in_tensor(texts, labels):
    """Bring labels of words into one line, in a graph.

    Args:
        texts: String tensor `(texts,)`.
        labels: String RaggedTensor `(texts, words)`, or string tensor
            `(texts,)` of labels between spaces.

    Returns:
        String tensor `(words,)`. An error of TensorFlow if there are not as
        many labels as words.
    """
    with tf.device("CPU:0"):
        if not isinstance(labels, tf.RaggedTensor):
            labels = tf.strings.split(labels)
        words, _ = count_words_and_characters(texts)
        check = tf.debugging.assert_equal(
            tf.cast(labels.row_lengths(), words.dtype),
            words,
            "There must be one label for each word between spaces.",
        )
        with tf.control_dependencies([check] if check is not None else []):
            return tf.identity(labels.values)


def units_of_windows(texts, encoded) -> Units:
    """Find the units of texts that stand in windows.

    Args:
        texts: String tensor `(texts,)`.
        encoded: Dict from `WindowPreprocessor.encode(texts)`.

    Returns:
        The `Units`; their tokens are counted over those that are kept.
    """
    with tf.device("CPU:0"):
        keeps = encoded["keeps"]
        window = part_of_each(keeps.row_splits)
        text = tf.gather(encoded["row"], window)
        text = tf.boolean_mask(text, keeps.values)
        splits = splits_of(text, tf.size(texts, tf.int64))
        places = [
            tf.RaggedTensor.from_row_splits(
                tf.boolean_mask(encoded[name].values, keeps.values),
                splits,
                validate=False,
            )
            for name in ("start", "end")
        ]
        return find_units(texts, *places)


def entities_of_words(units, types, begins) -> UnitEntities:
    """Say of which entity each unit is, from labels of words.

    An inside label without a beginning begins an entity.

    Args:
        units: The `Units`.
        types: int32 `(words,)`, the type of each word's entity, -1 for none.
        begins: Bool `(words,)`, whether the word begins an entity.

    Returns:
        The `UnitEntities`. All units of a word are of its entity.
    """
    number = tf.size(types, tf.int64)
    text_begins = tf.math.unsorted_segment_sum(
        tf.ones_like(units.word_splits), units.word_splits, number + 1
    )
    previous = tf.concat([[-1], types], axis=0)[:-1]
    begins |= (types != previous) | (text_begins[:-1] > 0)
    numbers = tf.cumsum(tf.cast(begins, tf.int64))
    numbers = tf.where(types >= 0, numbers, tf.zeros_like(numbers))
    return UnitEntities(
        tf.gather(numbers, units.words), tf.gather(types, units.words)
    )


def entities_of_spans(units, starts, ends, types, splits) -> UnitEntities:
    """Say of which entity each unit is, from spans of characters.

    A unit of which only a part lies in a span is of that entity as well.

    Args:
        units: The `Units`.
        starts: int64 `(spans,)`, the first character of each entity in its
            text; rising in a text, without overlap.
        ends: int64 `(spans,)`, the character after its last one.
        types: int32 `(spans,)`, the type of each.
        splits: int64 `(texts + 1,)`, where each text begins among the spans.

    Returns:
        The `UnitEntities`.
    """

    def far_apart(places, row_splits):
        text = part_of_each(row_splits)
        return text * _FAR + tf.cast(places, tf.int64)

    unit_starts = far_apart(units.start, units.splits)
    unit_ends = far_apart(units.end, units.splits)
    starts, ends = far_apart(starts, splits), far_apart(ends, splits)
    # The last span that begins before the unit ends, from 1; 0 for none.
    numbers = tf.searchsorted(starts, unit_ends, out_type=tf.int64)
    ends = tf.concat([[-1], ends], axis=0)
    types = tf.concat([[-1], types], axis=0)
    reaches = tf.gather(ends, numbers) > unit_starts
    numbers = tf.where(reaches, numbers, tf.zeros_like(numbers))
    return UnitEntities(numbers, tf.gather(types, numbers))


def labels_of_entities(entities, begin_labels, inside_labels, outside_label):
    """Give each unit its label in IOB2.

    Args:
        entities: The `UnitEntities`.
        begin_labels: int32 `(types,)`, the number of "B-" of each type.
        inside_labels: int32 `(types,)`, the number of "I-".
        outside_label: The number of "O".

    Returns:
        int32 `(units,)`.
    """
    numbers = entities.numbers
    previous = tf.concat([[0], numbers], axis=0)[:-1]
    types = tf.maximum(entities.types, 0)
    inside = tf.where(
        numbers != previous,
        tf.gather(begin_labels, types),
        tf.gather(inside_labels, types),
    )
    return tf.where(
        numbers > 0, inside, tf.fill(tf.shape(inside), outside_label)
    )


def targets_of_tokens(encoded, units, labels, weights=None):
    """Put the labels of units where their first tokens stand in windows.

    Args:
        encoded: Dict from `WindowPreprocessor.encode`.
        units: The `Units` of these windows.
        labels: int32 `(units,)`.
        weights: Float `(texts,)`, or None for 1.

    Returns:
        A pair of RaggedTensors `(windows, length)`: int32 targets, and float
        weights, that of the text where there is a target and 0 elsewhere.
    """
    keeps = encoded["keeps"]
    kept = tf.where(keeps.values)[:, 0]
    places = tf.gather(kept, units.tokens)[:, None]
    if weights is None:
        of_units = tf.ones_like(labels, tf.float32)
    else:
        text = part_of_each(units.splits)
        of_units = tf.gather(tf.cast(weights, tf.float32), text)
    shape = tf.shape(keeps.values, tf.int64)
    return (
        keeps.with_values(tf.scatter_nd(places, labels, shape)),
        keeps.with_values(tf.scatter_nd(places, of_units, shape)),
    )


def edges_of_texts(row):
    """Say which windows begin a text, and which end one.

    Args:
        row: int64 `(windows,)`, the number of the text of each.

    Returns:
        A pair of bool `(windows,)`.
    """
    differs = row[1:] != row[:-1]
    some = tf.ones_like(row[:1], tf.bool)
    return (
        tf.concat([some, differs], axis=0),
        tf.concat([differs, some], axis=0),
    )
