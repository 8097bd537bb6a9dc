"""The command, from a file to a SavedModel, and all that can go wrong."""

import csv
import gzip
import json
import subprocess
import sys

import pytest

import keras_transformer as kt
from keras_transformer.cli.main import main
from keras_transformer.cli.progress import Progress

GOOD = ["a joy to watch", "great fun for all", "a great joy", "fun to watch"]
BAD = ["what a bore", "dull and slow", "slow and a bore", "what dull fun"]
SMALL = [
    *["--size", "tiny", "--num-layers", "1", "--vocabulary-size", "80"],
    *["--max-length", "12"],
]


def write_table(path, rows, header=("text", "label")):
    lines = ["\t".join(row) for row in (header, *rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def examples(times=5):
    return [(t, "good") for t in GOOD] * times + [
        (t, "bad") for t in BAD
    ] * times


@pytest.fixture
def files(tmp_path):
    """A training file and a development file."""
    return (
        write_table(tmp_path / "train.tsv", examples()),
        write_table(tmp_path / "dev.tsv", examples(1)),
    )


def train(*words, epochs=2):
    return main(
        ["train", "classification", "--epochs", str(epochs), *SMALL]
        + [str(word) for word in words]
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder that `train` wrote, and the development file."""
    folder = tmp_path_factory.mktemp("trained")
    train_file = write_table(folder / "train.tsv", examples())
    dev_file = write_table(folder / "dev.tsv", examples(1))
    status = train(
        "--train",
        train_file,
        "--validation",
        dev_file,
        "--output",
        folder / "model",
        "--learning-rate",
        "0.003",
        epochs=6,
    )
    assert status == 0
    return folder / "model", dev_file


def test_train_writes_a_model_its_scores_history_and_card(trained):
    folder, _ = trained
    assert sorted(p.name for p in folder.iterdir()) == [
        "history.csv",
        "metrics.json",
        "model.keras",
        "model_card.md",
    ]
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    assert metrics["accuracy"] == 1.0
    assert metrics["f1_per_class"] == {"bad": 1.0, "good": 1.0}
    with open(folder / "history.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == list("123456")
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    card = (folder / "model_card.md").read_text("utf-8")
    assert "bad, good" in card and "--seed 0" in card
    assert "| accuracy | 1.0000 |" in card
    assert not folder.with_name("model.partial").exists()


def test_evaluate_prints_the_metrics_on_the_last_line(trained, capsys):
    folder, dev = trained
    assert main(["evaluate", str(folder), "--data", str(dev)]) == 0
    printed = json.loads(capsys.readouterr().out.splitlines()[-1])
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    for name in ("accuracy", "f1", "f1_per_class", "loss", "examples"):
        assert printed[name] == pytest.approx(metrics[name])


def test_predict_answers_each_line_as_the_task_does(trained, tmp_path, capsys):
    folder, _ = trained
    texts = tmp_path / "texts.txt"
    lines = [GOOD[0], "", json.dumps({"text": BAD[0]}), "{not json"]
    texts.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert main(["predict", str(folder), str(texts), "--batch-size", "3"]) == 0
    rows = [json.loads(r) for r in capsys.readouterr().out.splitlines()]
    answer = kt.load(folder).answer([GOOD[0], "", BAD[0], "{not json"])
    assert [row["label"] for row in rows] == [
        label.decode() for label in answer["label"].numpy()
    ]
    for row, scores in zip(rows, answer["scores"].numpy(), strict=True):
        assert row["scores"] == pytest.approx(scores.tolist(), abs=1e-6)
        assert row["score"] == max(row["scores"])


def test_export_writes_the_next_version_and_says_where(
    trained, tmp_path, capsys
):
    folder, _ = trained
    target = tmp_path / "models" / "toy"
    for version in "12":
        assert main(["export", str(folder), "--to", str(target)]) == 0
        said = capsys.readouterr()
        assert said.out.strip() == str(target / version)
        assert (target / version / "saved_model.pb").exists()


def test_without_validation_a_tenth_is_held_out(tmp_path, capsys):
    path = write_table(tmp_path / "train.tsv", examples())
    output = tmp_path / "model"
    assert train("--train", path, "--output", output, epochs=1) == 0
    metrics = json.loads((output / "metrics.json").read_text("utf-8"))
    assert metrics["examples"] == 4
    assert metrics["training_examples"] == 36


def test_gzip_json_lines_and_pairs_train_too(tmp_path):
    rows = [
        {"premise": t, "hypothesis": t if same else BAD[0], "label": same}
        for t in GOOD
        for same in (True, False)
    ] * 3
    path = tmp_path / "pairs.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    output = tmp_path / "model"
    assert train("--train", path, "--output", output, epochs=1) == 0
    task = kt.load(output)
    assert task.takes_pairs and list(task.classes) == ["False", "True"]


def test_the_same_seed_gives_the_same_model(files, tmp_path):
    train_file, dev = files
    metrics = []
    for name in ("one", "two"):
        output = tmp_path / name
        train("--train", train_file, "--validation", dev, "--output", output)
        of_run = json.loads((output / "metrics.json").read_text())
        metrics.append([of_run["loss"], of_run["f1"], of_run["kept_epoch"]])
    assert metrics[0] == pytest.approx(metrics[1], rel=1e-4)


def test_an_interrupted_run_is_resumed(files, tmp_path, monkeypatch, capsys):
    train_file, dev = files
    output = tmp_path / "model"
    flags = ["--train", train_file, "--validation", dev, "--output", output]
    save = Progress.on_epoch_end

    def interrupt(self, epoch, logs=None):
        save(self, epoch, logs)
        if epoch == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "on_epoch_end", interrupt)
        assert train(*flags, epochs=4) == 130
    assert not output.exists()
    assert "--resume" in capsys.readouterr().err
    assert train(*flags, "--resume", "--seed", "9", epochs=4) == 2
    assert "--seed 0" in capsys.readouterr().err
    assert train(*flags, "--resume", epochs=4) == 0
    with open(output / "history.csv", encoding="utf-8") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == list("1234")
    assert train(*flags, "--resume", epochs=4) == 2


def test_mixed_precision_keeps_float32_answers(files, tmp_path):
    import keras

    train_file, dev = files
    output = tmp_path / "model"
    flags = ["--train", train_file, "--validation", dev, "--output", output]
    try:
        assert train(*flags, "--mixed-precision", epochs=1) == 0
    finally:
        keras.config.set_dtype_policy("float32")
    task = kt.load(output)
    assert task.encoder.dtype_policy.name == "mixed_bfloat16"
    assert task.answer(GOOD)["scores"].dtype == "float32"


BAD_FILES = {
    "a missing column": (b"words\tlabel\na b\tx\nb c\ty\n", "--text-column"),
    "an empty file": (b"", "empty"),
    "a header alone": (b"text\tlabel\n", "header alone"),
    "invalid UTF-8": (b"text\tlabel\na\tx\n\xff\xfe\ty\n", "line 3"),
    "a missing field": (b"text\tlabel\na\tx\nb\n", "line 3"),
    "an empty label": (b"text\tlabel\na\tx\nb\t\n", "line 3"),
    "one label": (b"text\tlabel\na\tx\nb\tx\n", "two different labels"),
    "a label with one example": (
        b"text\tlabel\na\tx\nb\tx\nc\ty\n",
        "line 4",
    ),
}


@pytest.mark.parametrize("what", BAD_FILES)
def test_a_bad_training_file_is_named_and_leaves_nothing(
    what, tmp_path, capsys
):
    content, words = BAD_FILES[what]
    path = tmp_path / "train.tsv"
    path.write_bytes(content)
    status = train("--train", path, "--output", tmp_path / "model")
    said = capsys.readouterr().err
    assert status == 2
    assert "train.tsv" in said and words in said
    assert "Traceback" not in said
    assert [p.name for p in tmp_path.iterdir()] == ["train.tsv"]


def test_an_unknown_label_is_named_with_its_line(trained, tmp_path, capsys):
    folder, _ = trained
    path = write_table(tmp_path / "x.tsv", [*examples(1), ("hm", "so-so")])
    assert main(["evaluate", str(folder), "--data", str(path)]) == 2
    said = capsys.readouterr().err
    assert "x.tsv" in said and "line 10" in said and "'so-so'" in said


def test_an_unknown_label_in_the_validation_file_stops_before_training(
    files, tmp_path, capsys
):
    train_file, _ = files
    dev = write_table(tmp_path / "other.tsv", [("hm", "so-so")])
    output = tmp_path / "model"
    status = train(
        "--train", train_file, "--validation", dev, "--output", output
    )
    assert status == 2
    assert "'so-so'" in capsys.readouterr().err
    assert not output.exists()
    assert not output.with_name("model.partial").exists()


def test_a_folder_that_holds_something_else_is_left_alone(
    files, tmp_path, capsys
):
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter.tex").write_text("words")
    for extra in ([], ["--overwrite"]):
        assert train("--train", files[0], "--output", folder, *extra) == 2
        assert "holds something else: chapter.tex" in capsys.readouterr().err
    assert (folder / "chapter.tex").read_text() == "words"
    assert train("--train", files[0], "--output", files[1]) == 2
    assert "is a file" in capsys.readouterr().err


def test_an_earlier_result_is_replaced_only_when_asked(files, tmp_path, capsys):
    output = tmp_path / "model"
    flags = ["--train", files[0], "--output", output]
    assert train(*flags, epochs=1) == 0
    card = (output / "model_card.md").read_text("utf-8")
    assert train(*flags, epochs=1) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert (output / "model_card.md").read_text("utf-8") == card
    assert train(*flags, "--overwrite", epochs=3) == 0
    assert (output / "model_card.md").read_text("utf-8") != card
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "dev.tsv",
        "model",
        "train.tsv",
    ]


def test_texts_that_are_cut_are_counted(trained, tmp_path, capsys):
    folder, _ = trained
    path = tmp_path / "long.txt"
    path.write_text("joy " * 40 + "\na joy\n", encoding="utf-8")
    assert main(["predict", str(folder), str(path)]) == 0
    assert (
        "1 of 2 lines were longer than max_length=" in capsys.readouterr().err
    )


def test_predict_names_the_line_that_is_no_utf8(trained, tmp_path, capsys):
    folder, _ = trained
    path = tmp_path / "texts.txt"
    path.write_bytes(b"fine\n\xe4rger\n")
    assert main(["predict", str(folder), str(path)]) == 2
    said = capsys.readouterr().err
    assert "line 2" in said and "0xe4" in said


def test_a_corrupt_model_is_named(tmp_path, capsys):
    path = tmp_path / "model.keras"
    path.write_bytes(b"PK\x03\x04 broken")
    for words in (["predict"], ["export", "--to", str(tmp_path / "x")]):
        assert main([words[0], str(path), *words[1:]]) == 2
        assert "model.keras" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["model.keras"]


@pytest.mark.parametrize(
    "words",
    [
        ["train", "classification", "--epochs", "0"],
        ["train", "classification", "--learning-rate", "-1"],
        ["train", "cooking"],
        ["unknown"],
        [],
    ],
    ids=" ".join,
)
def test_bad_arguments_exit_with_2(words, capsys):
    with pytest.raises(SystemExit) as exit:
        main(words)
    assert exit.value.code == 2
    assert "usage: keras-transformer" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["train"],
        ["train", "classification"],
        ["evaluate"],
        ["predict"],
        ["export"],
        ["quickstart"],
    ],
    ids=" ".join,
)
def test_every_command_explains_itself(words, capsys):
    with pytest.raises(SystemExit) as exit:
        main([*words, "--help"])
    assert exit.value.code == 0
    assert len(capsys.readouterr().out.splitlines()) > 8


def test_the_installed_command_reads_stdin_and_says_nothing_of_its_own(
    trained,
):
    folder, _ = trained
    result = subprocess.run(
        [sys.executable, "-m", "keras_transformer_command"]
        + ["predict", str(folder)],
        input="a joy to watch\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(result.stdout)["label"] == "good"
    assert result.stderr == ""
