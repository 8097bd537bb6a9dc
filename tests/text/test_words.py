import numpy as np
import pytest
import tensorflow as tf

from keras_transformer.text.characters import CharacterTables, character_tables
from keras_transformer.text.words import part_of_each, split_words
from tests.text.reference import (
    HAND_PICKED,
    every_character,
    generated_strings,
    reference_words,
    unstable_offsets,
)

MODES = [(True, True), (True, False), (False, True), (False, False)]


def our_words(texts, lowercase, strip_accents):
    """The normalized words of each text, with their offsets."""
    tables = CharacterTables(
        *map(tf.constant, character_tables(lowercase, strip_accents))
    )
    words = split_words(tf.constant(texts), tables)
    strings = [word.decode() for word in words.strings().numpy()]
    sources, splits, by_text, origins = (x.numpy() for x in words[1:])
    starts = sources[splits[:-1]] if len(strings) else splits[:0]
    ends = sources[splits[1:] - 1] + 1 if len(strings) else splits[:0]
    return [
        [
            (
                strings[word],
                (int(starts[word] - origin), int(ends[word] - origin)),
            )
            for word in range(by_text[text], by_text[text + 1])
        ]
        for text, origin in enumerate(origins[:-1])
    ]


@pytest.mark.parametrize("lowercase, strip_accents", MODES)
def test_every_character_becomes_what_the_reference_makes_of_it(
    lowercase, strip_accents
):
    points = list(every_character())
    texts = [
        " ".join(f"a{chr(c)}b{chr(c)}" for c in points[i : i + 64])
        for i in range(0, len(points), 64)
    ]
    expected = reference_words(texts, lowercase, strip_accents)
    for start in range(0, len(texts), 512):
        part = slice(start, start + 512)
        found = our_words(texts[part], lowercase, strip_accents)
        assert found == expected[part]


@pytest.mark.parametrize("lowercase, strip_accents", MODES)
def test_generated_strings_split_as_in_the_reference(lowercase, strip_accents):
    texts = HAND_PICKED + list(generated_strings(2000, seed=5))
    expected = reference_words(texts, lowercase, strip_accents)
    found = our_words(texts, lowercase, strip_accents)
    unstable = unstable_offsets()
    for text, ours, theirs in zip(texts, found, expected, strict=True):
        if unstable.intersection(text):
            ours = [word for word, _ in ours]
            theirs = [word for word, _ in theirs]
        assert ours == theirs, ascii(text)


def test_marks_that_are_kept_take_their_canonical_order():
    # Glagolitic marks, of class 230, and a Balinese vowel killer, of class 9.
    texts = ["a\U0001e000\u1b44b", "\U0001e000\u1b44", "a\U0001e000", "\u1b44b"]
    assert our_words(texts, True, True) == reference_words(texts, True, True)
    assert our_words(texts[:1], True, True)[0][0][0] == "a\u1b44\U0001e000b"


def test_a_dropped_accent_keeps_its_place_when_marks_are_ordered():
    # The reference gives the offset of the accent to the mark after it.
    text = "a\u0301\u1b44"
    assert our_words([text], True, True) == [[("a\u1b44", (0, 3))]]
    assert reference_words([text], True, True) == [[("a\u1b44", (0, 2))]]


def test_no_texts_and_texts_without_words():
    assert our_words(np.array([], object), True, True) == []
    assert our_words(["", " ", "\u0301", ""], True, True) == [[], [], [], []]


def test_part_of_each_skips_empty_parts():
    splits = tf.constant([0, 0, 2, 2, 5, 5], tf.int64)
    np.testing.assert_array_equal(part_of_each(splits), [1, 1, 3, 3, 3])
    assert part_of_each(tf.constant([0], tf.int64)).shape == (0,)
