import gzip
import json

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_transformer.text import BytePairTokenizer, train_byte_pair
from tests.text import contract
from tests.text.conftest import CORPUS
from tests.text.reference import HAND_PICKED, generated_strings

GPT2 = dict.fromkeys(
    ("unknown_token", "padding_token", "start_token", "end_token"),
    "<|endoftext|>",
)
HARD = [
    *HAND_PICKED,
    "a  b   c \n d\t\te \r\n f  ",
    "  a",
    "a   ",
    " \n\n a",
    "\u00a0 a\u00a0b \u00a0\u00a0c \u3000d\u2009\u202f e \u1680\u0085f",
    "it's I'll we've they're I'd I'm can't 'S 'LL",
    " 's ''s '' s 'sx 'rex x're 'r 'l 'v don''t 's's 're've \"'s !'s 1's",
    "'",
    "x'",
    "'l",
    "'re",
    "' re '\u00e9 \u00e9's",
    "12 34567 1a2b \u00bd\u00b2\u2460 \u0661\u0662 \u096c6 \u2167",
    "!?...--- a!b?c :-) </s><s>",
    "<s>a</s>  <pad> b<mask>'s <mask>",
    " <s> 's<s>'s  <s>",
    "\u0134A \u096c \u0120 \u00c4\u00a0 \u010a",
    "a\x00b \x1c\x1d\x1e\x1f \x7f\u200b\ufeff\ufffe\uffff",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea",
]


@pytest.fixture(scope="module")
def trained():
    return train_byte_pair(CORPUS * 4 + HAND_PICKED, 900)


@pytest.fixture(scope="module")
def tokenizer(trained):
    return BytePairTokenizer(*trained)


def reference(vocabulary, merges, special_tokens):
    """Hugging Face's tokenizer of the same files."""
    pairs = [tuple(merge.split(" ")) for merge in merges]
    theirs = tokenizers.ByteLevelBPETokenizer(vocabulary, pairs)
    theirs.add_special_tokens(special_tokens)
    return theirs


def check_equal_to_reference(tokenizer, theirs, texts):
    """Compare ids and offsets of all texts, and that they come back."""
    ids, starts, ends = tokenizer.tokenize_with_offsets(texts)
    rows = zip(ids.to_list(), starts.to_list(), ends.to_list(), strict=True)
    expected = theirs.encode_batch(texts)
    for text, row, encoding in zip(texts, rows, expected, strict=True):
        assert row[0] == encoding.ids, ascii(text)
        offsets = list(zip(row[1], row[2], strict=True))
        assert offsets == encoding.offsets, ascii(text)
    assert tokenizer.tokenize(texts).to_list() == ids.to_list()


def test_ids_and_offsets_equal_the_reference(trained, tokenizer):
    theirs = reference(*trained, tokenizer.special_tokens)
    texts = HARD + list(generated_strings(4000, seed=7))
    check_equal_to_reference(tokenizer, theirs, texts)
    lengths = tokenizer.tokenize(CORPUS).row_lengths().numpy()
    assert lengths.sum() < 0.5 * sum(len(text.encode()) for text in CORPUS)


def test_every_space_equals_the_reference(trained, tokenizer):
    theirs = reference(*trained, tokenizer.special_tokens)
    spaces = [
        chr(c)
        for c in range(0x3001)
        if chr(c).isspace() or c in (0x180E, 0x200B, 0x2060)
    ]
    texts = [
        pattern.format(a, b)
        for pattern in ("{}{}", "x{}{}y", "{}x{}", "1{}!{}{}", "x{} {}y")
        for a in spaces
        for b in (" ", "\n", a)
        if pattern.count("{}") == 2
    ]
    check_equal_to_reference(tokenizer, theirs, texts)


def test_real_texts_equal_the_reference(shared_data):
    path = shared_data / "multi30k_en_de/train.de.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = file.read().split("\n")[:3000]
    trained = train_byte_pair(lines, 3000)
    tokenizer = BytePairTokenizer(*trained)
    with gzip.open(shared_data / "tiny_shakespeare/input.txt.gz", "rt") as file:
        lines += file.read().split("\n\n")[:2000]
    theirs = reference(*trained, tokenizer.special_tokens)
    check_equal_to_reference(tokenizer, theirs, lines)


@given(st.lists(st.text(max_size=60), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_text_equals_the_reference_and_comes_back(texts):
    tokenizer, theirs = small_tokenizers()
    check_equal_to_reference(tokenizer, theirs, texts)
    back = tokenizer.detokenize(tokenizer.tokenize(texts)).numpy().tolist()
    assert back == [text.encode() for text in texts]


@given(st.lists(st.text("as '\n\t1!\u00e9\u4e2drevl", max_size=30), max_size=9))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_splitting_equals_the_reference(texts):
    check_equal_to_reference(*small_tokenizers(), texts)


def small_tokenizers(cache={}):  # noqa: B006 - made once
    if not cache:
        trained = train_byte_pair(CORPUS * 2, 400)
        cache["ours"] = BytePairTokenizer(*trained)
        special = cache["ours"].special_tokens
        cache["theirs"] = reference(*trained, special)
    return cache["ours"], cache["theirs"]


def test_long_words_among_short_ones(trained, tokenizer):
    theirs = reference(*trained, [])
    texts = ["playing" * 300, "a b", "aaaaaaa", "a" * 1001, "", "sing" * 40]
    check_equal_to_reference(tokenizer, theirs, texts)


def test_runs_of_one_letter_join_from_the_left():
    vocabulary, _ = train_byte_pair(["x"], 261)
    names = ["aa", "aaa", "aaaa"]
    vocabulary |= {t: len(vocabulary) + i for i, t in enumerate(names)}
    merges = ["a a", "aa aa", "aa a"]
    tokenizer = BytePairTokenizer(vocabulary, merges)
    texts = ["a" * length for length in range(40)] + ["aab aaab" * 9]
    check_equal_to_reference(
        tokenizer, reference(vocabulary, merges, []), texts
    )


def test_without_merges_each_byte_is_a_token():
    vocabulary, merges = train_byte_pair(["x"], 261)
    assert merges == []
    tokenizer = BytePairTokenizer(vocabulary, merges)
    text = "a \u00e9\U0001f600"
    ids, starts, ends = tokenizer.tokenize_with_offsets(text)
    assert len(ids) == len(text.encode())
    assert starts.numpy().tolist() == [0, 1, 2, 2, 3, 3, 3, 3]
    assert ends.numpy().tolist() == [1, 2, 3, 3, 4, 4, 4, 4]
    part = tokenizer.detokenize(ids[:-1]).numpy().decode()
    assert part == "a \u00e9\ufffd"


def test_bytes_that_are_not_utf_8_count_as_the_replacement_character(tokenizer):
    broken = b"a\xff\xe4\xb8 fox\xf0\x9f"
    mended = broken.decode("utf-8", "replace")
    for ours, theirs in zip(
        tokenizer.tokenize_with_offsets([broken]),
        tokenizer.tokenize_with_offsets([mended]),
        strict=True,
    ):
        assert ours.to_list() == theirs.to_list()


def test_tokens_and_ids(trained, tokenizer):
    vocabulary, merges = trained
    assert tokenizer.vocabulary_size == len(vocabulary)
    assert tokenizer.vocabulary == sorted(vocabulary, key=vocabulary.get)
    assert tokenizer.merges == merges
    assert tokenizer.vocabulary[:5] == tokenizer.special_tokens
    assert tokenizer.pad_token_id == 0
    assert tokenizer.unknown_token_id == 1
    assert tokenizer.start_token_id == 2
    assert tokenizer.end_token_id == 3
    assert tokenizer.mask_token_id == 4
    assert tokenizer.resources == []
    assert tokenizer.id_to_token(tokenizer.token_to_id("\u0120the")) == (
        "\u0120the"
    )


def test_gpt_2_has_one_special_token():
    vocabulary, merges = train_byte_pair(CORPUS, 400, ["<|endoftext|>"])
    with pytest.raises(ValueError, match=r"padding_token='<pad>'.*endoftext"):
        BytePairTokenizer(vocabulary, merges)
    tokenizer = BytePairTokenizer(vocabulary, merges, **GPT2)
    assert tokenizer.pad_token_id == tokenizer.end_token_id == 0
    assert tokenizer.mask_token_id is None
    theirs = reference(vocabulary, merges, ["<|endoftext|>"])
    texts = ["a<|endoftext|> b  <|endoftext|>", "<|endoftext|", *HARD]
    check_equal_to_reference(tokenizer, theirs, texts)


def test_special_tokens_in_the_text_can_be_turned_off():
    trained = train_byte_pair(
        CORPUS, 400, ["<pad>", "<unk>", "<s>", "</s>", "<2de>"]
    )
    on = BytePairTokenizer(*trained, special_tokens=["<2de>"])
    off = BytePairTokenizer(
        *trained, special_tokens=["<2de>"], special_tokens_in_text=False
    )
    text = "<2de> the</s>"
    assert on.tokenize(text).numpy()[[0, -1]].tolist() == [4, 3]
    assert off.tokenize(text).numpy().min() > 4
    assert off.detokenize(off.tokenize(text)).numpy() == text.encode()
    assert on.detokenize(on.tokenize(text)).numpy() == b" the"
    with pytest.raises(ValueError, match=r"\['<2fr>'\]"):
        BytePairTokenizer(*trained, special_tokens=["<2fr>"])


def test_files_and_lists_give_the_same(trained, tokenizer, tmp_path):
    vocabulary, merges = tmp_path / "a" / "vocab.json", tmp_path / "merges.txt"
    tokenizer.save_vocabulary(vocabulary, merges)
    expected = tokenizer.get_config()
    pairs = [merge.split(" ") for merge in trained[1]]
    for first, second in (
        (vocabulary, merges),
        (str(vocabulary), str(merges)),
        (tokenizer.vocabulary, pairs),
    ):
        assert BytePairTokenizer(first, second).get_config() == expected
    theirs = tokenizers.ByteLevelBPETokenizer.from_file(
        str(vocabulary), str(merges)
    )
    text = "playing the na\u00efve \U0001f600"
    assert theirs.encode(text).ids == tokenizer.tokenize(text).numpy().tolist()


def test_it_keeps_the_promises_of_a_tokenizer(tokenizer, tmp_path):
    contract.check_copies(tokenizer, HARD)
    contract.check_functions_and_pipelines(tokenizer, HARD)
    contract.check_seed_and_session(tokenizer, HARD)
    contract.check_detokenize_shapes(tokenizer, " the lazy \U0001f600")
    contract.check_saved_model(tokenizer, HARD, tmp_path)


def test_files_that_do_not_fit_are_refused(trained, tmp_path):
    vocabulary, merges = trained
    with pytest.raises(ValueError, match=r"'q z' at index 0.*'qz' is not"):
        BytePairTokenizer(vocabulary, ["q z", *merges])
    with pytest.raises(ValueError, match="Received: 'a b c' at index 1"):
        BytePairTokenizer(vocabulary, [merges[0], "a b c"])
    with pytest.raises(ValueError, match="1 doubled"):
        BytePairTokenizer(vocabulary, [*merges, merges[3]])
    with pytest.raises(ValueError, match=r"without 1 of them.*'!'"):
        BytePairTokenizer([t for t in vocabulary if t != "!"], [])
    with pytest.raises(ValueError, match=f"5000 where {len(vocabulary)}"):
        BytePairTokenizer({**vocabulary, "zz": 5000}, merges)
    with pytest.raises(FileNotFoundError, match=r"vocabulary=.*none\.json"):
        BytePairTokenizer(tmp_path / "none.json", merges)
    with pytest.raises(FileNotFoundError, match=r"merges=none\.txt"):
        BytePairTokenizer(vocabulary, "none.txt")
    wrong = tmp_path / "wrong.json"
    wrong.write_text("<s>\n")
    with pytest.raises(ValueError, match=r"wrong\.json, which cannot be read"):
        BytePairTokenizer(wrong, merges)
    wrong.write_text(json.dumps(["a"]))
    with pytest.raises(ValueError, match="which holds a list"):
        BytePairTokenizer(wrong, merges)


def test_equal_texts_give_an_equal_vocabulary():
    first = train_byte_pair(iter(CORPUS), 500)
    assert train_byte_pair(tuple(CORPUS), 500) == first
    assert train_byte_pair(CORPUS, 5000)[0].keys() >= first[0].keys()


@pytest.mark.parametrize(
    "texts, arguments, message",
    [
        ("a text", {}, "Received one string of 6"),
        (["a", 3], {}, r"texts\[1\]=3, of type int"),
        ([], {}, "Received: 0 texts without any"),
        (["", ""], {}, "Received: 2 texts without any"),
        (["a"], {"vocabulary_size": 260}, "least that would do is 261"),
        (["a"], {"vocabulary_size": 9.5}, "vocabulary_size=9.5"),
        (["a"], {"special_tokens": ["a", "a"]}, "must all differ"),
        (["a"], {"min_frequency": 0}, "min_frequency=0"),
    ],
)
def test_wrong_training_arguments_are_refused(texts, arguments, message):
    with pytest.raises(ValueError, match=message):
        train_byte_pair(texts, **{"vocabulary_size": 500, **arguments})
