"""Scores of entities: those of seqeval, on random labels too."""

import random
import warnings

import pytest

from keras_transformer.training import entity_scores
from keras_transformer.training.entity_scores import entities_of

RIGHT = [["B-person", "I-person", "O", "B-place"], ["O"], []]
LABELS = ["O", "B-a", "I-a", "B-b", "I-b", "B-None", "I-None"]


def test_an_entity_is_right_as_a_whole_or_not_at_all():
    found = [["B-person", "O", "O", "B-place"], ["B-place"], []]
    assert entity_scores(RIGHT, found) == {
        "precision": pytest.approx(1 / 3),
        "recall": pytest.approx(1 / 2),
        "f1": pytest.approx(2 / 5),
        "f1_per_class": {"person": 0.0, "place": pytest.approx(2 / 3)},
    }


def test_what_has_nothing_to_divide_by_is_zero():
    nothing = [["O", "O"]]
    scores = {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    assert entity_scores(nothing, nothing) == {**scores, "f1_per_class": {}}
    assert entity_scores([["B-a"]], [["O"]])["f1_per_class"] == {"a": 0.0}


def test_a_label_without_beginning_begins_or_is_nothing():
    labels = ["I-a", "I-a", "B-a", "I-b", "I-b", "O", "I-None"]
    assert entities_of(labels) == [
        ("a", 0, 2),
        ("a", 2, 3),
        ("b", 3, 5),
        ("None", 6, 7),
    ]
    assert entities_of(labels, strict=True) == [("a", 2, 3)]


def random_labels(seed):
    """Labels of texts, and others that are partly the same."""
    generator = random.Random(seed)
    right = [
        generator.choices(LABELS, k=generator.randrange(1, 9))
        for _ in range(generator.randrange(1, 6))
    ]
    found = [
        [
            label if generator.random() < 0.7 else generator.choice(LABELS)
            for label in row
        ]
        for row in right
    ]
    return right, found


@pytest.mark.parametrize("strict", [False, True])
def test_scores_are_those_of_seqeval(strict):
    seqeval = pytest.importorskip("seqeval.metrics")
    from seqeval.scheme import IOB2

    mode = {"mode": "strict", "scheme": IOB2} if strict else {}
    for seed in range(150):
        right, found = random_labels(seed)
        scores = entity_scores(right, found, strict=strict)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name in ("precision", "recall", "f1"):
                of_seqeval = getattr(seqeval, f"{name}_score")(
                    right, found, zero_division=0, **mode
                )
                assert scores[name] == pytest.approx(of_seqeval)
            per_class = seqeval.f1_score(
                right, found, average=None, zero_division=0, **mode
            )
        assert list(scores["f1_per_class"].values()) == pytest.approx(
            per_class.tolist()
        )


@pytest.mark.parametrize(
    ("right", "found", "words"),
    [
        ([["O"]], [["O"], ["O"]], "of 1 and of 2"),
        ([["O"], ["O"]], [["O"], []], "in row 1: 0 for 1 words"),
        ([["person"]], [["O"]], "'person' of word 0"),
        ([["O", "B-"]], [["O", "O"]], "'B-' of word 1"),
    ],
)
def test_bad_labels_are_refused_with_reasons(right, found, words):
    with pytest.raises(ValueError, match=words):
        entity_scores(right, found)
