"""Pairs of texts, and scores of how alike the two are."""

import dataclasses
import os

from keras_transformer.data.columns import (
    PAIR_COLUMNS,
    SCORE_COLUMNS,
    find_column,
    find_pair,
)
from keras_transformer.data.errors import DataError
from keras_transformer.data.parallel import select_rows
from keras_transformer.data.records import read_records
from keras_transformer.data.tables import table_of


@dataclasses.dataclass(frozen=True)
class ScoredPairs:
    """Pairs of texts and their scores.

    Args:
        path: The file.
        texts: The first texts.
        pairs: For each, the second text.
        scores: For each pair, its score as the file has it, where it has any.
        lines: The line on which each row begins, for messages.
    """

    path: str
    texts: list[str]
    pairs: list[str]
    scores: list[float] | None
    lines: list[int]

    def __len__(self):
        return len(self.texts)

    def select(self, chosen):
        """Pick pairs by a sequence of bools, one a pair."""
        columns = ["texts", "pairs", "lines"]
        if self.scores is not None:
            columns.append("scores")
        return select_rows(self, chosen, columns)

    def check_scores(self, score_range):
        """Check that all scores lie in a range.

        Args:
            score_range: The lowest and the highest score there may be.

        Raises:
            DataError: If one does not; it names the line.
        """
        low, high = score_range
        for score, line in zip(self.scores or (), self.lines, strict=False):
            if not low <= score <= high:
                raise DataError(
                    f"Expected a score from {low:g} to {high:g}. Received: "
                    f"{score:g}. Mend the score, drop the line, or tell the "
                    "range of the scores with `score_range=`, on the command "
                    "line of `train` with `--score-range`.",
                    self.path,
                    line,
                )


def read_scored_pairs(
    path: str | os.PathLike,
    text_column: str | None = None,
    pair_column: str | None = None,
    score_column: str | None = None,
    format: str | None = None,
    score_range: tuple[float, float] | None = (0, 5),
) -> ScoredPairs:
    """Read pairs of texts and, where the file has them, their scores.

    Columns that are not named are found by their usual names: two that go
    together, such as `sentence1` and `sentence2`, and `score`, `similarity` or
    `label`.

    Args:
        path: A TSV, CSV or JSON Lines file, plain or gzip.
        text_column: Column of the first texts.
        pair_column: Column of the second texts.
        score_column: Column of the scores.
        format: `"tsv"`, `"csv"` or `"jsonl"`; told from the name by default.
        score_range: The lowest and the highest score there may be; `None` not
            to check.

    Returns:
        The pairs, at least one, with scores or all without.

    Raises:
        DataError: The file cannot be read as asked, or a score is no number or
            out of range; the message says where.
    """
    records = read_records(path, format)
    names = _pair_columns(records, text_column, pair_column)
    taken = {name.strip().casefold() for name in names.values()}
    score = find_column(
        records.header,
        "score",
        score_column or [name for name in SCORE_COLUMNS if name not in taken],
        records.path,
        required=score_column is not None,
    )
    if score is not None:
        names["score"] = score
    table = table_of(records, names)
    found = ScoredPairs(
        table.path,
        table.columns["text"],
        table.columns["pair"],
        None if score is None else _numbers(table),
        table.lines,
    )
    if score_range is not None:
        found.check_scores(score_range)
    return found


def _pair_columns(records, text_column, pair_column):
    """Name the columns of the first and of the second texts."""
    header, path = records.header, records.path
    usual = find_pair(header)
    if usual is not None:
        fits = text_column in (None, usual[0]), pair_column in (None, usual[1])
        if all(fits):
            return dict(zip(("text", "pair"), usual, strict=True))
    firsts, seconds = zip(*PAIR_COLUMNS, strict=True)
    wanted = {
        "text": text_column or [n for n in firsts if n != pair_column],
        "pair": pair_column or [n for n in seconds if n != text_column],
    }
    columns = {
        role: find_column(header, role, names, path)
        for role, names in wanted.items()
    }
    if columns["text"] == columns["pair"]:
        raise DataError(
            "Expected two columns of texts. Received: "
            f"{columns['text']!r} for both. Name them with `text_column=` and "
            "`pair_column=`, on the command line `--text-column` and "
            "`--pair-column`.",
            path,
        )
    return columns


def _numbers(table):
    numbers = []
    for word, line in zip(table.columns["score"], table.lines, strict=True):
        try:
            number = float(word)
        except ValueError:
            number = float("nan")
        if not abs(number) < float("inf"):
            raise DataError(
                f"Expected a number for the score. Received: {word!r:.40}. "
                "Mend it or drop the row; where no row has a score, name no "
                "column for it, and call none by a usual name.",
                table.path,
                line,
                table.names["score"],
            )
        numbers.append(number)
    return numbers
