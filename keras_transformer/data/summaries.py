"""Documents and their summaries."""

import dataclasses
import os

from keras_transformer.data.columns import find_column
from keras_transformer.data.errors import DataError
from keras_transformer.data.parallel import select_rows, source_and_target
from keras_transformer.data.records import read_records


@dataclasses.dataclass(frozen=True)
class Summaries:
    """Documents, each with one or more summaries.

    Args:
        path: The file.
        documents: The texts to summarize.
        summaries: For each document, its summaries, at least one.
        lines: The line on which each row begins, for messages.
    """

    path: str
    documents: list[str]
    summaries: list[list[str]]
    lines: list[int]

    def __len__(self):
        return len(self.documents)

    def select(self, chosen):
        """Pick documents by a sequence of bools, one a document."""
        return select_rows(self, chosen, ("documents", "summaries", "lines"))


def read_summaries(
    path: str | os.PathLike,
    source_column: str | None = None,
    target_column: str | None = None,
    format: str | None = None,
) -> Summaries:
    """Read documents and their summaries.

    In JSON Lines a document may be a list of sentences, which are joined by a
    space, and the summary a list of summaries that are equally right. What is
    blank in a list is left out.

    Args:
        path: A TSV, CSV or JSON Lines file, plain or gzip.
        source_column: Column of the documents, unless it has a usual name.
        target_column: Column of the summaries, unless it has a usual name.
        format: `"tsv"`, `"csv"` or `"jsonl"`; told from the name by default.

    Returns:
        The documents and summaries, at least one, none of them blank.

    Raises:
        DataError: The file cannot be read as asked; the message says where.
    """
    records = read_records(path, format)
    wanted = source_and_target(source_column, target_column)
    source, target = (
        find_column(records.header, role, names, records.path)
        for role, names in wanted.items()
    )
    found = Summaries(records.path, [], [], [])
    for line, row in records.rows:
        place = {"path": records.path, "line": line}
        sentences = _texts(row, source, "the document", "sentences", place)
        found.documents.append(" ".join(sentences))
        found.summaries.append(
            _texts(row, target, "the summary", "summaries", place)
        )
        found.lines.append(line)
    if not found.lines:
        raise DataError(
            "Expected rows below the header. Received: a header alone.",
            records.path,
        )
    return found


def _texts(row, column, what, several, place):
    """Take a text, or the texts of a list that are not blank."""
    value = row.get(column)
    texts = [value] if isinstance(value, str) else value
    if isinstance(texts, list):
        wrong = [text for text in texts if not isinstance(text, str)]
        filled = [text for text in texts if not wrong and text.strip()]
        if filled:
            return filled
        value = wrong[0] if wrong else value
    received = f"{type(value).__name__} {value!r:.40}"
    if column not in row:
        received = f"only the keys {', '.join(map(repr, row)) or '(none)'}"
    raise DataError(
        f"Expected a text for {what}, not blank, or in JSON a list of "
        f"{several}. Received: {received}. Fill it in or drop the row.",
        **place,
        column=column,
    )
