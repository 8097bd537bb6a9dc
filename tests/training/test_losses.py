import keras
import numpy as np
import pytest

from keras_transformer.training import AdamW, LabelSmoothedCrossentropy
from keras_transformer.training.losses import _by_correction, _with_own_gradient

to_numpy = keras.ops.convert_to_numpy
tensor = keras.ops.convert_to_tensor

BATCH, LENGTH, VOCABULARY = 3, 5, 7


def drawn(*leading, seed=0):
    rng = np.random.default_rng(seed)
    logits = 3 * rng.normal(size=(*leading, VOCABULARY)).astype("float32")
    return rng.integers(0, VOCABULARY, leading), logits


def expected_losses(labels, logits, smoothing):
    """The formula as Szegedy et al. write it, in float64."""
    logits = logits.astype("float64")
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    q = (1 - smoothing) * np.eye(VOCABULARY)[labels] + smoothing / VOCABULARY
    return -(q * log_p).sum(-1)


def losses_of(labels, logits, smoothing=0.1):
    loss = LabelSmoothedCrossentropy(smoothing, reduction=None)
    return to_numpy(loss(labels, logits))


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.6])
@pytest.mark.parametrize("leading", [(BATCH,), (BATCH, LENGTH), (2, 3, 4)])
def test_it_is_the_formula_of_the_paper(leading, smoothing):
    labels, logits = drawn(*leading)
    found = losses_of(labels, logits, smoothing)
    assert found.shape == leading
    expected = expected_losses(labels, logits, smoothing)
    np.testing.assert_allclose(found, expected, rtol=2e-6)


def test_it_equals_keras_on_one_hot_labels():
    labels, logits = drawn(BATCH, LENGTH)
    weights = np.random.default_rng(4).random((BATCH, LENGTH))
    theirs = keras.losses.CategoricalCrossentropy(
        from_logits=True,
        label_smoothing=0.2,
        reduction="mean_with_sample_weight",
    )
    ours = LabelSmoothedCrossentropy(0.2)
    assert float(ours(labels, logits, weights)) == pytest.approx(
        float(theirs(np.eye(VOCABULARY)[labels], logits, weights)), rel=1e-6
    )


@pytest.mark.parametrize("way", [_by_correction, _with_own_gradient])
def test_both_ways_to_compute_it_are_the_formula(way):
    labels, logits = drawn(BATCH, LENGTH)
    found = way(tensor(labels, "int32"), tensor(logits), 0.3)
    expected = expected_losses(labels, logits, 0.3)
    np.testing.assert_allclose(to_numpy(found), expected, rtol=2e-6)


def gradient_of_one_step(labels, logits, weights, smoothing):
    """Read the gradient off a step of SGD on a model that is its logits."""
    logits_layer = keras.layers.Embedding(
        BATCH * LENGTH, VOCABULARY, name="logits"
    )
    model = keras.Sequential([keras.Input((LENGTH,), dtype="int32")])
    model.add(logits_layer)
    logits_layer.set_weights([logits.reshape(-1, VOCABULARY)])
    model.compile(
        keras.optimizers.SGD(1.0), LabelSmoothedCrossentropy(smoothing)
    )
    ids = np.arange(BATCH * LENGTH).reshape(BATCH, LENGTH)
    model.train_on_batch(ids, labels, sample_weight=weights)
    (after,) = logits_layer.get_weights()
    return logits - after.reshape(logits.shape)


def test_its_gradient_is_that_of_finite_differences():
    labels, logits = drawn(BATCH, LENGTH)
    weights = np.random.default_rng(5).integers(0, 3, (BATCH, LENGTH))
    found = gradient_of_one_step(labels, logits, weights, 0.2)

    def mean(values):
        losses = expected_losses(labels, values, 0.2)
        return (losses * weights).sum() / weights.sum()

    expected = np.zeros(logits.shape)
    for place in np.ndindex(logits.shape):
        above, below = (logits.astype("float64") for _ in range(2))
        above[place] += 1e-5
        below[place] -= 1e-5
        expected[place] = (mean(above) - mean(below)) / 2e-5
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_padding_of_weight_0_does_not_change_the_mean():
    labels, logits = drawn(BATCH, LENGTH)
    weights = np.ones((BATCH, LENGTH))
    loss = LabelSmoothedCrossentropy()
    before = float(loss(labels, logits, weights))
    assert before == pytest.approx(losses_of(labels, logits).mean(), rel=1e-6)
    more_labels, more_logits = drawn(BATCH, 4, seed=1)
    labels = np.concatenate([labels, more_labels], axis=1)
    logits = np.concatenate([logits, more_logits], axis=1)
    weights = np.concatenate([weights, np.zeros((BATCH, 4))], axis=1)
    padded = float(loss(labels, logits, weights))
    assert padded == pytest.approx(before, rel=1e-6)
    diluted = LabelSmoothedCrossentropy(reduction="sum_over_batch_size")
    assert float(diluted(labels, logits, weights)) == pytest.approx(
        before * LENGTH / (LENGTH + 4), rel=1e-6
    )


def test_the_weight_of_a_row_counts_for_each_of_its_positions():
    labels, logits = drawn(BATCH, LENGTH)
    of_rows = np.array([2.0, 0.0, 1.0])
    loss = LabelSmoothedCrossentropy()
    expected = np.average(losses_of(labels, logits).mean(1), weights=of_rows)
    for weights in (of_rows, of_rows[:, None]):
        assert float(loss(labels, logits, weights)) == pytest.approx(
            expected, rel=1e-6
        )


def test_without_any_weight_the_loss_is_0():
    labels, logits = drawn(BATCH, LENGTH)
    weights = np.zeros((BATCH, LENGTH))
    assert float(LabelSmoothedCrossentropy()(labels, logits, weights)) == 0.0


def test_labels_may_have_a_last_axis_of_1():
    labels, logits = drawn(BATCH)
    np.testing.assert_array_equal(
        losses_of(labels[:, None], logits), losses_of(labels, logits)
    )
    loss = LabelSmoothedCrossentropy()
    one = float(loss(labels[:, None], logits, np.array([[1.0], [0], [0]])))
    assert one == pytest.approx(losses_of(labels, logits)[0], rel=1e-6)


def masked_model(loss):
    layers = [
        keras.layers.Embedding(11, 6, mask_zero=True),
        keras.layers.Dense(VOCABULARY),
    ]
    model = keras.Sequential([keras.Input((None,), dtype="int32"), *layers])
    model.compile(AdamW(0.01), loss)
    return model


@pytest.mark.parametrize("weighted", [False, True])
def test_a_keras_mask_leaves_padding_out_of_the_mean(weighted):
    model = masked_model(LabelSmoothedCrossentropy())
    ids = np.array([[4, 2, 9, 0, 0], [3, 1, 0, 0, 0], [5, 6, 7, 8, 0]])
    labels, _ = drawn(BATCH, LENGTH)
    weights = 1.0 + np.arange(BATCH * LENGTH).reshape(BATCH, LENGTH) % 3
    weights = weights if weighted else np.ones((BATCH, LENGTH))
    found = model.evaluate(
        ids,
        labels,
        sample_weight=weights if weighted else None,
        batch_size=BATCH,
        verbose=0,
    )
    losses = losses_of(labels, model.predict(ids, verbose=0))
    expected = np.average(losses, weights=weights * (ids > 0))
    assert found == pytest.approx(expected, rel=1e-5)


def test_half_precision_logits_are_summed_in_float32():
    # In bfloat16, the mean over a vocabulary has two digits.
    labels, logits = drawn(BATCH, LENGTH)
    half = keras.ops.cast(logits, "bfloat16")
    exact = to_numpy(keras.ops.cast(half, "float32"))
    loss = LabelSmoothedCrossentropy(reduction=None)(labels, half)
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"
    expected = expected_losses(labels, exact, 0.1)
    np.testing.assert_allclose(to_numpy(loss), expected, rtol=2e-6)


def test_large_logits_give_finite_losses():
    logits = np.array([[1e4, -1e4, 0.0, 0, 0, 0, 0]], dtype="float32")
    expected = 0.9 * 2e4 + 0.1 * (0 + 2e4 + 5 * 1e4) / 7
    np.testing.assert_allclose(losses_of([1], logits), [expected], rtol=1e-6)


def test_fit_and_a_saved_model_know_the_loss(tmp_path):
    model = masked_model(LabelSmoothedCrossentropy(0.3, reduction="sum"))
    rng = np.random.default_rng(7)
    ids = rng.integers(1, 11, (20, LENGTH))
    labels = ids % VOCABULARY
    history = model.fit(ids, labels, epochs=5, verbose=0).history["loss"]
    assert history[-1] < history[0]
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.loss.get_config() == model.loss.get_config()
    assert loaded.loss.get_config()["label_smoothing"] == 0.3
    assert loaded.evaluate(ids, labels, verbose=0) == pytest.approx(
        model.evaluate(ids, labels, verbose=0), rel=1e-6
    )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: LabelSmoothedCrossentropy(1.0), r"label_smoothing=1\.0"),
        (lambda: LabelSmoothedCrossentropy(-0.1), "from 0 to below 1"),
        (
            lambda: losses_of(np.zeros((2, 7)), np.zeros((2, 7))),
            r"y_true of shape \(2, 7\).*argmax",
        ),
        (
            lambda: losses_of(np.zeros((2, 4)), np.zeros((2, 5, 7))),
            r"one integer label for each position.*\(2, 5, 7\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
