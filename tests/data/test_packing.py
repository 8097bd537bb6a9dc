import collections

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_transformer.data import pack, plan_packing

LENGTHS = st.lists(st.integers(0, 30), min_size=1, max_size=60).filter(any)
BLOCK_LENGTHS = st.integers(1, 16)
WITHOUT_DEADLINE = settings(deadline=None)


def rows_of(lengths):
    """Rows whose tokens are 1, 2, 3, ... over all rows."""
    ends = np.cumsum(lengths)
    return [
        list(range(end - length + 1, end + 1))
        for end, length in zip(ends.tolist(), lengths, strict=True)
    ]


def pieces_of(lengths, block_length):
    for length in lengths:
        yield from [block_length] * (length // block_length)
        if length % block_length:
            yield length % block_length


def segments_of(packed):
    """List the segments of each block, and check that padding is at its end."""
    blocks = []
    for ids, mask, segments in zip(
        packed["token_ids"],
        packed["padding_mask"],
        packed["segment_ids"],
        strict=True,
    ):
        real = int(mask.sum())
        assert mask[:real].all() and not ids[real:].any()
        np.testing.assert_array_equal(mask, segments > 0)
        # Rising by 1 from 1, so each is contiguous.
        steps = np.diff(segments[:real], prepend=0)
        assert set(steps.tolist()) <= {0, 1} and steps[0] == 1
        blocks.append(
            [
                ids[segments == segment].tolist()
                for segment in range(1, segments.max() + 1)
            ]
        )
    return blocks


@WITHOUT_DEADLINE
@given(LENGTHS, BLOCK_LENGTHS)
def test_each_token_comes_once_in_order_and_short_rows_stay_whole(
    lengths, block_length
):
    rows = rows_of(lengths)
    packed = pack(rows, block_length=block_length)
    segments = [s for block in segments_of(packed) for s in block]
    expected = [
        row[start : start + block_length]
        for row in rows
        for start in range(0, len(row), block_length)
    ]
    assert sorted(segments) == expected
    assert packed["token_ids"].shape[1] == block_length


@WITHOUT_DEADLINE
@given(LENGTHS, BLOCK_LENGTHS)
def test_the_blocks_are_those_of_best_fit_decreasing(lengths, block_length):
    fills = []
    for piece in sorted(pieces_of(lengths, block_length), reverse=True):
        fitting = [i for i, f in enumerate(fills) if f + piece <= block_length]
        if fitting:
            fills[max(fitting, key=fills.__getitem__)] += piece
        else:
            fills.append(piece)
    plan = plan_packing(lengths, block_length)
    found = np.bincount(plan.block, plan.length, plan.num_blocks)
    assert collections.Counter(found.tolist()) == collections.Counter(fills)
    assert plan.fill_share == pytest.approx(
        sum(lengths) / (len(fills) * block_length)
    )


@WITHOUT_DEADLINE
@given(LENGTHS, BLOCK_LENGTHS)
def test_no_two_blocks_would_fit_into_one(lengths, block_length):
    # Hence the bound of first fit: fewer than twice the blocks needed.
    plan = plan_packing(lengths, block_length)
    fills = np.sort(np.bincount(plan.block, plan.length, plan.num_blocks))
    if plan.num_blocks > 1:
        assert fills[0] + fills[1] > block_length
        assert plan.fill_share > 0.5
    mask = pack(rows_of(lengths), block_length=block_length)["padding_mask"]
    assert mask.mean() == pytest.approx(plan.fill_share)


@WITHOUT_DEADLINE
@given(LENGTHS, BLOCK_LENGTHS)
def test_the_plan_names_the_place_of_each_piece(lengths, block_length):
    rows = rows_of(lengths)
    plan = plan_packing(lengths, block_length)
    packed = pack(rows, block_length=block_length)
    read = [[] for _ in lengths]
    for document, length, block, offset, segment in zip(
        plan.document,
        plan.length,
        plan.block,
        plan.offset,
        plan.segment,
        strict=True,
    ):
        place = (block, slice(offset, offset + length))
        read[document] += packed["token_ids"][place].tolist()
        assert set(packed["segment_ids"][place].tolist()) == {int(segment)}
    assert read == rows


def test_many_documents_fill_the_blocks():
    rng = np.random.default_rng(0)
    lengths = rng.lognormal(5, 1.2, 1_000_000).astype(int)
    plan = plan_packing(lengths, 1024)
    assert plan.fill_share > 0.999
    fills = np.bincount(plan.block, plan.length, plan.num_blocks)
    assert fills.max() <= 1024
    assert fills.sum() == lengths.sum()


def test_targets_lie_where_their_tokens_lie():
    rows = [[5, 6, 7], [], [8], [1, 2, 3, 4, 9]]
    targets = [[6, 7, 0], [], [0], [2, 3, 4, 9, 0]]
    packed = pack(rows, targets, block_length=4)
    following = dict(
        pair
        for row, following in zip(rows, targets, strict=True)
        for pair in zip(row, following, strict=True)
    )
    for token, target, weight, real in zip(
        packed["token_ids"].flat,
        packed["targets"].flat,
        packed["weights"].flat,
        packed["padding_mask"].flat,
        strict=True,
    ):
        assert weight == real
        assert target == (following[int(token)] if real else 0)
    assert {name: str(array.dtype) for name, array in packed.items()} == {
        "token_ids": "int32",
        "padding_mask": "bool",
        "segment_ids": "int32",
        "targets": "int32",
        "weights": "float32",
    }


def test_an_example_by_hand():
    packed = pack(
        [[1, 2], [3, 4, 5, 6, 7, 8], [9], [10, 11, 12]], block_length=4
    )
    # Pieces of 2, 4 + 2, 1 and 3: the longest first, 3 + 1, then 2 + 2.
    assert packed["token_ids"].tolist() == [
        [1, 2, 7, 8],
        [3, 4, 5, 6],
        [9, 10, 11, 12],
    ]
    assert packed["segment_ids"].tolist() == [
        [1, 1, 2, 2],
        [1, 1, 1, 1],
        [1, 2, 2, 2],
    ]


def test_ragged_tensors_and_lists_are_packed_alike():
    rows = rows_of([3, 0, 7, 2, 5])
    from_lists = pack(rows, rows, block_length=6)
    ragged = tf.ragged.constant(rows)
    # A slice, whose values begin inside a longer tensor.
    ragged = tf.concat([ragged[:1], ragged], axis=0)[1:]
    from_ragged = pack(ragged, ragged, block_length=6)
    for name, array in from_lists.items():
        np.testing.assert_array_equal(from_ragged[name], array)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plan_packing([], 4), r"`lengths`.*shape \(0,\)"),
        (lambda: plan_packing([0, 0], 4), "not all 0"),
        (lambda: plan_packing([2, -1], 4), "integer from 0"),
        (lambda: plan_packing([2.5], 4), "float64"),
        (lambda: plan_packing([2], 0), "block_length=0"),
        (lambda: plan_packing([2], 1.5), "block_length=1.5"),
        (lambda: pack([[1], [2]], [[1]], block_length=4), "1 targets for 2"),
        (
            lambda: pack([[1], [2, 3]], [[1], [2]], block_length=4),
            "row 1 of 2 tokens with 1 targets",
        ),
        (lambda: pack([["a"]], block_length=4), "rows of integers"),
        (lambda: pack([[[1]]], block_length=4), "2 axes inside a row"),
        (
            lambda: pack(tf.ragged.constant([[[1]]]), block_length=4),
            "rows of single numbers",
        ),
    ],
)
def test_what_cannot_be_packed_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
