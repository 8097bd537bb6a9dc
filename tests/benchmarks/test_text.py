import gzip
import json
import pathlib

import numpy as np
import pytest

from benchmarks import text, text_samples
from benchmarks.text_contenders import (
    KerasTransformer,
    Tokenizers,
    read_lines,
)

LINES = ["One, two: buckle my shoe!", "", "Café at 3.50", "dull and slow"]


def test_strings_are_counted_and_real_tokens_too(tmp_path, monkeypatch, capsys):
    # TensorFlow runs in this process already.
    monkeypatch.setattr(text, "run_elsewhere", lambda call, *of: call(*of))
    lines, output = tmp_path / "lines.txt", tmp_path / "text.json"
    lines.write_text("\n".join(LINES * 20), encoding="utf-8")
    rows = tmp_path / "rows.tsv"
    pairs = [f"a word {'or more ' * n}\tein Wort" for n in range(40)]
    rows.write_text("\n".join(["source\ttarget", *pairs]), encoding="utf-8")
    flags = ["--small", "--rounds", "1", "--contenders", "tokenizers"]
    flags += ["--data", str(rows), "--batch-tokens", "64"]
    assert text.main([str(lines), *flags, "--output", str(output)]) == 0
    written = json.loads(output.read_text(encoding="utf-8"))
    assert [(row["case"], row["contender"]) for row in written["rows"]] == [
        ("text-tokenize", "tokenizers"),
        ("text-preprocess", "tokenizers"),
    ]
    for row in written["rows"]:
        assert row["tokens"] > 60
        assert row["tokens_per_second"] * row["median_ms"] == pytest.approx(
            60_000  # of three lines, twenty times, in a second
        )
    shares = written["real_tokens"]
    assert shares["examples"] == 40
    assert 0 < shares["usual"] < shares["bucketed"] <= 1
    assert f"{shares['bucketed']:.1%} of" in capsys.readouterr().out


def test_the_usual_share_is_that_of_batches_padded_to_their_longest():
    lengths = np.array([5] * 31 + [10] + [7] * 3)
    share = text_samples._usual_share([lengths])
    # Two batches, of 32 rows and of 3; the longest row is in one of them.
    real = lengths.sum()
    possible = [real / (32 * 10 + 3 * n) for n in (5, 7)]
    possible += [real / (32 * 7 + 3 * 10)]
    assert min(abs(share - p) for p in possible) < 1e-9


def test_lines_are_read_from_gzip_and_blank_ones_left_out(tmp_path):
    path = tmp_path / "lines.gz"
    path.write_bytes(gzip.compress("\n".join(LINES).encode()))
    assert read_lines(path) == [line for line in LINES if line]


def test_a_file_that_is_missing_is_refused(capsys):
    with pytest.raises(SystemExit):
        text.main(["no_such_file"])
    assert "there is no file no_such_file" in capsys.readouterr().err


def test_the_sample_is_always_the_same(tmp_path):
    paths = [tmp_path / name for name in ("first", "second")]
    for path in paths:
        text_samples.write_sample(path, 30)
    first, second = (path.read_text(encoding="utf-8") for path in paths)
    assert first == second
    assert len(read_lines(paths[0])) == 30


def test_each_contender_finds_the_same_tokens(tmp_path, monkeypatch):
    # TensorFlow runs already, and has its threads.
    monkeypatch.setattr(KerasTransformer, "set_up_keras", lambda self: None)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "cafe", "at"]
    vocabulary += ["one", "two", "dull", "##s", "!", ",", ":", "3", "."]
    files = {"file": "\n".join(LINES), "vocabulary": "\n".join(vocabulary)}
    for name, content in files.items():
        pathlib.Path(tmp_path, name).write_text(content, encoding="utf-8")
        files[name] = str(tmp_path / name)
    pytest.importorskip("tokenizers", reason="the peer of this test")
    workload = {"name": "text", "max_length": 8, **files}
    # one , two : [UNK] [UNK] [UNK] ! / cafe at 3 . [UNK] / dull [UNK] [UNK]
    for kind in (KerasTransformer, Tokenizers):
        contender = kind(workload, "text", 1)
        assert contender.description["tokens"] == 16
        case = {"work": "preprocess", "batch": 2, "lengths": [3]}
        assert contender.prepare(case)() == [3]
