"""What carries one label: words, less the punctuation at their edges."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_transformer.text.words import part_of_each

# Of which Python's `str.isspace` is true.
SPACES = (
    *(*range(0x09, 0x0E), *range(0x1C, 0x21), 0x85, 0xA0, 0x1680),
    *(*range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000),
)
# Whether a character is one, up to the last, and that no higher one is.
IS_SPACE = np.isin(np.arange(max(SPACES) + 2), SPACES)
# Punctuation and symbols, with what changes the look of a symbol.
SYMBOLS = r"[\p{P}\p{S}][\p{P}\p{S}\p{M}\p{Cf}]*"
# Marks and formatting alone, which go with what stands before them.
MARKS = r"[\p{M}\p{Cf}]+"
# Scripts that put no spaces between words.
UNSPACED = (
    r"(?s).*[\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Thai}\p{Lao}"
    r"\p{Khmer}\p{Myanmar}\p{Tibetan}].*"
)
# Marks and joiners behind a unit, and whatever comes then. The last range is
# that of the tags in flags.
ATTACHED = r"^([\p{M}\x{200C}\x{200D}\x{E0020}-\x{E007F}]*)(?s:.*)$"


class Characters(NamedTuple):
    """The characters of a batch of texts, one text after the other.

    Attributes:
        code_points: int32 `(characters,)`.
        is_space: bool `(characters,)`.
        splits: int64 `(texts + 1,)`, where each text begins.
        words: int64 `(characters,)`, the number of the word that a character
            belongs to, or of the one before, counted over the whole batch. A
            word is what stands between spaces.
        word_splits: int64 `(texts + 1,)`, where each text begins among words.
    """

    code_points: tf.Tensor
    is_space: tf.Tensor
    splits: tf.Tensor
    words: tf.Tensor
    word_splits: tf.Tensor


class Units(NamedTuple):
    """The units of a batch of texts: what carries one label each.

    Attributes:
        tokens: int64 `(units,)`, the first token of each, counted over the
            whole batch.
        words: int64 `(units,)`, the word that each is a part of, likewise.
        start: int32 `(units,)`, its first character in its text.
        end: int32 `(units,)`, the character after its last one.
        splits: int64 `(texts + 1,)`, where each text begins among the units.
        word_splits: int64 `(texts + 1,)`, where it begins among the words.
    """

    tokens: tf.Tensor
    words: tf.Tensor
    start: tf.Tensor
    end: tf.Tensor
    splits: tf.Tensor
    word_splits: tf.Tensor


def read_characters(texts) -> Characters:
    """Decode texts, and find the words between spaces.

    Args:
        texts: String tensor `(texts,)`. Invalid UTF-8 becomes U+FFFD.

    Returns:
        The `Characters`.
    """
    decoded = tf.strings.unicode_decode(texts, "UTF-8", errors="replace")
    code_points, splits = decoded.values, decoded.row_splits
    is_space = tf.gather(IS_SPACE, tf.minimum(code_points, len(IS_SPACE) - 1))
    text_begins = tf.math.unsorted_segment_sum(
        tf.ones_like(splits), splits, splits[-1] + 1
    )
    after_space = tf.concat([[True], is_space], axis=0)[:-1]
    begins = ~is_space & (after_space | (text_begins[:-1] > 0))
    before = _counts_before(begins)
    return Characters(
        code_points,
        is_space,
        splits,
        before[1:] - 1,
        tf.gather(before, splits),
    )


def find_units(texts, starts, ends) -> Units:
    """Find what carries one label each.

    A text is split at spaces. Tokens of punctuation and symbols at the edges
    of what is between two spaces are units of their own, and what is left in
    the middle is one: "(O'Neill)." has four, "@ada" two. Characters of scripts
    that are written without spaces are units of their own. A unit reaches
    over marks behind it that the tokenizer has dropped, such as accents.

    Args:
        texts: String tensor `(texts,)`.
        starts: int32 RaggedTensor `(texts, tokens)`, the first character of
            each token, in the order of the text. Spaces at the edges of a
            token do not matter.
        ends: Likewise, the character after its last one.

    Returns:
        The `Units`; a token of nothing but spaces or marks begins none.
    """
    characters = read_characters(texts)
    text = part_of_each(starts.row_splits)
    origin = tf.gather(characters.splits, text)
    token, start, end = _without_spaces(
        characters.is_space,
        origin + tf.cast(starts.values, tf.int64),
        origin + tf.cast(ends.values, tf.int64),
    )
    strings = substrings(characters.code_points, start, end)
    is_seen = ~tf.strings.regex_full_match(strings, MARKS)
    token, start, end, strings = (
        tf.boolean_mask(x, is_seen) for x in (token, start, end, strings)
    )
    word = tf.gather(characters.words, start)
    begins = _unit_begins(strings, word, start, end)
    first = tf.where(begins)[:, 0]
    unit = tf.cumsum(tf.cast(begins, tf.int64)) - 1
    unit_end = tf.math.unsorted_segment_max(end, unit, tf.size(first, tf.int64))
    unit_start, token = tf.gather(start, first), tf.gather(token, first)
    text = tf.gather(text, token)
    unit_end += _attached(characters, unit_start, unit_end, text)
    origin = tf.gather(characters.splits, text)
    return Units(
        token,
        tf.gather(word, first),
        tf.cast(unit_start - origin, tf.int32),
        tf.cast(unit_end - origin, tf.int32),
        splits_of(text, tf.size(texts, tf.int64)),
        characters.word_splits,
    )


def substrings(code_points, starts, ends):
    """Cut stretches out of texts.

    Args:
        code_points: int32 `(characters,)`.
        starts: int64 `(stretches,)`, the first character of each.
        ends: int64 `(stretches,)`, the character after its last one.

    Returns:
        String tensor `(stretches,)`.
    """
    splits = tf.concat([[0], tf.cumsum(ends - starts)], axis=0)
    stretch = part_of_each(splits)
    place = tf.range(splits[-1]) - tf.gather(splits, stretch)
    chosen = tf.gather(code_points, place + tf.gather(starts, stretch))
    ragged = tf.RaggedTensor.from_row_splits(chosen, splits, validate=False)
    return tf.strings.unicode_encode(ragged, "UTF-8")


def splits_of(rows, number):
    """Say where each row begins.

    Args:
        rows: int64 `(values,)`, rising: the row of each value.
        number: int64, the number of rows.

    Returns:
        int64 `(number + 1,)`.
    """
    counts = tf.math.unsorted_segment_sum(tf.ones_like(rows), rows, number)
    return tf.concat([[0], tf.cumsum(counts)], axis=0)


def _counts_before(flags):
    """How many are true before each place, and in all."""
    return tf.concat([[0], tf.cumsum(tf.cast(flags, tf.int64))], axis=0)


def _without_spaces(is_space, start, end):
    """Take spaces off the edges of tokens, and leave out empty ones.

    Returns:
        Numbers of the tokens that are left, their starts and their ends.
    """
    visible = tf.where(~is_space)[:, 0]
    before = _counts_before(~is_space)
    first, last = tf.gather(before, start), tf.gather(before, end) - 1
    token = tf.where(last >= first)[:, 0]
    return (
        token,
        tf.gather(visible, tf.gather(first, token)),
        tf.gather(visible, tf.gather(last, token)) + 1,
    )


def _unit_begins(strings, word, start, end):
    """Whether each token begins a unit; all as `(tokens,)`."""
    is_symbol = tf.strings.regex_full_match(strings, SYMBOLS)
    number = tf.size(word, tf.int64)
    place = tf.range(number)
    words = tf.reduce_max(tf.concat([[-1], word], axis=0)) + 1
    # Of each word, the first token that is no symbol, and the last one.
    first = tf.math.unsorted_segment_min(
        tf.where(is_symbol, number, place), word, words
    )
    last = tf.math.unsorted_segment_max(
        tf.where(is_symbol, -tf.ones_like(place), place), word, words
    )
    is_edge = is_symbol & (
        (place < tf.gather(first, word)) | (place > tf.gather(last, word))
    )
    is_single = is_edge | tf.strings.regex_full_match(strings, UNSPACED)

    def of_previous(values, of_first):
        return tf.concat([[of_first], values], axis=0)[:-1]

    apart = (
        (word != of_previous(word, -1))
        | is_single
        | of_previous(is_single, True)
    )
    # Tokens of single bytes share the character that they spell.
    return apart & (start >= of_previous(end, 0))


def _attached(characters, start, end, text):
    """Count the marks behind each unit that belong to no token, `(units,)`."""
    following = tf.concat([start, [characters.splits[-1]]], axis=0)[1:]
    limit = tf.minimum(following, tf.gather(characters.splits[1:], text))
    gaps = substrings(characters.code_points, end, tf.maximum(limit, end))
    marks = tf.strings.regex_replace(gaps, ATTACHED, r"\1")
    return tf.cast(tf.strings.length(marks, "UTF8_CHAR"), tf.int64)
