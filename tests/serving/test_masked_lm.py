"""A SavedModel that fills in masks, asked where none of our code is."""

import numpy as np
import pytest
import tensorflow as tf

import keras_transformer as kt
from tests.layers.checks import randomize
from tests.serving.test_serving_of_text import ask_elsewhere
from tests.tasks.masked_toys import MASKED, make_masked_lm
from tests.tasks.toys import TEXTS, make_encoder

LONG = " ".join([*TEXTS, "[MASK]", *TEXTS])
ASKED = [*MASKED, LONG, "\u00c4rger\U0001f642[MASK]x", "a joy. [MASK]\u4e2d"]
ASKED_OF_BYTES = [text.replace("[MASK]", "<mask>") for text in ASKED]


def make_masked_lm_of_bytes():
    tokenizer = kt.text.BytePairTokenizer(
        *kt.text.train_byte_pair(TEXTS * 5, 290)
    )
    preprocessor = kt.text.EncoderPreprocessor(tokenizer, 12)
    encoder = make_encoder(preprocessor)
    return randomize(kt.tasks.MaskedLM(encoder, preprocessor))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    task = make_masked_lm(num_answers=4, num_segments=2)
    return task, kt.serving.export(task, tmp_path_factory.mktemp("m") / "toy")


@pytest.fixture(scope="module")
def serve(exported):
    """The signature of strings; the model must be kept alive beside it."""
    model = tf.saved_model.load(str(exported[1]))
    yield model.signatures["serving_default"]
    del model


def test_it_answers_elsewhere_as_python_does(exported, tmp_path):
    task, folder = exported
    of_bytes = make_masked_lm_of_bytes()
    other = kt.serving.export(of_bytes, tmp_path / "toy")
    questions = [
        [str(folder), "serving_default", {"text": ASKED}],
        *[[str(folder), "serving_default", {"text": [t]}] for t in ASKED],
        [str(other), "serving_default", {"text": ASKED_OF_BYTES}],
    ]
    there, *alone, there_of_bytes = ask_elsewhere(questions)
    assert_same_answers(there, task.answer(ASKED))
    for name, rows in there.items():
        assert len(rows) == len(alone)
        for row, answer in zip(rows, alone, strict=True):
            if name == "token":
                assert answer[name] == [row]
            else:
                np.testing.assert_allclose(answer[name], [row], atol=1e-6)
    assert_same_answers(there_of_bytes, of_bytes.answer(ASKED_OF_BYTES))


def assert_same_answers(there, here):
    assert there.keys() == here.keys() == {"token", "score"}
    assert there["token"] == [
        [token.decode() for token in row]
        for row in here["token"].numpy().tolist()
    ]
    np.testing.assert_allclose(there["score"], here["score"], atol=1e-5)


def test_names_and_types_are_as_documented(exported, serve):
    task, folder = exported
    found = {
        name: (spec.dtype, spec.shape.as_list())
        for name, spec in serve.structured_outputs.items()
    }
    assert found == {
        "token": (tf.string, [None, 4]),
        "score": (tf.float32, [None, 4]),
    }
    signatures = tf.saved_model.load(str(folder)).signatures
    assert set(signatures) == {"serving_default", "tokens"}
    ids = task.preprocess({"text": tf.constant(TEXTS)})
    np.testing.assert_allclose(
        signatures["tokens"](**ids)["logits"], task(ids), atol=1e-5
    )


def test_an_empty_batch_has_no_answers(serve):
    assert serve(text=tf.constant([], tf.string))["token"].shape == (0, 4)


def test_a_text_without_mask_is_refused_with_its_row(serve):
    with pytest.raises(tf.errors.InvalidArgumentError, match="must hold") as e:
        serve(text=tf.constant(["[MASK]", "a joy", "[MASK]", ""]))
    assert "[1 3]" in str(e.value)
