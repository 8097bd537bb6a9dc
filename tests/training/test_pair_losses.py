import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_transformer.training import (
    CosineRegression,
    MultipleNegativesRanking,
    PairLoss,
)

to_numpy = keras.ops.convert_to_numpy

PAIRS, DIM = 4, 3


def embeddings(pairs=PAIRS, texts=2, seed=0):
    drawn = np.random.default_rng(seed).normal(size=(pairs, texts, DIM))
    return drawn.astype("float32")


def distinct(pairs=PAIRS, texts=2):
    return np.arange(pairs * texts).reshape(pairs, texts)


def cosine(u, v):
    return u @ v / np.sqrt((u @ u) * (v @ v))


def expected_regression(scores, vectors):
    vectors = vectors.astype("float64")
    return np.array(
        [
            (cosine(u, v) - score) ** 2
            for (u, v), score in zip(vectors, scores, strict=True)
        ]
    )


def expected_ranking(numbers, vectors, scale=20.0, backwards=False):
    """Cross-entropies, one pair and one candidate after the other."""
    vectors, numbers = vectors.astype("float64"), np.asarray(numbers)
    if backwards:
        vectors, numbers = vectors[:, 1::-1], numbers[:, 1::-1]
    losses = []
    for i, (query, answer, *_) in enumerate(numbers):
        exponents, own = [], None
        for j, row in enumerate(numbers):
            for text in range(1, len(row)):
                value = scale * cosine(vectors[i, 0], vectors[j, text])
                is_right = row[text] in (query, answer)
                is_right |= text == 1 and row[0] == query
                if (i, 1) == (j, text):
                    own = value
                elif is_right:
                    continue
                exponents.append(value)
        losses.append(np.log(np.sum(np.exp(exponents))) - own)
    return np.array(losses)


def gradient_of_one_step(loss, targets, vectors):
    """Read the gradient off a step of SGD on a model that is its embeddings."""
    pairs, texts, dim = vectors.shape
    layer = keras.layers.Embedding(pairs * texts, dim)
    model = keras.Sequential([keras.Input((texts,), dtype="int32"), layer])
    layer.set_weights([vectors.reshape(-1, dim)])
    model.compile(keras.optimizers.SGD(1.0), loss)
    model.train_on_batch(distinct(pairs, texts), targets)
    (after,) = layer.get_weights()
    return vectors - after.reshape(vectors.shape)


def finite_differences(function, vectors):
    found = np.zeros(vectors.shape)
    for place in np.ndindex(vectors.shape):
        above, below = (vectors.astype("float64") for _ in range(2))
        above[place] += 1e-5
        below[place] -= 1e-5
        found[place] = (function(above) - function(below)) / 2e-5
    return found


def test_regression_is_the_squared_distance_from_the_cosine():
    scores, vectors = np.array([0.0, 0.25, 1.0, -1.0]), embeddings()
    found = to_numpy(CosineRegression(reduction=None)(scores, vectors))
    assert found.shape == (PAIRS,)
    expected = expected_regression(scores, vectors)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    in_a_column = CosineRegression(reduction=None)(scores[:, None], vectors)
    np.testing.assert_array_equal(to_numpy(in_a_column), found)


def test_gradients_of_regression_are_those_of_finite_differences():
    scores, vectors = np.array([0.0, 0.25, 1.0, 0.5]), embeddings()
    found = gradient_of_one_step(CosineRegression(), scores, vectors)
    expected = finite_differences(
        lambda v: expected_regression(scores, v).mean(), vectors
    )
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("texts", [2, 3])
def test_ranking_is_the_cross_entropy_among_the_batch(texts):
    vectors, numbers = embeddings(texts=texts), distinct(texts=texts)
    loss = MultipleNegativesRanking(7.0, reduction=None)
    expected = expected_ranking(numbers, vectors, 7.0)
    np.testing.assert_allclose(
        to_numpy(loss(numbers, vectors)), expected, rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("symmetric", [False, True])
def test_gradients_of_ranking_are_those_of_finite_differences(symmetric):
    vectors = embeddings(texts=3, seed=2)
    numbers = distinct(texts=3)
    numbers[2, 1] = numbers[0, 1]  # the same second text twice
    found = gradient_of_one_step(
        MultipleNegativesRanking(5.0, symmetric), numbers, vectors
    )

    def mean(v):
        losses = expected_ranking(numbers, v, 5.0)
        if symmetric:
            pairs = numbers[:, :2], v[:, :2]
            losses = losses + expected_ranking(*pairs, 5.0, backwards=True)
            losses = losses / 2
        return losses.mean()

    expected = finite_differences(mean, vectors)
    np.testing.assert_allclose(found, expected, atol=1e-4)


@st.composite
def batches(draw):
    pairs, texts = draw(st.integers(1, 5)), draw(st.integers(2, 3))
    row = st.lists(st.integers(0, 6), min_size=texts, max_size=texts)
    numbers = draw(st.lists(row, min_size=pairs, max_size=pairs))
    return np.array(numbers), embeddings(pairs, texts, draw(st.integers(0, 9)))


@settings(deadline=None, max_examples=40)
@given(batches())
def test_texts_that_are_right_as_well_are_no_negatives(case):
    numbers, vectors = case
    loss = MultipleNegativesRanking(3.0, reduction=None)
    expected = expected_ranking(numbers, vectors, 3.0)
    found = to_numpy(loss(numbers, vectors))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_repeated_answer_costs_nothing():
    vectors = np.repeat(embeddings(1), 3, axis=0)
    loss = MultipleNegativesRanking()
    assert float(loss(np.zeros((3, 2)) + [4, 5], vectors)) == pytest.approx(
        0.0, abs=1e-5
    )
    counted = float(loss(distinct(3), vectors))
    assert counted == pytest.approx(np.log(3), rel=1e-4)


def test_a_symmetric_loss_takes_both_sides_alike():
    vectors, numbers = embeddings(), distinct()
    loss = MultipleNegativesRanking(symmetric=True)
    assert float(loss(numbers, vectors)) == pytest.approx(
        float(loss(numbers[:, ::-1], vectors[:, ::-1])), rel=1e-5
    )


def test_the_length_of_embeddings_does_not_matter():
    vectors, numbers = embeddings(), distinct()
    longer = vectors * np.array([3.0, 0.1, 7.0, 1.0])[:, None, None]
    for loss, targets in (
        (CosineRegression(), np.full(PAIRS, 0.5)),
        (MultipleNegativesRanking(), numbers),
    ):
        assert float(loss(targets, longer)) == pytest.approx(
            float(loss(targets, vectors)), rel=1e-4
        )


def test_weights_count_as_in_keras():
    scores, vectors = np.array([0.0, 0.25, 1.0, 0.5]), embeddings()
    weights = np.array([1.0, 0.0, 2.0, 0.0])
    found = float(CosineRegression()(scores, vectors, weights))
    losses = expected_regression(scores, vectors)
    assert found == pytest.approx((losses * weights).mean(), rel=1e-5)


def test_half_precision_is_compared_in_float32():
    vectors = keras.ops.cast(embeddings(), "bfloat16")
    loss = MultipleNegativesRanking(reduction=None)(distinct(), vectors)
    exact = to_numpy(keras.ops.cast(vectors, "float32"))
    np.testing.assert_allclose(
        to_numpy(loss), expected_ranking(distinct(), exact), atol=1e-4
    )


def test_targets_choose_the_loss_of_pairs():
    vectors, scores = embeddings(), np.full(PAIRS, 0.5)
    both = PairLoss(scale=9.0)
    assert float(both(scores, vectors)) == float(
        CosineRegression()(scores, vectors)
    )
    assert float(both(distinct(), vectors)) == float(
        MultipleNegativesRanking(9.0)(distinct(), vectors)
    )


@pytest.mark.parametrize(
    "loss",
    [
        CosineRegression("sum"),
        MultipleNegativesRanking(5.0, symmetric=True),
        PairLoss(5.0, reduction=None),
    ],
    ids=lambda loss: type(loss).__name__,
)
def test_a_saved_loss_is_the_same(loss):
    config = keras.saving.serialize_keras_object(loss)
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: MultipleNegativesRanking(0), "`scale` must be above 0.*=0"),
        (lambda: PairLoss(-1.0), r"scale=-1\.0"),
        (
            lambda: CosineRegression()(np.zeros(4), np.zeros((4, 3))),
            r"two texts an example.*shape \(4, 3\)",
        ),
        (
            lambda: CosineRegression()(distinct(), embeddings()),
            r"one score for each pair.*\(4, 2\).*MultipleNegativesRanking",
        ),
        (
            lambda: CosineRegression()(np.zeros(4), embeddings(texts=3)),
            r"y_pred of shape \(4, 3, 3\)",
        ),
        (
            lambda: MultipleNegativesRanking()(np.zeros(4), embeddings()),
            "a number for each text.*CosineRegression",
        ),
        (
            lambda: PairLoss()(distinct(texts=3), embeddings()),
            r"y_true of shape \(4, 3\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
