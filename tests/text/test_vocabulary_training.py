import gzip
import random

import pytest

from keras_transformer.text import (
    WordPieceTokenizer,
    train_word_piece_vocabulary,
)
from tests.text.conftest import CORPUS

TEXTS = CORPUS * 2


@pytest.mark.parametrize("missing", [0, 1, 2, 9])
def test_the_size_is_never_exceeded(missing):
    largest = len(train_word_piece_vocabulary(TEXTS, 1000))
    vocabulary = train_word_piece_vocabulary(TEXTS, largest - missing)
    assert len(vocabulary) == largest - missing
    assert len(set(vocabulary)) == len(vocabulary)
    assert vocabulary[:5] == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("strip_accents", [None, True, False])
def test_every_character_seen_is_covered(lowercase, strip_accents):
    vocabulary = train_word_piece_vocabulary(
        TEXTS, 500, lowercase, strip_accents
    )
    tokenizer = WordPieceTokenizer(vocabulary, lowercase, strip_accents)
    texts = ["".join(reversed(text)) for text in TEXTS] + TEXTS
    ids = tokenizer.tokenize(texts).flat_values.numpy()
    assert tokenizer.unknown_token_id not in ids


def test_equal_texts_in_any_order_give_an_equal_vocabulary():
    shuffled = random.Random(3).sample(TEXTS, len(TEXTS))
    first = train_word_piece_vocabulary(TEXTS, 280)
    assert train_word_piece_vocabulary(iter(shuffled), 280) == first


def test_frequent_words_become_tokens():
    texts = ["sing singing"] * 50 + ["song sung sang rung hung"] * 2
    vocabulary = train_word_piece_vocabulary(texts, 34)
    assert {"sing", "singing"} <= set(vocabulary)


def test_rare_characters_are_left_out():
    texts = ["aab abq", "ab\u00e9 zz"]
    vocabulary = train_word_piece_vocabulary(texts, 60, min_frequency=2)
    assert {"a", "##a", "b", "##b", "z", "##z"} <= set(vocabulary)
    assert not {"q", "##q", "e", "##e"} & set(vocabulary)
    everything = train_word_piece_vocabulary(texts, 60, min_frequency=1)
    assert {"q", "##q", "e", "##e"} <= set(everything)


def test_characters_that_stand_alone_continue_no_word():
    vocabulary = train_word_piece_vocabulary(["\u4e2d, a, \u4e2d."] * 2, 60)
    assert {"\u4e2d", ",", "."} <= set(vocabulary)
    assert not {"##\u4e2d", "##,", "##."} & set(vocabulary)


def test_special_tokens_in_the_texts_are_not_learned():
    vocabulary = train_word_piece_vocabulary(["[MASK] a [SEP] b"] * 9, 30)
    assert set(vocabulary[5:]) == {"a", "b", "##a", "##b"}


def test_very_long_words_are_not_learned_but_their_characters_are():
    texts = ["abc " + "x" * 60 + " " + "y" * 101] * 3
    vocabulary = train_word_piece_vocabulary(texts, 60)
    assert "x" in vocabulary and "##x" in vocabulary
    assert "y" not in vocabulary
    assert max(map(len, vocabulary)) < 10


def test_other_special_tokens():
    vocabulary = train_word_piece_vocabulary(
        ["a a"], 20, special_tokens=["<pad>", "<s>"]
    )
    assert vocabulary[:2] == ["<pad>", "<s>"]


@pytest.mark.parametrize(
    "texts, options, message",
    [
        ([], {}, "0 texts without any"),
        (["", " ", "\u0301"], {}, "3 texts without any"),
        ("one text", {}, "Put it in a list"),
        (["a", None], {}, r"texts\[1\]=None"),
        (["abc"], {"min_frequency": 5}, "at least `min_frequency` times"),
        (["abcd"] * 9, {"vocabulary_size": 12}, "4 characters need 13"),
        (["a"], {"vocabulary_size": 0}, "must be a positive integer"),
        (["a"], {"min_frequency": 1.5}, "must be a positive integer"),
        (["a"], {"special_tokens": ["x", "x"]}, "must all differ"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(texts, options, message):
    with pytest.raises(ValueError, match=message):
        train_word_piece_vocabulary(texts, **{"vocabulary_size": 50, **options})


def test_real_texts_fill_the_vocabulary(shared_data):
    path = shared_data / "sst2" / "train_sentences.tsv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        texts = file.read().split("\n")[1:1500]
    vocabulary = train_word_piece_vocabulary(texts, 1500)
    assert len(vocabulary) == 1500
    ids = WordPieceTokenizer(vocabulary).tokenize(texts)
    words = sum(len(text.split()) for text in texts)
    assert len(ids.flat_values) < 1.8 * words
