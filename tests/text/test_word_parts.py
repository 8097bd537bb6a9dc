"""Tokens that go on with a word, in each kind of tokenizer."""

import pytest

from keras_transformer.text import (
    BytePairTokenizer,
    CharacterTokenizer,
    SentencePieceTokenizer,
    WordPieceTokenizer,
    train_byte_pair,
    train_sentence_piece,
    train_word_piece_vocabulary,
)
from keras_transformer.text.word_parts import goes_on_with_word

CORPUS = ["playing, played and player: it plays well; don't!", "5 1/2 plays"]


@pytest.mark.parametrize(
    "content, expected",
    [
        ("ing", True),
        ("\u00e9t\u00e9", True),
        ("5", True),
        ("\u0301", True),
        (" play", False),
        (",", False),
        ("'s", False),
        ("\n", False),
        ("", False),
        ("\u4e2d", False),
        ("\u306e", False),
        (b"\xc3", True),
        (b"\xa9", True),
        (b"\xe4\xb8", False),
        (b" \xc3", False),
    ],
)
def test_letters_and_digits_go_on_and_all_else_begins(content, expected):
    content = content if isinstance(content, bytes) else content.encode()
    assert goes_on_with_word(content) is expected


def pieces_by_word(tokenizer, text):
    """Join the tokens of each word, as the tokenizer tells them apart."""
    goes_on, words = tokenizer.continues_word, []
    assert len(goes_on) == tokenizer.vocabulary_size
    for id in tokenizer.tokenize([text]).to_list()[0]:
        token = tokenizer.id_to_token(id)
        if goes_on[id] and words:
            words[-1] += token.removeprefix("##")
        else:
            words.append(token)
    return [word.strip("\u2581\u0120") for word in words]


def sentence_piece():
    model = train_sentence_piece(CORPUS * 9, 45, byte_fallback=False)
    return SentencePieceTokenizer(model)


MAKERS = {
    "word_piece": lambda: WordPieceTokenizer(
        train_word_piece_vocabulary(CORPUS * 2, 60)
    ),
    "byte_pair": lambda: BytePairTokenizer(*train_byte_pair(CORPUS, 280)),
    "sentence_piece": sentence_piece,
}


@pytest.mark.parametrize("kind", MAKERS)
def test_tokens_of_a_word_are_told_from_the_next_word(kind):
    tokenizer = MAKERS[kind]()
    found = pieces_by_word(tokenizer, "playing, played well; 5 plays!")
    found = [word for word in found if word]
    assert found == ["playing", ",", "played", "well", ";", "5", "plays", "!"]


def test_a_character_is_a_token_of_its_own():
    tokenizer = CharacterTokenizer("ab ,\u4e2d")
    goes_on = dict(
        zip(tokenizer.vocabulary, tokenizer.continues_word, strict=True)
    )
    assert [token for token, on in goes_on.items() if on] == ["a", "b"]


def test_special_tokens_go_on_with_nothing():
    tokenizer = BytePairTokenizer(*train_byte_pair(CORPUS, 280))
    for token in tokenizer.special_tokens:
        assert not tokenizer.continues_word[tokenizer.token_to_id(token)]
