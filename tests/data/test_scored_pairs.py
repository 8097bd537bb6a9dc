import csv
import gzip

import numpy as np
import pytest

from keras_transformer.data import DataError, read_scored_pairs


def written(path, text):
    path.write_bytes(text.encode())
    return path


def tsv(tmp_path, text):
    return written(tmp_path / "a.tsv", text.replace(" | ", "\t"))


@pytest.mark.parametrize(("name", "rows"), [("train", 5_749), ("dev", 1_500)])
def test_real_files_are_read_as_python_reads_them(shared_data, name, rows):
    path = shared_data / "stsb" / f"{name}.tsv.gz"
    found = read_scored_pairs(path)
    with gzip.open(path, "rt", newline="\n") as stream:
        theirs = list(
            csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        )
    assert len(found) == rows
    assert found.texts == [row["sentence1"] for row in theirs]
    assert found.pairs == [row["sentence2"] for row in theirs]
    assert found.scores == [float(row["score"]) for row in theirs]
    assert found.lines == list(range(2, rows + 2))


def test_pairs_without_scores_have_none(tmp_path):
    found = read_scored_pairs(tsv(tmp_path, "text | text_pair\nx | y\n | z\n"))
    assert (found.texts, found.pairs) == (["x", ""], ["y", "z"])
    assert found.scores is None
    some = found.select(np.array([False, True]))
    assert (some.pairs, some.scores, some.lines) == (["z"], None, [3])


@pytest.mark.parametrize(
    ("header", "options", "columns"),
    [
        ("sentence1 | sentence2 | score", {}, "abc"),
        ("similarity | hypothesis | premise", {}, "cba"),
        ("Text1 | text2 | LABEL", {}, "abc"),
        ("text | sentence1 | sentence2", {}, "bc-"),
        (
            "left | right | gold",
            {
                "text_column": "left",
                "pair_column": "right",
                "score_column": "gold",
            },
            "abc",
        ),
        ("score | query | document", {"pair_column": "document"}, "bca"),
        ("question1 | question2 | label", {"score_column": "label"}, "abc"),
    ],
)
def test_columns_are_found_or_named(tmp_path, header, options, columns):
    values = {"a": "0.5", "b": "1", "c": "2"}
    path = tsv(tmp_path, f"{header}\n0.5 | 1 | 2\n")
    found = read_scored_pairs(path, **options)
    text, pair, score = (values.get(letter) for letter in columns)
    assert (found.texts, found.pairs) == ([text], [pair])
    assert found.scores == (score and [float(score)])


def test_json_numbers_and_strings_are_scores(tmp_path):
    lines = ["3", "2.5", '"4"', '" 1e0 "']
    text = "".join(
        f'{{"text": "t", "text_pair": "p", "score": {n}}}\n' for n in lines
    )
    found = read_scored_pairs(written(tmp_path / "a.jsonl", text))
    assert found.scores == [3.0, 2.5, 4.0, 1.0]


def test_the_range_of_scores_can_be_told_or_left_out(tmp_path):
    path = tsv(tmp_path, "text | text_pair | score\nx | y | -7\n")
    assert read_scored_pairs(path, score_range=(-10, 10)).scores == [-7.0]
    assert read_scored_pairs(path, score_range=None).scores == [-7.0]


@pytest.mark.parametrize(
    ("rows", "words", "place"),
    [
        ("x | y | 0\nx | y | 5.1\n", "from 0 to 5. Received: 5.1.", (3, None)),
        ("x | y | -0.1\n", "Received: -0.1.*--score-range", (2, None)),
        ("x | y | 5\nx | y | good\n", "a number.*'good'", (3, "score")),
        ("x | y | \n", "a number for the score. Received: ''", (2, "score")),
        ("x | y | nan\n", "Received: 'nan'", (2, "score")),
        ("x | y | inf\n", "Received: 'inf'", (2, "score")),
        ("x | y\n", "Expected 3 fields.*2 fields", (2, None)),
        ("", "a header alone", (None, None)),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path, rows, words, place):
    path = tsv(tmp_path, f"sentence1 | sentence2 | score\n{rows}")
    with pytest.raises(DataError, match=words) as caught:
        read_scored_pairs(path)
    assert str(path) in str(caught.value)
    assert (caught.value.line, caught.value.column) == place


@pytest.mark.parametrize(
    ("header", "options", "words"),
    [
        ("text | note", {}, "column for the pair: one of 'text_pair'"),
        ("sentence2 | note", {}, "column for the text: one of"),
        (
            "sentence1 | sentence2",
            {"text_column": "sentence2"},
            "column for the pair: one of",
        ),
        (
            "sentence1 | sentence2",
            {"pair_column": "Sentence1", "text_column": "sentence1"},
            "two columns of texts. Received: 'sentence1' for both",
        ),
        (
            "text | text_pair",
            {"score_column": "gold"},
            "column for the score: 'gold'.*--score-column",
        ),
    ],
)
def test_missing_columns_are_said_with_those_that_are_there(
    tmp_path, header, options, words
):
    path = tsv(tmp_path, f"{header}\nx | y\n")
    with pytest.raises(DataError, match=words):
        read_scored_pairs(path, **options)
