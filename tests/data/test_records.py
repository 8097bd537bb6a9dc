import csv
import io
import json
import pickle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_transformer.data import DataError, read_records

ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
FILES = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def written(path, text):
    path.write_bytes(text.encode())
    return path


def rows_of(path, format=None):
    return list(read_records(path, format).rows)


@FILES
@given(rows=st.lists(st.tuples(ANY_TEXT, ANY_TEXT), min_size=1, max_size=5))
def test_csv_is_what_the_csv_module_wrote(tmp_path, rows):
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b"), *rows])
    records = read_records(written(tmp_path / "a.csv", stream.getvalue()))
    assert records.header == ("a", "b")
    assert [tuple(row.values()) for _, row in records.rows] == rows


@FILES
@given(rows=st.lists(st.tuples(ANY_TEXT, ANY_TEXT), min_size=1, max_size=5))
def test_json_lines_are_what_the_json_module_wrote(tmp_path, rows):
    for only_ascii in (True, False):
        lines = [
            json.dumps({"a": a, "b": b}, ensure_ascii=only_ascii)
            for a, b in rows
        ]
        path = written(tmp_path / "a.jsonl", "\n".join(lines))
        found = [(row["a"], row["b"]) for _, row in rows_of(path)]
        assert found == rows


@FILES
@given(
    rows=st.lists(
        st.tuples(
            *[
                st.text(
                    st.characters(codec="utf-8", exclude_characters="\0\t\n\r")
                )
            ]
            * 2
        ),
        min_size=1,
        max_size=5,
    )
)
def test_tsv_takes_fields_as_they_are(tmp_path, rows):
    lines = ["a\tb", *("\t".join(row) for row in rows)]
    for end in ("\n", "\r\n"):
        path = written(tmp_path / "a.tsv", "".join(x + end for x in lines))
        assert [tuple(row.values()) for _, row in rows_of(path)] == rows


def test_quotes_mean_nothing_in_tsv(tmp_path):
    path = written(tmp_path / "a.tsv", 'a\tb\n"x\ty"\n\\t\t""\n')
    assert rows_of(path) == [
        (2, {"a": '"x', "b": 'y"'}),
        (3, {"a": "\\t", "b": '""'}),
    ]


def test_line_numbers_count_the_lines_inside_quotes(tmp_path):
    text = 'a,b\r\n"1\n2\r3",x\r\ny,"z ""q"", w"\r\n'
    assert rows_of(written(tmp_path / "a.csv", text)) == [
        (2, {"a": "1\n2\r3", "b": "x"}),
        (4, {"a": "y", "b": 'z "q", w'}),
    ]


def test_a_field_may_be_longer_than_the_csv_module_likes(tmp_path):
    limit = csv.field_size_limit()
    path = written(tmp_path / "a.csv", f"a,b\n{'x' * (limit + 1)},y\n")
    assert len(rows_of(path)[0][1]["a"]) == limit + 1
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.tsv", "a\tb\n1\t2\n\n\r\n"),
        ("a.csv", "a,b\n1,2\n\n\n"),
        ("a.json", '{"a": "1", "b": "2"}\n\n  \n'),
        ("a.ndjson", '\n{"a": "1", "b": "2"}'),
    ],
)
def test_blank_lines_at_the_end_are_ignored(tmp_path, name, text):
    rows = rows_of(written(tmp_path / name, text))
    assert [row for _, row in rows] == [{"a": "1", "b": "2"}]


def test_a_blank_line_inside_one_column_is_an_empty_text(tmp_path):
    path = written(tmp_path / "a.tsv", "a\n\nx\n\n")
    assert rows_of(path) == [(2, {"a": ""}), (3, {"a": "x"})]


def test_the_format_can_be_named(tmp_path):
    path = written(tmp_path / "a.csv", "a\tb\n1,5\t2\n")
    assert rows_of(path, "tsv") == [(2, {"a": "1,5", "b": "2"})]
    path = written(tmp_path / "A.TSV.GZ", "a\tb\n1\t2\n")
    assert read_records(path).format == "tsv"
    with pytest.raises(ValueError, match=r"'csv', 'jsonl', 'tsv'.*'xls'"):
        read_records(path, "xls")
    with pytest.raises(DataError, match=r"ending '\.txt'.*pass `format=`"):
        read_records(written(tmp_path / "a.txt", "x"))


@pytest.mark.parametrize(
    ("name", "text", "words", "line"),
    [
        ("a.tsv", "a\tb\n1\t2\n3\n", "Expected 2 fields.*: 1 fields.*tab", 3),
        ("a.tsv", "a\tb\n1\t2\t3\n", "for each of 'a', 'b'.*: 3 fields", 2),
        ("a.tsv", "a\tb\n\n1\t2\n", "Expected 2 fields", 2),
        ("a.tsv", "a\ta\n1\t2\n", "names that differ.*'a' more than once", 1),
        ("a.csv", 'a,b\n"1\n2",3\n4\n', "Expected 2 fields.*: 1 fields", 4),
        ("a.csv", 'a,b\n1,2\n"3,4\n5,6\n', "begins on line 3.*closed", 3),
        ("a.csv", 'a,b\n"1" x,2\n', "RFC 4180.*begins on line 2", 2),
        ("a.csv", "a,b\n1\r2,3\n", "new-line character.*line 2", 2),
        ("a.jsonl", '{"a": 1}\n{"a": 1', "one JSON object a line.*line 1", 2),
        ("a.jsonl", '{"a": 1}\n["a"]', "Received: list in", 2),
        ("a.jsonl", '{"a": 1}\nnull', "Received: NoneType in 'null'", 2),
        ("a.jsonl", '[\n{"a": 1}\n]', "one array.*`jq -c`", 1),
        ("a.jsonl", '{\n"a": 1\n}', "one JSON document.*`jq -c`", 1),
        ("a.jsonl", "a\tb\n1\t2", "is it TSV.*format='tsv'", 1),
        ("a.jsonl", '{"a": "\\ud800"}', "half of a surrogate pair", 1),
        ("a.jsonl", "[" * 100_000, "nested too deeply", 1),
        ("a.jsonl", '{"a": ' + "9" * 5000 + "}", "Exceeds the limit", 1),
    ],
)
def test_a_malformed_row_is_named(tmp_path, name, text, words, line):
    path = written(tmp_path / name, text)
    with pytest.raises(DataError, match=words) as caught:
        rows_of(path)
    assert caught.value.line == line
    assert f"{path}, line {line}: " in str(caught.value)


def test_an_error_crosses_processes():
    error = DataError("Expected more.", "a.tsv", 3, "text")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == "a.tsv, line 3, column 'text': Expected more."
    assert (again.path, again.line, again.column) == ("a.tsv", 3, "text")
