import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_transformer.text import CharacterTokenizer
from tests.text import contract
from tests.text.reference import HAND_PICKED, generated_strings

KNOWN = "abc \n\t\u00e9\u0301\u4e2d\U0001f600\x00"


def expected_ids(tokenizer, text):
    """The ids in plain Python."""
    mended = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    known = sorted(tokenizer.get_config()["characters"])
    first = tokenizer.vocabulary_size - len(known)
    return [
        first + known.index(c) if c in known else tokenizer.unknown_token_id
        for c in mended
    ]


def check_equal_to_python(tokenizer, texts):
    ids, starts, ends = tokenizer.tokenize_with_offsets(texts)
    expected = [expected_ids(tokenizer, text) for text in texts]
    assert ids.to_list() == tokenizer.tokenize(texts).to_list() == expected
    assert starts.to_list() == [list(range(len(row))) for row in expected]
    assert ends.to_list() == [[i + 1 for i in range(len(r))] for r in expected]
    unknown = tokenizer.unknown_token_id
    back = tokenizer.detokenize(ids).numpy().tolist()
    assert back == [
        "".join(
            "\ufffd" if id == unknown else tokenizer.id_to_token(id)
            for id in row
        ).encode()
        for row in expected
    ]


def test_hard_texts_equal_plain_python():
    texts = HAND_PICKED + list(generated_strings(1000, seed=5))
    check_equal_to_python(CharacterTokenizer(KNOWN), texts)
    check_equal_to_python(CharacterTokenizer.from_texts(texts[:500]), texts)


@given(st.lists(st.text(max_size=40), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_text_equals_plain_python(texts):
    check_equal_to_python(CharacterTokenizer(KNOWN), texts)


@given(st.lists(st.text(KNOWN, max_size=40), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_known_characters_come_back(texts):
    tokenizer = CharacterTokenizer(KNOWN)
    back = tokenizer.detokenize(tokenizer.tokenize(texts)).numpy().tolist()
    assert back == [text.encode() for text in texts]


def test_tokens_and_ids():
    tokenizer = CharacterTokenizer("cab ab", ["<2de>", "[MASK]"])
    assert tokenizer.vocabulary == [
        *("[PAD]", "[UNK]", "[START]", "[END]", "<2de>", "[MASK]"),
        *(" ", "a", "b", "c"),
    ]
    assert tokenizer.vocabulary_size == 10
    assert tokenizer.pad_token_id == 0
    assert tokenizer.unknown_token_id == 1
    assert tokenizer.start_token_id == 2
    assert tokenizer.end_token_id == 3
    assert tokenizer.mask_token_id == 5
    assert tokenizer.special_tokens == tokenizer.vocabulary[:6]
    assert tokenizer.token_to_id("b") == 8
    assert tokenizer.resources == []
    assert CharacterTokenizer("a").mask_token_id is None
    assert tokenizer.tokenize("<2de>").numpy().tolist() == [1] * 5
    shown = tokenizer.detokenize([2, 4, 7, 5, 1, 3, 0])
    assert shown.numpy().decode() == "a\ufffd"
    with pytest.raises(KeyError, match="has no token 'ab'"):
        tokenizer.token_to_id("ab")


def test_rare_characters_can_be_unknown():
    texts = ["aab", "abc"]
    assert CharacterTokenizer.from_texts(iter(texts)).vocabulary[4:] == [*"abc"]
    rare = CharacterTokenizer.from_texts(texts, 2, padding_token="<pad>")
    assert rare.vocabulary[4:] == ["a", "b"]
    assert rare.vocabulary[0] == "<pad>"


def test_it_keeps_the_promises_of_a_tokenizer(tmp_path):
    texts = HAND_PICKED + list(generated_strings(50, seed=3))
    tokenizer = CharacterTokenizer.from_texts(
        texts[:30], special_tokens=["<x>"]
    )
    contract.check_copies(tokenizer, texts)
    contract.check_functions_and_pipelines(tokenizer, texts)
    contract.check_seed_and_session(tokenizer, texts)
    contract.check_detokenize_shapes(tokenizer, "a \U0001f600 b")
    contract.check_saved_model(tokenizer, texts, tmp_path)


@pytest.mark.parametrize(
    "characters, arguments, message",
    [
        ("", {}, "at least one character"),
        (["ab"], {}, "'ab'.*from_texts"),
        (["\ud800"], {}, "one each"),
        ([3], {}, "Received: 3"),
        (3, {}, "characters=3"),
        (b"ab", {}, "characters=b'ab'"),
        ("ab", {"padding_token": "a"}, r"\['a'\] among both"),
        ("ab", {"padding_token": "[UNK]"}, "must all differ"),
        ("ab", {"special_tokens": [""]}, "not empty"),
    ],
)
def test_wrong_arguments_are_refused(characters, arguments, message):
    with pytest.raises(ValueError, match=message):
        CharacterTokenizer(characters, **arguments)


@pytest.mark.parametrize(
    "texts, message",
    [
        ([""], "0 different characters"),
        (["ab"], "min_frequency=2"),
        ("ab", "one string of 2"),
        (["a", None], r"texts\[1\]=None"),
    ],
)
def test_wrong_texts_are_refused(texts, message):
    with pytest.raises(ValueError, match=message):
        CharacterTokenizer.from_texts(texts, 2)
