"""Weights of half the bytes: cast where used, nearly the same answers."""

import json

import numpy as np
import pytest
import tensorflow as tf

import keras_transformer as kt
from keras_transformer.serving.stored_weights import StoredWeights
from tests.layers.checks import randomize
from tests.tasks.toys import TEXTS, make_classifier, make_preprocessor


def stored_in(folder):
    """Types and sizes of what a SavedModel holds, but for its bookkeeping."""
    path = str(folder / "variables" / "variables")
    reader = tf.train.load_checkpoint(path)
    types = reader.get_variable_to_dtype_map()
    return sorted(
        (types[name].name, tuple(shape))
        for name, shape in reader.get_variable_to_shape_map().items()
        if types[name] not in (tf.string, tf.int64)
    )


@pytest.mark.parametrize(
    "kind, dtype", [("classifier", "bfloat16"), ("writer", "float16")]
)
def test_answers_are_those_of_weights_rounded_to_the_type(
    kind, dtype, served, tmp_path
):
    task = served(kind).task
    folder = kt.serving.export(task, tmp_path / "toy", dtype=dtype)
    assert {name for name, _ in stored_in(folder)} == {dtype}
    exact = [w.numpy() for w in task.weights]
    rounded = [tf.cast(tf.cast(w, dtype), w.dtype) for w in exact]
    example = json.loads((folder / "assets.extra/signature.json").read_text())
    (instance,) = example["signatures"]["tokens"]["example"]["request"][
        "instances"
    ]
    specs = example["signatures"]["tokens"]["inputs"]
    ids = {k: tf.constant([v], specs[k]["dtype"]) for k, v in instance.items()}
    model = tf.saved_model.load(str(folder))
    logits = model.signatures["tokens"](**ids)["logits"]
    try:
        before = task(ids, training=False)
        task.set_weights(rounded)
        np.testing.assert_allclose(logits, task(ids), atol=1e-5)
    finally:
        task.set_weights(exact)
    np.testing.assert_allclose(logits, before, atol=0.2)
    assert not np.array_equal(logits, before)
    card = (folder / "assets.extra" / "model_card.md").read_text("utf-8")
    assert f"stored in {dtype}" in card


def test_a_larger_model_takes_less_of_the_disk_and_answers_alike(tmp_path):
    preprocessor = make_preprocessor()
    encoder = kt.models.Encoder.from_size(
        "tiny", preprocessor.vocabulary_size, max_sequence_length=12
    )
    task = kt.tasks.TextClassifier(encoder, preprocessor, ["bad", "good"])
    wanted = task.answer(TEXTS)
    sizes = {}
    for dtype in (None, "bfloat16", "int8"):
        folder = kt.serving.export(task, tmp_path / str(dtype), dtype=dtype)
        files = (folder / "variables").glob("variables.data*")
        sizes[dtype] = sum(file.stat().st_size for file in files)
        serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
        answer = serve(text=tf.constant(TEXTS))
        tolerance = 1e-5 if dtype is None else 0.02
        np.testing.assert_allclose(
            answer["scores"], wanted["scores"], atol=tolerance
        )
    assert sizes["bfloat16"] < 0.6 * sizes[None]
    assert sizes["int8"] < 0.35 * sizes[None]


def test_int8_rounds_to_127_steps_of_each_output_or_row():
    task = randomize(make_classifier())
    exact = {weight.path: weight.numpy() for weight in task.weights}
    stored = StoredWeights(task, "int8")
    with stored.scope():
        found = {w.path: w.value.numpy() for w in task.weights}
    for path, weight in exact.items():
        if weight.ndim < 2:
            np.testing.assert_array_equal(found[path], weight)
            continue
        axis = -1 if path.endswith("embeddings") else 0
        step = np.abs(weight).max(axis, keepdims=True) / 127
        rounded = np.round(weight / step) * step
        np.testing.assert_allclose(found[path], rounded, atol=1e-6)
        assert not np.array_equal(found[path], weight)
    now, before = stored.num_bytes
    assert before == sum(weight.nbytes for weight in exact.values())
    assert now < before


def test_float32_changes_nothing(tmp_path):
    task = randomize(make_classifier())
    folders = [
        kt.serving.export(task, tmp_path / str(dtype), dtype=dtype)
        for dtype in (None, "float32")
    ]
    assert stored_in(folders[0]) == stored_in(folders[1])


def test_an_unknown_type_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"one of float32, .*int8"):
        kt.serving.export(make_classifier(), tmp_path / "toy", dtype="int4")
    assert list(tmp_path.iterdir()) == []
