"""What a decoder reads, and what it is to say at each place."""

import hypothesis
import tensorflow as tf
from hypothesis import strategies as st

from keras_transformer.text.teacher_forcing import teacher_forcing

START, END = 2, 3
few = hypothesis.settings(max_examples=40, deadline=None, derandomize=True)
texts = st.lists(
    st.lists(st.integers(4, 9), max_size=6), min_size=1, max_size=4
)


def shifted(rows, start=START, max_length=None):
    ragged = tf.RaggedTensor.from_row_lengths(
        tf.constant([id for row in rows for id in row], tf.int32),
        [len(row) for row in rows],
    )
    inputs, targets = teacher_forcing(ragged, start, END, max_length)
    assert inputs.dtype == targets.dtype == tf.int32
    return inputs.to_list(), targets.to_list()


def test_inputs_are_the_targets_one_place_later():
    inputs, targets = shifted([[5, 6, 7], [], [8]])
    assert inputs == [[2, 5, 6, 7], [2], [2, 8]]
    assert targets == [[5, 6, 7, 3], [3], [8, 3]]


def test_without_a_start_the_first_token_is_read_and_never_said():
    inputs, targets = shifted([[5, 6, 7], [], [8]], start=None)
    assert inputs == [[5, 6, 7], [], [8]]
    assert targets == [[6, 7, 3], [], [3]]


def test_the_end_is_cut_like_any_other_token():
    inputs, targets = shifted([[5, 6, 7], [5, 6], [8]], max_length=3)
    assert inputs == [[2, 5, 6], [2, 5, 6], [2, 8]]
    assert targets == [[5, 6, 7], [5, 6, 3], [8, 3]]


@few
@hypothesis.given(
    rows=texts,
    start=st.sampled_from([START, None]),
    max_length=st.none() | st.integers(1, 8),
)
def test_each_target_is_the_token_after_its_input(rows, start, max_length):
    inputs, targets = shifted(rows, start, max_length)
    for text, read, said in zip(rows, inputs, targets, strict=True):
        whole = [*([] if start is None else [start]), *text, END]
        length = len(whole) - 1
        if max_length is not None:
            length = min(length, max_length)
        assert read == whole[:length]
        assert said == whole[1 : length + 1]
