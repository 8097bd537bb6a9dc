"""Texts to words, as GPT-2 cuts them, in graph operations.

GPT-2 finds words with a regular expression whose lookahead TensorFlow does not
have, `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|
\\s+(?!\\S)|\\s+`. Here each character of the batch says whether a word begins
with it, which depends on its neighbours alone.
"""

import functools
import importlib.resources
import json
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_transformer.text.characters import (
    UNICODE_SIZE,
    paged,
    parse_code_points,
)
from keras_transformer.text.special_tokens import find_special_tokens
from keras_transformer.text.words import look_up

OTHER, LETTER, NUMBER, SPACE = range(4)
# "'s" and the like, by the letters after the apostrophe.
SHORT_ENDINGS = "stmd"
LONG_ENDINGS = ("re", "ve", "ll")


class BytePairWords(NamedTuple):
    """The words of a batch of texts.

    Attributes:
        strings: String `(words,)`; joined they give the texts.
        text_word_splits: int64 `(texts + 1,)`, where each text begins among
            the words.
        code_points: int32 `(characters,)` of the texts.
        text_splits: int64 `(texts + 1,)`, where each text begins among the
            characters.
    """

    strings: tf.Tensor
    text_word_splits: tf.Tensor
    code_points: tf.Tensor
    text_splits: tf.Tensor


@functools.cache
def character_pages():
    """The class of each code point, as `characters.paged` gives it."""
    resource = importlib.resources.files(__package__)
    resource /= "byte_pair_characters.json"
    table = json.loads(resource.read_text(encoding="ascii"))
    classes = np.full(UNICODE_SIZE, OTHER, np.uint8)
    classes[parse_code_points(table["letter"])] = LETTER
    classes[parse_code_points(table["number"])] = NUMBER
    classes[parse_code_points(table["space"])] = SPACE
    return paged(classes)


def split_words(texts, pages, special_tokens=None) -> BytePairWords:
    """Split texts as GPT-2 does.

    Args:
        texts: String tensor `(texts,)`. Invalid UTF-8 becomes U+FFFD.
        pages: `character_pages()` as tensors.
        special_tokens: `SpecialTokens` that are words of their own, or None.

    Returns:
        A `BytePairWords`.
    """
    decoded = tf.strings.unicode_decode(texts, "UTF-8", errors="replace")
    code_points, text_splits = decoded.values, decoded.row_splits
    classes = tf.cast(look_up(*pages, code_points), tf.int32)
    breaks = text_splits
    inside = tf.zeros_like(code_points, tf.bool)
    if special_tokens is not None:
        found = find_special_tokens(code_points, text_splits, special_tokens)
        inside = found.inside
        breaks = tf.concat([breaks, found.starts, found.ends], axis=0)
    count = tf.size(code_points)
    broken = tf.math.unsorted_segment_sum(
        tf.ones_like(breaks, tf.int32), breaks, count + 1
    )
    begins = _word_begins(code_points, classes, broken > 0, inside)
    word_starts = tf.where(begins)[:, 0]
    word_splits = tf.concat([word_starts, text_splits[-1:]], axis=0)
    words = tf.RaggedTensor.from_row_splits(
        code_points, word_splits, validate=False
    )
    return BytePairWords(
        tf.strings.unicode_encode(words, "UTF-8"),
        tf.searchsorted(word_starts, text_splits, out_type=tf.int64),
        code_points,
        text_splits,
    )


def _word_begins(codes, classes, broken, inside):
    """Say with which characters a word begins.

    Args:
        codes: int32 `(characters,)`, code points.
        classes: int32 `(characters,)`.
        broken: bool `(characters + 1,)`, whether something ends before it
            that no word may cross.
        inside: bool `(characters,)`, whether it belongs to a special token.

    Returns:
        bool `(characters,)`.
    """
    first, last = broken[:-1], broken[1:]
    changes = first | (classes != _later(classes, 1, -1))
    # The last of several spaces belongs to what follows; " " joins it.
    space_before = ~first & (_later(codes, 1, 0) == ord(" "))
    is_space = classes == SPACE
    is_last_space = is_space & ~last & (_earlier(classes, 1, -1) != SPACE)
    begins = first | tf.where(
        is_space, changes | is_last_space, changes & ~space_before
    )
    following = tf.where(last, 0, _earlier(codes, 1, 0))
    second = tf.where(_earlier(last, 1, True), 0, _earlier(codes, 2, 0))
    is_short = _any_of(following == ord(c) for c in SHORT_ENDINGS)
    is_long = _any_of(
        (following == ord(c)) & (second == ord(d)) for c, d in LONG_ENDINGS
    )
    apostrophe = begins & (codes == ord("'")) & ~inside
    short, long = apostrophe & is_short, apostrophe & is_long
    begins &= ~_later(short | long, 1, False)
    begins |= _later(short, 2, False) | _later(long, 3, False)
    return tf.where(inside, first, begins)


def _any_of(conditions):
    return functools.reduce(tf.logical_or, conditions)


def _later(values, steps, fill):
    """Move values towards the end, so that each sees the one before it."""
    fills = tf.fill([steps], tf.constant(fill, values.dtype))
    return tf.concat([fills, values], axis=0)[: tf.size(values)]


def _earlier(values, steps, fill):
    """Move values towards the begin, so that each sees the one after it."""
    fills = tf.fill([steps], tf.constant(fill, values.dtype))
    return tf.concat([values, fills], axis=0)[steps:]
