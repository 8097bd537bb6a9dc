"""Training, scoring and using sentence embeddings by command."""

import csv
import json

import numpy as np
import pytest

import keras_transformer as kt
from keras_transformer.cli import similarity
from keras_transformer.cli.main import main

GOOD = ["a joy to watch", "great fun for all", "a great joy"]
BAD = ["what a bore", "dull and slow", "slow and a bore"]
SMALL = [
    *["--size", "tiny", "--num-layers", "1", "--vocabulary-size", "80"],
    *["--max-length", "12"],
]
SCORED = [
    (first, second, 5 if (first in GOOD) == (second in GOOD) else 0)
    for first in GOOD + BAD
    for second in GOOD + BAD
]
HEADER = "sentence1", "sentence2", "score"


def write_table(path, rows, header=HEADER):
    lines = ["\t".join(map(str, row)) for row in (header, *rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def train(*words, epochs=2):
    return main(
        ["train", "similarity", "--epochs", str(epochs), *SMALL]
        + [str(word) for word in words]
    )


def said_as_json(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder that `train` wrote, and the file it was trained on."""
    folder = tmp_path_factory.mktemp("trained")
    path = folder / "pairs.jsonl"
    rows = [
        {"premise": a, "hypothesis": b, "similarity": score / 5}
        for a, b, score in SCORED
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    flags = ["--train", path, "--validation", path, "--score-range", "0", "1"]
    flags += ["--learning-rate", "0.003", "--embedding-dim", "16"]
    flags += ["--pooling", "max", "--batch-size", "9"]
    assert train(*flags, "--output", folder / "model", epochs=6) == 0
    return folder / "model", path


def test_it_learns_and_the_best_spearman_is_kept(trained):
    folder, _ = trained
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    assert metrics["spearman"] > 0.8 and metrics["pearson"] > 0.8
    assert metrics["examples"] == metrics["training_examples"] == 36
    with open(folder / "history.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = [float(row["val_spearman"]) for row in rows]
    assert {"val_loss", "val_pearson"} < set(rows[0])
    best = found[metrics["kept_epoch"] - 1]
    assert best == max(found)
    assert best == pytest.approx(metrics["spearman"], abs=1e-4)
    card = (folder / "model_card.md").read_text("utf-8")
    task = kt.load(folder)
    assert task.score_range == (0.0, 1.0) and task.pooling == "max"
    assert "| spearman | " in card and "--score-range 0.0 1.0" in card


def test_evaluate_prints_the_metrics_on_the_last_line(trained, capsys):
    folder, path = trained
    assert main(["evaluate", str(folder), "--data", str(path)]) == 0
    *_, printed = said_as_json(capsys)
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    assert printed.keys() == {"spearman", "pearson", "loss", "examples"}
    for name, value in printed.items():
        assert value == pytest.approx(metrics[name], rel=1e-4)


def test_predict_prints_an_embedding_a_line(trained, tmp_path, capsys):
    folder, _ = trained
    lines = [GOOD[0], "", json.dumps({"text": BAD[0], "other": 1})]
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert main(["predict", str(folder), str(texts)]) == 0
    rows = said_as_json(capsys)
    expected = kt.load(folder).answer([GOOD[0], "", BAD[0]])["embedding"]
    found = np.array([row["embedding"] for row in rows])
    assert found.shape == (3, 16)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_export_writes_a_saved_model(trained, tmp_path, capsys):
    folder, _ = trained
    to = tmp_path / "models"
    assert main(["export", str(folder), "--to", str(to)]) == 0
    assert capsys.readouterr().out.strip() == str(to / "1")
    assert (to / "1" / "saved_model.pb").exists()


def test_pairs_without_scores_look_for_their_own(tmp_path):
    header = "text", "text_pair"
    pairs = list(zip(GOOD, BAD, strict=True))
    path = write_table(tmp_path / "pairs.tsv", pairs * 4, header)
    output = tmp_path / "model"
    assert train("--train", path, "--output", output) == 0
    metrics = json.loads((output / "metrics.json").read_text("utf-8"))
    assert metrics["training_examples"] == 11 and metrics["examples"] == 1
    assert metrics["accuracy"] == 1.0  # there was one to choose from
    history = (output / "history.csv").read_text("utf-8")
    assert "val_accuracy" in history.splitlines()[0]
    # Texts that occur twice are found if either is.
    task = kt.load(output)
    found = similarity.score(task, kt.data.read_scored_pairs(path))
    cosines = task.similarity(GOOD, BAD)
    expected = np.mean(cosines.argmax(axis=1) == np.arange(3))
    assert found.keys() == {"accuracy", "loss", "examples"}
    assert found["accuracy"] == pytest.approx(expected)
    # One that learned from pairs alone can be scored on scored ones.
    scored = write_table(tmp_path / "scored.tsv", SCORED)
    found = similarity.score(task, kt.data.read_scored_pairs(scored))
    assert found.keys() == {"spearman", "pearson", "loss", "examples"}


def test_a_share_is_held_out_at_random_and_none_is_lost():
    numbers = list(range(20))
    texts = [str(number) for number in numbers]
    for scores in (numbers, None):
        pairs = kt.data.ScoredPairs("a", texts, texts, scores, numbers)
        kept, held = similarity.split_off(pairs, 0.25, seed=3)
        assert (len(kept), len(held)) == (15, 5)
        assert sorted(kept.lines + held.lines) == numbers
        assert held.lines != numbers[:5] and held.lines != numbers[15:]
        assert held.scores == (scores and held.lines)
        again = similarity.split_off(pairs, 0.25, seed=3)[1]
        assert again.texts == held.texts


BAD_FILES = {
    "a score out of range": ([("a", "b", 1), ("c", "d", 6)], HEADER, "line 3"),
    "a score that is no number": ([("a", "b", "high")], HEADER, "line 2"),
    "one column of texts": ([("a", 1)], ("text", "score"), "--pair-column"),
}


@pytest.mark.parametrize("what", BAD_FILES)
def test_a_bad_training_file_is_named_and_leaves_nothing(
    what, tmp_path, capsys
):
    rows, header, words = BAD_FILES[what]
    path = write_table(tmp_path / "train.tsv", rows, header)
    assert train("--train", path, "--output", tmp_path / "model") == 2
    said = capsys.readouterr().err
    assert "train.tsv" in said and words in said
    assert [p.name for p in tmp_path.iterdir()] == ["train.tsv"]


def test_scores_that_the_model_does_not_know_are_named(
    trained, tmp_path, capsys
):
    folder, _ = trained
    path = write_table(tmp_path / "x.tsv", [(*GOOD[:2], 1), ("a", "b", 7)])
    assert main(["evaluate", str(folder), "--data", str(path)]) == 2
    said = capsys.readouterr().err
    assert "x.tsv, line 3" in said and "from 0 to 1. Received: 7" in said
    path = write_table(tmp_path / "one.tsv", [(*GOOD[:2], 1)])
    assert main(["evaluate", str(folder), "--data", str(path)]) == 2
    assert "at least two scored pairs" in capsys.readouterr().err


def test_a_range_without_width_stops_before_anything_is_read(tmp_path, capsys):
    flags = ["--train", tmp_path / "none.tsv", "--output", tmp_path / "model"]
    assert train(*flags, "--score-range", "5", "5") == 2
    assert "`score_range` must be" in capsys.readouterr().err
