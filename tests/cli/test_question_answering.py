"""The commands of question answering, from a file to a SavedModel."""

import gzip
import json

import numpy as np
import pytest
import tensorflow as tf

import keras_transformer as kt
from keras_transformer.cli import predict, question_answering
from keras_transformer.cli.main import main

SMALL = [
    *["--size", "tiny", "--num-layers", "1", "--vocabulary-size", "90"],
    *["--max-length", "32"],
]
NAMES = ["Ada", "Grace", "Alan", "Edsger"]
PLACES = ["Paris", "London", "Rome", "Bern"]


def rows(number, seed=0, impossible=False):
    """Questions on who lives where, in SQuAD's form."""
    rng = np.random.default_rng(seed)
    found = []
    for row in range(number):
        context, starts = "", {}
        for name, place in zip(NAMES, rng.permutation(PLACES), strict=True):
            context += f"{name} lives in "
            starts[name] = (str(place), len(context))
            context += f"{place}. "
        context += f"Row {row}."
        name = NAMES[row % len(NAMES)]
        place, start = starts[name]
        answers = {"text": [place], "answer_start": [start]}
        if impossible and row % 3 == 0:
            name, answers = "Kurt", {"text": [], "answer_start": []}
        found.append(
            {
                "id": str(row),
                "question": f"Where does {name} live?",
                "context": context,
                "answers": answers,
            }
        )
    return found


def write_lines(path, examples):
    pack = gzip.compress if path.suffix == ".gz" else bytes
    text = "".join(json.dumps(row) + "\n" for row in examples)
    path.write_bytes(pack(text.encode()))
    return path


def write_document(path, examples):
    paragraphs = []
    for row in examples:
        answers = [
            {"text": text, "answer_start": start}
            for text, start in zip(*row["answers"].values(), strict=True)
        ]
        qa = {**row, "answers": answers, "is_impossible": not answers}
        paragraphs.append({"context": qa.pop("context"), "qas": [qa]})
    document = {"version": "2.0", "data": [{"paragraphs": paragraphs}]}
    path.write_text(json.dumps(document), "utf-8")
    return path


def run(*words):
    return main([str(word) for word in words])


def train(*words, epochs=1):
    task = ["train", "question-answering", "--epochs", epochs, *SMALL]
    return run(*task, *words)


@pytest.fixture
def eagerly():
    """Without graphs, whose making takes longer than the work of a test."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder that `train` wrote, and the development file."""
    folder = tmp_path_factory.mktemp("trained")
    train_file = write_lines(folder / "train.jsonl.gz", rows(60))
    dev = write_document(folder / "dev.json", rows(12, seed=1))
    flags = [
        "--train",
        train_file,
        "--validation",
        dev,
        "--learning-rate",
        0.002,
    ]
    assert train(*flags, "--output", folder / "model", epochs=3) == 0
    return folder / "model", dev


@pytest.fixture(scope="module")
def task(trained):
    """The saved task, opened once, since its graphs take long to trace."""
    return kt.load(trained[0])


def test_train_writes_a_model_and_the_scores_of_its_best_epoch(trained, task):
    folder, _ = trained
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    assert {"exact_match", "f1", "loss"} < set(metrics)
    assert metrics["examples"] == 12 and metrics["training_examples"] == 60
    header, *history = (folder / "history.csv").read_text().splitlines()
    assert len(history) == 3
    place = header.split(",").index("val_f1")
    best = max(float(line.split(",")[place]) for line in history)
    assert metrics["f1"] == pytest.approx(best)
    assert task.no_answer_threshold is None
    assert task.encoder.num_segments == 2
    assert task.preprocessor.max_length == 32


def test_evaluate_prints_what_train_measured(trained, capsys, eagerly):
    folder, dev = trained
    assert run("evaluate", folder, "--data", dev, "--format", "squad") == 0
    printed = json.loads(capsys.readouterr().out.splitlines()[-1])
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    for name in ("exact_match", "f1", "loss", "examples"):
        assert printed[name] == pytest.approx(metrics[name])


def test_predict_answers_each_line_as_the_task_does(
    trained, task, tmp_path, capsys, eagerly
):
    folder, _ = trained
    examples = rows(5, seed=2)
    path = write_lines(tmp_path / "questions.jsonl", examples)
    assert run("predict", folder, path, "--batch-size", 2) == 0
    printed = [json.loads(r) for r in capsys.readouterr().out.splitlines()]
    strings = [(row["question"], row["context"]) for row in examples]
    answer = task.answer(strings)
    for row, example, text, score in zip(
        printed,
        examples,
        answer["answer"].numpy(),
        answer["score"].numpy(),
        strict=True,
    ):
        assert list(row) == ["answer", "start", "end", "score"]
        assert row["answer"] == text.decode()
        assert example["context"][row["start"] : row["end"]] == row["answer"]
        assert row["score"] == pytest.approx(float(score), abs=1e-5)


def test_predict_marks_answers_for_people(
    task, tmp_path, capsys, monkeypatch, eagerly
):
    opened = (task, question_answering)
    monkeypatch.setattr(predict, "open_task", lambda path: opened)
    (example,) = rows(1)
    path = write_lines(tmp_path / "questions.jsonl", [example])
    assert run("predict", "model", path, "--pretty") == 0
    shown = capsys.readouterr().out
    answer = task.answer_texts([(example["question"], example["context"])])
    assert f"[{answer[0]}|answer]" in shown
    assert example["question"] in shown


def test_predict_names_the_lines_of_a_blank_context(trained, tmp_path, capsys):
    folder, _ = trained
    examples = rows(3)
    examples[1]["context"] = " "
    path = write_lines(tmp_path / "questions.jsonl", examples)
    assert run("predict", folder, path) == 2
    said = capsys.readouterr().err
    assert "questions.jsonl, lines 1-3" in said and "context[1]=' '" in said


def test_export_writes_a_model(trained, tmp_path, capsys):
    folder, _ = trained
    assert run("export", folder, "--to", tmp_path / "toy") == 0
    said = capsys.readouterr()
    assert (tmp_path / "toy/1/saved_model.pb").exists()
    assert 'question=tf.constant(["..."]), context=' in said.err


def test_contexts_are_held_out_whole_and_what_is_wrong_is_said(
    tmp_path, capsys, eagerly
):
    # Each context three times: no context is in both parts.
    examples = [row for row in rows(10, impossible=True) for _ in range(3)]
    examples[5] = {
        **examples[5],
        "answers": {"text": ["x"], "answer_start": [0]},
    }
    path = write_document(tmp_path / "train.json", examples)
    output = tmp_path / "model"
    flags = [
        "--overlap",
        4,
        "--max-question-length",
        9,
        "--max-answer-length",
        5,
    ]
    assert train("--train", path, "--output", output, *flags) == 0
    metrics = json.loads((output / "metrics.json").read_text("utf-8"))
    assert (metrics["examples"], metrics["training_examples"]) == (3, 27)
    said = capsys.readouterr().err
    assert "1 of 30 questions" in said and "'x' at 0, question 6" in said
    task = kt.load(output)
    assert task.no_answer_threshold == 0.0 and task.max_answer_length == 5
    assert task.preprocessor.overlap == 4
    assert task.preprocessor.question_limit == 9


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"context": ""}, "line 2"),
        ({"question": " "}, "line 2"),
        ({"answers": {"text": "x"}}, "line 2"),
    ],
)
def test_bad_files_are_named_and_leave_nothing(tmp_path, capsys, change, words):
    examples = rows(4)
    examples[1].update(change)
    path = write_lines(tmp_path / "train.jsonl", examples)
    assert train("--train", path, "--output", tmp_path / "model") == 2
    said = capsys.readouterr().err
    assert "train.jsonl" in said and words in said and "Traceback" not in said
    assert [p.name for p in tmp_path.iterdir()] == ["train.jsonl"]


def test_a_file_without_any_answer_stops_before_training(tmp_path, capsys):
    examples = rows(4)
    for row in examples:
        row["answers"] = {"text": [], "answer_start": []}
    path = write_lines(tmp_path / "train.jsonl", examples)
    flags = ["--train", path, "--validation", path]
    assert train(*flags, "--output", tmp_path / "model") == 2
    assert "Expected answers that stand" in capsys.readouterr().err
