import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_transformer.training import MacroF1, accuracy, f1_scores

LABELS = [0, 0, 0, 1, 1, 2]
PREDICTIONS = [0, 0, 1, 1, 3, 0]


def logits_of(predictions, num_classes):
    return np.eye(num_classes, dtype="float32")[np.asarray(predictions)] * 5 - 2


def value_of(metric):
    return float(keras.ops.convert_to_numpy(metric.result()))


def test_scores_computed_by_hand():
    scores = f1_scores(LABELS, PREDICTIONS, num_classes=5)
    np.testing.assert_allclose(scores.precision, [2 / 3, 1 / 2, 0, 0, 0])
    np.testing.assert_allclose(scores.recall, [2 / 3, 1 / 2, 0, 0, 0])
    np.testing.assert_allclose(scores.f1, [2 / 3, 1 / 2, 0, 0, 0])
    assert scores.support.tolist() == [3, 2, 1, 0, 0]
    # The fifth class is neither label nor prediction: four have a part.
    assert scores.macro_f1 == pytest.approx((2 / 3 + 1 / 2) / 4)
    assert accuracy(LABELS, PREDICTIONS) == pytest.approx(3 / 6)


@st.composite
def classified(draw):
    num_classes = draw(st.integers(1, 6))
    rows = draw(st.integers(1, 30))
    classes = st.lists(
        st.integers(0, num_classes - 1), min_size=rows, max_size=rows
    )
    return num_classes, draw(classes), draw(classes)


@settings(deadline=None)
@given(classified())
def test_scores_equal_those_of_scikit_learn(case):
    sklearn = pytest.importorskip("sklearn.metrics")
    num_classes, labels, predictions = case
    scores = f1_scores(labels, predictions, num_classes)
    *expected, support = sklearn.precision_recall_fscore_support(
        labels, predictions, labels=range(num_classes), zero_division=0
    )
    np.testing.assert_allclose(scores[:3], expected)
    assert scores.support.tolist() == support.tolist()
    macro = sklearn.f1_score(labels, predictions, average="macro")
    assert scores.macro_f1 == pytest.approx(macro)
    right = sklearn.accuracy_score(labels, predictions)
    assert accuracy(labels, predictions) == pytest.approx(right)


@pytest.mark.parametrize("num_classes", [1, 2, 9])
def test_the_metric_equals_the_function_over_several_batches(num_classes):
    rng = np.random.default_rng(num_classes)
    labels, predictions = rng.integers(0, num_classes, (2, 12))
    metric = MacroF1(num_classes)
    logits = logits_of(predictions, num_classes)
    for rows in np.split(np.arange(12), 3):
        metric.update_state(labels[rows], logits[rows])
    expected = f1_scores(labels, predictions, num_classes).macro_f1
    assert value_of(metric) == pytest.approx(expected, abs=1e-6)


def test_weights_count_rows_that_often():
    metric = MacroF1(5)
    weights = np.array([2, 1, 0, 3, 1, 0])
    metric.update_state(LABELS, logits_of(PREDICTIONS, 5), weights)
    expected = f1_scores(
        np.repeat(LABELS, weights), np.repeat(PREDICTIONS, weights), 5
    )
    assert value_of(metric) == pytest.approx(expected.macro_f1)
    metric.reset_state()
    assert value_of(metric) == 0.0


def test_tokens_can_be_masked_by_weights_and_by_labels():
    labels = np.array([[0, 1, -1], [2, 0, 7]])
    predictions = np.array([[0, 2, 1], [2, 1, 1]])
    metric = MacroF1(3)
    metric.update_state(
        labels, logits_of(predictions, 3), [[1, 1, 1], [1, 0, 1]]
    )
    expected = f1_scores([0, 1, 2], [0, 2, 2], 3).macro_f1
    assert value_of(metric) == pytest.approx(expected)


def test_weights_of_rows_spread_over_their_tokens():
    labels, predictions = np.array([[0, 1], [1, 1], [0, 0]]), np.eye(3, 2) > 0
    metric = MacroF1(2)
    metric.update_state(
        labels, logits_of(predictions.astype(int), 2), [1, 0, 1]
    )
    expected = f1_scores(labels[[0, 2]], predictions[[0, 2]] * 1, 2).macro_f1
    assert value_of(metric) == pytest.approx(expected)


def test_fit_and_a_saved_model_know_the_metric(tmp_path):
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, name="logits")]
    )
    model.compile(
        "sgd",
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[MacroF1(3)],
        weighted_metrics=[MacroF1(3, name="weighted")],
    )
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(50, 4)), rng.integers(0, 3, (50, 1))
    model.fit(x, y, verbose=0, sample_weight=rng.random(50))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    result = loaded.evaluate(x, y, batch_size=7, verbose=0, return_dict=True)
    predicted = loaded.predict(x, verbose=0).argmax(-1)
    expected = f1_scores(y[:, 0], predicted, 3).macro_f1
    assert result["macro_f1"] == pytest.approx(expected, rel=1e-5)
    assert result["weighted"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: f1_scores([0, 1], [0], 2), r"shape \(2,\).*shape \(1,\)"),
        (lambda: f1_scores([], [], 2), "not be empty"),
        (lambda: accuracy([[0, 1]], [0, 1]), "must have one shape"),
        (lambda: f1_scores([0, 2], [0, 1], 2), "`labels`.*between 0 and 1"),
        (lambda: f1_scores([0, 1], [0, -1], 2), "`predictions`.*from -1 to 0"),
        (lambda: MacroF1(0), "`num_classes`.*num_classes=0"),
        (lambda: MacroF1("3"), "num_classes='3'"),
        (
            lambda: MacroF1(3).update_state([0], np.zeros((1, 2))),
            r"each of the 3 classes.*\(1, 2\)",
        ),
    ],
)
def test_comparisons_that_make_no_sense_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
