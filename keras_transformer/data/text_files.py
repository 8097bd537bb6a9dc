"""Text out of files: gzip or not, UTF-8, and words for what is wrong."""

import gzip
import os
import zlib

from keras_transformer.data.errors import DataError

_GZIP = b"\x1f\x8b"
_BYTE_ORDER_MARK = "\ufeff"
_FOREIGN_STARTS = {
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstandard",
    b"PAR1": "Parquet",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


def read_text(path: str | os.PathLike) -> str:
    """Read a whole UTF-8 file, which may be packed with gzip.

    Whether it is packed is told from its first two bytes, not from its name. A
    byte order mark at the start is dropped.

    Args:
        path: The file.

    Returns:
        Its text; it holds at least one character that is no white space.

    Raises:
        DataError: The file is missing, a directory, unreadable, empty, a
            damaged gzip file, not UTF-8, or it holds NUL bytes.
    """
    content = _unpacked(path, _content(path))
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"Expected UTF-8 text. Received: byte 0x{content[error.start]:02x} "
            f"at offset {error.start}.{_looks_like(content)} Convert the file, "
            "for example with `iconv -f latin1 -t utf-8`.",
            path,
            line=content.count(b"\n", 0, error.start) + 1,
        ) from None
    if "\0" in text:
        raise DataError(
            "Expected text without NUL characters. Received: one at character "
            f"{text.index(chr(0))}.{_looks_like(content)} The file may be "
            "damaged, UTF-16 or no text at all.",
            path,
            line=text.count("\n", 0, text.index("\0")) + 1,
        )
    text = text.removeprefix(_BYTE_ORDER_MARK)
    if not text.strip():
        raise DataError(
            f"Expected text. Received: an empty file ({len(content)} bytes, "
            "all of them blank).",
            path,
        )
    return text


def read_texts(path: str | os.PathLike) -> list[str]:
    r"""Read a file of one text a line.

    Lines end at `"\n"` alone, since a text may hold other Unicode separators;
    a `"\r"` before it is dropped. Blank lines are texts too, so that line `i`
    of two parallel files stays line `i`.

    Args:
        path: The file, plain or gzip.

    Returns:
        The texts, in order.

    Raises:
        DataError: As for `read_text`.
    """
    return [text for _, text in lines_of(read_text(path))]


def lines_of(text: str):
    r"""Number the lines of a text, which end at `"\n"` or `"\r\n"`.

    Args:
        text: The text.

    Yields:
        Pairs of line number, from 1, and line without its end.
    """
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    for number, line in enumerate(lines, start=1):
        yield number, line.removesuffix("\r")


def _content(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise DataError(
            "Expected a file. There is none of this name; the working "
            f"directory is {os.getcwd()}.",
            path,
        ) from None
    except IsADirectoryError:
        raise DataError(
            "Expected a file. Received: a directory. Name one file in it.", path
        ) from None
    except OSError as error:
        raise DataError(
            f"Expected a readable file. Received: {error.strerror}.", path
        ) from None


def _unpacked(path, content):
    if not content.startswith(_GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(
            "Expected a whole gzip file. Received: a truncated or damaged one "
            f"({error}). Copy or download it again.",
            path,
        ) from None


def _looks_like(content):
    for start, name in _FOREIGN_STARTS.items():
        if content.startswith(start):
            return f" The file begins like {name}."
    return ""
