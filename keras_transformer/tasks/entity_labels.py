"""The labels of entities in IOB2, and which may follow which."""

import numpy as np

from keras_transformer.tasks.strings import short

OUTSIDE, BEGIN, INSIDE = "O", "B-", "I-"


class EntityLabels:
    """Labels such as "O", "B-person" and "I-person", by number and by type.

    `B-` begins an entity, `I-` goes on with it and `O` is outside of all: the
    scheme IOB2 of [Tjong Kim Sang and Veenstra,
    1999](https://aclanthology.org/E99-1023/).

    Args:
        labels: List of labels in the order of their numbers. Labels that are
            missing, "O" or one of the two of a type, are put behind.

    Raises:
        ValueError: If one is no such label or stands there twice, or if there
            is no type.

    Attributes:
        names: List of str, all labels.
        types: List of str, the names of the types.
        type_of: int32 `(labels,)`, the type of each label, -1 for "O".
        is_begin: Bool `(labels,)`.
        begin: int32 `(types,)`, the number of "B-" of each type.
        inside: int32 `(types,)`, the number of "I-".
        outside: The number of "O".
    """

    def __init__(self, labels):
        self.names = _completed(_checked(labels))
        self.number_of = {name: i for i, name in enumerate(self.names)}
        named = (type_of(name) for name in self.names)
        self.types = [name for name in dict.fromkeys(named) if name]
        self.type_of = np.array(
            [
                -1 if name == OUTSIDE else self.types.index(type_of(name))
                for name in self.names
            ],
            "int32",
        )
        self.is_begin = np.array([n.startswith(BEGIN) for n in self.names])
        self.begin = self._numbers(BEGIN)
        self.inside = self._numbers(INSIDE)
        self.outside = self.number_of[OUTSIDE]

    def forbidden(self):
        """Say what no sequence of labels may hold.

        Returns:
            A pair of bool arrays: `(labels, labels)`, `True` where the label
            of the column may not follow that of the row, and `(labels,)`,
            where it may not be the first one.
        """
        is_inside = ~self.is_begin & (self.type_of >= 0)
        other = self.type_of[:, None] != self.type_of[None, :]
        return is_inside[None, :] & other, is_inside

    def _numbers(self, prefix):
        return np.array(
            [self.number_of[prefix + name] for name in self.types], "int32"
        )


def type_of(label):
    """The type that a label names, "" for "O"."""
    return "" if label == OUTSIDE else label[len(BEGIN) :]


def _checked(labels):
    if isinstance(labels, (str, bytes)) or not hasattr(labels, "__iter__"):
        labels = [labels]
    labels = list(labels)
    wrong = [
        label
        for label in labels
        if not isinstance(label, str)
        or (
            label != OUTSIDE
            and (label[: len(BEGIN)] not in (BEGIN, INSIDE) or not label[2:])
        )
    ]
    twice = sorted({str(n) for n in labels if labels.count(n) > 1})
    if wrong or twice or not any(label != OUTSIDE for label in labels):
        raise ValueError(
            "`labels` must be different labels in IOB2: 'O', and for each type "
            "of entity 'B-' and 'I-' with its name, such as ['O', 'B-person', "
            f"'I-person']. Received: labels={short(labels)}"
            + (f", not of that form: {short(wrong)}" if wrong else "")
            + (f", more than once: {short(twice)}" if twice else "")
            + "."
        )
    return labels


def _completed(labels):
    """Put labels behind that are missing."""
    names = dict.fromkeys(type_of(name) for name in labels)
    wanted = [OUTSIDE] + [
        prefix + name for name in names if name for prefix in (BEGIN, INSIDE)
    ]
    return [*labels, *(name for name in wanted if name not in labels)]
