import base64

import numpy as np
import pytest
import sentencepiece
import tensorflow as tf

from keras_transformer.text import (
    SentencePieceTokenizer,
    train_sentence_piece,
)
from tests.text import contract
from tests.text.conftest import CORPUS
from tests.text.reference import HARD_PIECES


@pytest.fixture(scope="module")
def model():
    return train_sentence_piece(CORPUS * 3, 600, special_tokens=["<2de>"])


@pytest.mark.parametrize("model_type", ["unigram", "bpe"])
def test_an_emoji_never_seen_comes_back(model_type):
    model = train_sentence_piece(["a few words"] * 3, 300, model_type)
    tokenizer = SentencePieceTokenizer(model)
    text = "words \U0001f468\u200d\U0001f469 \U0001f600 \u4e2d"
    assert tokenizer.detokenize(tokenizer.tokenize(text)).numpy() == (
        text.encode()
    )
    without = train_sentence_piece(
        ["a few words"] * 3, 300, model_type, byte_fallback=False
    )
    unknown = SentencePieceTokenizer(without)
    assert unknown.unknown_token_id in unknown.tokenize(text).numpy()


def test_offsets_of_bytes_are_those_of_their_character(model):
    tokenizer = SentencePieceTokenizer(model)
    text = "fox \U0001f40e\U0001f40d \ud800!"
    _, starts, ends = tokenizer.tokenize_with_offsets(text)
    spans = [text[s:e] for s, e in zip(starts.numpy(), ends, strict=True)]
    assert spans.count("\U0001f40e") == spans.count("\U0001f40d") == 4
    assert "\ud800" in "".join(spans)
    assert spans[-1] == "!"


def test_bytes_that_are_not_utf_8_count_as_the_replacement_character(model):
    tokenizer = SentencePieceTokenizer(model)
    broken = b"a\xff\xe4\xb8 fox\xf0\x9f"
    mended = broken.decode("utf-8", "replace")
    for ours, theirs in zip(
        tokenizer.tokenize_with_offsets([broken]),
        tokenizer.tokenize_with_offsets([mended]),
        strict=True,
    ):
        assert ours.to_list() == theirs.to_list()


def test_tokens_and_ids(model):
    tokenizer = SentencePieceTokenizer(model)
    theirs = sentencepiece.SentencePieceProcessor(model_proto=model)
    assert tokenizer.vocabulary_size == theirs.get_piece_size()
    assert tokenizer.vocabulary == [
        theirs.id_to_piece(id) for id in range(len(theirs))
    ]
    assert tokenizer.vocabulary[:5] == [
        "<pad>",
        "<unk>",
        "<s>",
        "</s>",
        "<2de>",
    ]
    assert tokenizer.pad_token_id == 0
    assert tokenizer.unknown_token_id == 1
    assert tokenizer.start_token_id == 2
    assert tokenizer.end_token_id == 3
    assert tokenizer.mask_token_id is None
    assert tokenizer.resources == []
    assert tokenizer.special_tokens == ["<pad>", "<unk>", "<s>", "</s>"]
    assert tokenizer.id_to_token(tokenizer.token_to_id("<2de>")) == "<2de>"
    with pytest.raises(KeyError, match="has no token 'quixotic'"):
        tokenizer.token_to_id("quixotic")
    for id in (-1, len(theirs)):
        with pytest.raises(ValueError, match="the last one of the vocabulary"):
            tokenizer.id_to_token(id)
        with pytest.raises(ValueError, match="`ids` must be"):
            tokenizer.detokenize([id])


def test_special_tokens_never_come_from_text():
    model = train_sentence_piece(
        CORPUS, 600, special_tokens=["<2de>", "a,b"], tokens_in_text=["[MASK]"]
    )
    tokenizer = SentencePieceTokenizer(model)
    assert tokenizer.vocabulary[4:7] == ["<2de>", "a,b", "[MASK]"]
    text = "<2de> a,b <s> </s> <pad>"
    ids = tokenizer.tokenize(text).numpy()
    assert not {0, 1, 2, 3, 4, 5}.intersection(ids.tolist())
    assert tokenizer.detokenize(ids).numpy() == text.encode()
    assert tokenizer.mask_token_id == 6
    assert 6 in tokenizer.tokenize("the [MASK]s").numpy()
    shown = tokenizer.detokenize([[2, 4, *ids, 5, 3, 0]])
    assert shown.numpy().tolist() == [text.encode()]


def test_a_model_without_a_start_takes_another_piece(tmp_path):
    prefix = tmp_path / "t5"
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS),
        model_prefix=str(prefix),
        vocab_size=200,
        hard_vocab_limit=False,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
    )
    path = prefix.with_suffix(".model")
    with pytest.raises(ValueError, match=r"start_token=None.*\"<pad>\""):
        SentencePieceTokenizer(path)
    tokenizer = SentencePieceTokenizer(path, start_token="<pad>")
    assert tokenizer.start_token_id == tokenizer.pad_token_id == 0
    assert tokenizer.end_token_id == 1
    assert tokenizer.unknown_token_id == 2
    contract.check_copies(tokenizer, HARD_PIECES)
    with pytest.raises(ValueError, match="end_token='<eos>'"):
        SentencePieceTokenizer(path, start_token="<pad>", end_token="<eos>")


def test_path_bytes_and_base64_give_the_same(model, tmp_path):
    path = tmp_path / "deep" / "a.model"
    SentencePieceTokenizer(model).save_model(path)
    assert path.read_bytes() == model
    assert [entry.name for entry in path.parent.iterdir()] == ["a.model"]
    for form in (path, str(path), base64.b64encode(model).decode()):
        config = SentencePieceTokenizer(form).get_config()
        assert base64.b64decode(config["model"]) == model


def test_what_is_no_model_is_refused(model, tmp_path):
    text = tmp_path / "text.model"
    text.write_text("version https://git-lfs.github.com/spec/v1\n")
    for wrong in (text, str(text)):
        with pytest.raises(ValueError, match=r"text\.model, 43 bytes.*Git LFS"):
            SentencePieceTokenizer(wrong)
    for wrong in (b"", b"junk", model[:-100], model[:1000]):
        with pytest.raises(ValueError, match=f"{len(wrong)} bytes that begin"):
            SentencePieceTokenizer(wrong)
    for missing in ("no.model", tmp_path / "none", "abcd"):
        with pytest.raises(FileNotFoundError, match="There is none at: model="):
            SentencePieceTokenizer(missing)
    with pytest.raises(ValueError, match="model=3, of type int"):
        SentencePieceTokenizer(3)


def test_it_keeps_the_promises_of_a_tokenizer(model, tmp_path):
    tokenizer = SentencePieceTokenizer(model)
    contract.check_copies(tokenizer, HARD_PIECES)
    contract.check_functions_and_pipelines(tokenizer, HARD_PIECES)
    contract.check_seed_and_session(tokenizer, HARD_PIECES)
    contract.check_detokenize_shapes(tokenizer, "the lazy \U0001f600")
    contract.check_saved_model(tokenizer, HARD_PIECES, tmp_path)


def test_a_module_saves_it_without_tracking(model, tmp_path):
    tokenizer = SentencePieceTokenizer(model)
    module = tf.Module()
    module.ids = tf.function(
        lambda text: tokenizer.tokenize(text).to_tensor(),
        [tf.TensorSpec([None], tf.string)],
    )
    module.text = tf.function(
        tokenizer.detokenize, [tf.TensorSpec([None, None], tf.int32)]
    )
    tf.saved_model.save(module, str(tmp_path / "model"))
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    ids = loaded.ids(tf.constant(["the fox", "a dog, lazy"]))
    assert loaded.text(ids).numpy().tolist() == [b"the fox", b"a dog, lazy"]


def test_a_pipeline_outlives_the_tokenizer(model):
    data = tf.data.Dataset.from_tensors("the fox")
    mapped = data.map(SentencePieceTokenizer(model).tokenize)
    ids = SentencePieceTokenizer(model).tokenize("the fox").numpy()
    np.testing.assert_array_equal(next(iter(mapped)), ids)
