"""Texts to learn to continue, and prompts to continue."""

import copy
import json
import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_transformer.text import CharacterTokenizer, DecoderPreprocessor

PAD, START, END = 0, 2, 3
TOKENIZER = CharacterTokenizer("abcd ")  # " " is 4, "a" 5, "d" 8


def make(max_length=6, **options):
    return DecoderPreprocessor(TOKENIZER, max_length=max_length, **options)


def as_lists(inputs):
    return {name: value.numpy().tolist() for name, value in inputs.items()}


def test_texts_to_learn_from_are_shifted_and_padded():
    assert as_lists(make()(["ab", "", "abcdabcd"])) == {
        "token_ids": [
            [2, 5, 6, 0, 0, 0],
            [2, 0, 0, 0, 0, 0],
            [2, 5, 6, 7, 8, 5],
        ],
        "padding_mask": [
            [True] * 3 + [False] * 3,
            [True] + [False] * 5,
            [True] * 6,
        ],
        "labels": [
            [5, 6, 3, 0, 0, 0],
            [3, 0, 0, 0, 0, 0],
            [5, 6, 7, 8, 5, 6],
        ],
    }


def test_whole_texts_are_not_cut():
    whole = make(3).encode_whole(["abcd abcd", "a"])
    assert whole["token_ids"].row_lengths().numpy().tolist() == [10, 2]
    assert whole["labels"].to_list()[0][-1] == END


def test_a_prompt_has_a_start_and_no_end_and_is_not_cut():
    assert as_lists(make(3).prompt(["ab", "", "abcd"])) == {
        "token_ids": [[2, 5, 6, 0, 0], [2, 0, 0, 0, 0], [2, 5, 6, 7, 8]],
        "padding_mask": [
            [True] * 3 + [False] * 2,
            [True] + [False] * 4,
            [True] * 5,
        ],
    }


def test_without_a_start_only_an_empty_prompt_has_one():
    preprocessor = make(add_start=False)
    assert preprocessor.encode_prompt(["ab", "", "c"]).to_list() == [
        [5, 6],
        [START],
        [7],
    ]
    encoded = preprocessor.encode(["ab", ""])
    assert encoded["token_ids"].to_list() == [[5, 6], []]
    assert encoded["labels"].to_list() == [[6, END], []]


@pytest.mark.parametrize("add_start", [True, False])
def test_targets_behind_prompts_are_scored_and_nothing_else(add_start):
    inputs, labels, is_target = make(add_start=add_start).score_inputs(
        tf.constant(["ab", "", "abc"]), tf.constant(["cd", "d", ""])
    )
    for row, (prompt, target) in enumerate(
        [("ab", "cd"), ("", "d"), ("abc", "")]
    ):
        ids = TOKENIZER.tokenize(prompt + target).numpy().tolist()
        if add_start or not prompt:
            ids = [START, *ids]
        mask = inputs["padding_mask"][row].numpy()
        assert inputs["token_ids"][row].numpy()[mask].tolist() == ids[:-1]
        assert labels[row].numpy()[mask].tolist() == ids[1:]
        scored = labels[row].numpy()[is_target[row]]
        assert scored.tolist() == TOKENIZER.tokenize(target).numpy().tolist()


def test_what_is_cut_is_counted():
    texts = ["abcd", "abcda", "abcdab", "", "a" * 50]
    for add_start in (True, False):
        preprocessor = make(5, add_start=add_start)
        cut = [
            preprocessor.encode_whole([t])["labels"].to_list()
            != preprocessor.encode([t])["labels"].to_list()
            for t in texts
        ]
        assert preprocessor.count_truncated(texts) == sum(cut)


def test_written_ids_come_back_as_text():
    ids = np.array([[START, 5, 6, END, PAD], [5, PAD, 6, 99, END]], "int32")
    mask = np.array([[True] * 4 + [False], [True, False, True, True, True]])
    assert make().decode(ids, mask).numpy().tolist() == [b"ab", b"ab"]


def test_copies_are_the_same_preprocessor():
    preprocessor = make(7, add_start=False)
    wanted = preprocessor.encode(["ab", ""])["labels"].to_list()
    config = json.loads(
        json.dumps(keras.saving.serialize_keras_object(preprocessor))
    )
    for other in (
        keras.saving.deserialize_keras_object(config),
        pickle.loads(pickle.dumps(preprocessor)),
        copy.deepcopy(preprocessor),
    ):
        assert other.encode(["ab", ""])["labels"].to_list() == wanted
        assert (other.max_length, other.add_start) == (7, False)
        assert other.tokenizer.vocabulary == TOKENIZER.vocabulary


@pytest.mark.parametrize("max_length", [1, 0, -1, 2.0, "7", True, None])
def test_a_length_must_leave_room_for_what_comes_next(max_length):
    with pytest.raises(ValueError, match="integer of at least 2, a prompt"):
        make(max_length)


def test_what_is_no_batch_of_texts_is_refused():
    with pytest.raises(ValueError, match="batch of strings"):
        make().encode("ab")
    with pytest.raises(ValueError, match=r"strings only.*text\[1\]=None"):
        make().prompt(["ab", None])
    with pytest.raises(ValueError, match="must be a tokenizer"):
        DecoderPreprocessor(None)
