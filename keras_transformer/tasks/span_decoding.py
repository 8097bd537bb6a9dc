"""Logits of starts and ends to the best span of each context."""

import keras
import numpy as np
from keras import ops

# Added up twice and normalised, still a float32 far below what a model gives.
NEVER = -1e9

# Rows of an encoder at a time: a long context has many.
_WINDOWS_AT_A_TIME = 32
_DTYPES = {
    "first": "int32",
    "last": "int32",
    "score": "float32",
    "null": "float32",
}


def mask_logits(logits, segment_ids, padding_mask):
    """Make all positions impossible that can neither start nor end an answer.

    What is left are the tokens of the context, which are those of segment 1
    but for the last token of the row, and the first position, which stands for
    "the answer is not here".

    Args:
        logits: Float tensor `(batch, length, 2)`.
        segment_ids: Int tensor `(batch, length)`.
        padding_mask: Bool tensor `(batch, length)`, `True` = real.

    Returns:
        Float tensor `(batch, length, 2)`.
    """
    first, others = padding_mask[:, :1], padding_mask[:, 1:]
    is_real_behind = ops.concatenate([others, ops.zeros_like(first)], axis=1)
    is_first = ops.concatenate(
        [ops.ones_like(first), ops.zeros_like(others)], axis=1
    )
    is_of_context = ops.logical_and(ops.equal(segment_ids, 1), is_real_behind)
    may_be = ops.logical_or(is_first, is_of_context)
    return ops.where(ops.expand_dims(may_be, -1), logits, NEVER)


def best_spans(logits, max_answer_length):
    """Find the likeliest span of each window.

    Of all spans of at most so many tokens that do not hold the first position,
    the one with the greatest product of the probabilities of its start and its
    end; of equal ones the first, then the shortest. It takes memory for
    `length * max_answer_length` numbers a window, not for `length^2`.

    Args:
        logits: Float tensor `(windows, length, 2)`, as from `mask_logits`.
        max_answer_length: Most tokens of a span.

    Returns:
        Dict of tensors `(windows,)`: int32 "first" and "last", the places of
        the first and the last token; float32 "score", the logarithm of their
        probability, and "null", that of the first position as both.
    """
    length = ops.shape(logits)[1]
    log_p = ops.log_softmax(ops.cast(logits, "float32"), axis=1)
    # Behind the end, so that spans of all lengths begin at all positions.
    log_p = ops.pad(
        log_p,
        ((0, 0), (0, max_answer_length), (0, 0)),
        constant_values=NEVER,
    )
    null = ops.sum(log_p[:, 0], axis=-1)
    # One position more than there are: without any window there are none.
    place = ops.arange(length + 1, dtype="int32")
    starts = ops.where(place == 0, NEVER, log_p[:, : length + 1, 0])
    width = ops.arange(max_answer_length, dtype="int32")
    ends = ops.take(log_p[:, :, 1], place[:, None] + width[None], axis=1)
    spans = starts[:, :, None] + ends  # (windows, length + 1, widths)
    spans = ops.reshape(spans, (-1, (length + 1) * max_answer_length))
    best = ops.cast(ops.argmax(spans, axis=-1), "int32")
    score = ops.take_along_axis(spans, best[:, None], axis=1)[:, 0]
    first = best // max_answer_length
    return {
        "first": first,
        "last": first + best % max_answer_length,
        "score": score,
        "null": null,
    }


def best_windows(spans, row, rows):
    """Find the window of each context that has the likeliest span.

    Args:
        spans: Dict as from `best_spans`.
        row: Int tensor `(windows,)`, the number of the context of each window.
            Each context has at least one.
        rows: How many contexts there are.

    Returns:
        Dict of tensors `(rows,)`: as from `best_spans`, and int32 "window", the
        number of the window, of equal ones the first. "null" is the least over
        the windows of a context, since an answer need not be in all.
    """
    row = ops.cast(row, "int32")
    number = ops.arange(ops.shape(row)[0], dtype="int32")

    def most(values):
        # One more than there are, since torch knows no maximum of nothing.
        return ops.segment_max(values, row, num_segments=rows + 1)[:rows]

    is_best = spans["score"] >= ops.take(most(spans["score"]), row)
    behind = -ops.shape(row)[0]
    window = -most(ops.where(is_best, -number, behind))
    return {
        "window": window,
        "null": -most(-spans["null"]),
        **{
            name: ops.take(spans[name], window)
            for name in ("first", "last", "score")
        },
    }


def decide(best, no_answer_threshold=None):
    """Say which contexts have an answer, and how probable it is.

    Args:
        best: Dict as from `best_windows`.
        no_answer_threshold: How much likelier than the best span it must be, as
            a difference of logarithms, that there is no answer, for there to
            be none; `None` to give the best span in any case.

    Returns:
        A pair of tensors `(rows,)`: bool, whether the best span is the answer,
        and float32, the probability of what is answered; 0 where there is no
        span at all.
    """
    score, null = best["score"], best["null"]
    has_span = score > NEVER / 2
    if no_answer_threshold is None:
        return has_span, ops.exp(score)
    is_null = null - score > no_answer_threshold
    chosen = ops.where(ops.logical_and(is_null, has_span), null, score)
    is_answer = ops.logical_and(has_span, ops.logical_not(is_null))
    return is_answer, ops.exp(chosen)


def find_answers(
    model, inputs, row, rows, max_answer_length, no_answer_threshold=None
):
    """Find the answers in windows of contexts, some windows at a time.

    Args:
        model: Function from a dict of ids to logits `(windows, length, 2)`.
        inputs: Dict of TensorFlow tensors `(windows, length)`.
        row: As for `best_windows`.
        rows: As for `best_windows`.
        max_answer_length: As for `best_spans`.
        no_answer_threshold: As for `decide`.

    Returns:
        A pair of a dict as from `best_windows`, in which "window" is -1 where
        there is no answer, and of float32 `(rows,)`, how probable each answer
        is; NumPy arrays where the backend is not TensorFlow.
    """

    def spans(ids):
        return best_spans(model(ids), max_answer_length)

    is_tensorflow = keras.backend.backend() == "tensorflow"
    if is_tensorflow:
        from keras_transformer import text

        found = text.in_chunks(spans, inputs, _WINDOWS_AT_A_TIME, _DTYPES)
    else:
        row = np.asarray(row)
        found = _in_chunks(spans, inputs)
    best = best_windows(found, row, rows)
    is_answer, score = decide(best, no_answer_threshold)
    best["window"] = ops.where(is_answer, best["window"], -1)
    if is_tensorflow:
        return best, score
    return keras.tree.map_structure(ops.convert_to_numpy, (best, score))


def _in_chunks(function, inputs):
    """What `text.in_chunks` does, without TensorFlow's loop."""
    inputs = {name: np.asarray(rows) for name, rows in inputs.items()}
    number, size = len(inputs["token_ids"]), _WINDOWS_AT_A_TIME
    parts = [
        function({name: rows[i : i + size] for name, rows in inputs.items()})
        for i in range(0, max(number, 1), size)
    ]
    return {n: ops.concatenate([part[n] for part in parts]) for n in _DTYPES}


def check_answer_length(length):
    """Check the most tokens of an answer, and return them.

    Raises:
        ValueError: If they are no whole number of at least 1.
    """
    whole = isinstance(length, int) and not isinstance(length, bool)
    if not whole or length < 1:
        raise ValueError(
            "`max_answer_length` must be a whole number of tokens, at least 1. "
            f"Received: max_answer_length={length!r}."
        )
    return length


def check_threshold(threshold):
    """Check the threshold of no answer, and return it.

    Raises:
        ValueError: If it is neither a number nor `None`.
    """
    if threshold is None:
        return None
    try:
        number = float(threshold)
    except (TypeError, ValueError):
        number = float("nan")
    if number != number:
        raise ValueError(
            "`no_answer_threshold` must be a number, or None to answer always. "
            f"Received: no_answer_threshold={threshold!r}."
        )
    return number
