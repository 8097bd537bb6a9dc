"""The command for masked language models, and the encoders it hands on."""

import json
import math

import numpy as np
import pytest

import keras_transformer as kt
from keras_transformer.cli import masked_lm
from keras_transformer.cli.encoder import build_encoder
from keras_transformer.cli.main import main, make_parser
from tests.tasks.generators import make_causal_lm
from tests.tasks.masked_toys import make_masked_lm
from tests.tasks.toys import LABELS, TEXTS

SMALL = [
    *["--size", "tiny", "--num-layers", "1", "--vocabulary-size", "80"],
    *["--max-length", "12"],
]


def write(path, lines):
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def run(*words):
    return main([str(word) for word in words])


def said_as_json(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder that `train masked-lm` wrote, and the development file."""
    folder = tmp_path_factory.mktemp("trained")
    lines = write(folder / "train.txt", [*TEXTS, ""] * 80)
    rows = [json.dumps({"text": text}) for text in TEXTS * 20]
    dev = write(folder / "dev.txt", TEXTS * 3)
    status = run(
        *["train", "masked-lm", "--train", lines],
        *[write(folder / "more.jsonl", rows), "--validation", dev],
        *["--output", folder / "model", *SMALL, "--epochs", "3"],
        *["--learning-rate", "0.005", "--batch-size", "32"],
    )
    assert status == 0
    return folder / "model", dev


def test_it_learns_lines_of_text_and_is_scored_alike_each_time(trained, capsys):
    folder, dev = trained
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    assert metrics["training_examples"] == 600 and metrics["examples"] == 18
    assert metrics["perplexity"] == pytest.approx(math.exp(metrics["loss"]))
    history = (folder / "history.csv").read_text("utf-8").splitlines()
    names = history[0].split(",")
    column = names.index("val_perplexity")
    values = [float(line.split(",")[column]) for line in history[1:]]
    assert "val_accuracy" in names and values[-1] < 0.7 * values[0]
    assert metrics["perplexity"] == pytest.approx(min(values), rel=1e-4)
    assert run("evaluate", folder, "--data", dev) == 0
    (printed,) = said_as_json(capsys)
    for name in ("loss", "perplexity", "accuracy", "examples"):
        assert printed[name] == pytest.approx(metrics[name], rel=1e-5)


def test_predict_prints_the_likeliest_tokens(trained, tmp_path, capsys):
    folder, _ = trained
    asked = ["a [MASK] to watch", json.dumps({"text": "[MASK] and slow"})]
    path = write(tmp_path / "texts.txt", asked)
    assert run("predict", folder, path, "--num-answers", "2") == 0
    rows = said_as_json(capsys)
    texts = ["a [MASK] to watch", "[MASK] and slow"]
    answer = kt.load(folder).answer(texts, num_answers=2)
    for row, tokens, scores in zip(
        rows, answer["token"].numpy(), answer["score"].numpy(), strict=True
    ):
        assert row["token"] == [token.decode() for token in tokens]
        assert row["score"] == pytest.approx(scores.tolist(), abs=1e-6)


def test_a_line_without_mask_is_named(trained, tmp_path, capsys):
    folder, _ = trained
    path = write(tmp_path / "texts.txt", ["[MASK]", "[MASK]", "none here"])
    assert run("predict", folder, path, "--batch-size", "1") == 2
    said = capsys.readouterr()
    assert "texts.txt, line 3" in said.err and "'none here'" in said.err
    answers = [json.loads(line) for line in said.out.splitlines()]
    assert [len(answer["token"]) for answer in answers] == [5, 5]
    assert run("predict", folder, path, "--num-answers", "99999") == 2
    assert "num_answers=99999" in capsys.readouterr().err


def classification(path, *flags):
    """The flags of training a classifier, parsed."""
    words = ["train", "classification", "--train", path, "--output", "model"]
    return make_parser().parse_args([str(word) for word in [*words, *flags]])


def test_a_classifier_begins_with_the_trained_encoder(
    trained, tmp_path, capsys
):
    folder, _ = trained
    rows = [
        f"{text}\t{label}" for text, label in zip(TEXTS, LABELS, strict=True)
    ]
    path = write(tmp_path / "train.tsv", ["text\tlabel", *rows * 4])
    words = ["train", "classification", "--train", path, "--epochs", "1"]
    words += ["--output", tmp_path / "model", "--encoder", folder]
    for flags, names in (
        (["--size", "tiny"], "--size"),
        (["--vocabulary-size", "99", "--cased"], "--vocabulary-size, --cased"),
    ):
        assert run(*words, *flags) == 2
        said = capsys.readouterr().err
        assert f"{folder} and {names}" in said and "Traceback" not in said
    assert (
        run(*words, "--learning-rate", "1e-9", "--validation-share", "0") == 0
    )
    one, other = kt.load(folder), kt.load(tmp_path / "model")
    assert one.preprocessor.tokenizer.vocabulary == (
        other.preprocessor.tokenizer.vocabulary
    )
    assert other.preprocessor.max_length == 12
    for a, b in zip(
        one.encoder.get_weights(), other.encoder.get_weights(), strict=True
    ):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_pairs_get_segments_that_the_encoder_did_not_have(tmp_path):
    task = make_masked_lm()
    task.save(tmp_path / "trained.keras")
    encoder, preprocessor = build_encoder(
        {"text": TEXTS, "text_pair": TEXTS},
        classification(
            tmp_path / "none.tsv",
            *["--encoder", tmp_path / "trained.keras", "--dropout", "0.25"],
        ),
    )
    assert encoder.num_segments == 2 and preprocessor.max_length == 12
    assert (encoder.dropout, encoder.embedding_dropout) == (0.25, 0.3)
    added = [w for w in encoder.weights if "segment_table" in w.path]
    assert len(added) == 1 and added[0].shape == (2, 8)
    old = [w for w in encoder.weights if w is not added[0]]
    for weight, values in zip(old, task.encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(weight.numpy(), values)


@pytest.mark.parametrize(
    "make, flags, words",
    [
        (make_causal_lm, [], "which holds a CausalLM"),
        (lambda: None, [], "no saved task"),
        (make_masked_lm, ["--max-length", "13"], "model of 12 positions"),
    ],
)
def test_what_cannot_be_begun_with_is_refused(
    make, flags, words, tmp_path, capsys
):
    path = tmp_path / "trained.keras"
    task = make()
    if task is not None:
        task.save(path)
    rows = [f"{text}\t{label}" for text in TEXTS for label in "ab"]
    table = write(tmp_path / "train.tsv", ["text\tlabel", *rows])
    words_of = ["train", "classification", "--train", table, "--encoder", path]
    assert run(*words_of, "--output", tmp_path / "model", *flags) == 2
    said = capsys.readouterr().err
    assert words in said and "Traceback" not in said
    assert not (tmp_path / "model").exists()
    assert not (tmp_path / "model.partial").exists()


@pytest.mark.parametrize(
    "content, flags, words",
    [
        ("\n\n", [], "an empty file"),
        ("a joy\n", ["--mask-rate", "0"], "`--mask-rate` must be above 0"),
        ("a joy\n", ["--text-column", "x"], "`text_column` is for files"),
    ],
)
def test_what_cannot_be_trained_on_is_refused(
    content, flags, words, tmp_path, capsys
):
    path = tmp_path / "train.txt"
    path.write_text(content)
    output = ["--output", tmp_path / "model"]
    assert run("train", "masked-lm", "--train", path, *output, *flags) == 2
    assert words in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["train.txt"]


def test_flags_say_what_is_a_document_and_what_is_hidden(tmp_path):
    path = str(write(tmp_path / "book.txt", [*TEXTS, "", *TEXTS] * 5))
    words = ["train", "masked-lm", "--train", path, "--output", "model", *SMALL]
    wanted = {"line": 60, "paragraph": 6, "file": 1}
    for documents, number in wanted.items():
        flags = ["--documents", documents, "--whole-words"]
        arguments = make_parser().parse_args(
            [*words, *flags, "--mask-rate", "0.3"]
        )
        examples = masked_lm.read([path], arguments)
        assert len(examples) == number
    task = masked_lm.build(examples, arguments)
    assert task.whole_words and task.mask_rate == 0.3
    assert task.encoder.embedding_dropout == 0.1
    kept, held = masked_lm.split_off(examples, 0.2, seed=0)
    assert kept.texts[0] + held.texts[0] == examples.texts[0]


def test_other_tasks_fill_in_no_masks(tmp_path, capsys):
    make_causal_lm().save(tmp_path / "model.keras")
    texts = write(tmp_path / "texts.txt", ["a"])
    words = ["predict", tmp_path / "model.keras", texts, "--num-answers", "2"]
    assert run(*words) == 2
    assert "--num-answers: for tasks" in capsys.readouterr().err
