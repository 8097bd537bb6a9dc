"""Answers in contexts: from characters to tokens of windows, and back."""

import numpy as np
import tensorflow as tf

from keras_transformer.text.batches import refuse_rows
from keras_transformer.text.chunks import in_chunks
from keras_transformer.text.strings import (
    to_string_columns,
    to_string_tensor,
)
from keras_transformer.text.units import ATTACHED

# What `str.isspace` of Python says, as a class of RE2, whose `\s` is ASCII.
_SPACE = r"[\x09-\x0d\x1c-\x20\x{85}\p{Z}]"
_CONTEXTS_AT_A_TIME = 4096
_MOST_MARKS = 32


def is_blank(texts):
    """Say whether texts are empty, or white space alone.

    Args:
        texts: String tensor of any shape.

    Returns:
        Bool tensor of that shape.
    """
    with tf.device("CPU:0"):
        return tf.strings.regex_full_match(texts, f"{_SPACE}*")


def refuse_blank(columns):
    """Refuse texts that are empty, or white space alone.

    Args:
        columns: Dict from name to a batch of strings.

    Returns:
        Dict of string tensors `(batch,)`.

    Raises:
        ValueError: If something is no string, or a text is blank; it names the
            row.
    """
    columns = to_string_columns(columns)
    for name, texts in columns.items():
        rows = np.flatnonzero(is_blank(texts))
        if len(rows):
            more = f", and {len(rows) - 1} more" if len(rows) > 1 else ""
            raise ValueError(
                f"`{name}` must hold texts that are not blank. Received: "
                f"{name}[{rows[0]}]={_text_in(texts, rows[0])!r}{more}. Drop "
                "the row."
            )
    return columns


def cut_out(texts, start, end):
    """Take a part of each text.

    Args:
        texts: String tensor `(batch,)`. Invalid UTF-8 becomes U+FFFD.
        start: int32 `(batch,)`, the first character, -1 to take nothing.
        end: int32 `(batch,)`, the character after the last one.

    Returns:
        String tensor `(batch,)`: `text[start:end]` in Python.
    """
    with tf.device("CPU:0"):
        characters = tf.strings.unicode_decode(texts, "UTF-8")
        return _characters_between(characters, start, end)


def answers_at(strings, windows, best, score):
    """Read the answers that tokens of windows stand for.

    Args:
        strings: Dict of string tensors `(batch,)`, "question" and "context".
        windows: Dict as from `QuestionPreprocessor.pad`.
        best: Dict of int32 `(batch,)`: "window", the number of the window of
            each answer, -1 for none; "first" and "last", the places of its
            first and its last token in there.
        score: float32 `(batch,)`, how probable each answer is.

    Returns:
        Dict of "answer", string `(batch,)`, "start" and "end", int32
        `(batch,)`, and "score": `context[start:end]` in Python is the answer,
        which has no white space at its ends and keeps the accents of its last
        letter. Without an answer they are "", -1 and -1. So it is for a blank
        question, and then the score is 0.
    """
    with tf.device("CPU:0"):
        characters = tf.strings.unicode_decode(strings["context"], "UTF-8")
        is_unasked = is_blank(strings["question"])
        is_none = is_unasked | (best["window"] < 0)

        def offset(name, place):
            there = tf.stack([best["window"], best[place]], axis=1)
            there = tf.where(is_none[:, None], 0, there)
            return tf.where(is_none, -1, tf.gather_nd(windows[name], there))

        start, end = offset("start", "first"), offset("end", "last")
        end += _marks_behind(characters, end)
        answer = _characters_between(characters, start, end)
        without_left = tf.strings.regex_replace(answer, rf"\A{_SPACE}+", "")
        stripped = tf.strings.regex_replace(without_left, rf"{_SPACE}+\z", "")
        is_none = tf.equal(stripped, "")
        start += _length(answer) - _length(without_left)
        end -= _length(without_left) - _length(stripped)
        return {
            "answer": stripped,
            "start": tf.where(is_none, -1, start),
            "end": tf.where(is_none, -1, end),
            "score": tf.where(is_unasked, 0.0, score),
        }


def character_spans(context, answer, answer_start):
    """Check that answers stand where they are said to, and where they end.

    Args:
        context: String tensor `(batch,)`.
        answer: String tensor `(batch,)`, "" for none.
        answer_start: int32 `(batch,)`, the first character of the answer.

    Returns:
        A pair of int32 `(batch,)`: the first character of each answer and the
        one after the last; -1 and -1 for none.

    Raises:
        ValueError: If an answer stands elsewhere; it names the row (within a
            graph, an error of TensorFlow).
    """
    answer = to_string_tensor(answer, "answer")
    with tf.device("CPU:0"):
        is_none = tf.equal(answer, "")
        start = tf.where(is_none, -1, tf.cast(answer_start, tf.int32))
        end = tf.where(is_none, -1, start + _length(answer))
        found = in_chunks(
            lambda part: {"found": cut_out(**part)},
            {"texts": context, "start": start, "end": end},
            _CONTEXTS_AT_A_TIME,
            {"found": tf.string},
        )["found"]
        is_bad = ~is_none & ((start < 0) | (found != answer))
        if tf.executing_eagerly():
            _refuse_misplaced(is_bad, answer, answer_start, found)
            return start, end
        reason = "An answer does not stand at its offset in its context."
        return refuse_rows(is_bad, reason, (start, end))


def token_spans(windows, start, end):
    """Find the tokens of answers in each window.

    An answer begins with the first token that ends behind its start, and ends
    with the last one that starts before its end. A window in which not all of
    these tokens stand has no answer.

    Args:
        windows: Dict as from `QuestionPreprocessor.encode`.
        start: int32 `(batch,)`, the first character of each answer, -1 for
            none.
        end: int32 `(batch,)`, the character after the last one.

    Returns:
        int32 `(windows, 2)`, the places of the first and the last token; 0 and
        0, the start token, where the window does not hold an answer.
    """
    with tf.device("CPU:0"):
        starts, ends = windows["start"], windows["end"]
        row = windows["row"]
        answer_start, answer_end = tf.gather(start, row), tf.gather(end, row)
        window = starts.value_rowids()
        place = tf.range(tf.size(window, tf.int64))
        place = tf.cast(
            place - tf.gather(starts.row_starts(), window), row.dtype
        )
        of_context = starts.values >= 0
        begins = of_context & (ends.values > tf.gather(answer_start, window))
        closes = of_context & (starts.values < tf.gather(answer_end, window))

        def least(values, mask):
            values = tf.where(mask, values, values.dtype.max)
            number = tf.size(row, tf.int64)
            return tf.math.unsorted_segment_min(values, window, number)

        def most(values, mask):
            return -least(-values, mask)

        # Where these are those of all windows, no token stands outside.
        begin, close = least(starts.values, begins), most(ends.values, closes)
        rows = tf.size(start, tf.int64)
        row_begin = tf.math.unsorted_segment_min(begin, row, rows)
        row_close = tf.math.unsorted_segment_max(close, row, rows)
        holds = (answer_start >= 0) & (begin == tf.gather(row_begin, row))
        holds &= close == tf.gather(row_close, row)
        first, last = least(place, begins), most(place, closes)
        holds &= first <= last
        spans = tf.stack([first, last], axis=1)
        return tf.cast(tf.where(holds[:, None], spans, 0), tf.int32)


def _length(texts):
    return tf.strings.length(texts, unit="UTF8_CHAR")


def _characters_between(characters, start, end):
    """Take a part of each row of code points, as strings; see `cut_out`."""
    lengths = characters.row_lengths()
    first = tf.clip_by_value(tf.cast(start, tf.int64), 0, lengths)
    last = tf.clip_by_value(tf.cast(end, tf.int64), first, lengths)
    origin = characters.row_starts()
    places = tf.ragged.range(origin + first, origin + last)
    taken = tf.gather(characters.values, places.values)
    return tf.strings.unicode_encode(places.with_values(taken), "UTF-8")


def _marks_behind(characters, end):
    """Count the accents behind each answer that its last token left out."""
    behind = tf.where(end < 0, -1, end + _MOST_MARKS)
    behind = _characters_between(characters, end, behind)
    return _length(tf.strings.regex_replace(behind, ATTACHED, r"\1"))


def _text_in(texts, row):
    return texts[row].numpy().decode("utf-8", "replace")


def _refuse_misplaced(is_bad, answer, answer_start, found):
    rows = np.flatnonzero(is_bad)
    if not len(rows):
        return
    row = rows[0]
    wanted, there = (_text_in(texts, row) for texts in (answer, found))
    more = f" So in {len(rows) - 1} more rows." if len(rows) > 1 else ""
    raise ValueError(
        "An answer must stand in its context where `answer_start` says, "
        f"counted in characters. Received in row {row}: {wanted!r} at "
        f"{int(answer_start[row])}, where the context has {there!r}.{more} "
        "Mend the offset or drop the row."
    )
