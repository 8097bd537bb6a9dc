import gzip
import json

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_transformer.text import WordPieceTokenizer
from tests.text import contract
from tests.text.reference import (
    HAND_PICKED,
    MODES,
    generated_strings,
    reference,
    unstable_offsets,
)

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def check_equal_to_reference(tokenizer, theirs, texts):
    """Compare ids and offsets of all texts."""
    unstable = unstable_offsets()
    ids, starts, ends = tokenizer.tokenize_with_offsets(texts)
    rows = zip(ids.to_list(), starts.to_list(), ends.to_list(), strict=True)
    expected = theirs.encode_batch(texts, add_special_tokens=False)
    for text, row, encoding in zip(texts, rows, expected, strict=True):
        assert row[0] == encoding.ids, ascii(text)
        if not unstable.intersection(text):
            offsets = list(zip(row[1], row[2], strict=True))
            assert offsets == encoding.offsets, ascii(text)
    assert tokenizer.tokenize(texts).to_list() == ids.to_list()


@pytest.mark.parametrize("lowercase, strip_accents", MODES)
def test_ids_and_offsets_equal_the_reference(
    vocabularies, lowercase, strip_accents
):
    strip = lowercase if strip_accents is None else strip_accents
    vocabulary = vocabularies[lowercase, strip]
    tokenizer = WordPieceTokenizer(vocabulary, lowercase, strip_accents)
    texts = HAND_PICKED + list(generated_strings(1500, seed=7))
    theirs = reference(vocabulary, lowercase, strip_accents)
    check_equal_to_reference(tokenizer, theirs, texts)
    ids = tokenizer.tokenize(HAND_PICKED).flat_values.numpy()
    assert np.mean(ids == tokenizer.unknown_token_id) < 0.2


def test_real_texts_equal_the_reference(vocabulary, shared_data):
    tokenizer = WordPieceTokenizer(vocabulary)
    texts = []
    for path in ("wnut17/dev.txt.gz", "sms_spam/dev.tsv.gz"):
        with gzip.open(shared_data / path, "rt", encoding="utf-8") as file:
            texts += file.read().split("\n")
    with gzip.open(shared_data / "squad11/dev.jsonl.gz", "rt") as file:
        texts += sorted({json.loads(line)["context"] for line in file})[:500]
    check_equal_to_reference(tokenizer, reference(vocabulary), texts)


@given(st.lists(st.text(max_size=60), min_size=1, max_size=20))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_any_text_equals_the_reference(texts):
    tokenizer, theirs = small_tokenizers()
    check_equal_to_reference(tokenizer, theirs, texts)


def small_tokenizers(cache={}):  # noqa: B006 - made once
    if not cache:
        pieces = list("0aef.,\u00e9\u4e2d\u1100\u0301") + ["##0", "##a", "##e"]
        cache["ours"] = WordPieceTokenizer([*SPECIAL, *pieces])
        cache["theirs"] = reference([*SPECIAL, *pieces])
    return cache["ours"], cache["theirs"]


def test_a_very_long_text_among_short_ones(vocabulary):
    words = ["the caf\u00e9 [MASK] \u4e2d\u6587 singing " * 10_000, "", "a"]
    check_equal_to_reference(
        WordPieceTokenizer(vocabulary), reference(vocabulary), words
    )


def test_offsets_cut_out_what_gives_the_same_token(vocabulary):
    tokenizer = WordPieceTokenizer(vocabulary)
    text = "The Caf\u00e9 in \u0141\u00f3d\u017a \u4e2d\u6587, [MASK] 678!"
    ids, starts, ends = tokenizer.tokenize_with_offsets(text)
    for id, start, end in zip(ids.numpy(), starts, ends, strict=True):
        token = tokenizer.id_to_token(id)
        if not token.startswith("##"):
            assert tokenizer.tokenize(text[start:end]).numpy()[0] == id


def test_a_batch_equals_its_texts_one_by_one(vocabulary):
    tokenizer = WordPieceTokenizer(vocabulary)
    texts = HAND_PICKED + list(generated_strings(50, seed=11))
    batch = tokenizer.tokenize(texts).to_list()
    assert batch == [
        tokenizer.tokenize(text).numpy().tolist() for text in texts
    ]


def test_texts_joined_by_a_space_give_their_tokens_joined(vocabulary):
    tokenizer = WordPieceTokenizer(vocabulary)
    texts = list(generated_strings(60, seed=13))
    joined = tokenizer.tokenize(" ".join(texts)).numpy()
    np.testing.assert_array_equal(joined, tokenizer.tokenize(texts).flat_values)


def test_special_tokens_in_the_text_can_be_turned_off(vocabulary):
    text = "a [MASK] b"
    on = WordPieceTokenizer(vocabulary)
    off = WordPieceTokenizer(vocabulary, special_tokens_in_text=False)
    assert on.mask_token_id in on.tokenize(text).numpy()
    assert off.mask_token_id not in off.tokenize(text).numpy()
    np.testing.assert_array_equal(
        off.tokenize(text), off.tokenize("a [ mask ] b")
    )


def test_special_tokens_of_another_name():
    names = {
        "unknown_token": "<unk>",
        "padding_token": "<pad>",
        "start_token": "<s>",
        "end_token": "</s>",
        "mask_token": "<mask>",
    }
    tokenizer = WordPieceTokenizer([*names.values(), "a"], **names)
    assert tokenizer.tokenize("<s>a</s><mask>b").numpy().tolist() == [
        2, 5, 3, 4, 0
    ]  # fmt: skip
    assert tokenizer.pad_token_id == 1


def test_overlapping_special_tokens_are_refused():
    with pytest.raises(ValueError, match="must not overlap"):
        WordPieceTokenizer([*SPECIAL, "]["], mask_token="][")
    tokenizer = WordPieceTokenizer(
        [*SPECIAL, "]["], mask_token="][", special_tokens_in_text=False
    )
    assert tokenizer.mask_token_id == 5


@pytest.mark.parametrize("missing", SPECIAL[:4])
def test_a_missing_special_token_is_named(missing):
    vocabulary = [token for token in [*SPECIAL, "a"] if token != missing]
    with pytest.raises(ValueError, match=rf"'\{missing[:-1]}\]'"):
        WordPieceTokenizer(vocabulary)


def test_a_token_too_long_for_the_operation_is_named():
    fits = [*SPECIAL, "a" * 256, "##" + "a" * 256]
    assert WordPieceTokenizer(fits).tokenize("a").numpy().tolist() == [1]
    with pytest.raises(ValueError, match=r"at most 256 bytes.*with id 5"):
        WordPieceTokenizer([*SPECIAL, "\u00e9" * 129])


def test_the_mask_token_may_be_missing():
    tokenizer = WordPieceTokenizer([*SPECIAL[:4], "a"])
    assert tokenizer.mask_token_id is None
    assert tokenizer.tokenize("[MASK] a").numpy().tolist() == [1, 1, 1, 4]


def test_tokens_and_ids(vocabulary):
    tokenizer = WordPieceTokenizer(vocabulary)
    assert tokenizer.vocabulary == vocabulary
    assert tokenizer.vocabulary_size == len(vocabulary)
    assert tokenizer.token_to_id("[SEP]") == tokenizer.end_token_id == 3
    assert tokenizer.start_token_id == 2
    assert tokenizer.id_to_token(4) == "[MASK]"
    with pytest.raises(KeyError, match="has no token 'quixotic'"):
        tokenizer.token_to_id("quixotic")
    for id in (-1, len(vocabulary)):
        with pytest.raises(ValueError, match="the last one of the vocabulary"):
            tokenizer.id_to_token(id)


def test_detokenize_joins_words_and_leaves_out_padding():
    tokenizer = WordPieceTokenizer([*SPECIAL, "play", "##ing", "now", "##"])
    expected = [b"playing now [MASK]", b"", b"ing [UNK]"]
    rows = [[2, 5, 6, 7, 4, 3, 0], [0, 0], [6, 8, 1]]
    ragged = tf.ragged.constant(rows)
    assert tokenizer.detokenize(rows).numpy().tolist() == expected
    assert tokenizer.detokenize(ragged).numpy().tolist() == expected
    dense = ragged.to_tensor(0)
    assert tokenizer.detokenize(dense).numpy().tolist() == expected
    cube = tokenizer.detokenize(tf.reshape(dense, [3, 1, 7]))
    assert cube.numpy().tolist() == [[text] for text in expected]
    assert tokenizer.detokenize([5, 6]).numpy() == b"playing"
    assert tokenizer.detokenize([]).numpy() == b""
    assert tokenizer.detokenize([[], []]).numpy().tolist() == [b"", b""]


def test_detokenize_gives_back_words(vocabulary):
    tokenizer = WordPieceTokenizer(vocabulary)
    text = "the player sings 678 \u4e2d \u03ba\u03bf\u03c3\u03bc\u03b5"
    assert tokenizer.detokenize(tokenizer.tokenize(text)).numpy() == (
        text.encode()
    )


@pytest.mark.parametrize("ids", [[0.5], [[9]], [[-1, 0]], 3])
def test_detokenize_refuses_what_is_no_id(ids):
    with pytest.raises(ValueError, match="`ids` must be"):
        WordPieceTokenizer(SPECIAL).detokenize(ids)


def test_config_pickle_and_copy_give_the_same_tokenizer(vocabularies):
    tokenizer = WordPieceTokenizer(vocabularies[False, True], False, True)
    contract.check_copies(tokenizer, HAND_PICKED)


def test_it_works_in_functions_and_data_pipelines(vocabulary):
    tokenizer = WordPieceTokenizer(vocabulary)
    contract.check_functions_and_pipelines(tokenizer, HAND_PICKED)
    contract.check_seed_and_session(tokenizer, HAND_PICKED)
    contract.check_detokenize_shapes(tokenizer, "the lazy \u4e2d")


def test_a_saved_model_answers_alike_in_another_process(vocabulary, tmp_path):
    tokenizer = WordPieceTokenizer(vocabulary)
    assert tokenizer.resources == []
    contract.check_saved_model(tokenizer, HAND_PICKED, tmp_path)
    size = (tmp_path / "model" / "saved_model.pb").stat().st_size
    assert size < 1_000_000
