"""Checkpoints of Hugging Face's layout, in all commands."""

import json

import numpy as np
import pytest

import keras_transformer as kt
from keras_transformer.cli.main import main
from tests.tasks.generators import make_seq2seq_lm
from tests.tasks.toys import LABELS, TEXTS, make_encoder, make_preprocessor


def run(*words):
    return main([str(word) for word in words])


def make_classifier():
    """A classifier that a BERT checkpoint can hold."""
    preprocessor = make_preprocessor()
    return kt.tasks.TextClassifier(
        make_encoder(preprocessor, num_segments=2),
        preprocessor,
        ["bad", "good"],
        pooling="first",
        head_dim=8,
    )


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    """A classifier, its checkpoint, and that of its encoder alone."""
    folder = tmp_path_factory.mktemp("checkpoints")
    task = make_classifier()
    task.save(folder / "ours.keras")
    task.save_pretrained(folder / "checkpoint")
    task.encoder.save_pretrained(folder / "bare")
    kt.text.write_tokenizer(
        task.preprocessor.tokenizer, folder / "bare", model_type="bert"
    )
    return task, folder


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("".join(f"{text}\n" for text in TEXTS))
    return path


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "train.tsv"
    rows = zip(TEXTS * 4, LABELS * 4, strict=True)
    lines = ["text\tlabel", *(f"{text}\t{label}" for text, label in rows)]
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def said_as_json(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_commands_take_a_checkpoint_as_it_is(classifier, texts, table, capsys):
    task, folder = classifier
    assert run("predict", folder / "checkpoint", texts) == 0
    wanted = task.answer(TEXTS)
    for row, label, scores in zip(
        said_as_json(capsys),
        wanted["label"].numpy(),
        wanted["scores"].numpy(),
        strict=True,
    ):
        assert row["label"] == label.decode()
        np.testing.assert_allclose(row["scores"], scores, atol=1e-5)
    assert run("evaluate", folder / "checkpoint", "--data", table) == 0
    assert said_as_json(capsys)[0]["examples"] == 24


def test_a_checkpoint_becomes_ours_and_goes_back(classifier, tmp_path, capsys):
    task, folder = classifier
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    assert run("convert", folder / "checkpoint", "--to", ours) == 0
    assert sorted(path.name for path in ours.iterdir()) == ["model.keras"]
    np.testing.assert_allclose(
        kt.load(ours).answer(TEXTS)["scores"],
        task.answer(TEXTS)["scores"],
        atol=1e-6,
    )
    assert run("convert", ours, "--to", theirs) == 0
    assert "BertForSequenceClassification" in capsys.readouterr().err
    config = json.loads((theirs / "config.json").read_text("utf-8"))
    assert config["model_type"] == "bert"
    assert config["id2label"] == {"0": "bad", "1": "good"}
    before, after = (
        kt.checkpoints.read(path).tensors
        for path in (folder / "checkpoint", theirs)
    )
    assert sorted(before.names) == sorted(after.names)
    for name in before.names:
        np.testing.assert_array_equal(before.read(name), after.read(name))


def test_a_model_without_a_head_becomes_what_one_says(
    classifier, tmp_path, capsys
):
    _, folder = classifier
    words = ["convert", folder / "bare", "--to", tmp_path / "new"]
    assert run(*words) == 2
    said = capsys.readouterr().err
    assert "without a head" in said and "MaskedLM.from_pretrained" in said
    assert not list(tmp_path.iterdir())
    assert run(*words, "--task", "similarity", "--max-length", "7") == 0
    task = kt.load(tmp_path / "new")
    assert isinstance(task, kt.tasks.SentenceEncoder)
    assert task.preprocessor.max_length == 7


def test_training_begins_with_a_checkpoint(classifier, table, tmp_path, capsys):
    task, folder = classifier
    words = ["train", "classification", "--train", table, "--epochs", 1]
    words += ["--validation-share", 0, "--output", tmp_path / "model"]
    words += ["--from-pretrained", folder / "bare"]
    assert run(*words, "--size", "tiny") == 2
    assert "bare and --size" in capsys.readouterr().err
    assert run(*words, "--max-length", 99) == 2
    assert "model of 12 positions" in capsys.readouterr().err
    assert run(*words, "--learning-rate", "1e-9") == 0
    trained = kt.load(tmp_path / "model")
    assert trained.classes == ["bad", "good"]
    assert (trained.dropout, trained.token_dropout) == (0.1, 0.0)
    assert trained.pooling == "first"
    assert run("convert", tmp_path / "model", "--to", tmp_path / "hf") == 0
    assert kt.load(tmp_path / "hf").classes == ["bad", "good"]
    for found, wanted in zip(
        trained.encoder.get_weights(), task.encoder.get_weights(), strict=True
    ):
        np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_the_rate_falls_with_the_width_of_a_checkpoint(
    classifier, table, tmp_path, capsys
):
    _, folder = classifier
    words = ["train", "classification", "--train", table, "--epochs", 1]
    words += ["--validation-share", 0, "--output", tmp_path / "model"]
    words += ["--from-pretrained", folder / "checkpoint"]
    assert run(*words) == 0
    card = (tmp_path / "model" / "model_card.md").read_text("utf-8")
    assert "0.008" in card  # 0.064 / 8
    assert run(*words, "--lora", 2, "--overwrite") == 0
    card = (tmp_path / "model" / "model_card.md").read_text("utf-8")
    assert "0.08" in card  # 0.64 / 8


def test_a_writer_goes_on_from_a_trained_one(tmp_path, capsys):
    task = make_seq2seq_lm()
    task.save(tmp_path / "trained.keras")
    path = tmp_path / "train.tsv"
    path.write_text("source\ttarget\n" + "".join(f"{t}\t{t}\n" for t in TEXTS))
    words = ["train", "translation", "--train", path, "--epochs", 1]
    words += ["--validation-share", 0, "--output", tmp_path / "model"]
    words += ["--from-pretrained", tmp_path / "trained.keras"]
    assert run(*words, "--hidden-dim", 8, "--tokenizer", "bpe") == 2
    assert "--tokenizer, --hidden-dim" in capsys.readouterr().err
    words += ["--learning-rate", "1e-9", "--label-smoothing", "0.3"]
    words += ["--max-target-length", 9]
    assert run(*words, "--dropout", "0.25") == 0
    found = kt.load(tmp_path / "model")
    assert (found.label_smoothing, found.backbone.dropout) == (0.3, 0.25)
    kept = task.preprocessor.get_config() | {"max_target_length": 9}
    assert found.preprocessor.get_config() == kept
    for one, other in zip(found.weights, task.weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert run(*words[:-7], tmp_path / "none", "--overwrite") == 2
    assert "no saved task" in capsys.readouterr().err


@pytest.mark.parametrize(
    "source, flags, words",
    [
        ("checkpoint", ["--family", "bert"], "is for writing a checkpoint"),
        ("ours.keras", ["--task", "masked-lm"], "is for reading a checkpoint"),
        ("ours.keras", ["--family", "gpt2"], "gpt2"),
        ("none", [], "no saved task"),
    ],
)
def test_what_cannot_be_converted_leaves_nothing(
    source, flags, words, classifier, tmp_path, capsys
):
    _, folder = classifier
    source = folder / source
    assert run("convert", source, "--to", tmp_path / "new", *flags) == 2
    said = capsys.readouterr().err
    assert words in said and "Traceback" not in said
    assert not list(tmp_path.iterdir())


def test_what_is_there_is_not_replaced_unasked(classifier, tmp_path, capsys):
    _, folder = classifier
    for source in ("checkpoint", "ours.keras"):
        words = ["convert", folder / source, "--to", tmp_path / source]
        assert run(*words) == 0
        assert run(*words) == 2
        assert "--overwrite" in capsys.readouterr().err
        assert run(*words, "--overwrite") == 0
