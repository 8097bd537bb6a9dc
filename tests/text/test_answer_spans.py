"""Answers between characters and tokens, against plain Python."""

import gzip
import json

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_transformer.text import (
    QuestionPreprocessor,
    WordPieceTokenizer,
    answers_at,
    character_spans,
    encode_all,
    refuse_blank,
    token_spans,
)
from keras_transformer.text.answer_spans import cut_out, is_blank
from tests.text.reference import HAND_PICKED, generated_strings

any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(any_text, st.integers(-1, 14), st.integers(-1, 14)),
        min_size=1,
    )
)
def test_a_part_of_a_text_is_what_python_slices(rows):
    texts, starts, ends = zip(*rows, strict=True)
    found = cut_out(tf.constant(texts), tf.constant(starts), tf.constant(ends))
    assert [text.decode() for text in found.numpy()] == [
        text[start:end] if start >= 0 and end >= 0 else text[: max(end, 0)]
        for text, start, end in rows
    ]


def test_blank_is_what_python_calls_blank():
    codes = [c for c in range(0x30000) if not 0xD800 <= c < 0xE000]
    found = is_blank(tf.constant([chr(code) for code in codes])).numpy()
    blank = [codes[place] for place in np.flatnonzero(found)]
    assert blank == [code for code in codes if chr(code).isspace()]
    texts = ["", " \t\n", " a ", "\u3000\u2028", "\u200b"]
    np.testing.assert_array_equal(
        is_blank(tf.constant(texts)), [not text.strip() for text in texts]
    )


def test_blank_texts_are_refused_with_their_rows():
    given = {"question": ["a", "b"], "context": ["c", "d"]}
    assert refuse_blank(given)["context"].numpy().tolist() == [b"c", b"d"]
    with pytest.raises(ValueError, match=r"context\[1\]=' \\t'\. Drop"):
        refuse_blank({**given, "context": ["c", " \t"]})
    with pytest.raises(ValueError, match=r"question\[0\]='', and 1 more"):
        refuse_blank({**given, "question": ["", "\u3000"]})


def test_answers_must_stand_at_their_offsets():
    contexts = tf.constant(["né à Paris", "🙂 Ada", "x", "x"])
    start, end = character_spans(
        contexts, ["Paris", "Ada", "", "x"], [5, 2, 9, 0]
    )
    assert start.numpy().tolist() == [5, 2, -1, 0]
    assert end.numpy().tolist() == [10, 5, -1, 1]
    with pytest.raises(
        ValueError, match=r"row 1: 'Ada' at 3.* has 'da'\. Mend"
    ):
        character_spans(contexts[:2], ["Paris", "Ada"], [5, 3])
    with pytest.raises(ValueError, match=r"row 0.*So in 1 more rows"):
        character_spans(contexts[:2], ["Rome", "Ada"], [5, -1])
    inside = tf.function(
        lambda s: character_spans(contexts, ["", "", "", "x"], s)
    )
    assert inside(tf.constant([0, 0, 0, 0]))[1].numpy().tolist()[3] == 1
    with pytest.raises(tf.errors.InvalidArgumentError, match="stand at its"):
        inside(tf.constant([0, 0, 0, 1]))


LETTERS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abc", "##a", "##b"]
SMALL = {
    (length, overlap): QuestionPreprocessor(
        WordPieceTokenizer(LETTERS), length, overlap
    )
    for length, overlap in [(7, 0), (8, 2), (40, 9)]
}


def expected_spans(windows, row, start, end):
    """The definition, token by token; equal tokens of all windows joined."""
    tokens = sorted(
        {
            token
            for window, of in zip(windows, row, strict=True)
            for token in window
            if token[0] >= 0 and of == 0
        }
    )
    of_answer = [t for t in tokens if t[1] > start and t[0] < end]
    spans = []
    for window in windows:
        places = [window.index(t) for t in of_answer if t in window]
        is_whole = len(places) == len(of_answer) > 0 and start >= 0
        spans.append([places[0], places[-1]] if is_whole else [0, 0])
    return spans


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(list(SMALL)),
    st.text("abc \t", min_size=1, max_size=40),
    st.integers(-1, 40),
    st.integers(0, 12),
)
def test_targets_are_the_tokens_that_the_answer_touches(
    setting, context, start, length
):
    start = min(start, len(context) - 1)
    end = -1 if start < 0 else min(start + 1 + length, len(context))
    encoded = SMALL[setting].encode(["c"], [context])
    found = token_spans(encoded, tf.constant([start]), tf.constant([end]))
    pairs = [encoded["start"].to_list(), encoded["end"].to_list()]
    windows = [list(zip(*p, strict=True)) for p in zip(*pairs, strict=True)]
    expected = expected_spans(windows, encoded["row"], start, end)
    assert found.numpy().tolist() == expected


def spans_back(preprocessor, strings, start, end):
    """Characters to tokens and back, in the first window that holds them."""
    encoded = preprocessor.encode(**strings)
    spans = token_spans(encoded, start, end).numpy()
    row = encoded["row"].numpy()
    window = np.full(len(start), -1, "int32")
    for number in np.flatnonzero(spans[:, 1])[::-1]:
        window[row[number]] = number
    best = {
        "window": window,
        "first": spans[window, 0],
        "last": spans[window, 1],
    }
    windows = preprocessor.pad(encoded)
    columns = {name: tf.constant(texts) for name, texts in strings.items()}
    answer = answers_at(columns, windows, best, np.ones(len(start), "float32"))
    return {name: values.numpy() for name, values in answer.items()}


@pytest.mark.parametrize("lowercase", [True, False])
def test_spans_of_thousands_of_strings_are_what_python_cuts(
    vocabularies, lowercase
):
    tokenizer = WordPieceTokenizer(
        vocabularies[lowercase, lowercase], lowercase=lowercase
    )
    preprocessor = QuestionPreprocessor(tokenizer, 64)
    joints = [" ", "  ", "\t", "\n", "", "\u3000"]
    pieces = [*HAND_PICKED, *generated_strings(3000, 23)]
    rng = np.random.default_rng(5)
    contexts, start, end = [], [], []
    for piece in pieces:
        before, behind = rng.choice(HAND_PICKED, 2)
        left, right = rng.choice(joints, 2)
        contexts.append(f"{before}{left}{piece}{right}{behind}")
        start.append(len(before) + len(left))
        end.append(start[-1] + len(piece))
    strings = {"question": ["a"] * len(contexts), "context": contexts}
    found = spans_back(
        preprocessor, strings, tf.constant(start), tf.constant(end)
    )
    answers = [text.decode() for text in found["answer"]]
    assert sum(map(bool, answers)) > 2500
    for context, answer, first, last in zip(
        contexts, answers, found["start"], found["end"], strict=True
    ):
        if answer:
            assert context[first:last] == answer == answer.strip()
        else:
            assert first == last == -1


def test_accents_of_the_last_letter_stay_with_it():
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "cafe", "bar"]
    preprocessor = QuestionPreprocessor(WordPieceTokenizer(tokens), 16)
    contexts = ["bar cafe\u0301 bar", "cafe\u0301\u0323", "cafe \u0301", "bar"]
    strings = {"question": ["bar"] * 4, "context": contexts}
    start, end = tf.constant([4, 0, 0, -1]), tf.constant([8, 4, 4, -1])
    found = spans_back(preprocessor, strings, start, end)
    assert [text.decode() for text in found["answer"]] == [
        "cafe\u0301",
        "cafe\u0301\u0323",
        "cafe",
        "",
    ]
    assert found["end"].tolist() == [9, 6, 4, -1]


def test_a_blank_question_has_no_answer_and_costs_the_others_nothing():
    preprocessor = SMALL[40, 9]
    strings = {"question": ["c", " ", "c"], "context": ["a b", "a b", "\u200b"]}
    found = spans_back(
        preprocessor, strings, tf.constant([2] * 3), tf.constant([3] * 3)
    )
    assert found["answer"].tolist() == [b"b", b"", b""]
    assert found["start"].tolist() == [2, -1, -1]
    assert found["score"].tolist() == [1, 0, 1]


def test_real_answers_are_the_tokens_of_their_characters(
    shared_data, vocabulary
):
    with gzip.open(shared_data / "squad11/train.jsonl.gz", "rt") as file:
        rows = [json.loads(line) for line in file][::8]
    strings = {
        name: [r[name] for r in rows] for name in ("question", "context")
    }
    texts = [row["answers"]["text"][0] for row in rows]
    starts = [row["answers"]["answer_start"][0] for row in rows]
    start, end = character_spans(tf.constant(strings["context"]), texts, starts)
    preprocessor = QuestionPreprocessor(WordPieceTokenizer(vocabulary), 384)
    encoded = encode_all(preprocessor, strings)
    spans = token_spans(encoded, start, end).numpy()
    held = set(encoded["row"].numpy()[spans[:, 1] > 0].tolist())
    # An answer that is longer than what windows share may stand in none.
    assert len(held) > 0.99 * len(rows)
    found = spans_back(preprocessor, strings, start, end)
    begins = encoded["start"].to_list()
    ends = encoded["end"].to_list()
    at_edges = whole = 0
    for number, row in enumerate(encoded["row"].numpy()):
        fits = starts[row] in begins[number] and int(end[row]) in ends[number]
        if not fits or not spans[number, 1]:
            continue
        at_edges += 1
        whole += found["answer"][row].decode() == texts[row]
    assert at_edges > 0.95 * len(rows)
    assert whole == at_edges
