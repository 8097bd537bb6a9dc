"""Documents to learn a language from."""

import dataclasses
import os

from keras_transformer.data.columns import TEXT_COLUMNS
from keras_transformer.data.errors import DataError
from keras_transformer.data.records import format_of_ending
from keras_transformer.data.tables import read_table
from keras_transformer.data.text_files import lines_of, read_text


@dataclasses.dataclass(frozen=True)
class Documents:
    """Texts that have nothing to do with each other.

    Args:
        path: The file.
        texts: The texts.
        lines: The line on which each begins, for messages.
    """

    path: str
    texts: list[str]
    lines: list[int]

    def __len__(self):
        return len(self.texts)


def read_documents(
    path: str | os.PathLike,
    text_column: str | None = None,
    format: str | None = None,
    documents: str | None = None,
) -> Documents:
    r"""Read documents: a file of plain text, or one document a row.

    A name that ends in `.tsv`, `.csv`, `.jsonl`, `.ndjson` or `.json` tells of
    rows, any other of plain text. Blank documents are left out.

    Args:
        path: The file, plain or gzip.
        text_column: Column of the texts, in a file of rows.
        format: `"text"`, `"tsv"`, `"csv"` or `"jsonl"`; told from the name by
            default.
        documents: What a document is in plain text: the whole `"file"`, which
            is the default; a `"line"`; or a `"paragraph"`, the lines between
            blank ones. Lines are joined by `"\n"`.

    Returns:
        The documents, at least one.

    Raises:
        DataError: The file cannot be read as asked; the message says where.
        ValueError: An argument is unknown, or has no meaning for the format.
    """
    if format is None:
        format = format_of_ending(path) or "text"
    _check_arguments(path, text_column, format, documents)
    if format != "text":
        table = read_table(path, {"text": text_column or TEXT_COLUMNS}, format)
        rows = zip(table.lines, table.columns["text"], strict=True)
    else:
        rows = _SPLITS[documents or "file"](read_text(path))
    kept = [(line, text) for line, text in rows if text.strip()]
    if not kept:
        raise DataError(
            "Expected documents. Received: rows whose text is blank.", path
        )
    lines, texts = zip(*kept, strict=True)
    return Documents(os.fspath(path), list(texts), list(lines))


def _check_arguments(path, text_column, format, documents):
    if documents is not None and documents not in _SPLITS:
        raise ValueError(
            f"`documents` must be one of {', '.join(map(repr, _SPLITS))}. "
            f"Received: documents={documents!r}."
        )
    is_text = format == "text"
    name, value = "documents", documents
    if is_text:
        name, value = "text_column", text_column
    if value is not None:
        meant = "files of rows" if is_text else "files of plain text"
        other = "'jsonl', 'csv' or 'tsv'" if is_text else "'text'"
        raise ValueError(
            f"`{name}` is for {meant}. Received: {name}={value!r} for "
            f"{os.fspath(path)!r}, read with format={format!r}. Leave it out, "
            f"or pass `format=` ({other})."
        )


def _whole_file(text):
    yield 1, text.replace("\r\n", "\n")


def _paragraphs(text):
    first, block = 1, []
    for number, line in lines_of(text):
        if line.strip():
            first = first if block else number
            block.append(line)
        elif block:
            yield first, "\n".join(block)
            block = []
    if block:
        yield first, "\n".join(block)


_SPLITS = {"file": _whole_file, "line": lines_of, "paragraph": _paragraphs}
