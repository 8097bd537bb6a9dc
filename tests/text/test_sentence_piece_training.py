import pytest

from keras_transformer.text import (
    SentencePieceTokenizer,
    train_sentence_piece,
)
from tests.text.conftest import CORPUS

TYPES = pytest.mark.parametrize("model_type", ["unigram", "bpe"])


@TYPES
def test_equal_texts_give_an_equal_model(model_type):
    first = train_sentence_piece(iter(CORPUS), 500, model_type)
    assert train_sentence_piece(tuple(CORPUS), 500, model_type) == first


@TYPES
def test_nothing_is_printed(model_type, capfd):
    train_sentence_piece([*CORPUS, "a\0b", "", "x" * 9000], 500, model_type)
    assert capfd.readouterr() == ("", "")


@TYPES
def test_fewer_pieces_where_the_texts_do_not_give_as_many(model_type):
    model = train_sentence_piece(["to be or not to be"], 5000, model_type)
    assert 260 < SentencePieceTokenizer(model).vocabulary_size < 320
    model = train_sentence_piece(CORPUS * 5, 350, model_type)
    assert SentencePieceTokenizer(model).vocabulary_size == 350


@TYPES
def test_the_least_size_is_named_and_is_enough(model_type):
    with pytest.raises(ValueError, match="vocabulary_size=9") as e:
        train_sentence_piece(CORPUS, 9, model_type)
    least = int(str(e.value).split("would do is ")[1].split(";")[0])
    model = train_sentence_piece(CORPUS, least, model_type)
    assert SentencePieceTokenizer(model).vocabulary_size == least
    with pytest.raises(ValueError, match=f"would do is {least}"):
        train_sentence_piece(CORPUS, least - 1, model_type)


@TYPES
def test_no_text_is_left_out(model_type):
    texts = ["zebra " * 1000, "yak\0yak\u2585yak", "gnu\tgnu\ngnu"] * 4
    model = train_sentence_piece(texts, 600, model_type)
    vocabulary = "".join(SentencePieceTokenizer(model).vocabulary)
    assert set("zebraykgnu") <= set(vocabulary)


def test_lower_case_and_normalization():
    lower = train_sentence_piece(CORPUS, 500, lowercase=True)
    tokenizer = SentencePieceTokenizer(lower)
    ids = tokenizer.tokenize("The  QUICK \ufb01x")
    assert tokenizer.detokenize(ids).numpy() == b"the quick fix"
    exact = train_sentence_piece(CORPUS, 500, normalization="identity")
    tokenizer = SentencePieceTokenizer(exact)
    text = " The  QUICK \ufb01x\n\t"
    ids = tokenizer.tokenize(text)
    assert tokenizer.detokenize(ids).numpy() == text.encode()


@pytest.mark.parametrize("texts", [[], [""], ["  ", "\0"]])
def test_texts_with_nothing_in_them_are_refused(texts):
    message = f"Received: {len(texts)} texts without any"
    with pytest.raises(ValueError, match=message):
        train_sentence_piece(texts, 300)


@pytest.mark.parametrize(
    "texts, arguments, message",
    [
        ("a text", {}, "Received one string of 6"),
        (["a", 3], {}, r"texts\[1\]=3, of type int"),
        (CORPUS, {"vocabulary_size": 0}, "vocabulary_size=0"),
        (CORPUS, {"vocabulary_size": 9.5}, "vocabulary_size=9.5"),
        (CORPUS, {"model_type": "word"}, "'unigram', 'bpe'.*='word'"),
        (CORPUS, {"normalization": "nfd"}, "normalization='nfd'"),
        (CORPUS, {"character_coverage": 0.5}, "from 0.98 to 1.*=0.5"),
        (CORPUS, {"special_tokens": ["<s>"]}, r"\['<s>'\] more than once"),
        (CORPUS, {"special_tokens": [""]}, "not empty"),
        (
            CORPUS,
            {"special_tokens": ["a"], "tokens_in_text": ["a"]},
            r"\['a'\] more than once",
        ),
        (CORPUS, {"special_tokens": ["<0x00>"]}, "It says: .*<0x00>"),
        (
            CORPUS,
            {"lowercase": True, "normalization": "identity"},
            "lowercase=True with",
        ),
    ],
)
def test_wrong_arguments_are_refused(texts, arguments, message):
    with pytest.raises(ValueError, match=message):
        train_sentence_piece(texts, **{"vocabulary_size": 500, **arguments})
