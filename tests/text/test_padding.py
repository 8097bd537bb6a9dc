"""Padding, put on and taken off."""

import numpy as np
import tensorflow as tf

from keras_transformer.text import CharacterTokenizer
from keras_transformer.text.padding import detokenize_real, pad_ids

TOKENIZER = CharacterTokenizer("abc")


def test_rows_are_filled_up_and_their_mask_says_where():
    padded = pad_ids(tf.ragged.constant([[7], [], [5, 6]]), 9, "encoder_")
    assert {name: x.numpy().tolist() for name, x in padded.items()} == {
        "encoder_token_ids": [[7, 9], [9, 9], [5, 6]],
        "encoder_padding_mask": [[True, False], [False] * 2, [True] * 2],
    }


def test_texts_come_back_wherever_the_padding_is():
    a, b, c = TOKENIZER.tokenize("abc").numpy()
    token_ids = np.array([[[a, 0, b], [c, c, c]], [[0, 0, 0], [9, 9, a]]])
    mask = np.array(
        [
            [[True, False, True], [True] * 3],
            [[False] * 3, [False, False, True]],
        ]
    )
    texts = detokenize_real(TOKENIZER, token_ids.astype("int32"), mask)
    assert texts.numpy().tolist() == [[b"ab", b"ccc"], [b"", b"a"]]


def test_rows_of_the_model_that_are_no_tokens_are_left_out():
    a = int(TOKENIZER.tokenize("a")[0])
    rows = np.array([[a, TOKENIZER.vocabulary_size, 4000, a]], "int32")
    texts = detokenize_real(TOKENIZER, rows, np.ones((1, 4), bool))
    assert texts.numpy().tolist() == [b"aa"]


def test_no_rows_and_no_columns_are_no_texts():
    for shape in ((0, 3), (2, 0), (0, 2, 3), (2, 3, 0)):
        texts = detokenize_real(
            TOKENIZER, np.zeros(shape, "int32"), np.zeros(shape, bool)
        )
        assert texts.shape == shape[:-1]
        assert set(texts.numpy().ravel().tolist()) <= {b""}
