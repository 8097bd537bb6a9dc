"""The best sequence and the sum over all, against all of them one by one."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from keras_transformer.layers.label_chain import (
    IMPOSSIBLE,
    best_labels,
    label_probabilities,
    log_total,
)
from tests.layers.checks import compiled, features, to_numpy

# Rows of different lengths, with gaps in the middle, and one without a label.
MASK = np.array(
    [[1, 1, 1, 1], [0, 1, 0, 1], [1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 1, 0]],
    "bool",
)


def chain(labels=3, seed=0, scale=2.0):
    """Random scores of five rows of four positions."""
    return {
        "scores": scale * features(5, 4, labels, seed=seed),
        "mask": MASK,
        "transitions": scale * features(labels, labels, seed=seed + 1),
        "starts": scale * features(labels, seed=seed + 2),
        "ends": scale * features(labels, seed=seed + 3),
    }


def all_sequences(row, scores, mask, transitions, starts, ends):
    """Yield all sequences of labels of a row, each with its score."""
    real = np.flatnonzero(mask[row])
    starts, ends = (x[row] if x.ndim == 2 else x for x in (starts, ends))
    for sequence in itertools.product(range(scores.shape[2]), repeat=len(real)):
        total = 0.0
        if sequence:
            total += starts[sequence[0]] + ends[sequence[-1]]
        for place, label in zip(real, sequence, strict=True):
            total += float(scores[row, place, label])
        for pair in itertools.pairwise(sequence):
            total += transitions[pair]
        yield sequence, total


def best_of_all(row, **arguments):
    return max(all_sequences(row, **arguments), key=lambda pair: pair[1])


@pytest.mark.parametrize("labels", [1, 2, 4])
def test_the_best_sequence_is_the_best_of_all(labels):
    for seed in range(0, 20, 4):
        arguments = chain(labels, seed)
        found = to_numpy(best_labels(**arguments))
        assert found.dtype == "int32"
        np.testing.assert_array_equal(found == -1, ~MASK)
        for row in range(5):
            best, _ = best_of_all(row, **arguments)
            assert tuple(found[row, MASK[row]]) == best


@pytest.mark.parametrize("edges_of_rows", [False, True])
def test_the_total_is_that_of_all_sequences(edges_of_rows):
    arguments = chain()
    if edges_of_rows:
        arguments["starts"] = features(5, 3, seed=8)
        arguments["ends"] = features(5, 3, seed=9)
    found = to_numpy(log_total(**arguments))
    for row in range(5):
        totals = [s for _, s in all_sequences(row, **arguments)]
        wanted = np.log(np.sum(np.exp(totals)))
        np.testing.assert_allclose(found[row], wanted, atol=1e-5)
    assert found[3] == 0.0  # nothing to label, in one way


def test_probabilities_are_sums_over_all_sequences():
    arguments = chain()
    found = to_numpy(label_probabilities(**arguments))
    for row in range(5):
        sums, real = np.zeros((4, 3)), np.flatnonzero(MASK[row])
        for sequence, total in all_sequences(row, **arguments):
            sums[real, sequence] += np.exp(total)
        wanted = sums[real] / sums[real].sum(-1, keepdims=True)
        np.testing.assert_allclose(found[row, real], wanted, atol=1e-5)


@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_a_pair_that_is_ruled_out_is_in_no_sequence(data):
    number = st.floats(-20, 20, width=32)
    arguments = {
        name: np.array(
            data.draw(st.lists(number, min_size=size, max_size=size)), "float32"
        ).reshape(shape)
        for name, size, shape in (
            ("scores", 60, (5, 4, 3)),
            ("transitions", 9, (3, 3)),
            ("starts", 3, (3,)),
            ("ends", 3, (3,)),
        )
    }
    # IOB2: 0 is outside, 1 begins and 2 goes on.
    arguments["transitions"][0, 2] = arguments["starts"][2] = IMPOSSIBLE
    found = to_numpy(best_labels(mask=MASK, **arguments))
    for row in range(5):
        labels = [0, *found[row, MASK[row]]]
        assert (0, 2) not in list(itertools.pairwise(labels))
        _, score = best_of_all(row, mask=MASK, **arguments)
        scores = dict(all_sequences(row, mask=MASK, **arguments))
        np.testing.assert_allclose(scores[tuple(labels[1:])], score, atol=1e-3)


def test_masked_positions_and_padding_change_nothing():
    arguments = chain()
    altered = {
        **arguments,
        "scores": np.pad(
            np.where(MASK[:, :, None], arguments["scores"], 50.0),
            [(0, 0), (2, 3), (0, 0)],
            constant_values=70.0,
        ),
        "mask": np.pad(MASK, [(0, 0), (2, 3)]),
    }
    np.testing.assert_array_equal(
        to_numpy(best_labels(**altered))[:, 2:6],
        to_numpy(best_labels(**arguments)),
    )
    np.testing.assert_allclose(
        to_numpy(log_total(**altered)), to_numpy(log_total(**arguments)), 1e-5
    )
    np.testing.assert_allclose(
        to_numpy(label_probabilities(**altered))[:, 2:6][MASK],
        to_numpy(label_probabilities(**arguments))[MASK],
        atol=1e-5,
    )


def test_long_sequences_stay_exact():
    scores = features(1, 1000, 3, seed=4)
    zeros = np.zeros(3, "float32")
    chain = (scores, np.ones((1, 1000), "bool"), np.zeros((3, 3)), zeros, zeros)
    chain = [ops.convert_to_tensor(x) for x in chain]
    best, total, probabilities = to_numpy(
        compiled(
            lambda *chain: (
                best_labels(*chain),
                log_total(*chain),
                label_probabilities(*chain),
            )
        )(*chain)
    )
    np.testing.assert_array_equal(best[0], scores[0].argmax(-1))
    sums = np.exp(scores.astype("float64")).sum(-1, keepdims=True)
    np.testing.assert_allclose(total, np.log(sums).sum((1, 2)), rtol=1e-5)
    np.testing.assert_allclose(probabilities, np.exp(scores) / sums, atol=1e-5)


@pytest.mark.parametrize(
    "function", [best_labels, log_total, label_probabilities]
)
def test_it_compiles(function):
    arguments = {k: ops.convert_to_tensor(v) for k, v in chain().items()}
    found = compiled(lambda a: function(**a))(arguments)
    np.testing.assert_allclose(
        to_numpy(found), to_numpy(function(**arguments)), atol=1e-5
    )


def test_no_rows_have_no_labels():
    arguments = chain()
    for name in ("scores", "mask"):
        arguments[name] = arguments[name][:0]
    assert best_labels(**arguments).shape == (0, 4)
    assert log_total(**arguments).shape == (0,)
    assert label_probabilities(**arguments).shape == (0, 4, 3)


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="only TensorFlow makes graphs for all lengths",
)
@pytest.mark.parametrize(
    "function", [best_labels, log_total, label_probabilities]
)
def test_one_graph_serves_all_lengths(function):
    import tensorflow as tf

    arguments = chain()
    others = [arguments.pop(name) for name in ("transitions", "starts", "ends")]
    graph = tf.function(
        lambda scores, mask: function(scores, mask, *others),
        input_signature=[
            tf.TensorSpec([None, None, 3], tf.float32),
            tf.TensorSpec([None, None], tf.bool),
        ],
    )
    for length in (4, 1):
        short = [x[:, :length] for x in arguments.values()]
        np.testing.assert_allclose(
            graph(*short), function(*short, *others), atol=1e-5
        )
