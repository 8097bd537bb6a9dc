"""What users give as words, and as labels of words or spans of characters."""

import warnings
from typing import NamedTuple

import numpy as np

from keras_transformer.tasks.strings import short


class WordLabels(NamedTuple):
    """The labels of all words of all texts.

    Args:
        types: int32 `(words,)`, the type of each word's entity, -1 for none.
        begins: Bool `(words,)`, whether the word begins an entity.
    """

    types: np.ndarray
    begins: np.ndarray


class Spans(NamedTuple):
    """The entities of all texts, text by text and in their order.

    Args:
        starts: int64 `(spans,)`, the first character of each in its text.
        ends: int64 `(spans,)`, the character after its last one.
        types: int32 `(spans,)`, the type of each.
        splits: int64 `(texts + 1,)`, where each text begins among the spans.
    """

    starts: np.ndarray
    ends: np.ndarray
    types: np.ndarray
    splits: np.ndarray


def join_words(texts):
    """Make texts of lists of words, with one space between words.

    Args:
        texts: Sequence of texts, of which some may be lists of words.

    Returns:
        The sequence, with no lists in it.

    Raises:
        ValueError: If a word is no string, is empty or holds white space.
    """
    if isinstance(texts, np.ndarray) and (
        texts.ndim > 1 or texts.dtype.kind == "O"
    ):
        texts = list(texts)
    if not isinstance(texts, (list, tuple)):
        return texts
    is_words = [isinstance(x, (list, tuple, np.ndarray)) for x in texts]
    if not any(is_words):
        return texts
    return [
        _joined(text, row) if of_words else text
        for row, (text, of_words) in enumerate(
            zip(texts, is_words, strict=True)
        )
    ]


def _joined(words, row):
    """Join the words of one text."""
    for place, word in enumerate(words):
        if not isinstance(word, str) or word.split() != [word]:
            raise ValueError(
                "A text that is a list must hold words: strings that are not "
                "empty, without white space. Received in row "
                f"{row}, at place {place}: {short(word)}. Take it out, or "
                "split it in two, each with its label."
            )
    return " ".join(words)


def read_targets(y, labels, num_words, num_characters):
    """Bring what the user gives as `y` into arrays.

    Args:
        y: For each text a list of labels, one a word, or a list of spans:
            tuples `(start, end, type)` or dicts with `start`, `end` and
            `label`.
        labels: The `EntityLabels`.
        num_words: Int array `(texts,)`, how many words each text has.
        num_characters: Int array `(texts,)`, how many characters.

    Returns:
        `WordLabels` or `Spans`.

    Raises:
        ValueError: If labels and words are not equally many, a label or type
            is unknown, or spans overlap or lie outside of their text.
    """
    rows = [_as_list(row, number) for number, row in enumerate(y)]
    first = next((row[0] for row in rows if row), ())
    if isinstance(first, str) or (not any(rows) and not sum(num_words)):
        return _word_labels(rows, labels, num_words)
    return _spans(rows, labels, num_characters)


def _as_list(row, number):
    if isinstance(row, (list, tuple, np.ndarray)):
        return list(row)
    raise ValueError(
        "The targets of a text are a list: of labels, one a word, or of spans. "
        f"Received in row {number}: {short(row)}."
    )


def _word_labels(rows, labels, num_words):
    numbers = []
    for row, (given, wanted) in enumerate(zip(rows, num_words, strict=True)):
        if len(given) != wanted:
            raise ValueError(
                "There must be one label for each word; words are what stands "
                f"between spaces. Received in row {row}: {len(given)} labels "
                f"for {wanted} words."
            )
        for word, label in enumerate(given):
            if label not in labels.number_of:
                raise ValueError(
                    f"Labels must be among {labels.names}. Received in row "
                    f"{row}: {label!r} of word {word}."
                )
            numbers.append(labels.number_of[label])
    numbers = np.array(numbers, "int64")
    types, begins = labels.type_of[numbers], labels.is_begin[numbers]
    _say_what_is_repaired(types, begins, np.cumsum(num_words))
    return WordLabels(types, begins)


def _say_what_is_repaired(types, begins, text_ends):
    """Count labels inside of an entity that has no beginning."""
    previous = np.concatenate([[-1], types])[:-1]
    previous[[end for end in text_ends if end < len(types)]] = -1
    number = int(np.sum((types >= 0) & ~begins & (types != previous)))
    if number:
        warnings.warn(
            f"{number} labels with `I-` stand behind no word of their entity; "
            "each is taken for its beginning.",
            stacklevel=2,
        )


def _spans(rows, labels, num_characters):
    type_number = {name: i for i, name in enumerate(labels.types)}
    starts, ends, types = [], [], []
    for row, (given, size) in enumerate(zip(rows, num_characters, strict=True)):
        place = 0
        for start, end, name in sorted(_span(span, row) for span in given):
            if name not in type_number:
                raise ValueError(
                    f"Types of entities must be among {labels.types}. Received "
                    f"in row {row}: {name!r}."
                )
            if not place <= start < end <= size:
                raise ValueError(
                    "Spans must lie one behind the other in their text, each "
                    "from its first character to the one after its last. "
                    f"Received in row {row}: {(start, end, name)} in a text of "
                    f"{size} characters, of which {place} are behind the span "
                    "before."
                )
            starts.append(start)
            ends.append(end)
            types.append(type_number[name])
            place = end
    return Spans(
        np.array(starts, "int64"),
        np.array(ends, "int64"),
        np.array(types, "int32"),
        np.cumsum([0, *map(len, rows)], dtype="int64"),
    )


def _span(span, row):
    """Read one span as `(start, end, type)`."""
    if isinstance(span, dict):
        span = [span.get(name) for name in ("start", "end", "label")]
    if isinstance(span, (list, tuple)) and len(span) == 3:
        start, end, name = span
        whole = all(isinstance(x, (int, np.integer)) for x in (start, end))
        if whole and isinstance(name, str):
            return int(start), int(end), name
    raise ValueError(
        "A span is a start and an end, in characters, and a type. Received in "
        f"row {row}: {short(span)}."
    )
