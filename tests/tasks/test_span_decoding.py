"""The best span of all windows, against trying all of them."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from keras_transformer.tasks.span_decoding import (
    best_spans,
    best_windows,
    check_answer_length,
    check_threshold,
    decide,
    find_answers,
    mask_logits,
)

LENGTH = 9


def to_numpy(structure):
    return keras.tree.map_structure(ops.convert_to_numpy, structure)


def drawn(seed, lengths, question=2):
    """Logits, segments and masks of windows of such lengths, less padding."""
    rng = np.random.default_rng(seed)
    logits = 3 * rng.normal(size=(len(lengths), LENGTH, 2)).astype("float32")
    place, lengths = np.arange(LENGTH)[None], np.asarray(lengths)[:, None]
    mask = place < lengths
    segments = ((place > question + 1) & mask).astype("int32")
    return logits, segments, mask


def log_softmax(values):
    values = values.astype("float64")
    return values - np.log(np.exp(values).sum())


def all_spans(logits, segments, mask, most):
    """Log-probability of all spans of one window, and of none."""
    *context, _ = np.flatnonzero(segments) if segments.any() else [0]
    places = [0, *context]
    starts = dict(zip(places, log_softmax(logits[places, 0]), strict=True))
    ends = dict(zip(places, log_softmax(logits[places, 1]), strict=True))
    spans = {
        (first, last): starts[first] + ends[last]
        for first, last in itertools.product(context, repeat=2)
        if first <= last < first + most
    }
    return spans, starts[0] + ends[0]


def test_only_tokens_of_the_context_and_the_first_one_can_be_answers():
    logits, segments, mask = drawn(0, [9, 6, 4])
    masked = to_numpy(mask_logits(logits, segments, mask))
    allowed = [[0, 4, 5, 6, 7], [0, 4], [0]]
    for row, places in enumerate(allowed):
        others = [i for i in range(LENGTH) if i not in places]
        np.testing.assert_array_equal(masked[row, places], logits[row, places])
        assert (masked[row, others] == -1e9).all()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 999),
    st.lists(st.integers(4, LENGTH), min_size=1, max_size=6),
    st.integers(1, 11),
    st.lists(st.integers(0, 2), max_size=5),
    st.sampled_from([None, -1.0, 0.0, 1.5]),
)
def test_the_best_span_of_all_windows_is_found(
    seed, lengths, most, more_rows, threshold
):
    logits, segments, mask = drawn(seed, lengths)
    row = sorted([0, *more_rows][: len(lengths)])
    row = np.unique(row, return_inverse=True)[1]
    lengths = lengths[: len(row)]
    logits, segments, mask = (x[: len(row)] for x in (logits, segments, mask))

    def model(ids):
        return mask_logits(logits, ids["segment_ids"], ids["padding_mask"])

    # As one model would: it is called once, for there are few windows.
    inputs = {"segment_ids": segments, "padding_mask": mask}
    inputs["token_ids"] = segments
    best, score = to_numpy(
        find_answers(model, inputs, row, int(row[-1]) + 1, most, threshold)
    )
    for number in range(row[-1] + 1):
        found = {}
        nulls = []
        for window in np.flatnonzero(row == number):
            spans, null = all_spans(
                logits[window], segments[window], mask[window], most
            )
            nulls.append(null)
            found.update({(window, *span): p for span, p in spans.items()})
        key = [int(best[name][number]) for name in ("window", "first", "last")]
        if not found:
            assert key[0] == -1 and score[number] == 0
            continue
        highest = max(found.values())
        is_null = threshold is not None and min(nulls) - highest > threshold
        if is_null:
            assert key[0] == -1
            assert score[number] == pytest.approx(np.exp(min(nulls)), rel=1e-4)
        else:
            assert found[tuple(key)] == pytest.approx(highest, abs=1e-5)
            assert score[number] == pytest.approx(np.exp(highest), rel=1e-4)


def test_of_equal_spans_the_first_and_shortest_is_taken():
    spans = best_spans(ops.zeros((2, 5, 2)), 3)
    best = best_windows(spans, np.array([0, 0]), 1)
    spans, best = to_numpy((spans, best))
    assert spans["first"].tolist() == spans["last"].tolist() == [1, 1]
    assert best["window"].tolist() == [0]


def test_no_windows_give_no_answers():
    spans = best_spans(np.zeros((0, 0, 2), "float32"), 3)
    best = best_windows(spans, np.zeros(0, "int64"), 0)
    is_answer, score = decide(best, 0.0)
    assert to_numpy(is_answer).shape == to_numpy(score).shape == (0,)


def test_many_windows_are_worked_on_some_at_a_time():
    logits, segments, mask = drawn(3, [9] * 70)
    sizes = []

    def model(ids):
        if isinstance(ids["token_ids"].shape[0], int):
            sizes.append(ids["token_ids"].shape[0])
        part = ops.take(logits, ids["token_ids"][:, 0], axis=0)
        return mask_logits(part, ids["segment_ids"], ids["padding_mask"])

    numbers = np.repeat(np.arange(70, dtype="int32")[:, None], LENGTH, axis=1)
    inputs = {"token_ids": numbers}
    inputs.update(segment_ids=segments, padding_mask=mask)
    row = np.arange(70) // 3
    best, _ = to_numpy(find_answers(model, inputs, row, 24, 4))
    assert max(sizes) <= 32
    for number in range(24):
        found = {
            (window, *span): p
            for window in np.flatnonzero(row == number)
            for span, p in all_spans(
                logits[window], segments[window], mask[window], 4
            )[0].items()
        }
        key = [int(best[name][number]) for name in ("window", "first", "last")]
        assert found[tuple(key)] == pytest.approx(max(found.values()), abs=1e-5)


@pytest.mark.parametrize("length", [0, 2.0, True, None])
def test_a_longest_answer_is_a_number_of_tokens(length):
    assert check_answer_length(3) == 3
    with pytest.raises(ValueError, match="at least 1"):
        check_answer_length(length)


@pytest.mark.parametrize("threshold", ["high", float("nan"), [1, 2]])
def test_a_threshold_is_a_number_or_none(threshold):
    assert check_threshold(None) is None and check_threshold(1) == 1.0
    with pytest.raises(ValueError, match="a number, or None"):
        check_threshold(threshold)
