"""Mask tokens in texts: found wherever they stand, and never cut off."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_transformer.text import (
    BytePairTokenizer,
    CharacterTokenizer,
    EncoderPreprocessor,
    SentencePieceTokenizer,
    WordPieceTokenizer,
    encode_around_mask,
    rows_without,
    token_strings,
    train_byte_pair,
    train_sentence_piece,
    with_ends,
)
from keras_transformer.text.fill_mask import tokenize_with_masks

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = ["a", "joy", "to", "watch", "##ing", ".", "[", "]", "mask", "sep"]
CORPUS = ["a joy to watch.", "what a joy it was to watch a joy"] * 20
FEW = settings(deadline=None, max_examples=40, derandomize=True)


@functools.cache
def word_piece(special_tokens_in_text=True):
    return WordPieceTokenizer(
        [*SPECIAL, *WORDS], special_tokens_in_text=special_tokens_in_text
    )


def shown(tokenizer, texts):
    """The tokens of texts with masks, as they stand in the vocabulary."""
    rows = tokenize_with_masks(tokenizer, tf.constant(texts)).to_list()
    return [[tokenizer.id_to_token(id) for id in row] for row in rows]


@pytest.mark.parametrize("in_text", [True, False])
@pytest.mark.parametrize(
    "text, tokens",
    [
        ("a [MASK] to watch.", "a [MASK] to watch ."),
        ("[MASK]", "[MASK]"),
        ("a[MASK]joy", "a [MASK] joy"),
        ("[MASK][MASK].[MASK]", "[MASK] [MASK] . [MASK]"),
        ("Watching [MASK]", "watch ##ing [MASK]"),
        ("[mask] [ MASK ]", "[ mask ] [ mask ]"),
        ("[[MASK]]", "[ [MASK] ]"),
        ("", ""),
    ],
)
def test_a_mask_is_found_wherever_it_stands(in_text, text, tokens):
    tokenizer = word_piece(in_text)
    assert shown(tokenizer, [text, "joy"]) == [tokens.split(), ["joy"]]


def test_other_special_tokens_stay_what_the_tokenizer_makes_of_them():
    text = "a [SEP] [MASK]"
    assert shown(word_piece(True), [text]) == [["a", "[SEP]", "[MASK]"]]
    apart = ["a", "[", "sep", "]", "[MASK]"]
    assert shown(word_piece(False), [text]) == [apart]


ALPHABET = ["a", "joy", " ", ".", "[MASK]", "[", "]", "\u00e9", "[SEP]"]


@FEW
@given(
    st.lists(
        st.lists(st.sampled_from(ALPHABET), max_size=8).map("".join),
        max_size=5,
    )
)
def test_parts_between_masks_are_tokenized_as_if_alone(texts):
    tokenizer = word_piece(special_tokens_in_text=False)
    found = shown(tokenizer, texts) if texts else []
    for text, tokens in zip(texts, found, strict=True):
        wanted = []
        for part in text.split("[MASK]"):
            ids = tokenizer.tokenize([part]).to_list()[0]
            wanted += [*map(tokenizer.id_to_token, ids), "[MASK]"]
        assert tokens == wanted[:-1]


def test_a_mask_covers_the_space_before_it_where_tokens_do():
    for in_text in (True, False):
        tokenizer = BytePairTokenizer(
            *train_byte_pair(CORPUS, 400), special_tokens_in_text=in_text
        )
        whole = shown(tokenizer, ["a joy to watch."])[0]
        place = whole.index("\u0120joy")
        with_mask = [*whole[:place], "<mask>", *whole[place + 1 :]]
        texts = ["a <mask> to watch.", "a<mask> to watch.", "a ", "<mask>"]
        assert shown(tokenizer, texts) == [
            with_mask,
            with_mask,
            ["a", "\u0120"],
            ["<mask>"],
        ]


def test_a_piece_of_sentence_piece_may_be_masked():
    model = train_sentence_piece(
        CORPUS, 60, tokens_in_text=["[MASK]"], byte_fallback=False
    )
    tokenizer = SentencePieceTokenizer(model)
    assert tokenizer.finds_mask_token
    whole = shown(tokenizer, ["a joy to watch."])[0]
    place = whole.index("\u2581joy")
    with_mask = [*whole[:place], "[MASK]", *whole[place + 1 :]]
    assert shown(tokenizer, ["a [MASK] to watch."]) == [with_mask]
    control = SentencePieceTokenizer(
        train_sentence_piece(
            CORPUS, 60, special_tokens=["[MASK]"], byte_fallback=False
        )
    )
    assert not control.finds_mask_token
    assert shown(control, ["a [MASK] to watch."]) == [with_mask]


def test_a_space_is_a_character_like_any_other():
    tokenizer = CharacterTokenizer("ab ", special_tokens=["[MASK]"])
    assert shown(tokenizer, ["a [MASK]b"]) == [["a", " ", "[MASK]", "b"]]


@functools.cache
def character_tokenizer():
    return CharacterTokenizer(
        map(chr, range(97, 123)), special_tokens=["[MASK]"]
    )


@FEW
@given(
    before=st.integers(0, 12),
    after=st.integers(0, 12),
    more=st.integers(0, 3),
    longest=st.integers(3, 9),
)
def test_of_a_long_text_the_part_around_the_first_mask_is_kept(
    before, after, more, longest
):
    tokenizer = character_tokenizer()
    letters = [chr(97 + i) for i in range(before + after)]
    text = "".join(letters[:before]) + "[MASK]" + "".join(letters[before:])
    text += "[MASK]" * more
    inputs, place, has_mask = encode_around_mask(
        EncoderPreprocessor(tokenizer, longest), tf.constant([text, "ab", ""])
    )
    assert has_mask.numpy().tolist() == [True, False, False]
    whole = tokenize_with_masks(tokenizer, tf.constant([text])).to_list()[0]
    real = inputs["padding_mask"].numpy()[0]
    row = inputs["token_ids"].numpy()[0][real].tolist()
    room = longest - 2
    assert (row[0], row[-1]) == (
        tokenizer.start_token_id,
        tokenizer.end_token_id,
    )
    first = before + 1 - place.numpy()[0]  # of what is kept
    assert row[1:-1] == whole[first : first + room]
    assert len(row) - 2 == min(len(whole), room)
    assert row[place.numpy()[0]] == tokenizer.mask_token_id
    # As much on each side as there is, where there is not enough for both.
    left, right = place.numpy()[0] - 1, len(row) - 2 - place.numpy()[0]
    if len(whole) > room:
        assert left >= min(before, room // 2)
        assert right >= min(len(whole) - before - 1, (room - 1) // 2)


def test_rows_are_those_of_the_preprocessor():
    preprocessor = EncoderPreprocessor(word_piece(), 12)
    texts = ["a [MASK] to watch", "[MASK]", "joy"]
    inputs, place, _ = encode_around_mask(preprocessor, tf.constant(texts))
    for name, values in preprocessor(texts).items():
        np.testing.assert_array_equal(inputs[name], values)
    assert place.numpy().tolist()[:2] == [2, 1]
    ids = preprocessor.tokenizer.tokenize(texts)
    for name, rows in preprocessor.encode(texts).items():
        ends = with_ends(ids, preprocessor.tokenizer)[name]
        assert ends.to_list() == rows.to_list()


def test_texts_without_a_token_are_named():
    texts = ["a [MASK]", "b", "[MASK", "[MASK]", ""]
    assert rows_without(texts, "[MASK]") == [1, 2, 4]
    assert rows_without([], "[MASK]") == []


def test_tokens_are_looked_up_as_they_stand_in_the_vocabulary():
    ids = [[5, 9], [4, 4]]
    assert token_strings(word_piece(), ids).numpy().tolist() == [
        [b"a", b"##ing"],
        [b"[MASK]", b"[MASK]"],
    ]
