"""Learning from pairs of texts, with scores and without."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_transformer.training import (
    MultipleNegativesRanking,
    ScoreTexts,
    pearson,
    spearman,
)
from tests.tasks.toys import LABELS, TEXTS, WORDS, make_sentence_encoder

to_numpy = keras.ops.convert_to_numpy

FIRSTS = [text for text in TEXTS for _ in TEXTS]
SECONDS = TEXTS * len(TEXTS)
SCORES = [5 * (a == b) for a in LABELS for b in LABELS]
SCORED = {"text": FIRSTS, "text_pair": SECONDS}

# Each word goes with another one, which nothing but the pairs tells.
PAIRS = {"text": WORDS[:6], "text_pair": WORDS[6:12]}


def share_that_finds_its_own(encoder):
    cosines = encoder.similarity(PAIRS["text"], PAIRS["text_pair"])
    return np.mean(cosines.argmax(axis=1) == np.arange(6))


def test_it_learns_scores():
    encoder = make_sentence_encoder()
    encoder.compile(learning_rate=0.01)
    before = spearman(encoder.pair_similarity(SCORED), SCORES)
    history = encoder.fit(SCORED, SCORES, epochs=12, batch_size=12, verbose=0)
    losses = history.history["loss"]
    assert losses[-1] < 0.1 * losses[0]
    after = spearman(encoder.pair_similarity(SCORED), SCORES)
    assert after > 0.8 > before


def test_it_learns_pairs_without_scores():
    encoder = make_sentence_encoder()
    encoder.compile(learning_rate=0.02)
    history = encoder.fit(PAIRS, epochs=40, batch_size=6, verbose=0)
    losses = history.history["loss"]
    assert losses[-1] < 0.2 < losses[0]
    assert share_that_finds_its_own(encoder) == 1.0


@pytest.mark.usefixtures("eagerly")
def test_the_loss_is_that_of_the_embeddings_also_of_third_texts():
    encoder = make_sentence_encoder(scale=5.0)
    triples = {**PAIRS, "text_negative": TEXTS}
    vectors = [
        encoder.answer(texts)["embedding"].numpy() for texts in triples.values()
    ]
    numbers = np.arange(18).reshape(6, 3)
    for texts in (2, 3):
        columns = dict(list(triples.items())[:texts])
        expected = MultipleNegativesRanking(5.0)(
            numbers[:, :texts], np.stack(vectors[:texts], axis=1)
        )
        found = encoder.evaluate(columns, batch_size=6, verbose=0)
        assert found == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.usefixtures("eagerly")
def test_evaluate_computes_the_loss_of_scores():
    encoder = make_sentence_encoder(score_range=(-1, 9))
    scores = np.linspace(-1, 9, 36)
    found = encoder.evaluate(SCORED, scores, batch_size=5, verbose=0)
    cosines = encoder.pair_similarity(SCORED)
    expected = np.mean((cosines - np.linspace(0, 1, 36)) ** 2)
    assert found == pytest.approx(expected, rel=1e-4)


def test_batches_hold_pairs_their_scores_and_weights():
    encoder = make_sentence_encoder(num_segments=2)
    weights = np.arange(36.0)
    found = {}
    for ids, scores, weight in encoder.batches(
        SCORED, SCORES, weights, batch_tokens=60, shuffle=True, seed=1
    ):
        assert set(ids) == {"token_ids", "padding_mask", "segment_ids"}
        pairs, texts, length = ids["token_ids"].shape
        assert texts == 2 and pairs * texts * length <= 60
        for row in range(pairs):
            real = ids["padding_mask"][row].numpy()
            rows = [
                ids["token_ids"][row, side].numpy()[real[side]].tolist()
                for side in range(2)
            ]
            found[int(weight[row])] = (*rows, float(scores[row]))
    ids = encoder.preprocessor.encode(TEXTS)["token_ids"].to_list()
    for row, (first, second, score) in found.items():
        assert (first, second) == (ids[row // 6], ids[row % 6])
        assert score == SCORES[row] / 5
    assert len(found) == 36


def test_without_scores_targets_say_which_texts_are_equal():
    encoder = make_sentence_encoder()
    pairs = {"text": ["a joy", "fun", "A  JOY"], "text_pair": ["b", "fun", "b"]}
    ((ids, numbers),) = encoder.batches(pairs, batch_size=3)
    assert ids["token_ids"].shape == (3, 2, 4)
    (joy, b), (fun, other_fun), last = numbers.numpy().tolist()
    assert last == [joy, b] and fun == other_fun
    assert len({joy, b, fun}) == 3


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("scored", [True, False])
def test_fit_on_a_dataset_of_strings_is_fit_on_these_strings(scored):
    results = []
    x, y = (SCORED, SCORES) if scored else (PAIRS, None)
    for as_dataset in (False, True):
        keras.utils.set_random_seed(3)
        encoder = make_sentence_encoder()
        encoder.compile(keras.optimizers.SGD(0.1))
        if as_dataset:
            given = tf.data.Dataset.from_tensor_slices((x, y) if scored else x)
            encoder.fit(given.batch(36), verbose=0)
        else:
            encoder.fit(x, y, batch_size=36, verbose=0)
        results.append(encoder.predict(TEXTS, verbose=0))
    np.testing.assert_allclose(*results, atol=1e-5)


def test_a_dataset_of_single_texts_is_embedded():
    encoder = make_sentence_encoder()
    texts = tf.data.Dataset.from_tensor_slices(TEXTS).batch(4)
    np.testing.assert_allclose(
        encoder.predict(texts, verbose=0),
        encoder.answer(TEXTS)["embedding"],
        atol=1e-6,
    )


@pytest.mark.usefixtures("eagerly")
def test_examples_of_weight_zero_teach_nothing():
    encoder = make_sentence_encoder()
    encoder.compile(keras.optimizers.SGD(0.5))
    before = encoder.get_weights()
    encoder.fit(SCORED, SCORES, sample_weight=[0.0] * 36, verbose=0)
    encoder.fit(PAIRS, sample_weight=[0.0] * 6, verbose=0)
    for old, new in zip(before, encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.usefixtures("eagerly")
def test_validation_sees_the_correlations():
    encoder = make_sentence_encoder()
    history = encoder.fit(
        SCORED,
        SCORES,
        validation_data=(SCORED, SCORES),
        callbacks=[
            ScoreTexts(
                [spearman, pearson], SCORED, SCORES, encoder.pair_similarity
            )
        ],
        verbose=0,
    ).history
    found = encoder.pair_similarity(SCORED)
    assert history["val_spearman"] == [pytest.approx(spearman(found, SCORES))]
    assert history["val_pearson"] == [pytest.approx(pearson(found, SCORES))]
    assert "val_loss" in history
    history = encoder.fit(PAIRS, validation_split=0.5, verbose=0).history
    assert "val_loss" in history


@pytest.mark.usefixtures("eagerly")
def test_pairs_that_are_cut_are_counted_once():
    encoder = make_sentence_encoder()
    encoder.compile()
    long = " ".join(["joy"] * 30)
    pairs = {"text": [long, long, "a"], "text_pair": [long, "fun", "joy"]}
    with pytest.warns(UserWarning, match="2 of 3 examples are longer"):
        encoder.fit(pairs, [1, 2, 3], verbose=0)


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (SCORED, SCORES[:-1], "35 rows for 36 examples"),
        (
            SCORED,
            [*SCORES[:-2], 5.5, -1],
            r"from 0 to 5.*5\.5 in row 34.*1 more",
        ),
        (SCORED, [float("nan")] * 36, "nan in row 0"),
        (SCORED, [[1, 2]] * 36, "one number a pair"),
        (SCORED, ["good"] * 36, "one number a pair.*'good'"),
        ({**PAIRS, "text_negative": WORDS[:6]}, [1] * 6, "no use for a third"),
        ({"text": TEXTS}, None, r"are \['text', 'text_pair'\]"),
        (TEXTS, None, "2 strings"),
        ({"text": ["a"], "text_pair": ["b", "c"]}, None, "text_pair: 2"),
        ({"text": ["a"], "text_pair": "b"}, None, "Texts come in a list"),
        ({"text": [], "text_pair": []}, None, "no examples"),
        ({"text": ["a"], "text_pair": [None]}, None, "strings only"),
    ],
)
def test_bad_examples_are_refused_with_reasons(x, y, words):
    encoder = make_sentence_encoder()
    encoder.compile()
    with pytest.raises(ValueError, match=words):
        encoder.fit(x, y, verbose=0)


def test_bad_datasets_are_refused_with_reasons():
    encoder = make_sentence_encoder()
    encoder.compile()
    for x, y, words in (
        ({"text": TEXTS}, SCORES[:6], "An example has the strings"),
        ({**PAIRS, "other": TEXTS}, SCORES[:6], "An example has the strings"),
        ({**PAIRS, "text_negative": TEXTS}, SCORES[:6], "a third text"),
    ):
        dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(2)
        with pytest.raises(ValueError, match=words):
            encoder.fit(dataset, verbose=0)
