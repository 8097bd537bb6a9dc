"""Spans in a terminal and elsewhere."""

import sys

import pytest

from keras_transformer.cli import pretty

TEXT = "Ada met Bob in \u00c9vora"
SPANS = [(8, 11, "person"), (0, 3, "person"), (15, 20, "place")]


def test_elsewhere_spans_stand_in_brackets():
    assert pretty.highlight(TEXT, SPANS) == (
        "[Ada|person] met [Bob|person] in [\u00c9vora|place]"
    )
    assert pretty.highlight(TEXT, []) == TEXT
    assert pretty.highlight("", []) == ""


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(pretty, "_colour_of_label", {})


def test_in_a_terminal_each_label_has_its_colour(terminal):
    first = pretty.highlight(TEXT, SPANS)
    colours = [part[:5] for part in first.split("\x1b[30;")[1:]]
    assert colours[0][:2] == colours[1][:2] != colours[2][:2]
    assert "Ada\x1b[0m" in first and "|person" in first
    again = pretty.highlight("Ada", [(0, 3, "place")])
    assert f"\x1b[30;{colours[2][:2]}m" in again
    assert first.count("\x1b[") == 3 * 4


def test_no_color_is_heeded(terminal, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in pretty.highlight(TEXT, SPANS)


def test_a_text_commands_no_terminal():
    shown = pretty.highlight("a\x1b[2Jb\x07\x9bc\td", [(1, 5, "x\x1b")])
    assert shown == "a[\u241b[2J|x\u241b]b\u2407\ufffdc\td"
    assert pretty.highlight("a\ud800b", [(1, 2, "x")]) == "a[?|x]b"


@pytest.mark.parametrize(
    "spans", [[(0, 3, "a"), (2, 4, "a")], [(3, 2, "a")], [(0, 99, "a")]]
)
def test_spans_that_do_not_fit_are_refused(spans):
    with pytest.raises(ValueError, match="one behind the other"):
        pretty.highlight(TEXT, spans)
