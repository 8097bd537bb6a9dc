import csv
import gzip

import pytest

from keras_transformer.data import (
    SOURCE_COLUMNS,
    TARGET_COLUMNS,
    DataError,
    read_labelled_texts,
    read_table,
)


def written(path, text):
    path.write_bytes(text.encode())
    return path


def tsv(tmp_path, text):
    return written(tmp_path / "a.tsv", text.replace(" | ", "\t"))


@pytest.mark.parametrize(
    ("file", "columns", "rows", "classes"),
    [
        ("sst2/train.tsv.gz", {}, 67_349, 2),
        ("sms_spam/dev.tsv.gz", {}, 551, 2),
        ("ag_news_10k/dev.tsv.gz", {}, 1_001, 4),
        ("trec/train.tsv.gz", {"label_column": "coarse"}, 4_933, 6),
        ("stsb/dev.tsv.gz", {"label_column": "score"}, 1_500, None),
    ],
)
def test_real_files_are_read_as_python_reads_them(
    shared_data, file, columns, rows, classes
):
    found = read_labelled_texts(shared_data / file, **columns)
    assert len(found) == len(found.lines) == rows
    assert classes is None or len(set(found.labels)) == classes
    with gzip.open(shared_data / file, "rt", newline="\n") as stream:
        theirs = list(
            csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        )
    texts = next(
        n
        for n in ("text", "sentence", "sentence1", "question")
        if n in theirs[0]
    )
    assert found.texts == [row[texts] for row in theirs]
    label = columns.get("label_column", "label")
    assert found.labels == [row[label].strip() for row in theirs]
    if "sentence2" in theirs[0]:
        assert found.pairs == [row["sentence2"] for row in theirs]
    else:
        assert found.pairs is None


def test_questions_are_read_with_their_contexts(shared_data):
    table = read_table(
        shared_data / "squad11" / "dev.jsonl.gz",
        {"question": ("question",), "context": "context", "id": ("id", "qid")},
    )
    assert len(table) == 7_289
    assert all(map(str.strip, table.columns["question"]))


def test_the_first_usual_name_wins_and_case_matters_last(tmp_path):
    path = tsv(tmp_path, "Sentence | LABEL | body\nx | 1 | y\n")
    found = read_labelled_texts(path)
    assert (found.texts, found.labels) == (["x"], ["1"])
    path = tsv(tmp_path, "Text | text | label\nx | y | 1\n")
    assert read_labelled_texts(path).texts == ["y"]
    assert read_labelled_texts(path, text_column="Text").texts == ["x"]


@pytest.mark.parametrize(
    ("header", "options", "texts", "pairs"),
    [
        ("premise | hypothesis", {}, "a", "b"),
        ("question | sentence", {}, "a", "b"),
        ("sentence2 | sentence1", {}, "b", "a"),
        ("text | text_pair", {"text_column": "text"}, "a", None),
        (
            "left | right",
            {"text_column": "left", "pair_column": "right"},
            "a",
            "b",
        ),
        ("text | other", {"pair_column": "other"}, "a", "b"),
        ("text | sentence", {"pair_column": "text"}, "b", "a"),
        ("premise | hypothesis", {"pair_column": "Hypothesis"}, "a", "b"),
        ("text | note", {}, "a", None),
    ],
)
def test_pairs_are_found_or_named(tmp_path, header, options, texts, pairs):
    path = tsv(tmp_path, f"{header} | label\na | b | 1\n")
    found = read_labelled_texts(path, **options)
    assert found.texts == [texts]
    assert found.pairs == (pairs and [pairs])


def test_json_labels_become_strings(tmp_path):
    lines = ['"x"', "1", "true", "0.5", '" y "']
    text = "".join(f'{{"text": "t", "label": {line}}}\n' for line in lines)
    found = read_labelled_texts(written(tmp_path / "a.jsonl", text))
    assert found.labels == ["x", "1", "True", "0.5", "y"]
    assert found.lines == [1, 2, 3, 4, 5]


def test_empty_texts_are_kept_and_counted(tmp_path):
    path = tsv(tmp_path, "text | label\n | 1\n  | 0\nx | 1\n")
    found = read_labelled_texts(path)
    assert found.texts == ["", " ", "x"]
    assert found.num_empty_texts == 2


def test_labels_may_be_missing_where_they_are_not_required(tmp_path):
    path = tsv(tmp_path, "text | id\nx | 1\n")
    assert read_labelled_texts(path, labels_required=False).labels is None
    path = tsv(tmp_path, "text | label\nx | \n")
    assert read_labelled_texts(path, labels_required=False).labels == [""]
    with pytest.raises(DataError, match="for the label: 'gold'"):
        read_labelled_texts(path, label_column="gold", labels_required=False)


def test_one_column_is_not_text_and_label_at_once(tmp_path):
    path = tsv(tmp_path, "source | target\nx | y\n")
    with pytest.raises(DataError, match="column for the label"):
        read_labelled_texts(path, text_column="target")
    table = read_table(
        path, {"source": SOURCE_COLUMNS, "target": TARGET_COLUMNS}
    )
    assert table.columns == {"source": ["x"], "target": ["y"]}
    assert table.names == {"source": "source", "target": "target"}


def test_optional_columns_are_left_out(tmp_path):
    path = tsv(tmp_path, "source | id\nx | y\n")
    wanted = {"source": SOURCE_COLUMNS, "target": TARGET_COLUMNS}
    assert set(read_table(path, wanted, optional=("target",)).columns) == {
        "source"
    }
    with pytest.raises(DataError, match="--target-column"):
        read_table(path, wanted)


@pytest.mark.parametrize(
    ("name", "text", "words", "place"),
    [
        (
            "a.tsv",
            "body_text\tlabel\nx\t1\n",
            "text: one of 'text', 'sentence'.*columns 'body_text', 'label'.*"
            "`text_column=`.*`--text-column`",
            (None, None),
        ),
        ("a.tsv", "text\tgold\nx\t1\n", "--label-column", (None, None)),
        ("a.tsv", "text\tlabel\n", "a header alone.*'text'", (None, None)),
        ("a.tsv", "text\tlabel\nx\t1\ny\t \n", "in 1 of 2 rows", (3, "label")),
        (
            "a.tsv",
            "Label\tlabel \ttext\n1\t2\tx",
            "differ only in",
            (None, None),
        ),
        (
            "a.csv",
            "text\tlabel\nx\t1\n",
            "tabs: pass `format='tsv'",
            (None, None),
        ),
        (
            "a.tsv",
            "text,label\nx,1\n",
            "commas: pass `format='csv'",
            (None, None),
        ),
        ("a.csv", "text;label\nx;1\n", "semicolons", (None, None)),
        ("a.tsv", '{"text": "x"}', "JSON: pass `format='jsonl'", (None, None)),
        ("a.tsv", "x y z\n1 2 3\n", "first line a header", (None, None)),
        (
            "a.jsonl",
            '{"text": "x", "label": 1}\n{"text": 3, "label": 1}',
            "a string for the text. Received: int 3",
            (2, "text"),
        ),
        (
            "a.jsonl",
            '{"text": "x", "label": null}',
            "a string, a number or a boolean.*NoneType",
            (1, "label"),
        ),
        (
            "a.jsonl",
            '{"text": "x", "label": 1}\n{"text": "x"}',
            "only the keys 'text'",
            (2, "label"),
        ),
        (
            "a.jsonl",
            '{"text": ["x"], "label": 1}',
            r"Received: list \['x'\]",
            (1, "text"),
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    tmp_path, name, text, words, place
):
    path = written(tmp_path / name, text)
    with pytest.raises(DataError, match=words) as caught:
        read_labelled_texts(path)
    assert str(path) in str(caught.value)
    assert (caught.value.line, caught.value.column) == place
