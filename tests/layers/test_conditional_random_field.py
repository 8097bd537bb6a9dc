"""The likelihood of labels, against all sequences and finite differences."""

import itertools

import numpy as np
from keras import ops

from keras_transformer.layers import ConditionalRandomField
from tests.layers.checks import (
    assert_close,
    check_layer,
    features,
    gradients,
    randomize,
    to_numpy,
)

SCORES = features(3, 4, 2)
MASK = np.array([[1, 0, 1, 1], [0, 1, 0, 0], [0, 0, 0, 0]], "bool")
LABELS = np.array([[0, 1, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]], "int32")


def built():
    layer = ConditionalRandomField(dtype="float32")
    layer.build((None, None, 2))
    return randomize(layer)


def log_likelihood(
    scores, weights, labels=LABELS, mask=MASK, first=(1, 1, 1), last=(1, 1, 1)
):
    """The same by all sequences, in float64."""
    transitions, starts, ends = (np.asarray(w, "float64") for w in weights)
    rows = []
    for row in range(len(scores)):
        real = np.flatnonzero(mask[row])
        if not len(real):
            rows.append(0.0)
            continue

        def total(sequence, row=row, real=real):
            return (
                scores[row, real, sequence].astype("float64").sum()
                + sum(
                    transitions[pair] for pair in itertools.pairwise(sequence)
                )
                + first[row] * starts[sequence[0]]
                + last[row] * ends[sequence[-1]]
            )

        everything = [
            total(sequence)
            for sequence in itertools.product(
                range(scores.shape[2]), repeat=len(real)
            )
        ]
        right = total(tuple(labels[row, real]))
        rows.append(right - np.log(np.sum(np.exp(everything))))
    return np.array(rows)


def test_the_layer_keeps_its_promises(tmp_path):
    check_layer(
        lambda **options: ConditionalRandomField(**options),
        {"inputs": features(3, 5, 4)},
        tmp_path,
    )


def test_scores_pass_through():
    assert_close(built()(SCORES), SCORES)


def test_the_likelihood_is_the_share_of_the_right_labels():
    layer = built()
    found = layer.log_likelihood(SCORES, LABELS, MASK)
    wanted = log_likelihood(SCORES, layer.get_weights())
    np.testing.assert_allclose(to_numpy(found), wanted, atol=1e-5)
    assert (to_numpy(found) <= 1e-6).all()


def test_a_row_inside_of_a_text_has_no_score_for_its_edges():
    layer = built()
    first, last = np.array([0, 1, 0], "bool"), np.array([1, 0, 0], "bool")
    found = layer.log_likelihood(SCORES, LABELS, MASK, first, last)
    wanted = log_likelihood(SCORES, layer.get_weights(), first=first, last=last)
    np.testing.assert_allclose(to_numpy(found), wanted, atol=1e-5)
    assert not np.allclose(
        wanted, to_numpy(layer.log_likelihood(SCORES, LABELS, MASK))
    )


def test_untrained_it_is_the_softmax_of_each_label():
    layer = ConditionalRandomField()
    layer.build((None, None, 2))
    found = to_numpy(layer.log_likelihood(SCORES, LABELS, MASK))
    log_p = SCORES - np.log(np.exp(SCORES).sum(-1, keepdims=True))
    of_labels = np.take_along_axis(log_p, LABELS[:, :, None], -1)[:, :, 0]
    np.testing.assert_allclose(found, (of_labels * MASK).sum(-1), atol=1e-5)


def test_labels_where_there_are_none_do_not_matter():
    layer = built()
    others = np.where(MASK, LABELS, 1 - LABELS)
    scores = np.where(MASK[:, :, None], SCORES, 99.0)
    assert_close(
        layer.log_likelihood(scores, others, MASK),
        layer.log_likelihood(SCORES, LABELS, MASK),
    )


def test_gradients_are_those_of_finite_differences():
    layer = built()
    found = gradients(
        layer.trainable_variables,
        lambda: ops.sum(layer.log_likelihood(SCORES, LABELS, MASK)),
    )
    weights = [np.asarray(w, "float64") for w in layer.get_weights()]
    step = 1e-5
    for number, gradient in enumerate(found):
        for place in np.ndindex(gradient.shape):
            moved = []
            for sign in (1, -1):
                altered = [w.copy() for w in weights]
                altered[number][place] += sign * step
                moved.append(log_likelihood(SCORES, altered).sum())
            slope = (moved[0] - moved[1]) / (2 * step)
            np.testing.assert_allclose(gradient[place], slope, atol=1e-4)
