"""Words and the labels of entities, out of CoNLL columns and JSON Lines."""

import os

from keras_transformer.data.columns import find_column
from keras_transformer.data.errors import DataError
from keras_transformer.data.label_schemes import SCHEMES
from keras_transformer.data.labelled_words import (
    LabelledWords,
    checked_word,
    gather_words,
)
from keras_transformer.data.records import format_of_ending, read_records
from keras_transformer.data.text_files import lines_of, read_text

TOKEN_COLUMNS = ("tokens", "words", "token")
TAG_COLUMNS = ("labels", "ner_tags", "tags", "ner", "label")
_DOCUMENT_START = "-DOCSTART-"


def read_labelled_words(
    path: str | os.PathLike,
    token_column: str | int | None = None,
    label_column: str | int | None = None,
    scheme: str | None = None,
    strict: bool = False,
    format: str | None = None,
) -> LabelledWords:
    """Read words and the labels of entities.

    Args:
        path: A file of CoNLL columns, see `read_conll`, or a JSON Lines file
            whose rows have a list of words and a list of labels; gzip or not.
        token_column: Where the words are: number of a column, from 0, or -1
            for the last; of JSON Lines a name. Default: the first column, or
            "tokens" or "words".
        label_column: Where the labels are. Default: the last column, or
            "labels", "ner_tags" or "tags".
        scheme: As for `read_conll`.
        strict: As for `read_conll`.
        format: `"conll"` or `"jsonl"`. Default: told from the name.

    Returns:
        The `LabelledWords`, at least one text.

    Raises:
        DataError: The file cannot be read as asked; the message says where.
        ValueError: `format`, `scheme` or a column is none that there is.
    """
    _check_choice("format", format, ("conll", "jsonl"))
    if (format or format_of_ending(path)) != "jsonl":
        return read_conll(
            path,
            _column_number("token_column", token_column, 0),
            _column_number("label_column", label_column, -1),
            scheme,
            strict,
        )
    _check_choice("scheme", scheme, SCHEMES)
    records = read_records(path, "jsonl")
    names = [
        find_column(records.header, role, wanted, records.path)
        for role, wanted in (
            ("token", token_column or TOKEN_COLUMNS),
            ("label", label_column or TAG_COLUMNS),
        )
    ]
    rows = [
        [
            (word, label, line)
            for word, label in _pairs(records, names, line, row)
        ]
        for line, row in records.rows
    ]
    return gather_words(records.path, rows, scheme, strict)


def read_conll(
    path: str | os.PathLike,
    token_column: int = 0,
    label_column: int = -1,
    scheme: str | None = None,
    strict: bool = False,
) -> LabelledWords:
    r"""Read a file of one word a line, with its label in another column.

    Columns stand between tabs, or between spaces where a line has no tab. A
    blank line, or one of white space alone, ends a text, as does a line whose
    first column is `-DOCSTART-`. Lines end at `"\n"` alone.

    Labels are `O`, or a letter, a `-` and a type of entity, in IOB2, IOB1,
    BILOU or IOBES; they become IOB2. A label that goes on with an entity which
    no word before begins is taken for its beginning, and all such are counted
    and said once; or refused.

    Args:
        path: The file, plain or gzip.
        token_column: Number of the column of the words, from 0; -1 is the
            last.
        label_column: Number of the column of the labels.
        scheme: `"iob1"`, `"iob2"` or `"bilou"`, which is also IOBES. Default:
            told from the labels.
        strict: Whether labels that no word before begins are refused.

    Returns:
        The `LabelledWords`, at least one text.

    Raises:
        DataError: The file cannot be read as asked; the message says where.
        ValueError: `scheme` or a column is none that there is.
    """
    _check_choice("scheme", scheme, SCHEMES)
    path = os.fspath(path)
    rows, row, width = [], [], None
    for line, content in lines_of(read_text(path)):
        columns = _columns(content)
        if not columns or columns[0] == _DOCUMENT_START:
            rows.append(row)
            row = []
            continue
        if width is None:
            width = len(columns)
            _check_columns(path, line, columns, token_column, label_column)
        if len(columns) != width:
            raise DataError(
                f"Expected {width} columns, as on the lines before. Received: "
                f"{len(columns)} in {content[:60]!r}. Columns stand between "
                "tabs, or between spaces where a line has no tab.",
                path,
                line,
            )
        word, label = columns[token_column], columns[label_column]
        row.append((checked_word(path, line, word), label, line))
    rows.append(row)
    return gather_words(path, [row for row in rows if row], scheme, strict)


def _columns(content):
    """Split a line; a blank one has no columns."""
    if not content.strip():
        return []
    if "\t" in content:
        return [column.strip(" ") for column in content.split("\t")]
    return [column for column in content.split(" ") if column]


def _check_columns(path, line, columns, token_column, label_column):
    """Check that there are a column of words and another one of labels."""
    number = len(columns)
    wanted = {"words": token_column, "labels": label_column}
    places = {
        name: column + number if column < 0 else column
        for name, column in wanted.items()
    }
    missing = [name for name, p in places.items() if not 0 <= p < number]
    if missing or len(set(places.values())) < 2:
        raise DataError(
            "Expected a column of words and another one of labels: number "
            f"{token_column} and number {label_column}, from 0, -1 for the "
            f"last. Received {number} column{'s' if number > 1 else ''}: "
            f"{columns}. Name them with `token_column=` and `label_column=`, "
            "on the command line `--token-column` and `--label-column`.",
            path,
            line,
        )


def _pairs(records, names, line, row):
    """The words and labels of a row of JSON Lines."""
    lists = [row.get(name) for name in names]
    for name, values in zip(names, lists, strict=True):
        of_strings = isinstance(values, list) and all(
            isinstance(value, str) for value in values
        )
        if not of_strings:
            raise DataError(
                "Expected a list of strings, one for each word; labels are "
                "written out, such as 'B-person', and no numbers. Received: "
                f"{values!r:.60}.",
                records.path,
                line,
                name,
            )
    words, labels = lists
    if len(words) != len(labels):
        raise DataError(
            f"Expected a label for each word. Received: {len(labels)} labels "
            f"for {len(words)} words.",
            records.path,
            line,
        )
    return [
        (checked_word(records.path, line, word), label)
        for word, label in zip(words, labels, strict=True)
    ]


def _check_choice(name, value, choices):
    if value is not None and value not in choices:
        raise ValueError(
            f"`{name}` must be one of {', '.join(map(repr, choices))}. "
            f"Received: {name}={value!r}."
        )


def _column_number(name, column, usual):
    """The number of a column, which may be written as a string."""
    if column is None:
        return usual
    try:
        return int(column)
    except ValueError:
        raise ValueError(
            f"`{name}` must be the number of a column, from 0, or -1 for the "
            f"last, since columns of CoNLL files have no names. Received: "
            f"{name}={column!r}."
        ) from None
