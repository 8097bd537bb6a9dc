import gzip

import pytest

from keras_transformer.data import DataError, read_parallel


def written(path, text):
    path.write_bytes(text.encode())
    return path


def two_files(tmp_path, sources, targets):
    return (
        written(tmp_path / "a.en", sources),
        written(tmp_path / "a.de", targets),
    )


def test_real_files_are_read_as_python_reads_them(shared_data):
    folder = shared_data / "multi30k_en_de"
    paths = [folder / f"val.{language}.gz" for language in ("en", "de")]
    found = read_parallel(*paths)
    assert len(found) == 1_014
    for path, texts in zip(paths, (found.sources, found.targets), strict=True):
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as stream:
            assert texts == [line.rstrip("\n") for line in stream]
    assert (found.path, found.target_path) == tuple(map(str, paths))
    assert found.lines == list(range(1, 1_015))


def test_lines_blank_on_both_sides_are_dropped_and_numbers_kept(tmp_path):
    found = read_parallel(
        *two_files(tmp_path, "one\n\n \ntwo\n", "eins\n\n\t\nzwei\n")
    )
    assert found.sources == ["one", "two"]
    assert found.targets == ["eins", "zwei"]
    assert found.lines == [1, 4]


def test_blank_lines_at_the_end_of_one_file_do_not_matter(tmp_path):
    found = read_parallel(*two_files(tmp_path, "one\n\n\n", "eins"))
    assert (found.sources, found.targets) == (["one"], ["eins"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.tsv", "id\tsource\ttarget\n1\tone\teins\n2\t\t\n3\ttwo\tzwei\n"),
        ("a.csv", 'tgt,src\neins,"one"\n"",\n"zwei",two\n'),
        (
            "a.jsonl",
            '{"input": "one", "Output": "eins"}\n{"input": "", "Output": ""}\n'
            '{"input": "two", "Output": "zwei"}\n',
        ),
    ],
)
def test_one_file_of_rows_holds_both(tmp_path, name, text):
    found = read_parallel(written(tmp_path / name, text))
    assert found.sources == ["one", "two"]
    assert found.targets == ["eins", "zwei"]
    assert found.lines == ([1, 3] if name == "a.jsonl" else [2, 4])
    assert found.target_path is None


def test_columns_can_be_named(tmp_path):
    path = written(tmp_path / "a.txt", "target\tde\ten\n1\teins\tone\n")
    found = read_parallel(
        path, source_column="en", target_column="de", format="tsv"
    )
    assert (found.sources, found.targets) == (["one"], ["eins"])
    path = written(tmp_path / "b.tsv", "target\ttranslation\nein\tone\n")
    found = read_parallel(path, source_column="target")
    assert (found.sources, found.targets) == (["ein"], ["one"])


@pytest.mark.parametrize(
    ("sources", "targets", "words", "line"),
    [
        (
            "a\nb\nc\n",
            "1\n\n2\n3\n",
            r"3 lines here and 4 in .*a\.de\. The first.*line 2, in .*a\.de",
            2,
        ),
        ("a\n\nc\n", "1\n2\n", r"3 lines.*and 2.*line 2, in .*a\.en", 2),
        ("a\nb\n", "1\n2\n3\n", "No line is blank on one side only", None),
        ("a\nb\nc\n", "1\n \n3\n", r"nothing in a\.de, and a text in a\.en", 2),
        ("a\n\nc\n", "1\n2\n3\n", r"nothing in a\.en, and a text in a\.de", 2),
    ],
)
def test_files_that_came_apart_are_refused_with_the_place(
    tmp_path, sources, targets, words, line
):
    with pytest.raises(DataError, match=words) as caught:
        read_parallel(*two_files(tmp_path, sources, targets))
    assert caught.value.line == line
    assert caught.value.path == str(tmp_path / "a.en")


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        (
            "source\ttarget\na\t1\nb\t\n",
            "nothing in the target column 'target', and a text in the source",
            3,
        ),
        ("source\ttarget\n\t\n \t \n", "no|Received: 1 rows, all of", None),
        (
            "source\tother\na\t1\n",
            "column for the target.*target_column=",
            None,
        ),
        ("source\ttarget\n", "a header alone", None),
    ],
)
def test_rows_that_are_no_pairs_are_refused(tmp_path, text, words, line):
    with pytest.raises(DataError, match=words) as caught:
        read_parallel(written(tmp_path / "a.tsv", text))
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"target_path": "b", "source_column": "x"}, "source_column='x'"),
        ({"target_path": "b", "format": "tsv"}, "format='tsv', target_path='b"),
        ({"source_column": "x", "target_column": "x"}, "must differ"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        read_parallel("a.tsv", **arguments)
