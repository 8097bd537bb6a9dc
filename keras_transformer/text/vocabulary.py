"""Vocabularies: one token a line, the line number is the id."""

import os
import pathlib
import tempfile


def load_vocabulary(vocabulary) -> list[str]:
    """Read a vocabulary from a file, or take it from a list, and check it.

    Args:
        vocabulary: List of tokens, or path of a file with one token a line.

    Returns:
        List of str; the index of a token is its id.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the vocabulary is empty, has an empty or doubled token,
            or the file is not UTF-8.
    """
    if isinstance(vocabulary, (str, os.PathLike)):
        return _checked(_read(pathlib.Path(vocabulary)), str(vocabulary), 1)
    tokens = list(vocabulary)
    for index, token in enumerate(tokens):
        if not isinstance(token, str):
            raise ValueError(
                "`vocabulary` must be a list of strings, or the path of a "
                f"file. Received: vocabulary[{index}]={token!r}, of type "
                f"{type(token).__name__}"
            )
    return _checked(tokens, "vocabulary", 0)


def save_vocabulary(tokens, path):
    """Write a vocabulary file, whole or not at all.

    Args:
        tokens: List of str.
        path: Where to write.

    Raises:
        ValueError: If a token holds a line break, which a file of lines
            cannot hold.
    """
    for index, token in enumerate(tokens):
        if "\n" in token or token.endswith("\r"):
            raise ValueError(
                "A token with a line break cannot be written to a vocabulary "
                f"file. Received: token={token!r} of id {index}"
            )
    write_whole(path, "".join(f"{token}\n" for token in tokens).encode())


def write_whole(path, content):
    """Write a file, whole or not at all.

    Args:
        path: Where to write; missing folders are made.
        content: Bytes.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(prefix=path.name, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # A temporary file is made for its owner alone.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(beside, 0o666 & ~umask)
        os.replace(beside, path)
    except BaseException:
        pathlib.Path(beside).unlink(missing_ok=True)
        raise


def _read(path):
    if not path.is_file():
        raise FileNotFoundError(
            "A vocabulary is a text file with one token a line. There is none "
            f"at: vocabulary={path}"
        )
    # Some tokens hold characters at which `splitlines` would cut.
    lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if not lines[-1]:
        lines.pop()
    tokens = []
    for number, line in enumerate(lines, start=1):
        try:
            tokens.append(line.removesuffix(b"\r").decode("utf-8"))
        except UnicodeDecodeError as error:
            raise ValueError(
                f"A vocabulary file must be UTF-8. Received: {path} with "
                f"{line[:60]!r} on line {number}. Save it again as UTF-8."
            ) from error
    return tokens


def _checked(tokens, origin, first):
    """Refuse what cannot be a vocabulary.

    Args:
        tokens: List of str.
        origin: Where they come from, for the errors.
        first: Number of the first line: 1 in a file, 0 in a list.

    Returns:
        `tokens`.
    """
    where = "line" if first else "index"
    if not tokens:
        raise ValueError(
            "A vocabulary must have at least one token. Received an empty one: "
            f"{origin}"
        )
    places = {}
    for number, token in enumerate(tokens, start=first):
        if not token:
            raise ValueError(
                "A vocabulary must not have empty lines, since the number of a "
                f"line is the id of its token. Received: {origin} with an "
                f"empty token at {where} {number}"
            )
        if token in places:
            raise ValueError(
                "A token must stand in the vocabulary once, so that it has one "
                f"id. Received: {origin} with {token!r} at {where} "
                f"{places[token]} and {number}"
            )
        places[token] = number
    return tokens
