"""The SavedModel of a sentence encoder, asked without our code."""

import numpy as np
import pytest
import tensorflow as tf

import keras_transformer as kt
from tests.serving.test_saved_model import ask_elsewhere
from tests.tasks.toys import TEXTS, make_sentence_encoder


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    encoder = make_sentence_encoder(embedding_dim=5, token_dropout=0.1)
    path = tmp_path_factory.mktemp("models") / "toy"
    return encoder, kt.serving.export(encoder, path)


def test_it_answers_elsewhere_as_python_does(exported):
    encoder, folder = exported
    texts = [*TEXTS, "", "never seen — Ärger 🙂", "joy " * 50]
    there = ask_elsewhere(folder, text=texts)
    assert there.keys() == {"embedding"}
    here = encoder.answer(texts)["embedding"]
    np.testing.assert_allclose(there["embedding"], here, atol=1e-5)


def test_names_types_and_free_axes_are_as_documented(exported):
    _, folder = exported
    signatures = tf.saved_model.load(str(folder)).signatures
    assert set(signatures) == {"serving_default", "tokens"}
    serve = signatures["serving_default"]
    (text,) = serve.structured_input_signature[1].values()
    assert (text.name, text.dtype, text.shape.as_list()) == (
        "text",
        tf.string,
        [None],
    )
    embedding = serve.structured_outputs["embedding"]
    assert embedding.dtype == tf.float32
    assert embedding.shape.as_list() == [None, 5]


def test_alone_in_a_batch_and_from_ids_it_is_the_same(exported):
    encoder, folder = exported
    signatures = tf.saved_model.load(str(folder)).signatures
    serve = signatures["serving_default"]
    together = serve(text=tf.constant(TEXTS))["embedding"]
    for row, text in enumerate(TEXTS):
        alone = serve(text=tf.constant([text]))["embedding"]
        np.testing.assert_allclose(alone[0], together[row], atol=1e-6)
    ids = encoder.preprocess({"text": tf.constant(TEXTS)})
    (of_ids,) = signatures["tokens"](**ids).values()
    np.testing.assert_allclose(of_ids, together, atol=1e-6)
    empty = serve(text=tf.constant([], tf.string))["embedding"]
    assert empty.shape == (0, 5)
