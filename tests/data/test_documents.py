import gzip
import re

import pytest

from keras_transformer.data import DataError, read_documents


def written(path, text):
    path.write_bytes(text.encode())
    return path


def test_a_real_file_is_one_document_to_the_character(shared_data):
    path = shared_data / "tiny_shakespeare" / "input.txt.gz"
    found = read_documents(path)
    (text,) = found.texts
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        assert text == stream.read()
    assert len(text) == 1_115_394
    speeches = read_documents(path, documents="paragraph")
    assert speeches.texts == re.split("\n\n+", text.strip("\n"))
    lines = read_documents(path, documents="line")
    assert lines.texts == [line for line in text.split("\n") if line.strip()]


@pytest.mark.parametrize(
    ("documents", "texts", "lines"),
    [
        (None, ["\none\u2028a\n two\n\t\n\nthree\n"], [1]),
        ("file", ["\none\u2028a\n two\n\t\n\nthree\n"], [1]),
        ("line", ["one\u2028a", " two", "three"], [2, 3, 6]),
        ("paragraph", ["one\u2028a\n two", "three"], [2, 6]),
    ],
)
def test_a_document_is_a_file_a_line_or_a_paragraph(
    tmp_path, documents, texts, lines
):
    text = "\r\none\u2028a\r\n two\r\n\t\r\n\r\nthree\r\n"
    for name in ("a.txt", "a"):
        path = written(tmp_path / name, text)
        found = read_documents(path, documents=documents)
        assert (found.texts, found.lines) == (texts, lines)
        assert len(found) == len(texts)


def test_a_row_is_a_document(tmp_path):
    path = written(
        tmp_path / "a.jsonl.gz",
        '{"text": "one\\n\\ntwo"}\n{"text": " "}\n{"text": "three"}\n',
    )
    found = read_documents(path)
    assert (found.texts, found.lines) == (["one\n\ntwo", "three"], [1, 3])
    path = written(tmp_path / "b.txt", "id\tbody\n1\tone\n")
    assert read_documents(path, "body", "tsv").texts == ["one"]


def test_rows_may_be_read_as_plain_text(tmp_path):
    path = written(tmp_path / "a.csv", "one, two\nthree\n")
    found = read_documents(path, format="text", documents="line")
    assert found.texts == ["one, two", "three"]


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("a.txt", {"documents": "page"}, "'paragraph'.*documents='page'"),
        ("a.txt", {"text_column": "x"}, "files of rows.*text_column='x'"),
        ("a.tsv", {"documents": "line"}, "files of plain text.*format='tsv'"),
        ("a.tsv", {"format": "xml"}, "`format` must be one of.*'xml'"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(
    tmp_path, name, options, words
):
    path = written(tmp_path / name, "text\nx\n")
    with pytest.raises(ValueError, match=words):
        read_documents(path, **options)


def test_rows_that_are_all_blank_are_refused(tmp_path):
    path = written(tmp_path / "a.jsonl", '{"text": " "}\n')
    with pytest.raises(DataError, match="rows whose text is blank"):
        read_documents(path)
