"""A load test finds answers that are wrong, late, or missing."""

import json

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import load

TEXTS = ["a", "", "two words", "three more words", "x" * 40, "fail"]


class Words(tf.Module):
    """Splits texts: dense outputs, as wide as the widest text of a batch."""

    def __init__(self, mistake="none"):
        super().__init__()
        self.mistake = mistake

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "text")])
    def serve(self, text):
        words = tf.strings.split(text)
        number = words.row_lengths()
        share = tf.cast(number, tf.float32) / 3
        if self.mistake == "batch":
            share += tf.cast(tf.size(text) > 3, tf.float32) * 0.01
        if self.mistake == "error":
            fine = tf.reduce_all(tf.size(text) * tf.strings.length(text) < 100)
            with tf.control_dependencies([tf.Assert(fine, ["too much"])]):
                share = tf.identity(share)
        lengths = tf.strings.length(words).to_tensor(-1)
        return {
            "words": words.to_tensor(""),
            "lengths": lengths,
            "share": share,
        }


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {}
    for mistake in ("none", "batch", "error"):
        module = Words(mistake)
        folder = tmp_path_factory.mktemp("models") / mistake
        tf.saved_model.save(module, str(folder), signatures=module.serve)
        made[mistake] = folder
    return made


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(TEXTS), encoding="utf-8")
    return path


def run(folder, texts, *flags):
    flags = ["--requests", "60", "--clients", "4", *flags]
    return load.main([str(folder), str(texts), *flags])


def test_right_answers_are_counted(folders, texts, tmp_path, capsys):
    output = tmp_path / "load.json"
    assert run(folders["none"], texts, "--output", str(output)) == 0
    result = json.loads(output.read_text(encoding="utf-8"))
    assert (result["answered"], result["wrong"]) == (60, 0)
    times = [result["latency_ms"][p] for p in ("50", "90", "99", "100")]
    assert times == sorted(times) and times[0] > 0
    assert result["texts_per_second"] > result["requests_per_second"]
    assert "60 answered as alone, 0 not" in capsys.readouterr().out


@pytest.mark.parametrize(
    "mistake, told", [("batch", "share: "), ("error", "no answer: ")]
)
def test_wrong_and_missing_answers_are_told(
    mistake, told, folders, texts, capsys
):
    assert run(folders[mistake], texts) == 1
    printed = capsys.readouterr().out
    assert told in printed and " 0 not" not in printed


def test_made_up_texts_do_too(folders, capsys):
    flags = ["--requests", "8", "--texts", "9"]
    assert load.main([str(folders["none"]), *flags]) == 0
    assert "8 answered as alone" in capsys.readouterr().out


@pytest.mark.parametrize(
    "found, wanted, expected",
    [
        ([b"a", b""], [b"a"], 0),
        ([b"a"], [b"a", b"b"], np.inf),
        ([3, -1], [3, -1, -1], 0),
        ([[1, 2], [0, 0]], [[1], [0]], np.inf),
        ([0.5, 0.0], [0.25], 0.25),
        ([30.0], [20.0], 0.5),
        (np.float32(np.nan), np.float32(0), np.nan),
    ],
)
def test_the_gap_between_answers(found, wanted, expected):
    kind = object if isinstance(np.ravel(found)[0], bytes) else None
    found, wanted = np.array(found, kind), np.array(wanted, kind)
    np.testing.assert_equal(load.gap(found, wanted), expected)


@pytest.mark.parametrize(
    "flags, told",
    [
        (["--signature", "other"], "has the signatures serving_default"),
        (["--requests", "0"], "must be at least 1"),
    ],
)
def test_what_cannot_be_asked_is_refused(flags, told, folders, texts, capsys):
    with pytest.raises(SystemExit):
        run(folders["none"], texts, *flags)
    assert told in capsys.readouterr().err


def test_a_folder_without_a_model_is_refused(texts, tmp_path, capsys):
    with pytest.raises(SystemExit):
        run(tmp_path, texts)
    assert "no saved_model.pb" in capsys.readouterr().err


def test_rows_of_several_inputs_are_objects(tmp_path):
    path = tmp_path / "rows.jsonl"
    rows = [{"question": "who?", "context": "Ada did.", "id": "7"}] * 2
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    inputs = ["context", "question"]
    assert load.read_rows(path, inputs, 1) == rows[:1]
    path.write_text('{"question": "who?"}', encoding="utf-8")
    with pytest.raises(ValueError, match="line 1: expected a JSON object"):
        load.read_rows(path, inputs, 1)
