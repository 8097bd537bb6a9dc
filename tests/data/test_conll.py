"""Files of words and labels, and all that can be wrong in them."""

import gzip
import json
import re
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_transformer.data import (
    DataError,
    read_conll,
    read_labelled_words,
)
from keras_transformer.data.label_schemes import find_scheme, to_iob2

SMALL = "Ada\tB-person\nLovelace\tI-person\nlived\tO\n\nYork\tB-place\n"
WORDS = [["Ada", "Lovelace", "lived"], ["York"]]
LABELS = [["B-person", "I-person", "O"], ["B-place"]]


def written(folder, text, name="words.conll"):
    path = folder / name
    path.write_bytes(text.encode("utf-8"))
    return path


@pytest.mark.parametrize(
    "text",
    [
        SMALL,
        SMALL.removesuffix("\n"),
        SMALL.replace("\n", "\r\n"),
        SMALL.replace("\t", " "),
        SMALL.replace("\n\n", "\n\t\n"),
        SMALL.replace("\n\n", "\n\n \n\n"),
        f"-DOCSTART-\tO\n\n{SMALL}",
        SMALL.replace("\n\n", "\n-DOCSTART- -X- O O\n"),
        f"\ufeff\n\n{SMALL}\n\n",
    ],
    ids=range(9),
)
def test_all_ways_to_write_columns_give_the_same(tmp_path, text):
    examples = read_conll(written(tmp_path, text))
    assert examples.words == WORDS
    assert examples.labels == LABELS
    assert examples.texts == ["Ada Lovelace lived", "York"]
    assert examples.types == ["person", "place"]
    assert len(examples) == 2 and examples.num_repaired == 0


def test_gzip_and_more_columns(tmp_path):
    path = tmp_path / "words.txt.gz"
    text = "1 Ada NNP B-person X\n2 ran VBD O Y\n"
    with gzip.open(path, "wb") as file:
        file.write(text.encode())
    examples = read_conll(path, token_column=1, label_column=-2)
    assert examples.words == [["Ada", "ran"]]
    assert examples.labels == [["B-person", "O"]]
    same = read_labelled_words(path, "1", "3")
    assert same.labels == examples.labels


def test_json_lines_have_lists(tmp_path):
    rows = [
        {"tokens": words, "ner_tags": labels}
        for words, labels in zip(WORDS, LABELS, strict=True)
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    examples = read_labelled_words(written(tmp_path, text, "words.jsonl"))
    assert (examples.words, examples.labels) == (WORDS, LABELS)
    assert examples.lines == [[1, 1, 1], [2]]
    named = read_labelled_words(
        written(tmp_path, text.replace("tokens", "w"), "w.txt"),
        token_column="w",
        label_column="ner_tags",
        format="jsonl",
    )
    assert named.words == WORDS


def test_some_texts_keep_their_lines(tmp_path):
    examples = read_conll(written(tmp_path, SMALL))
    assert examples.lines == [[1, 2, 3], [5]]
    part = examples.select([False, True])
    assert part.words == [["York"]] and part.lines == [[5]]


SPANS = st.lists(
    st.tuples(st.sampled_from(["", "a", "b"]), st.integers(1, 3)), max_size=6
)


def in_schemes(spans):
    """Labels of the same entities in IOB1, IOB2, BILOU and IOBES."""
    rows = {name: [] for name in ("iob1", "iob2", "bilou", "iobes")}
    before = ""
    for name, length in spans:
        if not name:
            for row in rows.values():
                row += ["O"] * length
        else:
            inside = [f"I-{name}"] * (length - 1)
            first = "B" if name == before else "I"
            rows["iob1"] += [f"{first}-{name}", *inside]
            rows["iob2"] += [f"B-{name}", *inside]
            for scheme, one, last in (("bilou", "U", "L"), ("iobes", "S", "E")):
                rows[scheme] += (
                    [f"{one}-{name}"]
                    if length == 1
                    else [f"B-{name}", *inside[1:], f"{last}-{name}"]
                )
        before = name
    return rows


@given(spans=SPANS)
def test_all_schemes_become_the_same(spans):
    rows = in_schemes(spans)
    for scheme, labels in rows.items():
        named = "bilou" if scheme == "iobes" else scheme
        assert to_iob2(labels, named) == (rows["iob2"], [])
        if set(labels) - {"O"}:
            assert find_scheme([labels]) == named
            assert to_iob2(labels, find_scheme([labels]))[0] == rows["iob2"]


@settings(max_examples=200)
@given(
    labels=st.lists(
        st.sampled_from(["O", "B-a", "I-a", "B-b", "I-b"]), max_size=8
    )
)
def test_repaired_labels_have_all_beginnings(labels):
    converted = to_iob2(labels, "iob2")
    before = "O"
    for word, label in enumerate(converted.labels):
        assert label[0] != "I" or before[1:] == label[1:]
        is_new = labels[word][0] == "I" and label[0] == "B"
        assert is_new == (word in converted.faults)
        assert label == labels[word] or is_new
        before = label


def test_what_is_repaired_is_counted_and_said_once(tmp_path):
    text = "a\tB-x\nb\tI-y\n\nc\tI-x\nd\tI-x\n"
    path = written(tmp_path, text)
    with pytest.warns(UserWarning, match="2 labels") as said:
        examples = read_conll(path)
    assert len(said) == 1 and "line 2" in str(said[0].message)
    assert examples.labels == [["B-x", "B-y"], ["B-x", "I-x"]]
    assert examples.num_repaired == 2
    with pytest.raises(DataError, match=r"line 2: .*'I-y'.*1 more"):
        read_conll(path, strict=True)


def test_a_scheme_that_is_named_is_taken(tmp_path):
    path = written(tmp_path, "a I-x\nb B-x\nc O\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_conll(path).labels == [["B-x", "B-x", "O"]]
    with pytest.warns(UserWarning, match="1 labels"):
        read_conll(path, scheme="iob2")
    with pytest.raises(DataError, match="line 1"):
        read_conll(written(tmp_path, "a U-x\nb B-x\n"), scheme="iob2")


BAD_FILES = {
    "a missing column": ("a O\nb\n", "line 2: Expected 2 columns"),
    "one column": ("\nword\n", "line 2: Expected a column of words"),
    "no label": ("a\tO\nb\t\n", "line 2: Expected a label"),
    "no word": ("a\tO\n\tO\n", "line 2: Expected a word"),
    "a space in a word": ("a\tO\nb c\tO\n", "line 2: Expected a word"),
    "a label of no scheme": ("a O\nb person\n", r"line 2: .*'person'"),
    "a label without type": ("a O\nb B-\n", "line 2"),
    "nothing but blank lines": ("\n \n", "empty"),
    "document starts alone": ("-DOCSTART- O\n", "lines without any"),
}


@pytest.mark.parametrize("what", BAD_FILES)
def test_bad_lines_are_named(what, tmp_path):
    text, words = BAD_FILES[what]
    path = written(tmp_path, text)
    with pytest.raises(DataError, match=words) as caught:
        read_conll(path)
    assert str(path) in str(caught.value)


BAD_ROWS = {
    "no list": ({"tokens": "a b", "labels": ["O", "O"]}, "'tokens'"),
    "numbers": ({"tokens": ["a"], "labels": [3]}, "'labels'.*no numbers"),
    "fewer labels": ({"tokens": ["a", "b"], "labels": ["O"]}, "1 labels for 2"),
    "a space": ({"tokens": ["a b"], "labels": ["O"]}, "Expected a word"),
    "no labels": ({"tokens": ["a"]}, "column for the label"),
}


@pytest.mark.parametrize("what", BAD_ROWS)
def test_bad_rows_of_json_are_named(what, tmp_path):
    row, words = BAD_ROWS[what]
    path = written(tmp_path, json.dumps(row), "words.jsonl")
    with pytest.raises(DataError, match=words):
        read_labelled_words(path)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"scheme": "bio"}, "scheme='bio'"),
        ({"format": "tsv"}, "format='tsv'"),
        ({"token_column": "word"}, "token_column='word'"),
        ({"label_column": 5}, "number 5"),
        ({"label_column": 0}, "another one of labels"),
    ],
)
def test_bad_options_are_refused_with_reasons(options, words, tmp_path):
    with pytest.raises(ValueError, match=re.escape(words)):
        read_labelled_words(written(tmp_path, SMALL), **options)


def test_real_files_are_read_whole(shared_data):
    examples = read_conll(shared_data / "wnut17" / "train.txt.gz", strict=True)
    assert len(examples) == 3394
    assert sum(map(len, examples.words)) == 62730
    assert len(examples.types) == 6
