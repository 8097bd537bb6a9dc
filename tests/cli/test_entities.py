"""The commands of named entities, from CoNLL columns to a SavedModel."""

import json

import pytest
import tensorflow as tf

import keras_transformer as kt
from keras_transformer.cli.main import main
from tests.tasks.entity_toys import LABELS, TEXTS

SMALL = [
    *["--num-layers", "1", "--vocabulary-size", "120", "--max-length", "16"],
    *["--dropout", "0"],
]


def write_conll(path, texts, labels):
    lines = []
    for text, row in zip(texts, labels, strict=True):
        pairs = zip(text.title().split(), row, strict=True)
        lines += [*(f"{word}\t{label}" for word, label in pairs), ""]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def run(*words):
    return main([str(word) for word in words])


def train(*words, epochs=1):
    return run("train", "entities", "--epochs", epochs, *SMALL, *words)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder that `train` wrote, and the file it was scored on."""
    folder = tmp_path_factory.mktemp("entities")
    train_file = write_conll(folder / "train.conll", TEXTS * 5, LABELS * 5)
    dev = write_conll(folder / "dev.txt", TEXTS, LABELS)
    status = train(
        *["--train", train_file, "--validation", dev],
        *["--output", folder / "model", "--learning-rate", "0.004"],
        *["--token-dropout", "0", "--batch-size", "6"],
        epochs=10,
    )
    assert status == 0
    return folder / "model", dev


def test_train_scores_whole_entities_in_each_epoch(trained):
    folder, _ = trained
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    assert metrics["f1"] == metrics["precision"] == metrics["recall"] == 1.0
    assert metrics["f1_per_class"] == {"person": 1.0, "place": 1.0}
    history = (folder / "history.csv").read_text("utf-8")
    header = history.splitlines()[0].split(",")
    assert {"val_precision", "val_recall", "val_f1", "val_loss"} <= set(header)
    card = (folder / "model_card.md").read_text("utf-8")
    assert "TokenClassifier" in card and "person, place" in card
    task = kt.load(folder)
    assert not task.preprocessor.tokenizer.lowercase


def test_evaluate_prints_what_train_scored(trained, capsys):
    folder, dev = trained
    assert run("evaluate", folder, "--data", dev) == 0
    printed = json.loads(capsys.readouterr().out.splitlines()[-1])
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    assert set(printed) == {
        *("precision", "recall", "f1", "f1_per_class", "loss", "examples")
    }
    for name, value in printed.items():
        assert value == pytest.approx(metrics[name])
    assert printed["examples"] == len(TEXTS)


def test_predict_prints_entities_with_offsets(trained, tmp_path, capsys):
    folder, _ = trained
    lines = ["Bob  likes\tNew York.", "", json.dumps({"text": "Ada lives"})]
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert run("predict", folder, texts) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [list(row) for row in rows] == [["entities"]] * 3
    assert rows[1] == {"entities": []}
    answer = kt.load(folder).answer([lines[0], "", "Ada lives"])
    for number, (text, row) in enumerate(
        zip([lines[0], "", "Ada lives"], rows, strict=True)
    ):
        for place, entity in enumerate(row["entities"]):
            assert set(entity) == {"entity", "label", "start", "end", "score"}
            assert text[entity["start"] : entity["end"]] == entity["entity"]
            assert entity["score"] == pytest.approx(
                float(answer["score"][number, place]), abs=1e-5
            )


def test_pretty_marks_entities(trained, tmp_path, capsys):
    folder, _ = trained
    texts = tmp_path / "texts.txt"
    texts.write_text(f"{TEXTS[4].title()}\n", encoding="utf-8")
    assert run("predict", folder, texts, "--pretty") == 0
    assert capsys.readouterr().out == (
        "[Ada Love|person] Likes [New York|place]\n"
    )


def test_export_writes_a_model_that_finds_them(trained, tmp_path, capsys):
    folder, _ = trained
    assert run("export", folder, "--to", tmp_path / "served") == 0
    model = tf.saved_model.load(capsys.readouterr().out.strip())
    answer = model.signatures["serving_default"](
        text=tf.constant([TEXTS[1].title()])
    )
    assert answer["entity"].numpy().tolist() == [[b"York", b"Bob"]]


def test_json_lines_crf_and_a_trained_encoder(trained, tmp_path):
    folder, _ = trained
    path = tmp_path / "train.jsonl"
    rows = [
        {"tokens": text.split(), "ner_tags": labels}
        for text, labels in zip(TEXTS * 4, LABELS * 4, strict=True)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    output = tmp_path / "model"
    flags = ["--train", path, "--output", output, "--crf", "--uncased"]
    assert train(*flags) == 0
    task = kt.load(output)
    assert task.crf and task.preprocessor.tokenizer.lowercase
    metrics = json.loads((output / "metrics.json").read_text("utf-8"))
    assert metrics["training_examples"] + metrics["examples"] == 24
    flags = ["--train", path, "--output", tmp_path / "second", "--epochs", 1]
    flags += ["--encoder", folder, "--validation-share", 0]
    assert run("train", "entities", *flags) == 0
    tokenizer = kt.load(tmp_path / "second").preprocessor.tokenizer
    assert not tokenizer.lowercase


def test_a_label_without_beginning_is_repaired_or_refused(
    trained, tmp_path, capsys
):
    folder, _ = trained
    path = tmp_path / "dev.conll"
    path.write_text("Ada\tB-person\nlives\tO\nin\tI-place\n")
    assert run("evaluate", folder, "--data", path) == 0
    said = capsys.readouterr()
    assert said.err.count("1 labels go on with an entity") == 1
    assert json.loads(said.out.splitlines()[-1])["examples"] == 1
    assert run("evaluate", folder, "--data", path, "--strict") == 2
    said = capsys.readouterr().err
    assert "dev.conll, line 3" in said and "'I-place'" in said
    assert run("evaluate", folder, "--data", path, "--scheme", "bilou") == 0


def test_labels_in_another_scheme_need_no_repair(trained, tmp_path, capsys):
    folder, _ = trained
    path = tmp_path / "dev.conll"
    path.write_text("Ada\tI-person\nlives\tO\n")
    assert run("evaluate", folder, "--data", path, "--strict") == 0
    assert "note:" not in capsys.readouterr().err
    flags = ["--scheme", "iob2", "--strict"]
    assert run("evaluate", folder, "--data", path, *flags) == 2


BAD_FILES = {
    "a missing column": ("Ada\tB-person\nlives\n", "line 2"),
    "no entity": ("Ada\tO\nlives\tO\n", "Expected entities"),
    "an empty file": ("", "empty"),
}


@pytest.mark.parametrize("what", BAD_FILES)
def test_a_bad_training_file_is_named_and_leaves_nothing(
    what, tmp_path, capsys
):
    content, words = BAD_FILES[what]
    path = tmp_path / "train.conll"
    path.write_text(content)
    assert train("--train", path, "--output", tmp_path / "model") == 2
    said = capsys.readouterr().err
    assert "train.conll" in said and words in said
    assert [p.name for p in tmp_path.iterdir()] == ["train.conll"]


def test_an_unknown_type_is_named_with_its_line(trained, tmp_path, capsys):
    folder, _ = trained
    path = tmp_path / "dev.conll"
    path.write_text("Ada\tB-person\n\nCola\tB-drink\n")
    assert run("evaluate", folder, "--data", path) == 2
    said = capsys.readouterr().err
    assert "line 3" in said and "'B-drink'" in said


def test_flags_that_do_not_go_together_are_refused(trained, capsys):
    folder, dev = trained
    for flags in (["--cased"], ["--encoder", folder]):
        output = folder.with_name("other")
        status = run(
            *["train", "entities", "--train", dev, "--output", output],
            *["--uncased", *flags],
        )
        assert status == 2
        assert "--uncased" in capsys.readouterr().err
        assert not output.exists()


def test_only_spans_can_be_pretty(tmp_path, capsys):
    from tests.tasks.toys import make_classifier

    make_classifier().save(tmp_path / "model.keras")
    texts = tmp_path / "texts.txt"
    texts.write_text("a joy\n")
    status = run("predict", tmp_path / "model.keras", texts, "--pretty")
    assert status == 2
    assert "--pretty" in capsys.readouterr().err
