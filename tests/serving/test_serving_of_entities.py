"""Entities from a SavedModel, in a process that has none of our code."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import keras_transformer as kt
from tests.tasks.entity_toys import TEXTS, make_lively, make_planted
from tests.text.reference import HAND_PICKED

# Runs without this package.
ASK = """
import json, sys
import numpy as np
import tensorflow as tf
import tensorflow_text
decode = np.vectorize(lambda text: text.decode("utf-8"), [object])
serve = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
answer = serve(text=tf.constant(json.load(sys.stdin), tf.string))
print(json.dumps({
    k: (decode(v.numpy()) if v.dtype == tf.string else v.numpy()).tolist()
    for k, v in answer.items()
}))
assert "keras_transformer" not in sys.modules
"""
MORE = ["", " ", "Ada\u0301  likes\tNew York.", "ada " * 50, "\U0001f600 bob"]


@pytest.fixture(scope="module", params=[False, True], ids=["softmax", "crf"])
def exported(request, tmp_path_factory):
    task = make_lively(crf=request.param, max_length=10)
    path = tmp_path_factory.mktemp("models") / "entities"
    return task, kt.serving.export(task, path)


def ask_elsewhere(folder, texts):
    """Ask in a process with TensorFlow and its text operations alone."""
    printed = subprocess.run(
        [sys.executable, "-c", ASK, str(folder)],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": ""},
    ).stdout
    return json.loads(printed)


def same(answer, other):
    for name, values in answer.items():
        values = np.asarray(values)
        if name == "score":
            np.testing.assert_allclose(values, other[name], atol=1e-5)
        else:
            np.testing.assert_array_equal(values, other[name])


def as_lists(answer):
    return {
        name: np.char.decode(x.numpy().astype(bytes), "utf-8")
        if x.dtype == tf.string
        else x.numpy()
        for name, x in answer.items()
    }


def test_it_answers_elsewhere_as_python_does(exported):
    task, folder = exported
    texts = [*TEXTS, *MORE, *[t for t in HAND_PICKED if "\x00" not in t]]
    there = ask_elsewhere(folder, texts)
    here = as_lists(task.answer(texts, batch_size=len(texts)))
    assert there.keys() == here.keys()
    same(there, here)
    assert np.sum(here["start"] >= 0) > 30


def test_a_text_alone_gets_the_answer_that_it_gets_in_a_batch(exported):
    _, folder = exported
    serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
    texts = [*TEXTS, *MORE]
    together = serve(text=tf.constant(texts))
    for row, text in enumerate(texts):
        alone = serve(text=tf.constant([text]))
        number = alone["start"].shape[1]
        same(
            {name: x[0] for name, x in alone.items()},
            {name: x[row, :number] for name, x in together.items()},
        )
        assert (together["start"][row, number:].numpy() == -1).all()


def test_names_types_and_free_axes_are_as_documented(exported):
    _, folder = exported
    signatures = tf.saved_model.load(str(folder)).signatures
    serve = signatures["serving_default"]
    described = {
        name: (spec.dtype, spec.shape.as_list())
        for name, spec in serve.structured_outputs.items()
    }
    assert described == {
        "entity": (tf.string, [None, None]),
        "label": (tf.string, [None, None]),
        "start": (tf.int32, [None, None]),
        "end": (tf.int32, [None, None]),
        "score": (tf.float32, [None, None]),
    }
    logits = signatures["tokens"].structured_outputs["logits"]
    assert logits.shape.as_list() == [None, None, 5]


def test_no_texts_and_no_entities_get_empty_answers(tmp_path):
    folder = kt.serving.export(make_planted(), tmp_path / "planted")
    serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
    for texts, shape in (([], (0, 0)), (["tea", ""], (2, 0))):
        answer = serve(text=tf.constant(texts, tf.string))
        assert {tuple(x.shape) for x in answer.values()} == {shape}
    answer = serve(text=tf.constant([b"ada \xff love", b"ada love"]))
    wanted = [["ada \ufffd love".encode()], [b"ada love"]]
    assert answer["entity"].numpy().tolist() == wanted
