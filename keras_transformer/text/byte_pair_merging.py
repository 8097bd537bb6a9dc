"""Byte pairs joined to tokens, in graph operations, for many words at once."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

# Nearly all words are done after so many rounds; what is left goes on alone.
FIRST_ROUNDS = 16
NO_RANK = np.iinfo(np.int32).max


class MergeTable(NamedTuple):
    """The pairs to join.

    Attributes:
        keys: int64 `(merges,)`, ascending: left id times `size`, plus right.
        ranks: int32 `(merges,)`, the lowest is joined first.
        joined: int32 `(merges,)`, id of what the pair becomes.
        size: int64 scalar, the number of tokens.
    """

    keys: np.ndarray
    ranks: np.ndarray
    joined: np.ndarray
    size: np.ndarray


class Symbols(NamedTuple):
    """Tokens of all words, one after another.

    Attributes:
        ids: int32 `(symbols,)`.
        words: int64 `(symbols,)`, number of the word, never decreasing.
        places: int64 `(symbols,)`, where each begins in the bytes of all.
    """

    ids: tf.Tensor
    words: tf.Tensor
    places: tf.Tensor


def merge_table(pairs, size) -> MergeTable:
    """Sort the merges for `join_pairs`.

    Args:
        pairs: List of (left, right, joined) ids, in the order of the merges.
        size: Number of tokens.

    Returns:
        A `MergeTable`.
    """
    # A pair that never occurs spares the case of no merges.
    table = np.array([(-1, -1, -1), *pairs], np.int64)
    keys = table[:, 0] * size + table[:, 1]
    order = np.argsort(keys, kind="stable")
    return MergeTable(
        keys[order],
        order.astype(np.int32),
        table[order, 2].astype(np.int32),
        np.int64(size),
    )


def join_pairs(symbols, number_of_words, table) -> Symbols:
    """Join pairs until none is left that the table has.

    In each round each word joins its pair of the lowest rank, all occurrences
    from the left.

    Args:
        symbols: `Symbols`, the single bytes.
        number_of_words: int64 scalar.
        table: A `MergeTable` of tensors.

    Returns:
        `Symbols`, the tokens.
    """
    symbols, is_open = _rounds(symbols, number_of_words, table, FIRST_ROUNDS)

    def finish():
        ranks, _ = _ranks(symbols, table)
        open_words = tf.math.unsorted_segment_min(
            ranks, symbols.words[:-1], number_of_words
        )
        left = tf.gather(open_words, symbols.words) < NO_RANK
        rest = Symbols(*(tf.boolean_mask(x, left) for x in symbols))
        rest, _ = _rounds(rest, number_of_words, table, NO_RANK)
        done = Symbols(*(tf.boolean_mask(x, ~left) for x in symbols))
        both = [tf.concat(x, axis=0) for x in zip(done, rest, strict=True)]
        order = tf.argsort(both[2], stable=True)
        return Symbols(*(tf.gather(x, order) for x in both))

    return tf.cond(is_open, finish, lambda: symbols)


def _rounds(symbols, number_of_words, table, most):
    """Join pairs for some rounds.

    Returns:
        `Symbols`, and whether pairs may be left, a bool scalar.
    """

    def join(_, symbols):
        ranks, joined = _ranks(symbols, table)
        lowest = tf.math.unsorted_segment_min(
            ranks, symbols.words[:-1], number_of_words
        )
        is_lowest = ranks == tf.gather(lowest, symbols.words[:-1])
        chosen = _every_other(is_lowest & (ranks < NO_RANK))
        is_left = tf.concat([chosen, [False]], axis=0)
        is_right = tf.concat([[False], chosen], axis=0)
        joined = tf.concat([joined, [0]], axis=0)
        ids = tf.where(is_left, joined, symbols.ids)
        kept = symbols._replace(ids=ids)
        kept = Symbols(*(tf.boolean_mask(x, ~is_right) for x in kept))
        return tf.reduce_any(chosen), kept

    is_open, symbols = tf.while_loop(
        lambda is_open, _: is_open,
        join,
        (tf.size(symbols.ids) > 0, symbols),
        shape_invariants=(
            tf.TensorShape([]),
            Symbols(*[tf.TensorShape([None])] * 3),
        ),
        maximum_iterations=most,
    )
    return symbols, is_open


def _ranks(symbols, table):
    """Rank of each pair of neighbours, and the id of what it becomes."""
    ids = tf.cast(symbols.ids, tf.int64)
    keys = ids[:-1] * table.size + ids[1:]
    place = tf.searchsorted(table.keys, keys)
    place = tf.minimum(place, tf.size(table.keys) - 1)
    found = tf.gather(table.keys, place) == keys
    found &= symbols.words[:-1] == symbols.words[1:]
    ranks = tf.where(found, tf.gather(table.ranks, place), NO_RANK)
    return ranks, tf.gather(table.joined, place)


def _every_other(chosen):
    """Of pairs that overlap ("aaa"), keep the first, the third, ..."""
    place = tf.range(tf.size(chosen))
    before = tf.concat([[False], chosen], axis=0)[:-1]
    begins = chosen & ~before
    run = tf.maximum(tf.cumsum(tf.cast(begins, tf.int32)) - 1, 0)
    starts = tf.concat([tf.where(begins)[:, 0], [0]], axis=0)
    first = tf.cast(tf.gather(starts, run), tf.int32)
    return chosen & ((place - first) % 2 == 0)
