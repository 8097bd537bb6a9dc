"""Many strings give what a few give."""

import numpy as np
import pytest
import tensorflow as tf

from keras_transformer.text import (
    EncoderPreprocessor,
    WordPieceTokenizer,
    answer_in_batches,
    batches,
    encode_all,
    string_function,
)

TEXTS = ["a b", "", "b b a", "c", "a"]


def make_preprocessor():
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "b"]
    return EncoderPreprocessor(WordPieceTokenizer(vocabulary), max_length=6)


@pytest.mark.parametrize("chunk", [1, 2, 5, 9])
def test_chunks_change_no_token(chunk, monkeypatch):
    monkeypatch.setattr(batches, "_CHUNK", chunk)
    preprocessor = make_preprocessor()
    encoded = encode_all(preprocessor, {"text": TEXTS})
    at_once = preprocessor.encode(TEXTS)
    for name, rows in at_once.items():
        assert encoded[name].to_list() == rows.to_list()


def test_no_strings_give_no_rows():
    encoded = encode_all(make_preprocessor(), {"text": []})
    assert encoded["token_ids"].to_list() == []


def test_answers_of_different_widths_are_padded_by_their_type():
    def answer(strings):
        words = tf.strings.split(strings["text"]).to_tensor("")
        here = tf.cast(tf.strings.length(words), tf.int32)
        return {
            "word": words,
            "length": tf.where(here > 0, here, -1),
            "share": tf.cast(here, tf.float32),
        }

    strings = {"text": ["a bb", "c", "ddd e f"]}
    at_once = answer_in_batches(answer, strings, 3)
    for size in (1, 2):
        some = answer_in_batches(answer, strings, size)
        for name, values in at_once.items():
            np.testing.assert_array_equal(some[name], values)
    assert at_once["length"].numpy().tolist()[1] == [1, -1, -1]


def test_one_graph_serves_all_batch_sizes():
    traces = []

    def answer(strings):
        traces.append(strings)
        return {"length": tf.strings.length(strings["text"])}

    function = string_function(answer, ["text"])
    for size in (1, 2, 5):
        answer_in_batches(function, {"text": TEXTS}, size)
    assert len(traces) == 1
