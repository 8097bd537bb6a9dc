"""Parallel texts: each source with its target, as translation needs them."""

import dataclasses
import itertools
import os

from keras_transformer.data.columns import (
    SOURCE_COLUMNS,
    SOURCE_LANGUAGE_COLUMNS,
    TARGET_COLUMNS,
    TARGET_LANGUAGE_COLUMNS,
)
from keras_transformer.data.errors import DataError
from keras_transformer.data.tables import read_table
from keras_transformer.data.text_files import read_texts


@dataclasses.dataclass(frozen=True)
class ParallelTexts:
    """Texts and what they are to become.

    Args:
        path: The file of the sources, or of both.
        sources: The texts to begin with.
        targets: For each source, its target.
        lines: The line on which each pair begins, for messages.
        target_path: The file of the targets, if they have their own.
        source_languages: The language of each source, if a column tells it.
        target_languages: The language of each target, likewise.
    """

    path: str
    sources: list[str]
    targets: list[str]
    lines: list[int]
    target_path: str | None = None
    source_languages: list[str] | None = None
    target_languages: list[str] | None = None

    def __len__(self):
        return len(self.sources)

    def select(self, chosen):
        """Pick pairs by a sequence of bools, one a pair."""
        columns = ["sources", "targets", "lines"]
        for name in ("source_languages", "target_languages"):
            if getattr(self, name) is not None:
                columns.append(name)
        return select_rows(self, chosen, columns)


def read_parallel(
    source_path: str | os.PathLike,
    target_path: str | os.PathLike | None = None,
    source_column: str | None = None,
    target_column: str | None = None,
    format: str | None = None,
) -> ParallelTexts:
    """Read sources and targets, from two files of lines or one of rows.

    A file of rows may also say the languages of each pair, in columns
    `source_language` and `target_language`.

    Line `i` of one file belongs to line `i` of the other. Where both are blank
    the pair is left out, as are blank lines at the end of one file alone.

    Args:
        source_path: The sources, one a line; or, without `target_path`, a TSV,
            CSV or JSON Lines file of both. Plain or gzip.
        target_path: The targets, one a line.
        source_column: Column of the sources, if both are in one file.
        target_column: Column of the targets, if both are in one file.
        format: Of a file of both: `"tsv"`, `"csv"` or `"jsonl"`; told from the
            name by default.

    Returns:
        The pairs, at least one, without blank texts.

    Raises:
        DataError: The files cannot be read as asked, have different numbers of
            lines, or a text is blank on one side only; the message says where.
        ValueError: Columns or a format are given for two files.
    """
    if target_path is None:
        return _from_one_file(source_path, source_column, target_column, format)
    for name, value in (
        ("source_column", source_column),
        ("target_column", target_column),
        ("format", format),
    ):
        if value is not None:
            raise ValueError(
                f"`{name}` is for one file of both texts; two files hold one "
                f"text a line. Received: {name}={value!r}, target_path="
                f"{os.fspath(target_path)!r}. Leave one of them out."
            )
    return _from_two_files(os.fspath(source_path), os.fspath(target_path))


def select_rows(rows, chosen, columns):
    """Pick rows of a dataclass of lists.

    Args:
        rows: The dataclass.
        chosen: Sequence of bools, one a row.
        columns: Names of the lists.

    Returns:
        Another of its kind.
    """
    return dataclasses.replace(
        rows,
        **{
            name: list(itertools.compress(getattr(rows, name), chosen))
            for name in columns
        },
    )


def source_and_target(
    source_column: str | None, target_column: str | None
) -> dict[str, str | list[str]]:
    """Say which columns to look for, by name or by the usual names.

    Args:
        source_column: Name of the one, if it is not a usual name.
        target_column: Name of the other, if it is not a usual name.

    Returns:
        From role to a name, or to the usual names less the other's.

    Raises:
        ValueError: The two are one.
    """
    if source_column is not None and source_column == target_column:
        raise ValueError(
            "`source_column` and `target_column` must differ. Received: "
            f"source_column={source_column!r}, target_column={target_column!r}."
        )
    return {
        "source": source_column
        or [name for name in SOURCE_COLUMNS if name != target_column],
        "target": target_column
        or [name for name in TARGET_COLUMNS if name != source_column],
    }


def _from_one_file(path, source_column, target_column, format):
    wanted = {
        **source_and_target(source_column, target_column),
        "source_language": SOURCE_LANGUAGE_COLUMNS,
        "target_language": TARGET_LANGUAGE_COLUMNS,
    }
    languages = "source_language", "target_language"
    table = read_table(path, wanted, format, optional=languages)
    sources, targets = table.columns["source"], table.columns["target"]
    names = [
        f"the {role} column {table.names[role]!r}"
        for role in ("source", "target")
    ]
    kept = _kept_rows(table.path, sources, targets, table.lines, names)
    pairs = _pairs(table.path, sources, targets, table.lines, kept)
    told = {
        f"{role}s": [table.columns[role][row].strip() for row in kept]
        for role in languages
        if role in table.columns
    }
    return dataclasses.replace(pairs, **told)


def _from_two_files(path, target_path):
    sources, targets = read_texts(path), read_texts(target_path)
    if len(sources) != len(targets):
        counts = len(sources), len(targets)
        _drop_blank_end(sources)
        _drop_blank_end(targets)
        if len(sources) != len(targets):
            raise _uneven(path, target_path, sources, targets, counts)
    lines = list(range(1, len(sources) + 1))
    names = [os.path.basename(path), os.path.basename(target_path)]
    kept = _kept_rows(path, sources, targets, lines, names)
    return _pairs(path, sources, targets, lines, kept, target_path)


def _pairs(path, sources, targets, lines, kept, target_path=None):
    return ParallelTexts(
        path,
        *(
            [column[row] for row in kept]
            for column in (sources, targets, lines)
        ),
        target_path,
    )


def _kept_rows(path, sources, targets, lines, names):
    """Number the rows that are not blank; refuse those that are half blank."""
    half = _first_half_blank(sources, targets)
    if half is not None:
        blank, full = names if not sources[half].strip() else names[::-1]
        raise DataError(
            "Expected a text on both sides, or on neither. Received: nothing "
            f"in {blank}, and a text in {full}. Fill it in, or delete it on "
            "both sides.",
            path,
            line=lines[half],
        )
    kept = [row for row, source in enumerate(sources) if source.strip()]
    if not kept:
        raise DataError(
            f"Expected pairs of texts. Received: {len(lines)} rows, all of "
            "them blank.",
            path,
        )
    return kept


def _first_half_blank(sources, targets):
    for row, (source, target) in enumerate(zip(sources, targets, strict=False)):
        if bool(source.strip()) != bool(target.strip()):
            return row
    return None


def _uneven(path, target_path, sources, targets, counts):
    half = _first_half_blank(sources, targets)
    where = (
        "No line is blank on one side only, so look for a sentence that is "
        "split in one of them."
    )
    if half is not None:
        blank = target_path if sources[half].strip() else path
        where = (
            f"The first line that is blank on one side only is line {half + 1},"
            f" in {blank}: they may have come apart there."
        )
    return DataError(
        "Expected as many lines as in the file of the targets, since line i of "
        f"one belongs to line i of the other. Received: {counts[0]} lines here "
        f"and {counts[1]} in {target_path}. {where}",
        path,
        line=None if half is None else half + 1,
    )


def _drop_blank_end(texts):
    while texts and not texts[-1].strip():
        texts.pop()
