"""Precision, recall and F1 of whole entities."""

import collections


def entity_scores(labels, predictions, strict: bool = False) -> dict:
    """Compare the entities of predicted labels with the right ones.

    An entity counts as found if its first word, its last word and its type
    are right: the measure of [Tjong Kim Sang and De Meulder,
    2003](https://aclanthology.org/W03-0419/). The numbers are those of
    seqeval, in its default mode, which reads "I-" without a beginning as a
    beginning as `conlleval` does, or in its strict mode for IOB2, in which
    such labels are no entity. A score without anything to divide by is 0.

    Args:
        labels: For each text a list of labels in IOB2, one a word.
        predictions: The predicted labels, likewise.
        strict: Whether "I-" counts only behind its beginning.

    Returns:
        Dict of floats `precision`, `recall` and `f1` over all entities, and
        of `f1_per_class`, a dict from each type that occurs to its F1.

    Raises:
        ValueError: If texts or words are not equally many, or a label is no
            label.
    """
    if len(labels) != len(predictions):
        raise ValueError(
            "`labels` and `predictions` must be of the same texts. Received: "
            f"those of {len(labels)} and of {len(predictions)}."
        )
    right, wanted, found = (collections.Counter() for _ in range(3))
    for row, pair in enumerate(zip(labels, predictions, strict=True)):
        if len(pair[0]) != len(pair[1]):
            raise ValueError(
                "There must be one predicted label for each word. Received in "
                f"row {row}: {len(pair[1])} for {len(pair[0])} words."
            )
        of_labels, of_predictions = (entities_of(x, strict) for x in pair)
        wanted.update(name for name, *_ in of_labels)
        found.update(name for name, *_ in of_predictions)
        both = set(of_labels) & set(of_predictions)
        right.update(name for name, *_ in both)
    numbers = [sum(counts.values()) for counts in (right, found, wanted)]
    precision, recall, f1 = _scores(*numbers)
    return {
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "f1_per_class": {
            name: _scores(right[name], found[name], wanted[name])[2]
            for name in sorted({*wanted, *found})
        },
    }


def entities_of(labels, strict: bool = False) -> list:
    """Find the entities that labels in IOB2 name.

    Args:
        labels: List of labels, one a word.
        strict: Whether "I-" without a beginning is no entity, instead of one.

    Returns:
        List of tuples `(type, first word, word after the last one)`.

    Raises:
        ValueError: If a label is neither "O" nor "B-" or "I-" with a type.
    """
    entities = []
    name = first = None  # of the entity that may go on
    for word, label in enumerate([*labels, "O"]):
        if label != "O" and (label[:2] not in ("B-", "I-") or not label[2:]):
            raise ValueError(
                "Labels must be 'O', or 'B-' or 'I-' and a type. Received: "
                f"{label!r} of word {word}."
            )
        if name is not None and label == f"I-{name}":
            continue
        if name is not None:
            entities.append((name, first, word))
        begins = label[:2] == "B-" or (label != "O" and not strict)
        name, first = (label[2:], word) if begins else (None, None)
    return entities


def _scores(right, found, wanted):
    """Precision, recall and F1 of counts."""

    def divided(part, whole):
        return part / whole if whole else 0.0

    return (
        divided(right, found),
        divided(right, wanted),
        divided(2 * right, found + wanted),
    )
