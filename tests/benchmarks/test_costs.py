import numpy as np
import pytest

from benchmarks.costs import least_seconds
from benchmarks.workloads import FURTHER, WORKLOADS, make_small

W1, W2, W3, W4, W5, W6 = WORKLOADS
ONE = {"float32": 1.0}


def counted_products(workload, batch):
    """Operations of a forward pass, from the shapes of every product."""
    width, inner = workload.hidden_dim, workload.intermediate_dim

    def product(rows, inside, columns):
        return 2 * rows * inside * columns

    def attention(queries, keys):
        head = width // workload.num_heads
        per_head = product(queries, head, keys) + product(queries, keys, head)
        projections = 2 * product(queries, width, width)
        projections += 2 * product(keys, width, width)
        return workload.num_heads * per_head + projections

    def feed_forward(rows):
        return product(rows, width, inner) + product(rows, inner, width)

    source, target = workload.length, workload.target_length
    block = attention(source, source) + feed_forward(source)
    if workload.kind == "seq2seq":
        block += attention(target, target) + attention(target, source)
        block += feed_forward(target)
    total = workload.num_layers * block
    if workload.kind != "encoder":
        rows = target or source
        total += product(rows, width, workload.vocabulary_size)
    return batch * total


@pytest.mark.parametrize("workload", [W1, W2, W3, W4], ids=lambda w: w.name)
def test_operations_are_those_of_all_products(workload):
    case = list(workload.cases().values())[-1]
    passes = 3 if workload.work == "train" else 1
    found = least_seconds(workload, case, "float32", ONE)
    expected = passes * counted_products(workload, case["batch"])
    assert found == pytest.approx(expected)


def test_writing_one_row_is_bound_by_reading_the_weights():
    case = W6.cases()["w6-greedy-1"]
    limits = {"float32": 1e15, "bfloat16": 1e15, "memory": 74e9}
    whole = least_seconds(W6, case, "float32", limits)
    half = least_seconds(W6, case, "bfloat16", limits)
    weights = 12 * 12 * 768**2 + 768 * 50_257
    assert whole == pytest.approx(128 * 4 * weights / 74e9, rel=1e-3)
    assert half == pytest.approx(whole / 2, rel=1e-3)


def test_writing_many_rows_is_bound_by_arithmetic():
    slow = {"float32": 1e9, "memory": 1e15}
    few, many = (
        least_seconds(W5, W5.cases()[name], "float32", slow)
        for name in ("w5-greedy-1", "w5-greedy-32")
    )
    assert many == pytest.approx(32 * few)


def test_what_is_not_known_has_no_limit():
    case = W1.cases()["w1-32"]
    assert least_seconds(W1, case, "int8", {"float32": 1.0}) is None
    case = W5.cases()["w5-greedy-1"]
    assert least_seconds(W5, case, "float32", {"float32": 1.0}) is None


def test_names_of_cases_differ_and_small_ones_have_the_same():
    workloads = (*WORKLOADS, *FURTHER)
    names = [name for w in workloads for name in w.cases()]
    assert len(set(names)) == len(names)
    for workload in workloads:
        assert list(make_small(workload).cases()) == list(workload.cases())
        assert np.ndim(workload.batches) == 1
