"""Rows of windows with special tokens, offsets and masks."""

import copy
import json
import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_transformer.text import (
    EncoderPreprocessor,
    WindowPreprocessor,
    WordPieceTokenizer,
)
from tests.text.reference import HAND_PICKED, generated_strings

WORDS = ["one", "two", "three", "four", "five", "##s"]
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
TOKENIZER = WordPieceTokenizer(VOCABULARY)
COUNT = "one two threes four five"


def lists(encoded):
    return {
        name: rows.to_list() if hasattr(rows, "to_list") else rows.numpy()
        for name, rows in encoded.items()
    }


def test_a_text_that_fits_is_one_row_as_an_encoder_takes_it(vocabulary):
    tokenizer = WordPieceTokenizer(vocabulary)
    texts = [*HAND_PICKED[:12], *generated_strings(100, seed=1)]
    windows = WindowPreprocessor(tokenizer, max_length=500).encode(texts)
    rows = EncoderPreprocessor(tokenizer, max_length=500).encode(texts)
    assert windows["row"].numpy().tolist() == list(range(len(texts)))
    for name, values in rows.items():
        assert windows[name].to_list() == values.to_list()
    for name, of_tokenizer in zip(
        ("start", "end"),
        tokenizer.tokenize_with_offsets(texts)[1:],
        strict=True,
    ):
        for row, inner in zip(
            windows[name].to_list(), of_tokenizer.to_list(), strict=True
        ):
            assert row == [-1, *inner, -1]


def test_a_long_text_becomes_rows_that_overlap():
    preprocessor = WindowPreprocessor(TOKENIZER, max_length=5, overlap=1)
    encoded = lists(preprocessor.encode(["one", COUNT, ""]))
    assert encoded["row"].tolist() == [0, 1, 1, 1, 2]
    one, two, three, four, five, s = range(5, 11)
    assert encoded["token_ids"] == [
        [2, one, 3],
        [2, one, two, three, 3],
        [2, three, s, four, 3],
        [2, four, five, 3],
        [2, 3],
    ]
    assert encoded["start"][1:4] == [
        [-1, 0, 4, 8, -1],
        [-1, 8, 13, 15, -1],
        [-1, 15, 20, -1],
    ]
    assert encoded["end"][2] == [-1, 13, 14, 19, -1]
    assert encoded["keeps"] == [
        [False, True, False],
        [False, True, True, False, False],
        [False, True, True, False, False],
        [False, True, True, False],
        [False, False],
    ]
    assert not any(map(any, encoded["segment_ids"]))


@pytest.mark.parametrize(
    ("max_length", "overlap"), [(3, 0), (7, 3), (16, None)]
)
def test_kept_tokens_are_those_of_the_tokenizer(
    vocabulary, max_length, overlap
):
    tokenizer = WordPieceTokenizer(vocabulary)
    texts = [*generated_strings(60, seed=3), "the fox " * 40, *HAND_PICKED[:9]]
    preprocessor = WindowPreprocessor(tokenizer, max_length, overlap)
    encoded = preprocessor.encode(texts)
    assert int(tf.reduce_max(encoded["token_ids"].row_lengths())) <= max_length
    keeps = encoded["keeps"].values
    wanted = tokenizer.tokenize_with_offsets(texts)
    for name, rows in zip(("token_ids", "start", "end"), wanted, strict=True):
        kept = tf.boolean_mask(encoded[name].values, keeps)
        np.testing.assert_array_equal(kept, rows.values)
    windows = np.repeat(encoded["row"], encoded["keeps"].row_lengths())
    np.testing.assert_array_equal(
        np.bincount(windows[keeps.numpy()], minlength=len(texts)),
        wanted[0].row_lengths(),
    )


def test_padding_is_said_to_be_none():
    preprocessor = WindowPreprocessor(TOKENIZER, max_length=5, overlap=1)
    texts = ["one", COUNT, ""]
    encoded, padded = lists(preprocessor.encode(texts)), preprocessor(texts)
    assert padded["padding_mask"].dtype == tf.bool
    fillers = {"token_ids": 0, "segment_ids": 0, "start": -1, "end": -1}
    for name, filler in {**fillers, "keeps": False}.items():
        assert padded[name].shape == (5, 5)
        rows = padded[name].numpy().tolist()
        for row, real in zip(rows, encoded[name], strict=True):
            assert row == real + [filler] * (5 - len(real))
    for row, real in zip(
        padded["padding_mask"].numpy(), encoded["token_ids"], strict=True
    ):
        assert row.tolist() == [i < len(real) for i in range(5)]


def test_no_texts_give_no_windows():
    padded = WindowPreprocessor(TOKENIZER)([])
    assert padded["row"].shape == (0,)
    assert padded["token_ids"].shape[0] == 0


def test_it_runs_in_graphs_and_is_nothing_to_track():
    preprocessor = WindowPreprocessor(TOKENIZER, max_length=5, overlap=1)
    texts = tf.constant(["one", COUNT])
    traced = tf.function(preprocessor)(texts)
    for name, values in preprocessor(texts).items():
        np.testing.assert_array_equal(traced[name], values)
    assert preprocessor.resources == []
    assert preprocessor.count_truncated(texts) == 0
    assert preprocessor.vocabulary_size == len(VOCABULARY)


def test_config_pickle_and_copy_give_the_same():
    preprocessor = WindowPreprocessor(TOKENIZER, max_length=5, overlap=2)
    wanted = lists(preprocessor.encode([COUNT]))
    config = json.loads(
        json.dumps(keras.saving.serialize_keras_object(preprocessor))
    )
    for twin in (
        keras.saving.deserialize_keras_object(config),
        pickle.loads(pickle.dumps(preprocessor)),
        copy.deepcopy(preprocessor),
    ):
        np.testing.assert_equal(lists(twin.encode([COUNT])), wanted)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tokenizer": "wordpiece"}, "must be a tokenizer"),
        ({"max_length": 2}, "`max_length` must be an integer of at least 3"),
        ({"max_length": 8.0}, "max_length=8.0"),
        ({"overlap": -1}, "`overlap` must be an integer of at least 0"),
        ({"max_length": 8, "overlap": 6}, "Set it to at most 5"),
    ],
)
def test_bad_arguments_are_refused_with_reasons(options, words):
    with pytest.raises(ValueError, match=words):
        WindowPreprocessor(**{"tokenizer": TOKENIZER, **options})


@pytest.mark.parametrize(
    ("texts", "words"),
    [("one", "must be a batch of strings"), (["one", 2], r"text\[1\]=2")],
)
def test_bad_texts_are_refused_with_reasons(texts, words):
    with pytest.raises(ValueError, match=words):
        WindowPreprocessor(TOKENIZER).encode(texts)
