"""Scores to labels that are possible, and their probabilities."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_transformer.layers import ConditionalRandomField
from keras_transformer.tasks.entity_labels import EntityLabels
from keras_transformer.tasks.label_decoding import decode_labels
from keras_transformer.training.entity_scores import entities_of
from tests.layers.checks import features, randomize, to_numpy

LABELS = EntityLabels(["O", "B-a", "I-a", "B-b", "I-b"])
MASK = np.array([[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0], [0] * 6], "bool")


def make_field():
    field = ConditionalRandomField(dtype="float32")
    field.build((None, None, 5))
    return randomize(field)


def names_of(row):
    return [LABELS.names[i] for i in row if i >= 0]


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10**6), has_field=st.booleans())
def test_no_sequence_is_impossible(seed, has_field):
    scores = 9.0 * features(3, 6, 5, seed=seed)
    field = make_field() if has_field else None
    best, _ = to_numpy(decode_labels(scores, MASK, LABELS, field))
    np.testing.assert_array_equal(best >= 0, MASK)
    for row in best:
        names = names_of(row)
        assert entities_of(names) == entities_of(names, strict=True)


def test_what_is_possible_already_stays():
    best = np.array([[1, 2, 0, 3, 4, 4]])
    scores = 5.0 * np.eye(5, dtype="float32")[best]
    found, probabilities = decode_labels(scores, best >= 0, LABELS)
    np.testing.assert_array_equal(to_numpy(found), best)
    share = np.exp(5.0) / (np.exp(5.0) + 4)
    np.testing.assert_allclose(to_numpy(probabilities), share, atol=1e-5)


def test_an_inside_without_beginning_gives_way_to_the_next_best():
    scores = np.zeros((1, 2, 5), "float32")
    scores[0, 0, 2] = 4.0  # I-a, before which nothing can stand
    scores[0, 0, 1] = 3.0  # B-a
    scores[0, 1, 2] = 4.0
    found, probabilities = decode_labels(scores, MASK[1:2, :2], LABELS)
    assert names_of(to_numpy(found)[0]) == ["B-a", "I-a"]
    shares = np.exp(scores[0]) / np.exp(scores[0]).sum(-1, keepdims=True)
    np.testing.assert_allclose(
        to_numpy(probabilities)[0], shares[[0, 1], [1, 2]], atol=1e-5
    )


def test_a_field_changes_what_is_best_and_how_probable_it_is():
    field = make_field()
    field.set_weights(
        [np.eye(5) * 3.0, np.zeros(5), np.zeros(5)]  # labels stay as they are
    )
    scores = np.zeros((1, 3, 5), "float32")
    scores[0, [0, 2], 0] = 1.0
    scores[0, 1, 1] = 2.0
    mask = np.ones((1, 3), "bool")
    alone, _ = decode_labels(scores, mask, LABELS)
    together, probabilities = decode_labels(scores, mask, LABELS, field)
    assert names_of(to_numpy(alone)[0]) == ["O", "B-a", "O"]
    assert names_of(to_numpy(together)[0]) == ["O", "O", "O"]
    found = to_numpy(probabilities)
    assert (found > 0.3).all() and (found < 1).all()
