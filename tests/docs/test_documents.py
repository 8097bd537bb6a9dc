"""What documents say of the package, and of each other, is so."""

import argparse
import re
import shlex

import pytest

import keras_transformer as kt
from keras_transformer.cli.main import make_parser
from tests.docs.blocks import (
    GUIDES,
    README,
    REPOSITORY,
    RUN,
    SHOWN,
    blocks_of,
    prose_of,
)

DOCUMENTS = pytest.mark.parametrize(
    "path",
    (README, *GUIDES),
    ids=lambda path: str(path.relative_to(REPOSITORY)),
)
# Of other programs that the documents speak of.
FLAGS_OF_OTHERS = {
    "--no-deps",
    "--mixed_precision",
    "--model_type",
    "--sentencepiece",
}


def flags_of(parser):
    """All flags of a parser and of those below it."""
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from flags_of(below)


def anchors_of(path):
    """What GitHub calls the headings of a document."""
    headings = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    }


@DOCUMENTS
def test_a_block_says_whether_it_is_run(path):
    text = path.read_text("utf-8")
    blocks = blocks_of(path)
    assert {block.tag for block in blocks} <= {*RUN, *SHOWN}
    assert len(re.findall(r"^ *```", text, re.MULTILINE)) == 2 * len(blocks)


@DOCUMENTS
def test_names_of_the_package_are_there(path):
    names = set(re.findall(r"\bkt\.([a-z_]\w*(?:\.\w+)*)", prose_of(path)))
    for name in sorted(names):
        found = kt
        for part in name.split("."):
            assert hasattr(found, part), f"kt.{name}"
            found = getattr(found, part)


@DOCUMENTS
def test_flags_of_the_command_are_there(path):
    named = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", prose_of(path)))
    assert named <= {*flags_of(make_parser()), *FLAGS_OF_OTHERS}


@DOCUMENTS
def test_commands_that_are_only_shown_could_be_typed(path):
    text = path.read_text("utf-8").replace("\\\n", " ")
    shown = re.findall(
        r"^ *(?:echo .*\| )?keras-transformer (.*)$", text, re.MULTILINE
    )
    for line in shown:
        words = re.split(r"\s[|>]|$", line, maxsplit=1)[0]
        make_parser().parse_args(shlex.split(words))


@DOCUMENTS
def test_links_lead_somewhere(path):
    text = prose_of(path)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("http"):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), target
        assert there.is_relative_to(REPOSITORY), target
        if anchor:
            assert anchor in anchors_of(there), target


def test_the_contents_name_every_guide():
    contents = REPOSITORY / "docs" / "README.md"
    linked = re.findall(r"\]\((\w+\.md)\)", contents.read_text("utf-8"))
    assert sorted(linked) == sorted(
        path.name for path in contents.parent.glob("*.md") if path != contents
    )
