"""Labels in IOB2, their types, and what may follow what."""

import itertools

import numpy as np
import pytest

from keras_transformer.tasks.entity_labels import EntityLabels
from keras_transformer.training.entity_scores import entities_of

NAMES = ["O", "B-a", "I-a", "B-b", "I-b"]


def test_labels_keep_their_order_and_missing_ones_come_behind():
    assert EntityLabels(NAMES).names == NAMES
    assert EntityLabels(reversed(NAMES)).names == NAMES[::-1]
    assert EntityLabels(["I-b", "B-a"]).names == [
        *("I-b", "B-a", "O", "B-b", "I-a")
    ]


def test_numbers_types_and_letters_belong_together():
    labels = EntityLabels(["I-b", "O", "B-a", "I-a", "B-b"])
    assert labels.types == ["b", "a"]
    assert labels.outside == 1
    assert labels.type_of.tolist() == [0, -1, 1, 1, 0]
    assert labels.is_begin.tolist() == [False, False, True, False, True]
    for number, name in enumerate(labels.types):
        assert labels.names[labels.begin[number]] == f"B-{name}"
        assert labels.names[labels.inside[number]] == f"I-{name}"


def test_what_is_forbidden_is_what_strict_scoring_does_not_read():
    labels = EntityLabels(NAMES)
    pairs, first = labels.forbidden()
    assert pairs.shape == (5, 5) and first.shape == (5,)
    for sequence in itertools.product(range(5), repeat=3):
        names = [NAMES[i] for i in sequence]
        is_possible = not first[sequence[0]] and not any(
            pairs[pair] for pair in itertools.pairwise(sequence)
        )
        assert is_possible == (entities_of(names) == entities_of(names, True))


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([], r"labels=\[\]"),
        (["O"], "must be different labels in IOB2"),
        (None, "labels="),
        (["O", "person"], r"not of that form: \['person'\]"),
        (["O", "B-"], r"not of that form: \['B-'\]"),
        (["O", "B-a", 3], r"not of that form: \[3\]"),
        (["O", "B-a", "B-a"], r"more than once: \['B-a'\]"),
        (["O", "U-a"], r"\['U-a'\]"),
    ],
)
def test_other_labels_are_refused_with_reasons(labels, words):
    with pytest.raises(ValueError, match=words):
        EntityLabels(labels)


def test_types_may_have_dashes_and_any_letters():
    labels = EntityLabels(["B-creative-work", "B-o\u0308rt"])
    assert labels.types == ["creative-work", "o\u0308rt"]
    assert np.sum(labels.type_of >= 0) == 4
