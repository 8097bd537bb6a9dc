"""Ids, offsets and texts of `SentencePieceTokenizer` and `sentencepiece`."""

import gzip

import numpy as np
import pytest
import sentencepiece
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_transformer.text import (
    SentencePieceTokenizer,
    train_sentence_piece,
)
from tests.text.conftest import CORPUS
from tests.text.reference import HARD_PIECES, generated_strings

MODES = [
    (model_type, normalization)
    for model_type in ("unigram", "bpe")
    for normalization in ("nmt_nfkc", "identity")
]


@pytest.fixture(scope="module")
def models():
    """A model for each type and normalization."""
    return {
        mode: train_sentence_piece(
            CORPUS * 3 + HARD_PIECES[:24],
            700,
            mode[0],
            special_tokens=["<2de>"],
            normalization=mode[1],
        )
        for mode in MODES
    }


def whole_characters(pieces, offsets):
    """Give each byte of a character the place of the character."""
    offsets = list(offsets)
    for i in range(len(pieces) - 2, -1, -1):
        following = pieces[i + 1]
        if following.startswith("<0x") and "<0x80>" <= following < "<0xC0>":
            offsets[i] = (offsets[i][0], offsets[i + 1][1])
    return offsets


def check_equally_likely(theirs, ids, expected):
    """Two ways through the same text differ in rounding alone."""
    assert theirs.decode(ids) == theirs.decode(expected)
    scores = [sum(map(theirs.get_score, way)) for way in (ids, expected)]
    assert scores[0] == pytest.approx(scores[1], rel=1e-6)
    assert sorted(ids) == sorted(expected)


def check_equal_to_reference(tokenizer, theirs, texts):
    """Compare ids, offsets and what comes back of all texts."""
    ids, starts, ends = tokenizer.tokenize_with_offsets(texts)
    back = tokenizer.detokenize(ids).numpy()
    rows = zip(ids.to_list(), starts.to_list(), ends.to_list(), strict=True)
    for text, row, joined in zip(texts, rows, back, strict=True):
        expected = theirs.encode(text, return_type="offset_mapping")
        if row[0] != expected["ids"]:
            check_equally_likely(theirs, row[0], expected["ids"])
            continue
        offsets = list(zip(row[1], row[2], strict=True))
        assert offsets == whole_characters(
            expected["pieces"], expected["offsets"]
        ), ascii(text)
        assert joined.decode() == theirs.decode(expected["ids"]), ascii(text)
    assert tokenizer.tokenize(texts).to_list() == ids.to_list()


@pytest.mark.parametrize("mode", MODES)
def test_ids_offsets_and_texts_equal_the_reference(models, mode):
    tokenizer = SentencePieceTokenizer(models[mode])
    theirs = sentencepiece.SentencePieceProcessor(model_proto=models[mode])
    texts = HARD_PIECES + list(generated_strings(2000, seed=7))
    check_equal_to_reference(tokenizer, theirs, texts)
    is_byte = [theirs.is_byte(id) for id in range(len(theirs))]
    ids = tokenizer.tokenize(HARD_PIECES[:40]).flat_values.numpy()
    assert 0.01 < np.mean(np.array(is_byte)[ids]) < 0.9


@pytest.mark.parametrize("model_type", ["unigram", "bpe"])
def test_real_texts_equal_the_reference(shared_data, model_type):
    path = shared_data / "multi30k_en_de/train.de.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = file.read().split("\n")[:3000]
    model = train_sentence_piece(lines[:2000], 1500, model_type)
    check_equal_to_reference(
        SentencePieceTokenizer(model),
        sentencepiece.SentencePieceProcessor(model_proto=model),
        lines,
    )


def small_tokenizers(cache={}):  # noqa: B006 - made once
    if not cache:
        for mode in MODES:
            model = train_sentence_piece(
                CORPUS, 500, mode[0], normalization=mode[1]
            )
            cache[mode] = (
                SentencePieceTokenizer(model),
                sentencepiece.SentencePieceProcessor(model_proto=model),
            )
    return cache.values()


@given(st.lists(st.text(max_size=60), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_text_equals_the_reference(texts):
    for tokenizer, theirs in small_tokenizers():
        check_equal_to_reference(tokenizer, theirs, texts)


@given(st.lists(st.text(max_size=60), min_size=1, max_size=20))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_any_text_comes_back_normalized(texts):
    for (_, normalization), (tokenizer, theirs) in zip(
        MODES, small_tokenizers(), strict=True
    ):
        back = tokenizer.detokenize(tokenizer.tokenize(texts)).numpy()
        for text, result in zip(texts, back, strict=True):
            if normalization == "identity":
                expected = text.replace("\u2581", " ")
            else:
                expected = theirs.normalize(text).replace("\u2581", " ").strip()
            assert result.decode() == expected, ascii(text)


@pytest.mark.parametrize("mode", MODES)
def test_any_ids_give_the_text_of_the_reference(models, mode):
    tokenizer = SentencePieceTokenizer(models[mode])
    theirs = sentencepiece.SentencePieceProcessor(model_proto=models[mode])
    generator = np.random.default_rng(5)
    space = tokenizer.token_to_id("\u2581")
    text_ids = [id for id in range(len(theirs)) if not theirs.is_byte(id)]
    rows = [
        generator.choice([space, space, *text_ids[:6], *text_ids], size)
        for size in generator.integers(0, 6, 1000)
    ]
    rows = [row.tolist() for row in rows]
    back = tokenizer.detokenize(tf.ragged.constant(rows, tf.int32)).numpy()
    for row, text in zip(rows, back, strict=True):
        shown = [id for id in row if id == 1 or not theirs.is_control(id)]
        assert text.decode() == theirs.decode(shown), shown
