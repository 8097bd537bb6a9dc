import gzip
import json

import pytest

from keras_transformer.data import DataError, read_summaries


def written(path, text):
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(("name", "rows"), [("train", 1_992), ("dev", 619)])
def test_real_files_are_read_as_python_reads_them(shared_data, name, rows):
    path = shared_data / "scitldr_a" / f"{name}.jsonl.gz"
    found = read_summaries(path)
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as stream:
        theirs = [json.loads(line) for line in stream]
    assert len(found) == rows
    assert found.documents == [
        " ".join(sentence for sentence in row["source"] if sentence.strip())
        for row in theirs
    ]
    assert found.summaries == [row["target"] for row in theirs]
    assert found.lines == list(range(1, rows + 1))
    numbers = {len(summaries) for summaries in found.summaries}
    assert numbers == ({1} if name == "train" else {1, 2, 3, 4})


def test_texts_and_lists_of_them_are_taken(tmp_path):
    path = written(
        tmp_path / "a.jsonl",
        '{"article": "A b. C.", "summary": "A."}\n\n'
        '{"article": ["A b.", " ", "C."], "summary": ["A.", "", "C."]}\n',
    )
    found = read_summaries(path)
    assert found.documents == ["A b. C."] * 2
    assert found.summaries == [["A."], ["A.", "C."]]
    assert found.lines == [1, 3]


def test_tables_and_named_columns_are_read(tmp_path):
    path = written(tmp_path / "a.txt", "long,short\n'A b',A\n")
    found = read_summaries(path, "long", "short", "csv")
    assert (found.documents, found.summaries) == (["'A b'"], [["A"]])


@pytest.mark.parametrize(
    ("row", "words", "column"),
    [
        ('{"source": "", "target": "a"}', "the document.*str ''", "source"),
        ('{"source": [], "target": "a"}', r"list \[\]", "source"),
        ('{"source": ["a", 1], "target": "a"}', "int 1", "source"),
        ('{"source": "a", "target": ["", " "]}', "summary.*list", "target"),
        ('{"source": "a", "target": null}', "NoneType None", "target"),
        ('{"source": "a"}', "only the keys 'source'", "target"),
    ],
)
def test_rows_without_a_text_are_refused_with_the_place(
    tmp_path, row, words, column
):
    good = '{"source": "x", "target": "y"}\n'
    with pytest.raises(DataError, match=words) as caught:
        read_summaries(written(tmp_path / "a.jsonl", f"{good}{row}\n"))
    assert (caught.value.line, caught.value.column) == (2, column)


def test_a_header_alone_is_refused(tmp_path):
    with pytest.raises(DataError, match="a header alone"):
        read_summaries(written(tmp_path / "a.tsv", "source\ttarget\n"))
