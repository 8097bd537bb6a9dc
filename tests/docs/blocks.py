"""The code blocks of documents, and what runs them.

A block is run or not by what stands behind its first fence: `python` and
`shell` are run, in the order of the document and in one folder; the others are
only shown. A python block that imports the package starts afresh, one that does
not goes on with the names of the block before. A block of `output` is what the
block above it prints, where "..." stands for anything.
"""

import contextlib
import doctest
import io
import pathlib
import re
from typing import NamedTuple

import keras
import pytest

from tests.docs.shell import in_folder, run_shell

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
README = REPOSITORY / "README.md"
GUIDES = (
    *sorted((REPOSITORY / "docs").glob("*.md")),
    REPOSITORY / "CONTRIBUTING.md",
)
RUN = ("python", "shell")
SHOWN = ("text", "output", "")
_FRESH = "import keras_transformer as kt"
_FENCE = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
_ALIKE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Block(NamedTuple):
    """A part of a document between two fences.

    Args:
        tag: What stands behind the first fence.
        code: What stands between them.
        line: The line of the first fence, from 1.
    """

    tag: str
    code: str
    line: int


def blocks_of(path):
    """All blocks of a document, in their order."""
    text = path.read_text("utf-8")
    return [
        Block(found[1], found[2], text.count("\n", 0, found.start()) + 1)
        for found in _FENCE.finditer(text)
    ]


def prose_of(path):
    """A document without what is only shown in its blocks."""
    return _FENCE.sub(
        lambda found: found[2] if found[1] in RUN else "",
        path.read_text("utf-8"),
    )


def run_document(path, folder, **known):
    """Run all blocks of a document.

    Args:
        path: The document.
        folder: Where to run them.
        **known: Names that its python blocks take for granted.

    Returns:
        List of dicts, the names that python blocks defined; one for each
        start.
    """
    if keras.backend.backend() != "tensorflow":
        pytest.skip("documents are run on TensorFlow, which alone exports")
    keras.utils.set_random_seed(1234)
    scopes, printed = [], ""
    for block in blocks_of(path):
        place = f"{path.name}, line {block.line}"
        if block.tag == "output":
            _check_output(block.code, printed, place)
        elif block.tag == "shell":
            printed = run_shell(block.code, folder, place)
        elif block.tag == "python":
            if _FRESH in block.code.splitlines():
                scopes.append(dict(known))
            printed = _run_python(block, path.name, folder, scopes[-1])
    return scopes


def _run_python(block, name, folder, scope):
    """Run a block in a folder; return what it prints."""
    # Lines as in the document, for whoever reads the traceback.
    code = compile("\n" * block.line + block.code, name, "exec")
    policy = keras.config.dtype_policy()
    with in_folder(folder), contextlib.redirect_stdout(io.StringIO()) as out:
        try:
            exec(code, scope)
        finally:
            keras.config.set_dtype_policy(policy)
    return out.getvalue()


def _check_output(shown, printed, place):
    checker = doctest.OutputChecker()
    assert checker.check_output(shown, printed, _ALIKE), (
        f"{place}: it is said to print\n{shown}\nand prints\n{printed}"
    )
