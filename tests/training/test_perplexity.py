import keras
import numpy as np
import pytest

from keras_transformer.training import Perplexity

to_numpy = keras.ops.convert_to_numpy

BATCH, LENGTH, VOCABULARY = 4, 5, 7


def drawn(seed=0):
    rng = np.random.default_rng(seed)
    logits = 2 * rng.normal(size=(BATCH, LENGTH, VOCABULARY))
    labels = rng.integers(0, VOCABULARY, (BATCH, LENGTH))
    return labels, logits.astype("float32"), rng.random((BATCH, LENGTH))


def expected_perplexity(labels, logits, weights):
    p = np.exp(logits.astype("float64"))
    p = p / p.sum(-1, keepdims=True)
    chosen = np.take_along_axis(p, labels[..., None], -1)[..., 0]
    return np.exp(np.average(-np.log(chosen), weights=weights))


def value_of(metric):
    return float(to_numpy(metric.result()))


def test_even_logits_have_the_perplexity_of_the_vocabulary():
    metric = Perplexity()
    labels, logits, _ = drawn()
    metric.update_state(labels, np.zeros_like(logits))
    assert value_of(metric) == pytest.approx(VOCABULARY, rel=1e-5)


def test_it_is_the_weighted_mean_over_all_batches():
    labels, logits, weights = drawn()
    weights[0] = 0
    metric = Perplexity()
    for rows in ([0, 1, 2], [3]):
        metric.update_state(labels[rows], logits[rows], weights[rows])
    expected = expected_perplexity(labels, logits, weights)
    assert value_of(metric) == pytest.approx(expected, rel=1e-5)
    metric.reset_state()
    assert value_of(metric) == 1.0


def test_weights_of_rows_and_none_at_all():
    labels, logits, _ = drawn()
    metric = Perplexity()
    metric.update_state(labels, logits, np.array([1, 0, 2, 1]))
    spread = np.repeat([[1], [0], [2], [1]], LENGTH, axis=1)
    expected = expected_perplexity(labels, logits, spread)
    assert value_of(metric) == pytest.approx(expected, rel=1e-5)
    metric.reset_state()
    metric.update_state(labels, logits)
    expected = expected_perplexity(labels, logits, np.ones(labels.shape))
    assert value_of(metric) == pytest.approx(expected, rel=1e-5)


def test_fit_and_a_saved_model_know_the_metric(tmp_path):
    model = keras.Sequential(
        [
            keras.Input((LENGTH,), dtype="int32"),
            keras.layers.Embedding(VOCABULARY, VOCABULARY),
        ]
    )
    model.compile(
        "sgd",
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[Perplexity(name="plain")],
        weighted_metrics=[Perplexity()],
    )
    labels, _, weights = drawn()
    ids = labels[::-1].copy()
    model.fit(ids, labels, sample_weight=weights, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    found = loaded.evaluate(
        ids,
        labels,
        sample_weight=weights,
        batch_size=3,
        verbose=0,
        return_dict=True,
    )
    logits = loaded.predict(ids, verbose=0)
    expected = expected_perplexity(labels, logits, weights)
    assert found["perplexity"] == pytest.approx(expected, rel=1e-5)
    expected = expected_perplexity(labels, logits, np.ones(labels.shape))
    assert found["plain"] == pytest.approx(expected, rel=1e-5)


def test_one_hot_labels_are_refused():
    with pytest.raises(ValueError, match=r"y_true of shape \(2, 7\)"):
        Perplexity().update_state(np.zeros((2, 7)), np.zeros((2, 7)))
