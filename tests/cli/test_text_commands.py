"""The commands of tasks that write text, and all that can go wrong there."""

import json
import math

import pytest
import tensorflow as tf

import keras_transformer as kt
from keras_transformer.cli.main import main

WORDS = {"one": "eins", "two": "zwei", "three": "drei", "four": "vier"}
SOURCES = [f"{a} {b}" for a in WORDS for b in WORDS] + list(WORDS)
TARGETS = [" ".join(WORDS[w] for w in text.split()) for text in SOURCES]
FRENCH = {"one": "un", "two": "deux", "three": "trois", "four": "quatre"}

SMALL = [
    *["--tokenizer", "characters", "--num-layers", "1", "--hidden-dim", "16"],
    *["--num-heads", "2", "--intermediate-dim", "32", "--dropout", "0"],
]


def write(path, lines):
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)


def run(*words):
    return main([str(word) for word in words])


def said_as_json(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture(scope="module")
def translator(tmp_path_factory):
    """A folder that `train translation` wrote, and its two files."""
    folder = tmp_path_factory.mktemp("translator")
    files = (
        write(folder / "train.en", SOURCES * 10),
        write(folder / "train.de", TARGETS * 10),
    )
    dev = write(folder / "dev.en", SOURCES), write(folder / "dev.de", TARGETS)
    status = run(
        *["train", "translation", "--train", *files, "--validation", *dev],
        *["--output", folder / "model", *SMALL, "--hidden-dim", "48"],
        *["--epochs", "16", "--batch-size", "32", "--learning-rate", "0.01"],
        *["--source-language", "en", "--target-language", "de"],
        *["--average", "2"],
    )
    assert status == 0
    return folder / "model", dev


def test_a_translator_learns_and_is_scored(translator, capsys):
    folder, dev = translator
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    assert metrics["exact_match"] > 0.9 and metrics["chrf"] > 90
    assert run("evaluate", folder, "--data", *dev) == 0
    (printed,) = said_as_json(capsys)
    for name in ("bleu", "chrf", "exact_match", "loss", "perplexity"):
        assert printed[name] == pytest.approx(metrics[name], rel=1e-4)
    assert printed["perplexity"] == pytest.approx(math.exp(printed["loss"]))
    history = (folder / "history.csv").read_text("utf-8")
    assert {"val_bleu", "val_chrf"} <= set(history.splitlines()[0].split(","))
    # BLEU counts runs of four words, and there are none: chrF chose the epoch.
    assert metrics["bleu"] == 0.0
    assert "train.en and train.de" in (folder / "model_card.md").read_text()


def test_predict_writes_as_its_flags_say(translator, tmp_path, capsys):
    folder, _ = translator
    texts = write(tmp_path / "texts.txt", ["two three", "four"])
    task = kt.load(folder)
    searches = {
        (): task.search,
        ("--beam-size", "3", "--length-penalty", "1.5"): (
            kt.generation.BeamSearch(3, 1.5)
        ),
        ("--temperature", "0.7", "--top-k", "3", "--seed", "5"): (
            kt.generation.Sample(0.7, 3, seed=5)
        ),
    }
    for flags, search in searches.items():
        assert run("predict", folder, texts, *flags) == 0
        rows = said_as_json(capsys)
        wanted = task.generate(["two three", "four"], search=search)
        assert [row["generated_text"] for row in rows] == wanted
        assert all(row["score"] <= 0 for row in rows)
    flags = ["--num-return-sequences", "2", "--max-length", "5"]
    flags += ["--length-penalty", "0"]  # ranked by the score alone
    assert run("predict", folder, texts, *flags) == 0
    for row in said_as_json(capsys):
        assert len(row["generated_text"]) == 2
        assert row["score"] == sorted(row["score"], reverse=True)
        assert max(map(len, row["generated_text"])) <= 5


def test_export_keeps_the_chosen_search(translator, tmp_path, capsys):
    folder, _ = translator
    to = tmp_path / "models"
    flags = ["--beam-size", "3", "--num-return-sequences", "2"]
    assert run("export", folder, "--to", to, *flags) == 0
    model = tf.saved_model.load(capsys.readouterr().out.strip())
    assert set(model.signatures) == {
        "serving_default",
        "greedy",
        "score",
        "tokens",
    }
    answer = model.signatures["serving_default"](tf.constant(["two one"]))
    assert answer["generated_text"].shape == (1, 2)
    task = kt.load(folder)
    search = kt.generation.BeamSearch(3, num_return_sequences=2)
    wanted = task.answer(["two one"], search=search)
    assert (answer["generated_text"] == wanted["generated_text"]).numpy().all()


def test_one_model_writes_several_languages(tmp_path, capsys):
    rows = ["source\ttarget\ttarget_language"]
    for language, words in (("de", WORDS), ("fr", FRENCH)):
        for text in SOURCES:
            target = " ".join(words[w] for w in text.split())
            rows.append(f"{text}\t{target}\t{language}")
    path = write(tmp_path / "pairs.tsv", rows[:1] + rows[1:] * 6)
    output = tmp_path / "model"
    flags = [*SMALL, "--hidden-dim", "48", "--epochs", "25"]
    flags += ["--batch-size", "32", "--learning-rate", "0.01"]
    assert (
        run(
            *[
                "train",
                "translation",
                "--train",
                path,
                "--output",
                output,
                *flags,
            ]
        )
        == 0
    )
    task = kt.load(output)
    assert task.string_inputs == ("text", "target_language")
    assert task.translate(["two"], target_language="de") == ["zwei"]
    assert task.translate(["two"], target_language="fr") == ["deux"]
    with pytest.raises(ValueError, match=r"must be one.*'it'"):
        task.translate(["two"], target_language="it")
    capsys.readouterr()
    asked = [{"text": "two", "target_language": name} for name in ("fr", "de")]
    lines = write(tmp_path / "asked.jsonl", map(json.dumps, asked))
    assert run("predict", output, lines) == 0
    found = [row["generated_text"] for row in said_as_json(capsys)]
    assert found == ["deux", "zwei"]
    other = write(tmp_path / "it.tsv", [rows[0], "two\tdue\tit"])
    assert run("evaluate", output, "--data", other) == 2
    said = capsys.readouterr().err
    assert "it.tsv, line 2" in said and "'it'" in said


def test_a_summarizer_learns_from_all_references(tmp_path, capsys):
    rows = [
        {"source": [f"it is {text}.", "really."], "target": [text, f"a {text}"]}
        for text in SOURCES
    ]
    path = write(tmp_path / "train.jsonl", map(json.dumps, rows))
    output = tmp_path / "model"
    flags = [*SMALL, "--epochs", "2", "--max-target-length", "20"]
    assert (
        run(
            *["train", "summarization", "--train", path, "--validation", path],
            *["--output", output, *flags],
        )
        == 0
    )
    metrics = json.loads((output / "metrics.json").read_text("utf-8"))
    assert {"rouge1", "rouge2", "rougeL", "perplexity"} <= set(metrics)
    capsys.readouterr()
    assert run("evaluate", output, "--data", path) == 0
    (printed,) = said_as_json(capsys)
    assert printed["rougeL"] == pytest.approx(metrics["rougeL"])


def test_a_language_model_learns_a_plain_text(tmp_path, capsys):
    path = tmp_path / "text.txt"
    path.write_text("to be or not to be, that is it. " * 60, "utf-8")
    output = tmp_path / "model"
    flags = [*SMALL, "--max-length", "16", "--steps", "40"]
    flags += ["--batch-size", "8", "--learning-rate", "0.01"]
    assert (
        run("train", "causal-lm", "--train", path, "--output", output, *flags)
        == 0
    )
    metrics = json.loads((output / "metrics.json").read_text("utf-8"))
    assert metrics["loss"] < 2.0
    assert metrics["perplexity"] == pytest.approx(math.exp(metrics["loss"]))
    task = kt.load(output)
    capsys.readouterr()
    texts = write(tmp_path / "prompts.txt", ["to be"])
    assert run("predict", output, texts, "--max-length", "12") == 0
    (row,) = said_as_json(capsys)
    assert row["generated_text"] == task.generate(["to be"], max_length=12)[0]
    assert row["generated_text"].startswith("to be")
    assert run("predict", output, texts, "--max-length", "5") == 2
    assert "must leave room for a new token" in capsys.readouterr().err
    assert run("predict", output, texts, "--max-length", "17") == 0


def training_of(tmp_path, sources, targets, *flags):
    files = write(tmp_path / "a.en", sources), write(tmp_path / "a.de", targets)
    output = tmp_path / "model"
    words = ["train", "translation", "--train", *files, "--output", output]
    status = run(*words, *SMALL, "--epochs", "1", *flags)
    assert not output.exists()
    assert not output.with_name("model.partial").exists()
    return status


def test_files_of_different_lengths_are_named_with_both_counts(
    tmp_path, capsys
):
    targets = [*TARGETS[:3], "", *TARGETS[3:]]
    assert training_of(tmp_path, SOURCES, targets) == 2
    said = capsys.readouterr().err
    assert f"{len(SOURCES)} lines" in said and f"{len(targets)} in" in said
    assert "line 4" in said and "a.de" in said


def test_a_file_that_is_no_sentence_piece_model_stops_before_training(
    tmp_path, capsys
):
    wrong = write(tmp_path / "wrong.model", ["hello"])
    flags = ["--tokenizer-model", wrong]
    assert training_of(tmp_path, SOURCES, TARGETS, *flags) == 2
    said = capsys.readouterr().err
    assert "wrong.model" in said and "SentencePiece" in said
    flags = ["--tokenizer-model", tmp_path / "none.model"]
    assert training_of(tmp_path, SOURCES, TARGETS, *flags) == 2
    assert "none.model" in capsys.readouterr().err


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--hidden-dim", "15"], "multiple of `--num-heads`"),
        (["--max-source-length", "2"], "`max_source_length` must"),
        (["--source-column", "x"], "two files"),
    ],
)
def test_flags_that_do_not_fit_stop_before_training(
    flags, words, tmp_path, capsys
):
    assert training_of(tmp_path, SOURCES, TARGETS, *flags) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--beam-size", "1000"], "`beam_size` can be at most"),
        (["--beam-size", "4", "--top-k", "3"], "Choose one of the two"),
        (["--top-p", "1.5"], "`top_p` must"),
        (
            ["--beam-size", "2", "--num-return-sequences", "3"],
            "at most `beam_size`",
        ),
    ],
)
def test_searches_that_make_no_sense_are_refused(
    flags, words, translator, tmp_path, capsys
):
    folder, _ = translator
    texts = write(tmp_path / "texts.txt", ["one"])
    for words_of in (
        ["predict", folder, texts],
        ["export", folder, "--to", tmp_path / "x"],
    ):
        assert run(*words_of, *flags) == 2
        assert words in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_a_third_file_is_refused(capsys):
    words = ["train", "translation", "--train", "a", "b", "c", "--output", "d"]
    with pytest.raises(SystemExit):
        main(words)
    assert "expected at most 2 files, received 3" in capsys.readouterr().err
