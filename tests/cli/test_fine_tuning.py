"""The flags of `train` for what is trained of a model, and how fast."""

import csv
import json

import numpy as np
import pytest

import keras_transformer as kt
from keras_transformer.cli.main import main
from keras_transformer.cli.progress import Progress
from tests.cli.test_commands import BAD, GOOD, examples, write_table
from tests.tasks.tuning_toys import values_of

SMALL = ["--size", "tiny", "--vocabulary-size", "80", "--max-length", "12"]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A training file, a development file, and a trained model."""
    folder = tmp_path_factory.mktemp("files")
    train_file = write_table(folder / "train.tsv", examples())
    dev_file = write_table(folder / "dev.tsv", examples(1))
    output = folder / "base"
    words = ["--train", train_file, "--validation", dev_file, *SMALL]
    words += ["--epochs", "1", "--output", output]
    assert main(["train", "classification", *map(str, words)]) == 0
    return train_file, dev_file, output


def tune(files, output, *words, epochs=2):
    train_file, dev_file, base = files
    flags = ["--train", train_file, "--validation", dev_file]
    flags += ["--encoder", base, "--epochs", epochs, "--output", output]
    # A batch holds half of the examples.
    flags += ["--batch-size", 20, *words]
    return main(["train", "classification", *map(str, flags)])


def test_what_is_frozen_stays_and_the_rest_learns(files, tmp_path, capsys):
    status = tune(
        files,
        tmp_path / "model",
        *("--freeze", "embedding", "1", "--layer-decay", "0.5"),
        *("--gradient-accumulation", "2", "--class-weight", "balanced"),
        *("--steps", "3"),
    )
    assert status == 0
    with open(tmp_path / "model/history.csv", encoding="utf-8") as file:
        # An epoch has two batches, and so one update.
        assert [row["epoch"] for row in csv.DictReader(file)] == list("123")
    assert "weights are trained" in capsys.readouterr().err
    task = kt.load(tmp_path / "model")
    assert task.frozen == ("embedding", "block_0")
    found, base = values_of(task), values_of(kt.load(files[2]))
    for path, values in found.items():
        frozen = path.startswith(("embedding", "block_0"))
        assert np.array_equal(values, base[path]) == frozen, path
    card = (tmp_path / "model" / "model_card.md").read_text("utf-8")
    assert "--freeze embedding 1" in card and "--layer-decay 0.5" in card


def test_adapters_are_written_apart_and_merged(files, tmp_path, capsys):
    words = ("--lora", "2", "--lora-alpha", "4", "--lora-targets", "query")
    assert tune(files, tmp_path / "model", *words) == 0
    assert "weights are trained" in capsys.readouterr().err
    assert "adapters.safetensors" in [
        path.name for path in (tmp_path / "model").iterdir()
    ]
    task = kt.load(tmp_path / "model")
    assert task.lora is None
    # Upon what it began with, the adapters give the same answers.
    other = kt.tasks.TextClassifier(
        kt.load(files[2]).encoder, task.preprocessor, task.classes
    )
    other.load_adapters(tmp_path / "model" / "adapters.safetensors")
    assert other.lora == {"rank": 2, "alpha": 4.0, "targets": ["query"]}
    np.testing.assert_allclose(
        other.answer(GOOD + BAD)["scores"],
        task.answer(GOOD + BAD)["scores"],
        atol=1e-5,
    )


@pytest.mark.slow
def test_an_interrupted_run_with_adapters_goes_on(files, tmp_path, monkeypatch):
    save = Progress.on_epoch_end

    def interrupt(self, epoch, logs=None):
        save(self, epoch, logs)
        if epoch == 1:
            raise KeyboardInterrupt

    words = ("--lora", "2", "--layer-decay", "0.9", "--token-dropout", "0")
    with monkeypatch.context() as patch:
        patch.setattr(Progress, "on_epoch_end", interrupt)
        assert tune(files, tmp_path / "one", *words, epochs=3) == 130
    assert tune(files, tmp_path / "one", *words, "--resume", epochs=3) == 0
    metrics = json.loads((tmp_path / "one" / "metrics.json").read_text())
    adapters = tmp_path / "one" / "adapters.safetensors"
    assert adapters.exists() and metrics["kept_epoch"] <= 3


@pytest.mark.parametrize(
    "words, said",
    [
        (("--freeze", "cellar"), "'block_0', 'block_1'"),
        (("--freeze", "7"), "from 0 to 2"),
        (("--lora", "2", "--lora-targets", "eggs"), "eggs"),
        (("--lora-alpha", "2"), "without `--lora`"),
        (("--lora-targets", "query"), "without `--lora`"),
    ],
)
def test_flags_that_do_not_fit_stop_before_training(
    files, tmp_path, capsys, words, said
):
    assert tune(files, tmp_path / "model", *words) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("flag", ["--freeze", "--lora"])
def test_fresh_weights_are_neither_frozen_nor_adapted(
    files, tmp_path, capsys, flag
):
    words = ["--train", files[0], "--output", tmp_path / "model", flag, "2"]
    assert main(["train", "classification", *map(str, words)]) == 2
    assert "trained ones" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ("--layer-decay", "0"),
        ("--layer-decay", "1.5"),
        ("--lora", "0"),
        ("--gradient-accumulation", "0"),
        ("--class-weight", "spam"),
    ],
    ids=" ".join,
)
def test_flags_out_of_range_are_refused(words, capsys):
    with pytest.raises(SystemExit) as exit:
        main(["train", "classification", *words])
    assert exit.value.code == 2
    capsys.readouterr()
