"""Labels of words of entities: the ways to write them, made one."""

from collections.abc import Sequence
from typing import NamedTuple

# What the letter before a type says: whether the word begins an entity or goes
# on with one, and whether it is its last. IOBES writes E and S for L and U.
_LETTERS = {
    "iob1": {"B": "B", "I": "I"},
    "iob2": {"B": "B", "I": "I"},
    "bilou": {"B": "B", "I": "I", "L": "I", "E": "I", "U": "B", "S": "B"},
}
SCHEMES = tuple(_LETTERS)
_ENDS = "LEUS"


class Converted(NamedTuple):
    """Labels in IOB2, and what was wrong with them.

    Args:
        labels: The labels of one text.
        faults: Numbers of the words that go on with an entity that no word
            before begins; here they begin it.
    """

    labels: list[str]
    faults: list[int]


def find_scheme(texts: Sequence[Sequence[str]]) -> str:
    """Tell how labels are written.

    Args:
        texts: For each text its labels.

    Returns:
        `"bilou"` if there is one of the letters L, U, E and S. `"iob1"` if
        entities begin with I, and with B only right behind another entity of
        their type. Else `"iob2"`.
    """
    begins_with_inside = begins_with_begin = False
    for labels in texts:
        before = ""
        for label in labels:
            letter, name = split_label(label)
            if letter in _ENDS and letter:
                return "bilou"
            if letter and name != before:
                begins_with_inside |= letter == "I"
                begins_with_begin |= letter == "B"
            before = name
    is_first = begins_with_inside and not begins_with_begin
    return "iob1" if is_first else "iob2"


def to_iob2(labels: Sequence[str], scheme: str) -> Converted:
    """Write the labels of a text in IOB2.

    There, `B-` begins an entity, `I-` goes on with it and `O` is outside of
    all. In IOB1 an entity begins with `I-`, unless it stands right behind
    another of its type; in BILOU and IOBES words that end an entity, or are
    one by themselves, have letters of their own.

    Args:
        labels: The labels.
        scheme: `"iob1"`, `"iob2"` or `"bilou"`, which is also IOBES.

    Returns:
        The `Converted` labels.

    Raises:
        ValueError: If a label is not of the scheme; it says which word's.
    """
    letters = _LETTERS[scheme]
    converted, faults = [], []
    going_on = ""  # the type of the entity that may go on
    for word, label in enumerate(labels):
        letter, name = split_label(label)
        if letter and letter not in letters:
            raise LabelError(word, label, scheme)
        if not letter:
            if label != "O":
                raise LabelError(word, label, scheme)
            converted.append("O")
            going_on = ""
            continue
        letter_in_iob2 = letters[letter]
        if letter_in_iob2 == "I" and name != going_on:
            letter_in_iob2 = "B"
            if scheme != "iob1":
                faults.append(word)
        converted.append(f"{letter_in_iob2}-{name}")
        going_on = "" if letter in _ENDS else name
    return Converted(converted, faults)


def split_label(label: str) -> tuple[str, str]:
    """Split a label into its letter and its type, both "" for "O"."""
    letter, dash, name = label.partition("-")
    return (letter, name) if dash and name and len(letter) == 1 else ("", "")


class LabelError(ValueError):
    """A label that is not of its scheme.

    Args:
        word: Number of its word.
        label: The label.
        scheme: The scheme.
    """

    def __init__(self, word: int, label: str, scheme: str):
        letters = ", ".join(f"'{x}-'" for x in _LETTERS[scheme])
        super().__init__(
            f"Expected a label: 'O', or one of {letters} and a type, such as "
            f"'B-person', as scheme={scheme!r} has it. Received: {label!r}."
        )
        self.word = word
