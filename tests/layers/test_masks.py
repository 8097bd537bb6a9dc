import itertools

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from keras_transformer.layers import masks
from tests.layers.checks import to_numpy

few = hypothesis.settings(max_examples=25, deadline=None, derandomize=True)
lengths = st.integers(1, 6)
starts = st.integers(0, 4)


@few
@hypothesis.given(queries=lengths, keys=lengths, start=starts)
def test_a_query_sees_itself_and_what_came_before(queries, keys, start):
    mask = to_numpy(masks.causal_mask(queries, keys, start))
    assert mask.shape == (1, 1, queries, keys)
    assert mask.dtype == bool
    for i, j in itertools.product(range(queries), range(keys)):
        assert mask[0, 0, i, j] == (j <= start + i)


@few
@hypothesis.given(
    queries=lengths, keys=lengths, start=starts, window=st.integers(1, 5)
)
def test_a_window_ends_equally_far_on_both_sides(queries, keys, start, window):
    mask = to_numpy(masks.sliding_window_mask(queries, keys, window, start))
    assert mask.shape == (1, 1, queries, keys)
    assert mask.dtype == bool
    for i, j in itertools.product(range(queries), range(keys)):
        near = j in range(start + i - window + 1, start + i + window)
        assert mask[0, 0, i, j] == near


def test_a_causal_window_sees_as_many_keys_as_it_says():
    mask = masks.join_masks(
        masks.causal_mask(7, 7), masks.sliding_window_mask(7, 7, 3)
    )
    assert to_numpy(mask)[0, 0].sum(-1).tolist() == [1, 2, 3, 3, 3, 3, 3]


@few
@hypothesis.given(st.lists(st.integers(0, 7) | st.none(), max_size=4))
def test_joined_masks_allow_what_all_of_them_allow(numbers):
    bits = [None if n is None else [n & 1, n & 2, n & 4] for n in numbers]
    arrays = [None if b is None else np.array(b, "bool") for b in bits]
    joined = masks.join_masks(*arrays)
    given = [b for b in bits if b is not None]
    if not given:
        assert joined is None
    else:
        wanted = [all(b[i] for b in given) for i in range(3)]
        assert to_numpy(joined).tolist() == wanted


@pytest.mark.parametrize("dtype", ["bool", "int32", "float32"])
def test_masks_of_pairs_get_the_rank_of_the_scores(dtype):
    mask = np.random.default_rng(0).integers(0, 2, (2, 3, 4, 5)).astype(dtype)
    for given, shape in (
        (mask[0, 0], (1, 1, 4, 5)),
        (mask[:, 0], (2, 1, 4, 5)),
        (mask, (2, 3, 4, 5)),
    ):
        wide = to_numpy(masks.broadcast_mask(given, "attention_mask"))
        assert wide.dtype == bool
        np.testing.assert_array_equal(wide, given.astype(bool).reshape(shape))


@pytest.mark.parametrize("shape", [(3,), (1, 2, 3, 4, 5)])
def test_a_mask_of_another_rank_is_an_error_that_names_it(shape):
    with pytest.raises(ValueError, match=r"`some_mask` must .*some_mask\.sh"):
        masks.broadcast_mask(np.ones(shape, "bool"), "some_mask")


@pytest.mark.parametrize("dtype", ["bool", "int32"])
def test_padding_hides_keys_from_all_queries_and_heads(dtype):
    mask = np.array([[1, 1, 0], [1, 0, 1]], dtype)
    wide = to_numpy(masks.key_padding_mask(mask))
    assert wide.shape == (2, 1, 1, 3)
    np.testing.assert_array_equal(wide[:, 0, 0], mask.astype(bool))


def test_a_padding_mask_of_pairs_is_an_error_that_says_where_it_belongs():
    with pytest.raises(ValueError, match="belongs into `attention_mask`"):
        masks.key_padding_mask(np.ones((2, 3, 3), "bool"), "value_mask")


rows_of_segments = st.lists(st.integers(1, 4), min_size=1, max_size=4)


@few
@hypothesis.given(sizes=rows_of_segments, padding=st.integers(0, 3))
def test_segments_are_seen_and_counted_each_for_itself(sizes, padding):
    ids = [n for n, size in enumerate(sizes, start=1) for _ in range(size)]
    segment_ids = np.array([ids + [0] * padding])
    mask = to_numpy(masks.same_segment_mask(segment_ids))
    length = len(ids) + padding
    assert mask.shape == (1, length, length)
    assert mask.dtype == bool
    for i, j in itertools.product(range(length), repeat=2):
        assert mask[0, i, j] == (segment_ids[0, i] == segment_ids[0, j])
    positions = to_numpy(masks.positions_in_segments(segment_ids))
    assert positions.dtype == "int32"
    wanted = [place for size in sizes for place in range(size)]
    assert positions[0].tolist() == [*wanted, *range(padding)]


def test_rows_have_segments_of_their_own():
    segment_ids = np.array([[1, 1, 2, 2], [3, 1, 1, 1], [0, 0, 0, 0]])
    positions = to_numpy(masks.positions_in_segments(segment_ids))
    assert positions.tolist() == [[0, 1, 0, 1], [0, 0, 1, 2], [0, 1, 2, 3]]
    mask = to_numpy(masks.same_segment_mask(segment_ids))
    assert mask.sum((1, 2)).tolist() == [8, 10, 16]
