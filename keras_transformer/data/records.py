"""Rows out of TSV, CSV and JSON Lines files, each with its line number."""

import csv
import dataclasses
import json
import os
from collections.abc import Iterator

from keras_transformer.data.errors import DataError
from keras_transformer.data.text_files import lines_of, read_text

_FORMAT_OF_ENDING = {
    ".tsv": "tsv",
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".json": "jsonl",
    ".ndjson": "jsonl",
}
_LARGEST_FIELD = 2**31 - 1


@dataclasses.dataclass(frozen=True)
class Records:
    """The header of a file and its rows, which can be read once.

    Args:
        path: The file.
        format: `"tsv"`, `"csv"` or `"jsonl"`.
        header: Names of the columns; of JSON Lines, the keys of the first row.
        rows: Pairs of line number and a dict from column name to value.
    """

    path: str
    format: str
    header: tuple[str, ...]
    rows: Iterator[tuple[int, dict]]


def read_records(path: str | os.PathLike, format: str | None = None) -> Records:
    r"""Open a file of rows.

    TSV has a header line, tabs, and neither quoting nor escaping; its lines end
    at `"\n"` alone. CSV follows RFC 4180. JSON Lines has one object a line.
    Blank lines at the end are ignored.

    Args:
        path: The file, plain or gzip.
        format: `"tsv"`, `"csv"` or `"jsonl"`; told from the name by default.

    Returns:
        The header and the rows; of JSON Lines, values are as JSON has them.

    Raises:
        DataError: The file cannot be read (at once) or a row is malformed
            (when that row is reached).
        ValueError: `format` is unknown.
    """
    path = os.fspath(path)
    format = _format_of(path, format)
    text = read_text(path)
    if format == "jsonl":
        return _json_records(path, text)
    split = _tab_separated if format == "tsv" else _comma_separated
    rows = split(path, text)
    _, header = next(rows)
    _check_header(path, header)
    return Records(path, format, tuple(header), _named(path, header, rows))


def format_of_ending(path: str | os.PathLike) -> str | None:
    """Tell the format of a file of rows from its name.

    Args:
        path: The file.

    Returns:
        `"tsv"`, `"csv"`, `"jsonl"`, or `None` where the name does not tell.
    """
    return _FORMAT_OF_ENDING.get(_ending(path))


def _ending(path):
    return os.path.splitext(os.fspath(path).lower().removesuffix(".gz"))[1]


def _format_of(path, format):
    known = sorted(set(_FORMAT_OF_ENDING.values()))
    if format is not None:
        if format not in known:
            raise ValueError(
                f"`format` must be one of {', '.join(map(repr, known))}. "
                f"Received: format={format!r}."
            )
        return format
    told = format_of_ending(path)
    if told is None:
        raise DataError(
            "Expected a name that ends in "
            f"{', '.join(_FORMAT_OF_ENDING)}, with or without .gz, to tell the "
            f"format from. Received: the ending {_ending(path)!r}. Rename the "
            "file or pass `format=` ('tsv', 'csv' or 'jsonl'), on the command line "
            "`--format`.",
            path,
        )
    return told


def _check_header(path, header):
    named = [name for name in header if name]
    repeated = sorted({name for name in named if named.count(name) > 1})
    if repeated:
        raise DataError(
            "Expected column names that differ. Received: "
            f"{', '.join(map(repr, repeated))} more than once. Rename one of "
            "them in the first line.",
            path,
            line=1,
        )


def _named(path, header, rows):
    """Turn lists of fields into dicts, ignoring blank lines at the end."""
    blank = []
    for line, fields in rows:
        if fields in ([], [""]):
            blank.append((line, [""]))
            continue
        for row in [*blank, (line, fields)]:
            yield _one_named(path, header, *row)
        blank = []


def _one_named(path, header, line, fields):
    if len(fields) == len(header):
        return line, dict(zip(header, fields, strict=True))
    columns = ", ".join(map(repr, header))
    raise DataError(
        f"Expected {len(header)} fields, one for each of {columns}. Received: "
        f"{len(fields)} fields. In TSV a tab always separates and a line break "
        "always ends the row, so neither may stand inside a field, and nothing "
        "is quoted; in CSV a field with a comma, a quote or a line break needs "
        'quotes around it, and a quote inside them is written "".',
        path,
        line=line,
    )


def _tab_separated(path, text):
    for line, row in lines_of(text):
        yield line, row.split("\t")


def _comma_separated(path, text):
    """Parse CSV; the csv module alone would also end lines at a lone CR."""
    lines = (f"{line}\n" for line in text.removesuffix("\n").split("\n"))
    reader = csv.reader(lines, strict=True)
    while True:
        first_line = reader.line_num + 1
        try:
            fields = _next_row(reader)
        except csv.Error as error:
            raise DataError(
                f"Expected CSV as in RFC 4180. Received: {error}, in the row "
                f"that begins on line {first_line} and was read up to line "
                f"{reader.line_num}. Usually a quote was opened and not "
                'closed, or a quote inside quotes is not written "". A file '
                "without any quoting is read with `format='tsv'`.",
                path,
                line=first_line,
            ) from None
        if fields is None:
            return
        yield first_line, fields


def _next_row(reader):
    # The limit on a field is one number for the whole process: put it back.
    limit = csv.field_size_limit(_LARGEST_FIELD)
    try:
        return next(reader, None)
    finally:
        csv.field_size_limit(limit)


def _json_records(path, text):
    rows = _json_rows(path, text)
    first = next(rows)
    return Records(path, "jsonl", tuple(first[1]), _chained(first, rows))


def _chained(first, rows):
    yield first
    yield from rows


def _json_rows(path, text):
    for line, row in lines_of(text):
        if row.strip():
            yield line, _json_object(path, line, row)


def _json_object(path, line, row):
    try:
        value = json.loads(row)
        if "\\u" in row:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        problem = "half of a surrogate pair, which no UTF-8 text can hold"
    except RecursionError:
        problem = "arrays or objects nested too deeply"
    except ValueError as error:
        problem = f"{error}, in {_start_of(row)}"
    else:
        if isinstance(value, dict):
            return value
        problem = f"{type(value).__name__} in {_start_of(row)}"
    raise DataError(
        f"Expected one JSON object a line. Received: {problem}.{_hint(row)}",
        path,
        line=line,
    )


def _start_of(row):
    return repr(row if len(row) <= 40 else row[:40] + "…")


def _hint(row):
    if row.lstrip().startswith("[") or row.strip() == "{":
        return (
            " A file that is one JSON document spread over lines, or one array,"
            " is turned into JSON Lines with `jq -c`."
        )
    if "\t" in row:
        return " The line holds tabs: is it TSV? Then pass `format='tsv'`."
    return ""
