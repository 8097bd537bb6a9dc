"""Columns of strings out of TSV, CSV and JSON Lines files."""

import dataclasses
import os
from collections.abc import Mapping, Sequence

from keras_transformer.data.columns import (
    LABEL_COLUMNS,
    TEXT_COLUMNS,
    find_column,
    find_pair,
)
from keras_transformer.data.errors import DataError
from keras_transformer.data.records import read_records

_MAY_BE_NUMBERS = ("label", "score")


@dataclasses.dataclass(frozen=True)
class Table:
    """Columns of strings, by role.

    Args:
        path: The file.
        names: From role to the name of its column in the file.
        columns: From role to its strings, one a row.
        lines: The line on which each row begins, for messages.
    """

    path: str
    names: dict[str, str]
    columns: dict[str, list[str]]
    lines: list[int]

    def __len__(self):
        return len(self.lines)


@dataclasses.dataclass(frozen=True)
class LabelledTexts:
    """Texts or pairs of texts to classify, and their labels.

    Args:
        path: The file.
        texts: The texts.
        pairs: The second texts, where the file has pairs.
        labels: The labels, where the file has them.
        lines: The line on which each row begins, for messages.
    """

    path: str
    texts: list[str]
    pairs: list[str] | None
    labels: list[str] | None
    lines: list[int]

    def __len__(self):
        return len(self.texts)

    @property
    def num_empty_texts(self) -> int:
        """How many texts are empty or blank; that is legal, but rare."""
        return sum(not text.strip() for text in self.texts)


def read_table(
    path: str | os.PathLike,
    columns: Mapping[str, str | Sequence[str]],
    format: str | None = None,
    optional: Sequence[str] = (),
) -> Table:
    """Read some columns of a file as strings.

    Args:
        path: A TSV, CSV or JSON Lines file, plain or gzip.
        columns: From role to the column's name, or to the usual names, of
            which the first that is there is taken. JSON numbers and booleans
            become strings for the roles `label` and `score`; for all others
            the value must be a string.
        format: `"tsv"`, `"csv"` or `"jsonl"`; told from the name by default.
        optional: Roles that are left out when no usual name is there.

    Returns:
        The table, with at least one row.

    Raises:
        DataError: The file cannot be read as asked; the message says where.
    """
    records = read_records(path, format)
    found = {
        role: find_column(
            records.header, role, wanted, records.path, role not in optional
        )
        for role, wanted in columns.items()
    }
    return table_of(
        records,
        {role: name for role, name in found.items() if name is not None},
    )


def read_labelled_texts(
    path: str | os.PathLike,
    text_column: str | None = None,
    pair_column: str | None = None,
    label_column: str | None = None,
    format: str | None = None,
    labels_required: bool = True,
) -> LabelledTexts:
    """Read texts, or pairs of texts, and their labels.

    Columns that are not named are found by their usual names. Two columns that
    usually go together, such as `premise` and `hypothesis`, are read as a pair,
    unless `text_column` is given without `pair_column`.

    Args:
        path: A TSV, CSV or JSON Lines file, plain or gzip.
        text_column: Column of the texts.
        pair_column: Column of the second texts.
        label_column: Column of the labels.
        format: `"tsv"`, `"csv"` or `"jsonl"`; told from the name by default.
        labels_required: If false, a file without a label column gives `None`
            for the labels, and labels may be empty.

    Returns:
        The texts and labels. White space around a label is dropped.

    Raises:
        DataError: The file cannot be read as asked; the message says where.
    """
    records = read_records(path, format)
    header = records.header
    names = _text_columns(records, text_column, pair_column)
    label = find_column(
        header,
        "label",
        label_column or _without(LABEL_COLUMNS, names.values()),
        records.path,
        labels_required,
    )
    if label is not None:
        names["label"] = label
    table = table_of(records, names)
    labels = table.columns.get("label")
    if labels is not None:
        labels = [name.strip() for name in labels]
        if labels_required:
            _check_labels(table, labels)
    return LabelledTexts(
        table.path,
        table.columns["text"],
        table.columns.get("pair"),
        labels,
        table.lines,
    )


def _text_columns(records, text_column, pair_column):
    """Name the columns of the text and, where there is one, of the pair."""
    header, path = records.header, records.path
    names = {}
    if pair_column is not None:
        names["pair"] = find_column(header, "pair", pair_column, path)
    if text_column is None:
        usual = find_pair(header)
        if usual is not None and names.get("pair", usual[1]) == usual[1]:
            return {"text": usual[0], "pair": usual[1]}
    wanted = text_column or _without(TEXT_COLUMNS, names.values())
    return {"text": find_column(header, "text", wanted, path), **names}


def _without(usual, taken):
    taken = {name.strip().casefold() for name in taken}
    return tuple(name for name in usual if name not in taken)


def table_of(records, names):
    """Read the columns of records; see `read_table`.

    Args:
        records: The `Records`.
        names: From role to the name of its column.

    Returns:
        The `Table`, with at least one row.

    Raises:
        DataError: A value is no string, or there is no row.
    """
    columns = {role: [] for role in names}
    lines = []
    for line, row in records.rows:
        lines.append(line)
        for role, name in names.items():
            columns[role].append(_string(records.path, line, role, name, row))
    if not lines:
        raise DataError(
            "Expected rows below the header. Received: a header alone, with "
            f"the columns {', '.join(map(repr, records.header))}.",
            records.path,
        )
    return Table(records.path, names, columns, lines)


def _string(path, line, role, name, row):
    value = row.get(name)
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float) and role in _MAY_BE_NUMBERS:
        return str(value)
    if name not in row:
        received = f"only the keys {', '.join(map(repr, row)) or '(none)'}"
    else:
        received = f"{type(value).__name__} {value!r:.40}"
    expected = "a string"
    if role in _MAY_BE_NUMBERS:
        expected = "a string, a number or a boolean"
    raise DataError(
        f"Expected {expected} for the {role}. Received: {received}.",
        path,
        line=line,
        column=name,
    )


def _check_labels(table, labels):
    if "" not in labels:
        return
    row = labels.index("")
    raise DataError(
        f"Expected a label. Received: an empty field, in {labels.count('')} of "
        f"{len(labels)} rows, here first. Fill it in or drop the row.",
        table.path,
        line=table.lines[row],
        column=table.names["label"],
    )
