"""Embeddings, from strings and from ids, and back from a file."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_transformer as kt
from tests.tasks.toys import (
    TEXTS,
    make_encoder,
    make_sentence_encoder,
    shared_preprocessor,
)


def embedded(encoder, texts, **options):
    return encoder.answer(texts, **options)["embedding"].numpy()


def numpy_of(ids):
    return {k: keras.ops.convert_to_numpy(v) for k, v in ids.items()}


def by_numpy(encoder, ids):
    """The head as the docstrings describe it, on the states of the encoder."""
    states = keras.ops.convert_to_numpy(encoder.encoder(ids)).astype("float64")
    rows = []
    for row, mask in zip(states, ids["padding_mask"], strict=True):
        real = row[mask]
        pooled = {
            "mean": real.mean(axis=0),
            "max": real.max(axis=0),
            "first": row[0],
        }
        x = pooled[encoder.pooling]
        if encoder.embedding_dim:
            kernel, bias = encoder.get_layer("projection").get_weights()
            x = x @ kernel + bias
        rows.append(x / np.sqrt(x @ x) if encoder.normalize else x)
    return np.array(rows)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"pooling": "first", "embedding_dim": 5},
        {"pooling": "max", "normalize": False},
        {"pooling": "mean", "num_segments": 2},
    ],
    ids=str,
)
def test_embeddings_are_those_of_numpy(arguments):
    encoder = make_sentence_encoder(**arguments)
    ids = numpy_of(encoder.preprocess({"text": tf.constant(TEXTS)}))
    assert set(ids) == set(encoder.encoder.input)
    found = keras.ops.convert_to_numpy(encoder(ids))
    assert found.shape == (6, encoder.embedding_dim or 8)
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, by_numpy(encoder, ids), atol=1e-5)
    np.testing.assert_allclose(embedded(encoder, TEXTS), found, atol=1e-6)
    np.testing.assert_allclose(
        encoder.predict(TEXTS, batch_size=2, verbose=0), found, atol=1e-6
    )


@pytest.mark.usefixtures("eagerly")
def test_every_text_has_a_unit_vector():
    encoder = make_sentence_encoder(embedding_dim=3)
    texts = ["", " ", "never seen — Ärger 🙂", "joy " * 50, *TEXTS]
    vectors = embedded(encoder, texts)
    np.testing.assert_allclose(
        np.linalg.norm(vectors, axis=1), np.ones(len(texts)), atol=1e-5
    )


@pytest.mark.parametrize("pooling", ["mean", "first", "max"])
def test_padding_and_company_change_no_embedding(pooling):
    encoder = make_sentence_encoder(pooling=pooling)
    together = embedded(encoder, TEXTS)
    alone = np.concatenate([embedded(encoder, [text]) for text in TEXTS])
    np.testing.assert_allclose(alone, together, atol=1e-6)
    ids = numpy_of(encoder.preprocess({"text": tf.constant(TEXTS)}))
    wider = {k: np.pad(rows, ((0, 0), (0, 4))) for k, rows in ids.items()}
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(encoder(wider)), together, atol=1e-6
    )


def test_several_texts_an_example_are_embedded_each_by_itself():
    encoder = make_sentence_encoder()
    ids = numpy_of(encoder.preprocess({"text": tf.constant(TEXTS)}))
    sides = {k: rows.reshape(2, 3, -1) for k, rows in ids.items()}
    found = keras.ops.convert_to_numpy(encoder(sides))
    assert found.shape == (2, 3, 8)
    np.testing.assert_allclose(
        found.reshape(6, 8), keras.ops.convert_to_numpy(encoder(ids)), atol=1e-6
    )


@pytest.mark.parametrize("normalize", [True, False])
def test_similarities_are_cosines(normalize):
    encoder = make_sentence_encoder(normalize=normalize)
    vectors = embedded(encoder, TEXTS).astype("float64")
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = encoder.similarity(TEXTS[:4], TEXTS[1:], batch_size=3)
    assert isinstance(found, np.ndarray) and found.shape == (4, 5)
    np.testing.assert_allclose(found, vectors[:4] @ vectors[1:].T, atol=1e-6)
    assert encoder.similarity(TEXTS, TEXTS).max() <= 1.0
    assert encoder.similarity([], TEXTS).shape == (0, 6)
    pairs = {"text": TEXTS[:3], "text_pair": TEXTS[3:]}
    expected = np.diagonal(encoder.similarity(TEXTS[:3], TEXTS[3:]))
    np.testing.assert_allclose(
        encoder.pair_similarity(pairs), expected, atol=1e-6
    )
    as_tuples = list(zip(TEXTS[:3], TEXTS[3:], strict=True))
    np.testing.assert_allclose(
        encoder.pair_similarity(as_tuples, batch_size=2), expected, atol=1e-6
    )


@pytest.mark.usefixtures("eagerly")
def test_a_reloaded_encoder_answers_as_the_saved_one(tmp_path):
    encoder = make_sentence_encoder(
        pooling="max",
        embedding_dim=5,
        token_dropout=0.2,
        scale=7.0,
        score_range=(-1, 1),
    )
    encoder.compile()
    pairs = {"text": TEXTS[:3], "text_pair": TEXTS[3:]}
    encoder.fit(pairs, [0.5, -1, 1], verbose=0)
    encoder.save(tmp_path / "toy.keras")
    again = kt.load(tmp_path / "toy.keras")
    assert isinstance(again, kt.tasks.SentenceEncoder)
    for name in ("pooling", "embedding_dim", "normalize", "token_dropout"):
        assert getattr(again, name) == getattr(encoder, name)
    assert again.score_range == (-1.0, 1.0)
    assert again.scale == again.loss.scale == 7.0
    np.testing.assert_array_equal(
        embedded(again, TEXTS), embedded(encoder, TEXTS)
    )
    again.fit(pairs, verbose=0)


@pytest.mark.usefixtures("eagerly")
def test_hidden_tokens_change_training_and_nothing_else():
    encoder = make_sentence_encoder(token_dropout=0.5)
    ids = encoder.preprocess({"text": tf.constant(TEXTS)})
    calm = encoder(ids, training=False)
    np.testing.assert_array_equal(calm, encoder(ids, training=False))
    assert not np.allclose(calm, encoder(ids, training=True))


@pytest.mark.usefixtures("eagerly")
def test_bfloat16_answers_in_float32():
    preprocessor = shared_preprocessor()
    for arguments in ({}, {"normalize": False}):
        encoder = kt.tasks.SentenceEncoder(
            make_encoder(preprocessor, dtype="mixed_bfloat16"),
            preprocessor,
            **arguments,
        )
        answer = encoder.answer(TEXTS)["embedding"]
        assert answer.dtype == tf.float32
        assert np.isfinite(answer).all()


@pytest.mark.usefixtures("eagerly")
def test_an_encoder_without_tokenizer_takes_ids_and_says_so():
    encoder = kt.tasks.SentenceEncoder(make_encoder(shared_preprocessor()))
    ids = {
        "token_ids": np.array([[[2, 6, 7, 3]] * 2, [[2, 9, 3, 0]] * 2]),
        "padding_mask": np.array(
            [[[True] * 4] * 2, [[True] * 3 + [False]] * 2]
        ),
    }
    encoder.compile()
    encoder.fit(ids, np.array([0.0, 1.0]), verbose=0)
    encoder.fit(ids, np.array([[0, 0], [1, 1]]), verbose=0)
    with pytest.raises(ValueError, match="takes ids and no strings"):
        encoder.similarity(["a joy"], ["a joy"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"pooling": "cls"}, r"'first', 'max', 'mean'.*kind='cls'"),
        ({"embedding_dim": -2}, "embedding_dim=-2"),
        ({"embedding_dim": 2.0}, "whole number"),
        ({"scale": 0.0}, "`scale` must be above 0"),
        ({"score_range": (5, 0)}, r"score_range=\(5, 0\)"),
        ({"score_range": 5}, "lowest and the highest.*score_range=5"),
        ({"score_range": (0, float("inf"))}, "score_range"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        make_sentence_encoder(**arguments)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda e: e.answer("a joy"), "Texts come in a list"),
        (lambda e: e.similarity("a joy", ["fun"]), "Texts come in a list"),
        (lambda e: e.answer({"text": ["a"], "text_pair": ["b"]}), "inputs of"),
        (lambda e: e.pair_similarity(["a", "b"]), "2 strings"),
        (lambda e: e.pair_similarity({"text": ["a"]}), r"'text_pair'\]"),
        (lambda e: e.similarity(["a", None], ["b"]), "strings only"),
    ],
)
def test_what_is_no_text_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call(make_sentence_encoder())
