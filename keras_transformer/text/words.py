"""Texts to normalized words, as BERT cuts them, in graph operations.

Every step works on the characters of the whole batch at once: there is no loop
over texts, words or characters.
"""

from typing import NamedTuple

import tensorflow as tf

from keras_transformer.text import characters as chars
from keras_transformer.text.special_tokens import find_special_tokens


class Words(NamedTuple):
    """The words of a batch of texts.

    Attributes:
        characters: int32 `(characters,)`, normalized code points of all words.
        sources: int64 `(characters,)`, index of the character of the input,
            counted over the whole batch, that each one comes from.
        word_splits: int64 `(words + 1,)`, where each word begins in
            `characters`.
        text_word_splits: int64 `(texts + 1,)`, where each text begins among
            the words.
        text_splits: int64 `(texts + 1,)`, where each text begins among the
            characters of the input.
    """

    characters: tf.Tensor
    sources: tf.Tensor
    word_splits: tf.Tensor
    text_word_splits: tf.Tensor
    text_splits: tf.Tensor

    def strings(self):
        """The words in UTF-8, string `(words,)`."""
        ragged = tf.RaggedTensor.from_row_splits(
            self.characters, self.word_splits, validate=False
        )
        return tf.strings.unicode_encode(ragged, "UTF-8")


def split_words(texts, tables, special_tokens=None) -> Words:
    """Clean, normalize and split texts as BERT does.

    Args:
        texts: String tensor `(texts,)`. Invalid UTF-8 becomes U+FFFD, which
            the cleaning removes.
        tables: `characters.CharacterTables` of tensors.
        special_tokens: `SpecialTokens` that stay whole and as they are
            written, or None.

    Returns:
        A `Words`.
    """
    decoded = tf.strings.unicode_decode(texts, "UTF-8", errors="replace")
    code_points, text_splits = decoded.values, decoded.row_splits
    values = look_up(tables.page_index, tables.pages, code_points)
    breaks = text_splits
    if special_tokens is not None:
        found = find_special_tokens(code_points, text_splits, special_tokens)
        values = tf.where(found.inside, chars.INSIDE, values)
        breaks = tf.concat([breaks, found.starts, found.ends], axis=0)
    classes = tf.bitwise.bitwise_and(values, 7)
    pieces = _pieces(classes, breaks)

    sources = tf.where(classes >= chars.ALONE)[:, 0]
    normalized, sources = _normalize(
        tf.gather(code_points, sources),
        tf.gather(values, sources),
        sources,
        tables,
    )
    if tables.rank_pages.shape[0]:
        normalized = tf.cond(
            tf.reduce_any(classes == chars.MOVABLE),
            lambda: _order_marks(
                normalized, sources, code_points, text_splits, tables
            ),
            lambda: normalized,
        )

    piece = tf.gather(pieces, sources)
    previous = tf.concat([[-1], piece], axis=0)[:-1]
    word_starts = tf.where(piece != previous)[:, 0]
    count = tf.size(sources, out_type=tf.int64)
    word_splits = tf.concat([word_starts, [count]], axis=0)
    text_word_splits = tf.searchsorted(
        tf.gather(sources, word_starts), text_splits, out_type=tf.int64
    )
    return Words(
        normalized, sources, word_splits, text_word_splits, text_splits
    )


def part_of_each(splits):
    """Say for each element of a partition which part it belongs to.

    `RaggedTensor.value_rowids` does the same over a matrix as wide as the
    longest part, which one very long text makes huge.

    Args:
        splits: int64 `(parts + 1,)`, where each part begins, and the end.

    Returns:
        int64 `(splits[-1],)`.
    """
    begins = tf.math.unsorted_segment_sum(
        tf.ones_like(splits[1:]), splits[1:], splits[-1] + 1
    )
    return tf.cumsum(begins)[:-1]


def look_up(page_index, pages, code_points):
    """Find the entries of characters in a table that is cut into pages.

    Args:
        page_index: Integer `(4352,)`, as `characters.paged` gives it.
        pages: `(pages, 256)`, likewise.
        code_points: int32 `(characters,)`.

    Returns:
        `(characters,)`, of the type of `pages`.
    """
    page = tf.gather(page_index, tf.bitwise.right_shift(code_points, 8))
    place = tf.cast(page, tf.int32) * chars.PAGE_SIZE
    place += tf.bitwise.bitwise_and(code_points, chars.PAGE_SIZE - 1)
    return tf.gather(tf.reshape(pages, [-1]), place)


def _pieces(classes, breaks):
    """Number the stretches of the texts of which none holds parts of two words.

    Args:
        classes: int32 `(characters,)`, as in `characters.py`.
        breaks: int64 indices of characters before which a stretch ends anyway.

    Returns:
        int32 `(characters,)`, never decreasing.
    """
    alone = (classes == chars.ALONE) | (classes == chars.SPACE)
    after_alone = tf.concat([[False], alone], axis=0)[:-1]
    count = tf.size(classes) + 1
    forced = tf.math.unsorted_segment_sum(
        tf.ones_like(breaks, tf.int32), breaks, count
    )
    return tf.cumsum(tf.cast(alone | after_alone, tf.int32) + forced[:-1])


def _normalize(kept, values, sources, tables):
    """Replace characters by what they become.

    Args:
        kept: int32 `(kept,)`, code points that are not dropped.
        values: int32 `(kept,)`, what `CharacterTables.pages` says of them.
        sources: int64 `(kept,)`.
        tables: A `CharacterTables`.

    Returns:
        The normalized characters and their sources.
    """
    offsets = tf.bitwise.right_shift(values, 3)
    is_expanded = tf.bitwise.bitwise_and(values, 7) == chars.EXPANDED

    def expand():
        rows = tf.where(is_expanded, offsets, 0)
        lengths = tf.where(
            is_expanded,
            tf.cast(tf.gather(tables.expansion_lengths, rows), tf.int64),
            1,
        )
        splits = tf.concat([[0], tf.cumsum(lengths)], axis=0)
        index = part_of_each(splits)
        place = tf.range(splits[-1]) - tf.gather(splits, index)
        width = tf.shape(tables.expansions, tf.int64)[1]
        rows = tf.cast(tf.gather(rows, index), tf.int64)
        expanded = tf.gather(
            tf.reshape(tables.expansions, [-1]),
            rows * width + tf.minimum(place, width - 1),
        )
        normalized = tf.where(
            tf.gather(is_expanded, index),
            expanded,
            tf.gather(kept + offsets, index),
        )
        return normalized, tf.gather(sources, index)

    if not tables.expansions.shape[0]:
        return kept + offsets, sources
    return tf.cond(
        tf.reduce_any(is_expanded), expand, lambda: (kept + offsets, sources)
    )


def _order_marks(normalized, sources, code_points, text_splits, tables):
    """Put marks that were not dropped into canonical order.

    Eighty rare marks are no accents to BERT but take part in the ordering that
    comes with decomposition. Only the characters change places; `sources`
    stays ascending.

    Args:
        normalized: int32 `(characters,)`, the characters of all words.
        sources: int64 `(characters,)`, where they come from.
        code_points: int32, the characters of the input.
        text_splits: int64 `(texts + 1,)`.
        tables: A `CharacterTables` with ranks.

    Returns:
        int32 `(characters,)`.
    """
    starts = look_up(tables.rank_index, tables.rank_pages, code_points) == 0
    text_starts = tf.math.unsorted_segment_sum(
        tf.ones_like(text_splits), text_splits, tf.size(code_points) + 1
    )
    sequences = tf.cumsum(tf.cast(starts, tf.int64) + text_starts[:-1])
    ranks = look_up(tables.rank_index, tables.rank_pages, normalized)
    keys = tf.gather(sequences, sources) * 256 + tf.cast(ranks, tf.int64)
    return tf.gather(normalized, tf.argsort(keys, stable=True))
