"""Training on tokens, with logits only where there is a target."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_transformer.tasks import language_model
from keras_transformer.training import LabelSmoothedCrossentropy
from tests.layers.checks import assert_close, gradients, to_numpy
from tests.tasks.generators import KINDS, make_small, plain_loss, prompts_for


def examples(kind, weights=None):
    """Ids, labels, and weights with those of padding put to 0."""
    inputs = prompts_for(kind, more=2)
    (mask,) = [
        inputs[name]
        for name in ("decoder_padding_mask", "padding_mask")
        if name in inputs
    ]
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 11, mask.shape).astype("int32")
    if weights == "each token":
        weights = rng.uniform(0.5, 2, mask.shape).astype("float32")
    elif weights is not None:
        weights = np.array(weights, "float32")
    whole = np.ones(mask.shape) if weights is None else weights
    whole = whole[:, None] if np.ndim(whole) == 1 else whole
    return inputs, labels, weights, (whole * mask).astype("float32")


def plain_nll(task, inputs, labels):
    """Negative log-probabilities of labels, in float64."""
    logits = to_numpy(task(inputs)).astype("float64")
    said = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return -np.take_along_axis(said, labels[:, :, None], -1)[:, :, 0]


@pytest.mark.parametrize(
    "smoothing, weights",
    [(0.2, None), (0.0, [0.5, 2.0, 1.0]), (0.2, "each token")],
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_step_follows_the_gradient_of_the_plain_loss(
    kind, smoothing, weights
):
    task = make_small(kind, dropout=0.0)
    inputs, labels, weights, whole = examples(kind, weights)
    wanted = to_numpy(plain_loss(task, inputs, labels, whole, smoothing))
    slopes = gradients(
        task.trainable_variables,
        lambda: plain_loss(task, inputs, labels, whole, smoothing),
    )
    before = [to_numpy(v.value) for v in task.trainable_variables]
    task.compile(
        keras.optimizers.SGD(1.0),
        LabelSmoothedCrossentropy(smoothing),
        run_eagerly=keras.backend.backend() != "jax",
    )
    found = task.train_on_batch(
        inputs, labels, sample_weight=weights, return_dict=True
    )
    assert found["loss"] == pytest.approx(wanted, abs=1e-5)
    for variable, old, slope in zip(
        task.trainable_variables, before, slopes, strict=True
    ):
        assert_close(variable.value, old - slope)


@pytest.mark.parametrize(
    "kind, in_graph", [("causal", True), ("seq2seq", False)]
)
def test_metrics_count_the_real_positions(kind, in_graph):
    task = make_small(kind, dropout=0.0)
    inputs, labels, weights, whole = examples(kind, [0.5, 2.0, 1.0])
    losses = plain_nll(task, inputs, labels)
    right = to_numpy(task(inputs)).argmax(-1) == labels
    task.compile(
        "sgd",
        LabelSmoothedCrossentropy(0.3),
        weighted_metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")],
        run_eagerly=not in_graph,
    )
    found = task.evaluate(
        inputs, labels, sample_weight=weights, verbose=0, return_dict=True
    )
    wanted = (right * whole).sum() / whole.sum()
    assert found["accuracy"] == pytest.approx(wanted)
    task.compile("sgd", run_eagerly=not in_graph)
    found = task.evaluate(
        inputs, labels, batch_size=2, verbose=0, return_dict=True
    )
    mask = whole > 0
    wanted = np.exp(losses[mask].mean())
    assert found["perplexity"] == pytest.approx(wanted, rel=1e-5)


def test_metrics_without_weights_see_real_positions_too():
    if keras.backend.backend() == "jax":
        pytest.skip("JAX compiles for fixed shapes, so it maps all positions")
    task = make_small("causal", dropout=0.0)
    inputs, labels, _, whole = examples("causal")
    right = to_numpy(task(inputs)).argmax(-1) == labels
    task.compile(
        "sgd",
        metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")],
        run_eagerly=True,
    )
    found = task.evaluate(inputs, labels, verbose=0, return_dict=True)
    assert found["accuracy"] == pytest.approx(right[whole > 0].mean())


@pytest.mark.parametrize("kind", KINDS)
def test_only_real_positions_are_mapped_to_the_vocabulary(kind, monkeypatch):
    if keras.backend.backend() == "jax":
        pytest.skip("JAX compiles for fixed shapes, so it maps all positions")
    task = make_small(kind, dropout=0.0)
    inputs, labels, _, whole = examples(kind)
    shapes, project = [], task.project

    def noted(states):
        shapes.append(tuple(states.shape))
        return project(states)

    monkeypatch.setattr(task, "project", noted)
    task.compile("sgd", run_eagerly=True)
    task.train_on_batch(inputs, labels)
    task.test_on_batch(inputs, labels)
    assert shapes == [(int(whole.sum()), 8)] * 2
    assert task.predict(inputs, verbose=0).shape == (*whole.shape, 11)
    assert task(inputs).shape == (*whole.shape, 11)


def test_a_step_that_fails_leaves_calls_as_they_were():
    task = make_small("causal")
    inputs, *_ = examples("causal")
    task.compile("sgd", run_eagerly=keras.backend.backend() != "jax")
    with pytest.raises(ValueError, match="as `y`, int"):
        task.train_on_batch(inputs)
    assert not getattr(language_model._STEP, "is_running", False)
    assert len(task(inputs).shape) == 3


def test_a_batch_without_any_target_has_loss_zero():
    if keras.backend.backend() == "torch":
        pytest.skip("Keras has no loss of no positions on torch")
    task = make_small("causal", dropout=0.0)
    inputs, labels, *_ = examples("causal")
    inputs["padding_mask"][:] = False
    task.compile(keras.optimizers.SGD(1.0))
    before = task.get_weights()
    found = task.train_on_batch(inputs, labels, return_dict=True)
    assert found["loss"] == 0
    for old, new in zip(before, task.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_documents_in_one_row_are_learned_apart():
    task = make_small("causal", dropout=0.0, positions="learned")
    rows = [[2, 7, 9, 4], [2, 5], [2, 3, 8]]
    packed = {
        "token_ids": np.array(
            [[*rows[0], *rows[1], 0], [*rows[2], 0, 0, 0, 0]]
        ),
        "segment_ids": np.array([[1, 1, 1, 1, 2, 2, 0], [1, 1, 1, 0, 0, 0, 0]]),
    }
    packed["padding_mask"] = packed["segment_ids"] > 0
    labels = (packed["token_ids"] * 3) % 11
    task.compile("sgd", run_eagerly=keras.backend.backend() != "jax")
    found = task.evaluate(packed, labels, verbose=0, return_dict=True)
    losses = [
        plain_nll(
            task,
            {
                "token_ids": np.array([row]),
                "padding_mask": np.ones((1, len(row)), bool),
            },
            (np.array([row]) * 3) % 11,
        )
        for row in rows
    ]
    wanted = np.exp(np.concatenate(losses, axis=1).mean())
    assert found["perplexity"] == pytest.approx(wanted, rel=1e-5)
    assert ops.shape(task(packed)) == (2, 7, 11)
