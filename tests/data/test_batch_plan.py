import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_transformer.data import (
    choose_bucket_lengths,
    plan_batches,
    read_labelled_texts,
    read_texts,
)
from keras_transformer.data.bucket_lengths import best_bucket_lengths

LENGTHS = st.lists(st.integers(0, 40), min_size=1, max_size=60)
WITHOUT_DEADLINE = settings(deadline=None)


def positions(lengths, bucket_lengths):
    ends = np.asarray(sorted(bucket_lengths))
    return ends[np.searchsorted(ends, lengths)].sum()


@WITHOUT_DEADLINE
@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.integers(1, 12))
def test_no_choice_of_lengths_leaves_less_padding(lengths, max_buckets):
    chosen = choose_bucket_lengths(lengths, max_buckets)
    real = np.maximum(lengths, 1)
    assert len(chosen) <= max_buckets
    assert list(chosen) == sorted(set(chosen))
    assert set(chosen) <= set(real.tolist())
    assert chosen[-1] == real.max()
    distinct = set(real.tolist())
    least = min(
        positions(real, {real.max(), *others})
        for size in range(max_buckets)
        for others in itertools.combinations(distinct, size)
    )
    assert positions(real, chosen) == least


def test_many_rows_and_many_lengths_take_bounded_time():
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 513, 2_000_000)
    lengths[:20_000] = rng.integers(1, 100_000, 20_000)
    start = time.perf_counter()
    chosen = choose_bucket_lengths(lengths, 16)
    assert time.perf_counter() - start < 20
    assert chosen[-1] == lengths.max()


@WITHOUT_DEADLINE
@given(LENGTHS, st.integers(1, 100), st.integers(1, 6))
def test_a_plan_covers_all_rows_within_the_budget(lengths, budget, buckets):
    plan = plan_batches(lengths, batch_tokens=budget, max_buckets=buckets)
    assert sorted(plan.order) == list(range(len(lengths)))
    assert len(plan.bucket_lengths) <= buckets
    padded = 0
    for bucket, start, size in plan.batches:
        (length,) = plan.bucket_lengths[bucket]
        rows = plan.order[start : start + size]
        assert max(lengths[row] for row in rows) <= length
        assert size == 1 or size * length <= budget
        padded += size * length
    assert plan.num_batches == sum(plan.shapes.values())
    assert len(plan.shapes) <= 2 * len(plan.bucket_lengths)
    assert plan.real_token_share == pytest.approx(sum(lengths) / padded)


@WITHOUT_DEADLINE
@given(st.data(), LENGTHS, st.integers(1, 8))
def test_rows_fit_on_all_sides_and_more_buckets_pad_less(
    data, lengths, buckets
):
    other = data.draw(
        st.lists(
            st.integers(0, 40), min_size=len(lengths), max_size=len(lengths)
        )
    )
    both = np.array([lengths, other]).T
    shares = []
    for number in (buckets, buckets + 1):
        plan = plan_batches(
            {"encoder": lengths, "decoder": other},
            batch_tokens=100,
            max_buckets=number,
        )
        assert sorted(plan.order) == list(range(len(lengths)))
        assert len(plan.bucket_lengths) <= number
        for padded, rows in zip(
            plan.bucket_lengths, plan.bucket_rows, strict=True
        ):
            assert (both[rows] <= padded).all()
        chosen = best_bucket_lengths(np.maximum(both, 1), number)
        shares.append(sum(least_positions(row, chosen) for row in both))
    assert shares[0] >= shares[1]


def least_positions(row, bucket_lengths):
    return min(
        sum(padded) for padded in bucket_lengths if (row <= padded).all()
    )


def test_rows_that_do_not_fill_a_batch_go_to_a_longer_bucket():
    lengths = [10] * 13 + [9] * 2 + [12] * 7
    plan = plan_batches(lengths, batch_tokens=60, bucket_lengths=(10, 12))
    assert plan.shapes == {(6, 10): 2, (5, 12): 2}
    assert set(range(13, 15)) <= set(plan.bucket_rows[0])  # the longest went
    # Two rows of 10 would become longer by 40 positions each.
    plan = plan_batches([10] * 2 + [50], batch_tokens=60, max_buckets=2)
    assert plan.shapes == {(2, 10): 1, (1, 50): 1}


@WITHOUT_DEADLINE
@given(LENGTHS, st.integers(1, 100), st.integers(1, 6))
def test_what_is_carried_pads_little(lengths, budget, buckets):
    lengths = np.maximum(lengths, 1)
    plan = plan_batches(lengths, batch_tokens=budget, max_buckets=buckets)
    chosen = best_bucket_lengths(lengths[:, None], buckets)
    least = sum(least_positions(row, chosen) for row in lengths[:, None])
    padded = lengths.sum() / plan.real_token_share
    most = max(budget, lengths.max()) / 4
    assert least <= round(padded) <= least + most * (len(chosen) - 1)


@WITHOUT_DEADLINE
@given(LENGTHS)
def test_results_return_to_the_order_of_the_input(lengths):
    plan = plan_batches(lengths, batch_tokens=50, max_buckets=4)
    rows = np.arange(len(lengths)) * 10
    came_out = rows[plan.order]
    assert plan.restore(came_out).tolist() == rows.tolist()
    assert plan.restore(came_out.tolist()) == rows.tolist()
    with pytest.raises(ValueError, match="Were the batches made with"):
        plan.restore(came_out[1:])


def test_the_number_of_rows_can_be_fixed():
    plan = plan_batches([3] * 10 + [9] * 7, batch_size=4, max_buckets=2)
    assert plan.shapes == {(4, 3): 2, (2, 3): 1, (4, 9): 1, (3, 9): 1}


def test_sides_are_padded_to_their_own_lengths():
    lengths = {"encoder": [5, 2, 9, 1], "decoder": [3, 4, 2, 0]}
    plan = plan_batches(lengths, batch_tokens=22, max_buckets=2)
    assert plan.sides == ("encoder", "decoder")
    assert plan.bucket_lengths == ((2, 4), (9, 3))
    assert plan.batch_rows == (3, 1)
    assert plan.shapes == {(2, 2, 4): 1, (1, 9, 3): 2}
    assert plan.real_token_share == 26 / (2 * 6 + 2 * 12)


def test_lengths_of_another_plan_can_be_kept():
    plan = plan_batches([2, 7, 7, 30], bucket_lengths=(32, 8, 16))
    assert plan.bucket_lengths == ((8,), (32,))
    assert [rows.tolist() for rows in plan.bucket_rows] == [[0, 1, 2], [3]]
    again = plan_batches([2, 7, 30], bucket_lengths=plan.bucket_lengths)
    assert again.bucket_lengths == plan.bucket_lengths
    with pytest.raises(ValueError, match=r"row 1 of length 33.*\[8, 32\]"):
        plan_batches([1, 33], bucket_lengths=(8, 32))


def word_counts(texts):
    return [len(text.split()) + 2 for text in texts]


def test_little_of_real_text_is_padding(shared_data):
    sst2 = read_labelled_texts(shared_data / "sst2" / "train.tsv.gz")
    assert plan_batches(word_counts(sst2.texts)).real_token_share > 0.95
    english, german = (
        word_counts(read_texts(shared_data / f"multi30k_en_de/train.{x}.gz"))
        for x in ("en", "de")
    )
    assert plan_batches(english).real_token_share > 0.98
    both = plan_batches({"encoder": english, "decoder": german})
    assert both.real_token_share > 0.95


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plan_batches([]), "one or more rows.*shape"),
        (lambda: plan_batches([-1, 2]), "integer from 0"),
        (lambda: plan_batches([1.5]), "dtype float64"),
        (lambda: plan_batches([[1, 2]]), r"shape \(1, 2\)"),
        (lambda: plan_batches({"a": [1], "b": [1, 2]}), r"lengths\['b'\]"),
        (lambda: plan_batches({}), "at least one side"),
        (lambda: plan_batches([1], batch_tokens=0), "`batch_tokens` must be 1"),
        (lambda: plan_batches([1], batch_tokens=1e3), "must be an integer"),
        (lambda: plan_batches([1], batch_size=0), "`batch_size` must be 1"),
        (lambda: plan_batches([1], max_buckets=True), "max_buckets=True"),
        (lambda: plan_batches([1], bucket_lengths=[0]), "positive integers"),
        (lambda: plan_batches([1], bucket_lengths=[]), "positive integers"),
        (lambda: plan_batches([1], bucket_lengths=[(1, 2)]), "positive int"),
        (lambda: choose_bucket_lengths([]), "one or more rows"),
        (lambda: choose_bucket_lengths([1], 0), "`max_buckets` must be 1"),
    ],
)
def test_arguments_that_make_no_sense_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
