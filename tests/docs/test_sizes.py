"""The tables of sizes say how large models are."""

import re

import pytest

import keras_transformer as kt
from keras_transformer.cli import causal_lm, encoder, seq2seq
from tests.docs.blocks import REPOSITORY

TEXT = (REPOSITORY / "docs" / "sizes.md").read_text("utf-8")
VOCABULARY, POSITIONS = 30_522, 512
KINDS = ("Encoder", "Decoder", "EncoderDecoder")
NUMBERS = ("num_layers", "hidden_dim", "num_heads", "intermediate_dim")


def rows_of(first):
    """Cells of the rows that begin with one of some words."""
    found = re.findall(r"^\| (.+) \|$", TEXT, re.MULTILINE)
    rows = [[cell.strip(" `") for cell in row.split(" | ")] for row in found]
    return {row[0]: row[1:] for row in rows if row[0] in first}


def count(kind, size):
    """Weights without the token table, as section 3 of the paper has them.

    Args:
        kind: Name of a model.
        size: Its arguments, where they are not those of the model by itself.
    """
    width, inner = size["hidden_dim"], size["intermediate_dim"]
    attention = 4 * (width + 1) * width
    norm = 2 * width
    block = attention + (width + 1) * inner + (inner + 1) * width + 2 * norm
    number = size["num_layers"] * block
    pre_norm = size.get("normalize_first", kind != "Encoder")
    sides = 2 if kind == "EncoderDecoder" else 1
    if kind == "EncoderDecoder":
        number += size["num_layers"] * (block + attention + norm)
    elif size.get("positions") != "sinusoidal":
        number += POSITIONS * width
    if kind == "Encoder":
        number += 2 * width + norm  # segments, and the norm behind all tables
    return number + (sides * norm if pre_norm else 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", ["mini", "vaswani_base"])
def test_the_count_is_that_of_models(kind, size):
    small = dict(zip(NUMBERS, (2, 8, 2, 20), strict=True))
    model = getattr(kt.models, kind).from_size(size, 7, **small)
    wanted = count(kind, {**kt.models.SIZES[size], **small})
    assert model.count_params() == wanted + 7 * 8


@pytest.mark.parametrize("size", kt.models.SIZES)
def test_a_named_size_is_as_large_as_the_table_says(size):
    arguments = kt.models.SIZES[size]
    table = VOCABULARY * arguments["hidden_dim"]
    row = rows_of(kt.models.SIZES)[size]
    assert row[:4] == [str(arguments[name]) for name in NUMBERS]
    counts = [count(kind, arguments) for kind in KINDS]
    assert row[4:] == [
        f"{(n + table) / 1e6:.1f}, {n / 1e6:.1f}" for n in counts
    ]


def test_the_sizes_of_the_command_are_those_that_it_takes():
    blocks = f"{seq2seq.DEFAULTS['num_layers']} and {seq2seq.DECODER_LAYERS}"
    tasks = {
        "those with an encoder": encoder.DEFAULTS,
        "translation, summarization": {
            **seq2seq.DEFAULTS,
            "num_layers": blocks,
        },
        "causal-lm": causal_lm.DEFAULTS,
    }
    rows = rows_of(tasks)
    for name, defaults in tasks.items():
        wanted = [str(defaults[n]) for n in (*NUMBERS, "positions")]
        assert rows[name] == wanted
