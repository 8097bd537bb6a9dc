"""Words with the labels of entities, whatever file they are from."""

import dataclasses
import warnings

from keras_transformer.data.errors import DataError
from keras_transformer.data.label_schemes import (
    LabelError,
    find_scheme,
    to_iob2,
)


@dataclasses.dataclass(frozen=True)
class LabelledWords:
    """Texts as words, each with its label in IOB2.

    Args:
        path: The file.
        words: For each text its words.
        labels: For each text its labels, one a word.
        lines: For each text the line of each word, for messages.
        num_repaired: How many labels of the file went on with an entity that
            no word before began; here they begin it.
    """

    path: str
    words: list[list[str]]
    labels: list[list[str]]
    lines: list[list[int]]
    num_repaired: int = 0

    def __len__(self):
        return len(self.words)

    @property
    def texts(self) -> list[str]:
        """The words of each text, with one space between them."""
        return [" ".join(words) for words in self.words]

    @property
    def types(self) -> list[str]:
        """The types of entities that occur, in the order of their names."""
        labels = {label for row in self.labels for label in row}
        return sorted({label[2:] for label in labels if label != "O"})

    def select(self, chosen) -> "LabelledWords":
        """Take some of the texts.

        Args:
            chosen: For each text whether to take it.

        Returns:
            The `LabelledWords` of these.
        """

        def pick(rows):
            return [r for r, c in zip(rows, chosen, strict=True) if c]

        return dataclasses.replace(
            self,
            words=pick(self.words),
            labels=pick(self.labels),
            lines=pick(self.lines),
        )


def gather_words(path, rows, scheme, strict):
    """Convert the labels of all words to IOB2.

    Args:
        path: The file, for messages.
        rows: For each text a list of `(word, label, line)`.
        scheme: One of `SCHEMES`, or None to tell it from the labels.
        strict: Whether labels that no word before begins are refused.

    Returns:
        The `LabelledWords`.

    Raises:
        DataError: There is no text, or a label is wrong.
    """
    if not rows:
        raise DataError(
            "Expected words and labels. Received: lines without any.", path
        )
    scheme = scheme or find_scheme([[label for _, label, _ in r] for r in rows])
    labels, repaired = [], []
    for row in rows:
        try:
            converted = to_iob2([label for _, label, _ in row], scheme)
        except LabelError as error:
            raise DataError(str(error), path, row[error.word][2]) from None
        labels.append(converted.labels)
        repaired += [(row[word][2], row[word][1]) for word in converted.faults]
    if repaired:
        _say_what_is_repaired(path, repaired, strict)
    return LabelledWords(
        path,
        [[word for word, _, _ in row] for row in rows],
        labels,
        [[line for _, _, line in row] for row in rows],
        len(repaired),
    )


def _say_what_is_repaired(path, repaired, strict):
    line, label = repaired[0]
    if strict:
        raise DataError(
            "Expected that an entity begins before it goes on. Received: "
            f"{label!r} behind no word of that entity, here and in "
            f"{len(repaired) - 1} more places. Mend the labels, name the "
            "scheme with `scheme=`, or read without `strict` to take such "
            "words for beginnings.",
            path,
            line,
        )
    warnings.warn(
        f"{path}: {len(repaired)} labels go on with an entity that no word "
        f"before begins, the first is {label!r} on line {line}. Each is taken "
        "for a beginning.",
        stacklevel=4,
    )


def checked_word(path, line, word):
    """Check a word, and return it.

    Raises:
        DataError: If it is no string, is empty, or holds white space.
    """
    if isinstance(word, str) and word.split() == [word]:
        return word
    raise DataError(
        "Expected a word: a string that is not empty, without white space. "
        f"Received: {word!r:.60}. Take it out, or split it in two, each with "
        "its label.",
        path,
        line,
    )
