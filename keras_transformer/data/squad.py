"""Questions on texts and their answers, in the formats of SQuAD."""

import json
import os
import warnings
from typing import NamedTuple

from keras_transformer.data.columns import (
    ANSWER_COLUMNS,
    CONTEXT_COLUMNS,
    QUESTION_COLUMNS,
    find_column,
)
from keras_transformer.data.errors import DataError
from keras_transformer.data.questions import (
    Questions,
    answers_in_place,
    as_lists,
)
from keras_transformer.data.records import read_records
from keras_transformer.data.text_files import read_text

_LINES = (".jsonl", ".ndjson")
_LINES_HINT = (
    "A file of one object a line is read with `format='jsonl'`, on the command "
    "line `--format jsonl`."
)


def read_squad(
    path: str | os.PathLike,
    question_column: str | None = None,
    context_column: str | None = None,
    answers_column: str | None = None,
    format: str | None = None,
) -> Questions:
    """Read questions of SQuAD 1.1 or 2.0.

    SQuAD's JSON has articles in "data", with "paragraphs" of a "context" and
    its "qas". JSON Lines have a question, a context and `answers`, `{"text":
    [...], "answer_start": [...]}` or a list of dicts of both, a line. In both,
    no answers, or `"is_impossible": true`, say that the context holds none.

    Answers whose offset does not fit the context are counted, and one warning
    tells how many questions have no other: they can be scored and not trained
    on, see `Questions.in_place`.

    Args:
        path: The file, plain or gzip.
        question_column: Key of the questions in JSON Lines, unless it has a
            usual name.
        context_column: Key of the contexts, likewise.
        answers_column: Key of the answers, likewise.
        format: `"squad"` or `"jsonl"`; told from the file by default.

    Returns:
        The questions, at least one.

    Raises:
        DataError: The file cannot be read as asked; the message says where.
        ValueError: `format` is unknown.
    """
    path = os.fspath(path)
    if format not in (None, "squad", "jsonl"):
        raise ValueError(
            f"`format` must be 'squad' or 'jsonl'. Received: format={format!r}."
        )
    text = read_text(path)
    if format == "squad" or (format is None and _is_document(path, text)):
        rows = _rows_of_document(path, text)
    else:
        named = {
            "question": question_column or QUESTION_COLUMNS,
            "context": context_column or CONTEXT_COLUMNS,
            "answers": answers_column or ANSWER_COLUMNS,
        }
        rows = _rows_of_lines(path, named)
    found, places = _questions(path, rows)
    _warn_of_misplaced(found, places)
    return found


class _Place(NamedTuple):
    """Where a question stands: a line, or an item of one JSON document."""

    path: str
    number: int
    item: str | None = None

    def error(self, problem):
        """Make an error that says where it was found."""
        if self.item is None:
            return DataError(problem, self.path, self.number)
        return DataError(f"{self.item}: {problem}", self.path)

    def __str__(self):
        return f"{'line' if self.item is None else 'question'} {self.number}"


def _is_document(path, text):
    """Whether a file is one JSON document, and not one object a line."""
    if path.lower().removesuffix(".gz").endswith(_LINES):
        return False
    try:
        first = json.loads(text.split("\n", 1)[0])
    except (ValueError, RecursionError):
        return text.lstrip().startswith("{")
    return isinstance(first, dict) and "data" in first


def _rows_of_lines(path, named):
    """Yield the place and the values of each question."""
    records = read_records(path, "jsonl")
    names = {
        role: find_column(records.header, role, wanted, path)
        for role, wanted in named.items()
    }
    for line, row in records.rows:
        values = {role: row.get(name) for role, name in names.items()}
        yield _Place(path, line), {**row, **values}


def _rows_of_document(path, text):
    """Yield the place and the values of each question."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"Expected one JSON document, as SQuAD has. Received: {error}. "
            f"{_LINES_HINT}",
            path,
        ) from None
    number = 0
    for place, article in _items(path, "", document, "data"):
        for inner, paragraph in _items(path, place, article, "paragraphs"):
            for item, row in _items(path, inner, paragraph, "qas"):
                number += 1
                where = _Place(path, number, item)
                values = _dict(where, row)
                yield where, {**values, "context": paragraph.get("context")}


def _items(path, item, parent, key):
    """Name the items of a list in a document."""
    items = parent.get(key) if isinstance(parent, dict) else None
    if not isinstance(items, list):
        raise DataError(
            f"Expected a list {key!r} in {item or 'the document'}, as SQuAD's "
            f"JSON has. Received: {items!r:.60}. {_LINES_HINT}",
            path,
        )
    before = f"{item}." if item else ""
    for number, value in enumerate(items):
        yield f"{before}{key}[{number}]", value


def _dict(place, value):
    if not isinstance(value, dict):
        raise place.error(f"Expected a JSON object. Received: {value!r:.60}.")
    return value


def _questions(path, rows):
    """Read questions; return them and their places."""
    found, places = Questions(path, [], [], [], [], []), []
    shared = {}  # a context is one string, however many questions it has
    for place, row in rows:
        question, context = (
            _text(place, row.get(name), name)
            for name in ("question", "context")
        )
        found.questions.append(question)
        found.contexts.append(shared.setdefault(context, context))
        found.answers.append(_answers(place, row))
        found.ids.append(str(row.get("id", "")))
        found.lines.append(place.number)
        places.append(place)
    if not places:
        raise DataError("Expected questions. Received: none.", path)
    return found, places


def _text(place, value, name):
    if not isinstance(value, str) or not value.strip():
        raise place.error(
            f"Expected a text for the {name}, not blank. Received: "
            f"{value!r:.60}. Fill it in or drop the question."
        )
    return value


def _answers(place, row):
    """The answers of a question, as a dict of lists."""
    answers = row.get("answers")
    if row.get("is_impossible") is True:
        return {"text": [], "answer_start": []}
    texts = starts = None
    if isinstance(answers, dict):
        texts, starts = answers.get("text"), answers.get("answer_start")
        if isinstance(texts, str):
            texts, starts = [texts], [starts]
    elif isinstance(answers, list):
        dicts = [_dict(place, answer) for answer in answers]
        texts = [answer.get("text") for answer in dicts]
        starts = [answer.get("answer_start") for answer in dicts]
    if not _fit(texts, starts):
        raise place.error(
            'Expected answers like {"text": ["Ada"], "answer_start": [17]}, '
            "with empty lists where the context holds none. Received: "
            f"{answers!r:.80}."
        )
    kept = [(t, s) for t, s in zip(texts, starts, strict=True) if t.strip()]
    return as_lists(kept)


def _fit(texts, starts):
    return (
        isinstance(texts, list)
        and isinstance(starts, list)
        and len(texts) == len(starts)
        and all(isinstance(text, str) for text in texts)
        and all(type(start) is int for start in starts)
    )


def _warn_of_misplaced(found, places):
    rows = zip(found.contexts, found.answers, places, strict=True)
    wrong = [
        (answer, place)
        for context, answer, place in rows
        if answer["text"] and not answers_in_place(context, answer)["text"]
    ]
    if wrong:
        answer, place = wrong[0]
        warnings.warn(
            f"{found.path}: {len(wrong)} of {len(found)} questions have no "
            "answer that stands in its context where `answer_start` says, "
            f"first {answer['text'][0]!r:.60} at {answer['answer_start'][0]}, "
            f"{place}. They are scored, but not trained on.",
            stacklevel=3,
        )
