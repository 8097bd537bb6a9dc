"""A SavedModel that answers questions, asked without our code."""

import numpy as np
import pytest
import tensorflow as tf

import keras_transformer as kt
from tests.layers.checks import randomize
from tests.serving.test_saved_model import ask_elsewhere
from tests.tasks.answerers import make_answerer

CONTEXTS = [
    "w1 w2",
    "  W3\tw4   w5\u3000w6 ",
    "w1 w2 w3 w4 w5 w6 w7 w8 " * 40,
    "Café w1 cafe\u0301 🙂 中文w2",
    "\u200b",
    "",
]
STRINGS = {
    "question": ["who", "w1?", "who w7", "🙂 who", "who", "who"],
    "context": CONTEXTS,
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    answerer = randomize(make_answerer(no_answer_threshold=1.0))
    path = tmp_path_factory.mktemp("models") / "toy"
    return answerer, kt.serving.export(answerer, path)


def test_it_answers_elsewhere_as_python_does(exported):
    answerer, folder = exported
    there = ask_elsewhere(folder, **STRINGS)
    assert sorted(there) == ["answer", "end", "score", "start"]
    told = {name: texts[:5] for name, texts in STRINGS.items()}
    here = answerer.answer(told)
    assert there["answer"][:5] == [t.decode() for t in here["answer"].numpy()]
    for name in ("start", "end"):
        np.testing.assert_array_equal(there[name][:5], here[name])
    np.testing.assert_allclose(there["score"][:5], here["score"], atol=1e-5)
    for context, answer, start, end in zip(
        CONTEXTS, there["answer"], there["start"], there["end"], strict=True
    ):
        assert answer == (context[start:end] if start >= 0 else "")


def test_what_cannot_be_answered_costs_the_others_nothing(exported):
    _, folder = exported
    serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
    strings = {k: tf.constant(v) for k, v in STRINGS.items()}
    strings["question"] = tf.concat([[" "], strings["question"][1:]], 0)
    together = serve(**strings)
    for row in range(len(CONTEXTS)):
        alone = serve(**{k: v[row : row + 1] for k, v in strings.items()})
        for name in ("answer", "start", "end"):
            assert alone[name][0] == together[name][row]
        np.testing.assert_allclose(
            alone["score"][0], together["score"][row], atol=1e-5
        )
    for row in (0, 4, 5):  # a blank question, no token, a blank context
        assert together["answer"][row] == b""
        assert together["start"][row] == together["end"][row] == -1
        assert together["score"][row] == 0
    assert together["answer"][2] != b""


def test_names_types_and_free_axes_are_as_documented(exported):
    _, folder = exported
    signatures = tf.saved_model.load(str(folder)).signatures

    def described(specs):
        return {k: (v.dtype, v.shape.as_list()) for k, v in specs.items()}

    serve = signatures["serving_default"]
    assert described(serve.structured_input_signature[1]) == {
        "question": (tf.string, [None]),
        "context": (tf.string, [None]),
    }
    assert described(serve.structured_outputs) == {
        "answer": (tf.string, [None]),
        "start": (tf.int32, [None]),
        "end": (tf.int32, [None]),
        "score": (tf.float32, [None]),
    }
    tokens = signatures["tokens"]
    assert described(tokens.structured_outputs) == {
        "logits": (tf.float32, [None, None, 2])
    }


def test_ids_give_the_logits_of_python(exported):
    answerer, folder = exported
    tokens = tf.saved_model.load(str(folder)).signatures["tokens"]
    told = {name: texts[:4] for name, texts in STRINGS.items()}
    ids = answerer.preprocess(told)
    np.testing.assert_allclose(
        tokens(**ids)["logits"], answerer(ids), rtol=1e-5, atol=1e-5
    )


def test_an_empty_batch_and_damaged_text_are_answered(exported):
    _, folder = exported
    serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
    nothing = tf.constant([], tf.string)
    assert serve(question=nothing, context=nothing)["answer"].shape == (0,)
    damaged = b"w1 \xff\xfe w2 \xe4 w3"
    answer = serve(
        question=tf.constant(["who"]), context=tf.constant([damaged])
    )
    text = damaged.decode("utf-8", "replace")
    start, end = int(answer["start"][0]), int(answer["end"][0])
    assert answer["answer"][0].numpy().decode() == text[start:end]
