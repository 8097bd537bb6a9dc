"""Special tokens that stand in the text as they are written: "a [MASK] b"."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf


class SpecialTokens(NamedTuple):
    """The tokens to look for.

    Attributes:
        characters: int32 `(tokens, width)`, code points, -2 after the end.
        lengths: int64 `(tokens,)`.
        first_characters: int32 `(firsts,)`, those with which one may begin.
    """

    characters: np.ndarray
    lengths: np.ndarray
    first_characters: np.ndarray


class SpecialTokenMatches(NamedTuple):
    """Where special tokens stand in the characters of a batch.

    Attributes:
        starts: int64 `(matches,)`, index of the first character.
        ends: int64 `(matches,)`, index after the last one.
        inside: bool `(characters,)`, whether a character belongs to one.
    """

    starts: tf.Tensor
    ends: tf.Tensor
    inside: tf.Tensor


def special_token_table(tokens) -> SpecialTokens:
    """Prepare tokens for `find_special_tokens`.

    Args:
        tokens: Tokens to recognise, a list of str.

    Returns:
        A `SpecialTokens`.

    Raises:
        ValueError: If two of them could overlap in a text.
    """
    tokens = sorted(set(tokens))
    for token in tokens:
        for shift in range(1, len(token)):
            rest = token[shift:]
            for other in tokens:
                if rest.startswith(other) or other.startswith(rest):
                    raise ValueError(
                        "Special tokens must not overlap, so that it is clear "
                        f"where they stand in a text. Received: {token!r} and "
                        f"{other!r}, which both may hold {other[:1]!r}. Pass "
                        "`special_tokens_in_text=False` or rename one."
                    )
    width = max(map(len, tokens))
    characters = [
        [*map(ord, token), *[-2] * (width - len(token))] for token in tokens
    ]
    return SpecialTokens(
        np.array(characters, np.int32),
        np.array([len(token) for token in tokens], np.int64),
        np.array(sorted({ord(token[0]) for token in tokens}), np.int32),
    )


def find_special_tokens(code_points, text_splits, special_tokens):
    """Find special tokens in a batch, without a loop over the characters.

    Args:
        code_points: int32 `(characters,)`, all texts one after another.
        text_splits: int64 `(texts + 1,)`, where each text begins.
        special_tokens: A `SpecialTokens`.

    Returns:
        A `SpecialTokenMatches`.
    """
    may_start = tf.zeros_like(code_points, tf.bool)
    for first in special_tokens.first_characters:
        may_start |= code_points == first
    candidates = tf.where(may_start)[:, 0]
    text = tf.searchsorted(text_splits, candidates, "right", tf.int64) - 1
    text_end = tf.gather(text_splits, text + 1)
    width = special_tokens.characters.shape[1]
    positions = candidates[:, None] + tf.range(width, dtype=tf.int64)
    window = tf.where(
        positions < text_end[:, None],
        tf.gather(code_points, tf.minimum(positions, text_end[:, None] - 1)),
        -1,
    )  # (candidates, width)
    pattern = special_tokens.characters  # (tokens, width)
    equal = (window[:, None, :] == pattern) | (pattern == -2)
    matches = tf.cast(tf.reduce_all(equal, axis=-1), tf.int64)
    # The longest counts where one token is the beginning of another.
    lengths = tf.reduce_max(matches * special_tokens.lengths, axis=-1)
    found = lengths > 0
    starts = tf.boolean_mask(candidates, found)
    ends = starts + tf.boolean_mask(lengths, found)
    steps = tf.math.unsorted_segment_sum(
        tf.concat([tf.ones_like(starts), -tf.ones_like(ends)], axis=0),
        tf.concat([starts, ends], axis=0),
        tf.size(code_points) + 1,
    )
    inside = tf.cumsum(steps)[:-1] > 0
    return SpecialTokenMatches(starts, ends, inside)
