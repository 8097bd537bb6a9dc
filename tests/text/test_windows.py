"""Windows against the same, window by window, in plain Python."""

import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_transformer.text.tracing import trace
from keras_transformer.text.windows import cut_windows

VECTOR = tf.TensorSpec([None], tf.int64)
cut = trace(lambda *x: tuple(cut_windows(*x)), VECTOR, VECTOR, VECTOR)

TEXTS = st.integers(1, 12).flatmap(
    lambda room: st.tuples(
        st.integers(0, 60), st.just(room), st.integers(0, room - 1)
    )
)


def windows_of(length, room, overlap):
    """The tokens of each window, and which of them it keeps."""
    firsts = [0]
    while firsts[-1] + room < length:
        firsts.append(firsts[-1] + room - overlap)
    windows = []
    for place, first in enumerate(firsts):
        tokens = range(first, min(first + room, length))
        begin = first + overlap // 2 if place else 0
        end = length
        if place + 1 < len(firsts):
            end = firsts[place + 1] + overlap // 2
        windows.append((list(tokens), [begin <= t < end for t in tokens]))
    return windows


@settings(deadline=None, max_examples=150)
@given(texts=st.lists(TEXTS, max_size=5))
def test_windows_are_those_of_plain_python(texts):
    lengths = [length for length, _, _ in texts]
    splits = [sum(lengths[:i]) for i in range(len(lengths) + 1)]
    row, tokens, keeps = cut(
        tf.constant(splits, tf.int64),
        tf.constant([room for _, room, _ in texts], tf.int64),
        tf.constant([overlap for _, _, overlap in texts], tf.int64),
    )
    rows, places, kept = [], [], []
    for number, text in enumerate(texts):
        for of_window, is_kept in windows_of(*text):
            rows.append(number)
            places.append([splits[number] + place for place in of_window])
            kept.append(is_kept)
    assert row.numpy().tolist() == rows
    assert tokens.to_list() == places
    assert keeps.to_list() == kept


@settings(deadline=None, max_examples=100)
@given(texts=st.lists(TEXTS, min_size=1, max_size=4))
def test_each_token_is_kept_once_and_in_order(texts):
    lengths = [length for length, _, _ in texts]
    splits = [sum(lengths[:i]) for i in range(len(lengths) + 1)]
    _, tokens, keeps = cut(
        tf.constant(splits, tf.int64),
        tf.constant([room for _, room, _ in texts], tf.int64),
        tf.constant([overlap for _, _, overlap in texts], tf.int64),
    )
    kept = tf.boolean_mask(tokens.values, keeps.values).numpy().tolist()
    assert kept == list(range(splits[-1]))


def test_a_kept_token_has_half_the_overlap_on_both_sides():
    room, overlap = 8, 4
    _, tokens, keeps = cut([0, 100], [room], [overlap])
    for places, kept in zip(tokens.to_list(), keeps.to_list(), strict=True):
        for number, is_kept in enumerate(kept):
            before = number if places[0] else overlap
            after = len(places) - number if places[-1] < 99 else overlap
            assert not is_kept or min(before, after) >= overlap // 2
