"""Spans of a text, in colour where a terminal shows them."""

import os
import sys

# Black letters on backgrounds that are told apart in dark and light terminals.
_COLOURS = tuple(f"\x1b[30;{number}m" for number in (43, 46, 42, 45, 44, 47))
_FAINT, _PLAIN = "\x1b[2m", "\x1b[0m"

# Of each label in the order in which labels come, so that the first ones differ
# and a label keeps its colour from text to text.
_colour_of_label = {}

# A terminal obeys control characters; these are their pictures instead.
_PICTURES = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"},
    **{code: 0xFFFD for code in range(0x7F, 0xA0)},
}


def highlight(text, spans):
    """Mark spans of a text for people to read.

    In a terminal each label has a colour and stands behind its span. Where
    stdout is no terminal, or the environment variable `NO_COLOR` is set to
    something, spans stand in brackets: `[Ada Lovelace|person]`.

    Args:
        text: A str.
        spans: Iterable of `(start, end, label)`, in characters of `text`, the
            end exclusive. They may not overlap.

    Returns:
        A str.

    Raises:
        ValueError: If spans overlap, or lie outside of the text.
    """
    mark = _coloured if _has_colours() else _bracketed
    parts, place = [], 0
    for start, end, label in sorted(spans):
        if not place <= start <= end <= len(text):
            raise ValueError(
                "Spans must lie one behind the other in the text. Received: "
                f"({start}, {end}, {label!r}) in a text of {len(text)} "
                f"characters, of which {place} are behind the span before."
            )
        parts += [_shown(text[place:start])]
        parts += [mark(_shown(text[start:end]), _shown(label))]
        place = end
    return "".join([*parts, _shown(text[place:])])


def _has_colours():
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _coloured(span, label):
    number = _colour_of_label.setdefault(label, len(_colour_of_label))
    colour = _COLOURS[number % len(_COLOURS)]
    return f"{colour}{span}{_PLAIN}{_FAINT}|{label}{_PLAIN}"


def _bracketed(span, label):
    return f"[{span}|{label}]"


def _shown(text):
    """What may be printed: no control characters, no half characters."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return whole.translate(_PICTURES)
