"""Files of SQuAD, and what is wrong with some."""

import gzip
import json
import warnings

import pytest

from keras_transformer.data import DataError, read_squad

CONTEXT = "Ada Byron wrote it in 1843. Né à Paris 🙂, who knows?"
TWO = {"text": ["Ada Byron", "Ada"], "answer_start": [0, 0]}
NONE = {"text": [], "answer_start": []}


def document(*contexts):
    """A document of SQuAD 2.0, of pairs of a context and its questions."""
    paragraphs = [{"context": c, "qas": qas} for c, qas in contexts]
    return {
        "version": "v2.0",
        "data": [
            {"title": "one", "paragraphs": paragraphs[:1]},
            {"title": "two", "paragraphs": paragraphs[1:]},
        ],
    }


def question(text, answers, **others):
    pairs = zip(answers["text"], answers["answer_start"], strict=True)
    return {
        "question": text,
        "id": f"id of {text}",
        "answers": [{"text": t, "answer_start": s} for t, s in pairs],
        **others,
    }


def written(path, value, indent=None):
    text = value if isinstance(value, str) else json.dumps(value, indent=indent)
    pack = gzip.compress if path.suffix == ".gz" else bytes
    path.write_bytes(pack(text.encode("utf-8")))
    return path


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.mark.parametrize(("name", "rows"), [("train", 11877), ("dev", 7289)])
def test_real_files_are_read_as_python_reads_them(shared_data, name, rows):
    path = shared_data / "squad11" / f"{name}.jsonl.gz"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = read_squad(path)
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        theirs = [json.loads(line) for line in file]
    assert len(found) == rows
    assert found.questions == [row["question"] for row in theirs]
    assert found.contexts == [row["context"] for row in theirs]
    assert found.answers == [row["answers"] for row in theirs]
    assert found.ids == [row["id"] for row in theirs]
    assert found.lines == list(range(1, rows + 1))
    assert len({id(context) for context in found.contexts}) == len(
        set(found.contexts)
    )
    assert len(found.in_place()) == rows


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", ["a.json", "a.json.gz", "a.txt"])
def test_both_versions_of_the_document_are_read(tmp_path, name, indent):
    impossible = question(
        "Why?",
        NONE,
        is_impossible=True,
        plausible_answers=[{"text": "1843", "answer_start": 22}],
    )
    path = written(
        tmp_path / name,
        document(
            (CONTEXT, [question("Who?", TWO), impossible]),
            ("x", []),
            (
                "Paris",
                [question("Where?", {"text": ["Paris"], "answer_start": [0]})],
            ),
        ),
        indent,
    )
    found = read_squad(path)
    assert found.questions == ["Who?", "Why?", "Where?"]
    assert found.contexts == [CONTEXT, CONTEXT, "Paris"]
    assert found.answers[:2] == [TWO, NONE]
    assert found.references == [["Ada Byron", "Ada"], [], ["Paris"]]
    assert found.ids == ["id of Who?", "id of Why?", "id of Where?"]
    assert found.lines == [1, 2, 3]
    assert found.select([False, True, True]).questions == ["Why?", "Where?"]


@pytest.mark.parametrize(
    "answers",
    [
        TWO,
        question("", TWO)["answers"],
        {"text": "Ada Byron", "answer_start": 0},
    ],
)
def test_lines_have_answers_in_any_of_three_forms(tmp_path, answers):
    row = {"query": "Who?", "passage": CONTEXT, "answers": answers}
    found = read_squad(written(tmp_path / "a.jsonl", lines(row, row)))
    assert found.answers[1]["text"][0] == "Ada Byron"
    assert found.answers[1]["answer_start"][0] == 0
    assert found.ids == ["", ""] and found.lines == [1, 2]


def test_lines_are_told_from_a_document_by_what_is_in_them(tmp_path):
    row = {"question": "Who?", "context": CONTEXT, "answers": TWO}
    assert len(read_squad(written(tmp_path / "a.json", lines(row)))) == 1
    other = {"q": "Who?", "c": CONTEXT, "a": TWO}
    path = written(tmp_path / "b.dat", lines(other))
    assert read_squad(path, "q", "c", "a", "jsonl").references == [TWO["text"]]
    with pytest.raises(DataError, match="--question-column"):
        read_squad(path)


def test_impossible_and_blank_answers_are_none(tmp_path):
    row = {"question": "Who?", "context": CONTEXT, "answers": TWO}
    path = written(
        tmp_path / "a.jsonl",
        lines(
            {**row, "is_impossible": True},
            {**row, "answers": {"text": [" ", "Ada"], "answer_start": [3, 0]}},
            {**row, "answers": []},
        ),
    )
    assert read_squad(path).references == [[], ["Ada"], []]


def test_misplaced_answers_are_counted_said_once_and_kept_for_scores(tmp_path):
    row = {"question": "Who?", "context": CONTEXT}
    rows = [
        {**row, "answers": answers}
        for answers in (
            TWO,
            {"text": ["Ada", "1843"], "answer_start": [1, 22]},
            {"text": ["Ada", "Byron"], "answer_start": [1, -1]},
            NONE,
            {"text": ["Paris"], "answer_start": [999]},
        )
    ]
    path = written(tmp_path / "a.jsonl", lines(*rows))
    with pytest.warns(UserWarning) as said:
        found = read_squad(path)
    assert len(said) == 1
    message = str(said[0].message)
    assert "2 of 5 questions" in message and "a.jsonl" in message
    assert "'Ada' at 1, line 3" in message
    assert found.references == [row["answers"]["text"] for row in rows]
    placed = found.in_place()
    assert placed.lines == [1, 2, 4]
    assert placed.answers == [
        TWO,
        {"text": ["1843"], "answer_start": [22]},
        NONE,
    ]


ROW = {"question": "Who?", "context": CONTEXT, "answers": TWO}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"question": " "}, "text for the question, not blank"),
        ({"context": ""}, "text for the context, not blank"),
        ({"context": None}, "Received: None"),
        ({"answers": None}, "Expected answers like"),
        ({"answers": "Ada"}, "Expected answers like"),
        ({"answers": {"text": ["Ada"]}}, "Expected answers like"),
        (
            {"answers": {"text": ["Ada"], "answer_start": ["0"]}},
            "Expected answers like",
        ),
        (
            {"answers": {"text": ["Ada"], "answer_start": [0, 1]}},
            "Expected answers like",
        ),
        ({"answers": ["Ada"]}, "Expected a JSON object"),
    ],
)
def test_bad_lines_are_named(tmp_path, change, words):
    path = written(tmp_path / "a.jsonl", lines(ROW, {**ROW, **change}))
    with pytest.raises(DataError, match=words) as raised:
        read_squad(path)
    assert "a.jsonl, line 2" in str(raised.value)
    assert raised.value.line == 2


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"data": 3}, "list 'data' in the document"),
        ({"data": [{}]}, r"list 'paragraphs' in data\[0\]"),
        (
            {"data": [{"paragraphs": [{"context": "a"}]}]},
            r"list 'qas' in data\[0\]\.paragraphs\[0\]",
        ),
        (
            document((CONTEXT, [question("", TWO)])),
            r"data\[0\]\.paragraphs\[0\]\.qas\[0\]: .*question, not blank",
        ),
        (document((" ", [question("a", TWO)])), "context, not blank"),
        (document((CONTEXT, [3])), r"qas\[0\]: Expected a JSON object"),
        (document((CONTEXT, [])), "Expected questions. Received: none"),
        ('{"data": [\n', "one JSON document"),
        ("[]", "one JSON object a line"),
    ],
)
def test_bad_documents_are_named_with_the_item(tmp_path, value, words):
    path = written(tmp_path / "a.json", value)
    with pytest.raises(DataError, match=words) as raised:
        read_squad(path)
    assert "a.json" in str(raised.value)


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(ValueError, match="'squad' or 'jsonl'"):
        read_squad(tmp_path / "a", format="tsv")
