"""A masked language model from texts to answers, and back from its file."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import keras_transformer as kt
from keras_transformer.tasks.masked_lm_head import OutputBias
from tests.layers.checks import (
    assert_close,
    check_layer,
    features,
    randomize,
    to_numpy,
)
from tests.tasks.masked_toys import (
    MASKED,
    SPECIAL,
    compile_sgd,
    make_masked_lm,
    make_preprocessor,
    nlls_and_hits,
)
from tests.tasks.toys import LABELS, TEXTS, WORDS, make_encoder

ON_TENSORFLOW = keras.backend.backend() == "tensorflow"


@pytest.fixture(scope="module")
def task():
    """A model with random weights, which tests leave as it is."""
    return make_masked_lm()


def examples(task, seed=0):
    """Ids, targets everywhere, and where they count, at five places."""
    rng = np.random.default_rng(seed)
    shape = (3, 7)
    inputs = {
        "token_ids": rng.integers(4, 10, shape).astype("int32"),
        "padding_mask": np.arange(7) < np.array([[7], [4], [6]]),
    }
    targets = rng.integers(5, 10, shape).astype("int32")
    target_mask = np.zeros(shape, bool)
    target_mask[[0, 0, 0, 1, 2], [1, 2, 5, 3, 4]] = True
    if "segment_ids" in task.input_names:
        inputs["segment_ids"] = rng.integers(0, 2, shape).astype("int32")
    return inputs, targets, target_mask


def probabilities(task, text, place):
    """Probabilities of all tokens at a place of one text, by hand."""
    inputs = task.preprocessor([text])
    inputs = {name: np.asarray(inputs[name]) for name in task.input_names}
    logits = to_numpy(task(inputs))
    exponents = np.exp(logits[0, place].astype("float64"))
    return exponents / exponents.sum()


def test_it_learns_what_stands_behind_a_mask():
    preprocessor = make_preprocessor()
    encoder = kt.models.Encoder.from_size(
        "tiny",
        preprocessor.vocabulary_size,
        num_layers=1,
        max_sequence_length=12,
        num_segments=0,
        dropout=0.0,
    )
    task = kt.tasks.MaskedLM(encoder, preprocessor, mask_rate=0.2)
    task.compile(learning_rate=3e-3)
    history = task.fit(
        TEXTS * 30, epochs=6, batch_size=12, seed=1, verbose=0
    ).history
    assert history["perplexity"][-1] < 0.3 * history["perplexity"][0]
    assert history["accuracy"][-1] > 0.7 > history["accuracy"][0]
    answer = task.answer(["a [MASK] to watch", "dull and [MASK]"])
    assert answer["token"][:, 0].numpy().tolist() == [b"joy", b"slow"]


@pytest.mark.parametrize("num_segments", [0, 2])
def test_the_head_is_that_of_bert(num_segments):
    task = make_masked_lm(num_segments=num_segments)
    inputs, *_ = examples(task)
    x = to_numpy(task.encoder(inputs)).astype("float64")
    x = x @ task.transform.kernel.numpy() + task.transform.bias.numpy()
    x = 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))
    x = x - x.mean(-1, keepdims=True)
    x = x / np.sqrt((x**2).mean(-1, keepdims=True) + task.encoder.epsilon)
    norm = task.transform_norm
    x = x * norm.gamma.numpy() + norm.beta.numpy()
    table = task.encoder.embedding.tokens.embeddings.numpy()
    wanted = x @ table.T + task.output_bias.bias.numpy()
    assert_close(task(inputs), wanted)
    assert task(inputs).shape == (3, 7, len(SPECIAL) + len(WORDS))


def test_the_bias_keeps_the_promises_of_a_layer(tmp_path):
    check_layer(OutputBias, {"inputs": features(2, 3, 5)}, tmp_path)


@pytest.mark.parametrize("weights", [None, [0.5, 2.0, 1.0]])
def test_loss_and_metrics_are_those_of_the_hidden_tokens(task, weights):
    inputs, targets, target_mask = examples(task)
    nlls, hits = nlls_and_hits(task, inputs, targets)
    whole = target_mask * np.array(weights or [1.0] * 3)[:, None]
    wanted = (nlls * whole).sum() / whole.sum()
    compile_sgd(task)
    found = task.evaluate(
        {**inputs, "target_mask": target_mask},
        targets,
        sample_weight=None if weights is None else np.array(weights),
        verbose=0,
        return_dict=True,
    )
    assert found["loss"] == pytest.approx(wanted, rel=1e-5)
    assert found["perplexity"] == pytest.approx(np.exp(wanted), rel=1e-5)
    accuracy = (hits * whole).sum() / whole.sum()
    assert found["accuracy"] == pytest.approx(accuracy)


def test_only_hidden_tokens_are_mapped_to_the_vocabulary(monkeypatch):
    if keras.backend.backend() == "jax":
        pytest.skip("JAX compiles for fixed shapes, so it maps all positions")
    task = compile_sgd(make_masked_lm())
    inputs, targets, target_mask = examples(task)
    shapes, project = [], task.project

    def noted(states):
        shapes.append(tuple(states.shape))
        return project(states)

    monkeypatch.setattr(task, "project", noted)
    ids = {**inputs, "target_mask": target_mask}
    task.train_on_batch(ids, targets)
    task.test_on_batch(ids, targets)
    # Before them, Keras may send shapes through the model, to build metrics.
    assert shapes[-2:] == [(5, 8)] * 2
    shapes.clear()
    task.respond({"text": tf.constant(MASKED)})
    assert shapes == [(3, 8)]


def test_a_step_in_a_graph_and_one_outside_learn_the_same():
    weights = []
    for run_eagerly in (True, False):
        task = make_masked_lm()
        task.compile(keras.optimizers.SGD(0.5), run_eagerly=run_eagerly)
        task.fit(TEXTS, batch_size=3, shuffle=False, seed=4, verbose=0)
        weights.append(task.get_weights())
    assert any(
        (one != old).any()
        for one, old in zip(
            weights[0], make_masked_lm().get_weights(), strict=True
        )
    )
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_answers_are_the_likeliest_tokens_at_the_first_mask(task):
    answer = task.answer(MASKED, num_answers=4)
    assert answer["token"].shape == answer["score"].shape == (3, 4)
    assert task.answer(MASKED)["token"].shape == (3, 5)
    vocabulary = task.preprocessor.tokenizer.vocabulary
    for row, (text, place) in enumerate(zip(MASKED, (2, 1, 2), strict=True)):
        said = probabilities(task, text, place)
        best = np.argsort(-said)[:4]
        tokens = [vocabulary[id].encode() for id in best]
        assert answer["token"][row].numpy().tolist() == tokens
        np.testing.assert_allclose(answer["score"][row], said[best], rtol=1e-4)
    number = task.num_tokens
    scores = task.answer(MASKED, num_answers=number)["score"].numpy()
    np.testing.assert_allclose(scores.sum(-1), 1, atol=1e-5)


def test_company_and_batches_change_no_answer(task):
    texts = [*MASKED, "[MASK] " + " ".join(TEXTS)]
    together = task.answer(texts)
    for batch_size in (1, 3):
        apart = task.answer(texts, batch_size=batch_size)
        assert (apart["token"] == together["token"]).numpy().all()
        np.testing.assert_allclose(apart["score"], together["score"], atol=1e-6)
    assert task.answer([])["token"].shape == (0, 5)


def test_a_mask_beyond_the_longest_input_is_still_filled_in(task):
    before, after = " ".join(TEXTS), " ".join(reversed(TEXTS))
    answer = task.answer([f"{before} [MASK] {after}"])
    ids = task.preprocessor.tokenizer.tokenize([before, after]).to_list()
    room = task.preprocessor.max_length - 2
    tokens = map(
        task.preprocessor.tokenizer.id_to_token,
        [*ids[0][-(room // 2) :], 4, *ids[1][: room - room // 2 - 1]],
    )
    said = probabilities(task, " ".join(tokens), room // 2 + 1)
    np.testing.assert_allclose(
        answer["score"][0], np.sort(said)[::-1][:5], rtol=1e-4
    )


def test_a_reloaded_task_is_the_same(tmp_path):
    task = make_masked_lm(
        mask_rate=0.4, mask_token_rate=0.7, whole_words=True, num_answers=3
    )
    compile_sgd(task, 0.1)
    task.fit(TEXTS, verbose=0)
    task.save(tmp_path / "toy.keras")
    again = kt.load(tmp_path / "toy.keras")
    for name in ("mask_rate", "mask_token_rate", "whole_words", "num_answers"):
        assert getattr(again, name) == getattr(task, name)
    one, other = task.answer(MASKED), again.answer(MASKED)
    assert (one["token"] == other["token"]).numpy().all()
    np.testing.assert_array_equal(one["score"], other["score"])
    found = [t.evaluate(TEXTS, verbose=0) for t in (task, again)]
    np.testing.assert_allclose(*found, rtol=1e-5)


def test_what_was_learned_is_handed_on_with_the_encoder(tmp_path):
    task = compile_sgd(make_masked_lm(), 0.1)
    task.fit(TEXTS, verbose=0)
    learned = task.encoder.get_weights()
    classifier = kt.tasks.TextClassifier(
        task.encoder, task.preprocessor, ["bad", "good"]
    )
    for old, new in zip(learned, classifier.encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    classifier.compile(learning_rate=0.01, run_eagerly=True)
    classifier.fit(TEXTS, LABELS, verbose=0)
    classifier.save(tmp_path / "toy.keras")
    again = kt.load(tmp_path / "toy.keras")
    np.testing.assert_array_equal(
        again.answer(TEXTS)["scores"], classifier.answer(TEXTS)["scores"]
    )


def test_the_model_may_have_more_rows_than_there_are_tokens():
    preprocessor = make_preprocessor()
    encoder = randomize(
        kt.models.Encoder.from_size(
            "tiny", 64, num_layers=1, max_sequence_length=12, num_segments=0
        )
    )
    with pytest.warns(UserWarning, match="fewer than the 64 rows"):
        task = kt.tasks.MaskedLM(encoder, preprocessor)
    number = preprocessor.vocabulary_size
    answer = task.answer(["a [MASK]"], num_answers=number)
    assert set(answer["token"].numpy()[0]) == {
        token.encode() for token in preprocessor.tokenizer.vocabulary
    }
    assert float(ops.sum(answer["score"])) == pytest.approx(1, abs=1e-5)


def test_bfloat16_answers_in_float32():
    preprocessor = make_preprocessor()
    encoder = make_encoder(preprocessor, dtype="mixed_bfloat16")
    task = kt.tasks.MaskedLM(encoder, preprocessor)
    answer = task.answer(MASKED)
    assert answer["score"].dtype == tf.float32
    assert np.isfinite(answer["score"]).all()


def test_a_task_without_tokenizer_takes_ids_and_says_so(task):
    bare = compile_sgd(kt.tasks.MaskedLM(make_masked_lm().encoder), 0.1)
    inputs, targets, target_mask = examples(bare)
    assert bare(inputs).shape == (3, 7, len(SPECIAL) + len(WORDS))
    assert bare.predict(inputs, verbose=0).shape == (3, 7, bare.num_tokens)
    bare.fit({**inputs, "target_mask": target_mask}, targets, verbose=0)
    with pytest.raises(ValueError, match="takes ids and no strings"):
        bare.answer(MASKED)
    with pytest.raises(ValueError, match="need a `target_mask`"):
        bare.fit(inputs, targets, verbose=0)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda t: t.fit(TEXTS, TEXTS), "learns from texts alone"),
        (
            lambda t: t.fit(
                tf.data.Dataset.from_tensors((TEXTS, TEXTS)), verbose=0
            ),
            "learns from texts alone",
        ),
        (lambda t: t.fit(TEXTS, sample_weight=[1]), "1 rows for 6 examples"),
        (lambda t: t.fit([]), "no examples"),
        (lambda t: t.fit(["", "unseen"]), "2 texts without any"),
        (lambda t: t.predict(TEXTS), "Use `answer` to fill in masks"),
        (lambda t: t.answer("[MASK]"), "come in a list"),
        (lambda t: t.answer([*MASKED, "a joy"]), r"text\[3\]='a joy'\."),
        (lambda t: t.answer(["a [mask]", "b"]), r"'\[MASK\]'.*and 1 more"),
        (lambda t: t.answer(["[MASK]", None]), r"strings only.*text\[1\]"),
        (lambda t: t.answer(MASKED, num_answers=0), "num_answers=0"),
        (lambda t: t.answer(MASKED, num_answers=99), "from 1 to 18"),
    ],
)
def test_requests_that_make_no_sense_are_errors(task, call, words):
    with pytest.raises(ValueError, match=words):
        call(task)


def test_a_text_without_mask_is_an_error_of_the_graph_too(task):
    if not ON_TENSORFLOW:
        pytest.skip("graphs are of TensorFlow")
    with pytest.raises(tf.errors.InvalidArgumentError, match="must hold"):
        task._answer_function()({"text": tf.constant(["[MASK]", "a joy"])})


@pytest.mark.parametrize(
    "options, words",
    [
        ({"mask_rate": 0}, "`mask_rate` must be above 0"),
        ({"random_token_rate": 0.3}, "at most 1 together"),
        ({"num_answers": 19}, "from 1 to 18"),
        ({"num_answers": True}, "num_answers=True"),
    ],
)
def test_a_task_is_not_made_with_what_makes_no_sense(options, words):
    with pytest.raises(ValueError, match=words):
        make_masked_lm(**options)


def test_a_tokenizer_without_mask_token_is_refused():
    tokenizer = kt.text.CharacterTokenizer("ab")
    preprocessor = kt.text.EncoderPreprocessor(tokenizer, 12)
    encoder = make_encoder(preprocessor)
    with pytest.raises(ValueError, match=r"mask_token='\[MASK\]'"):
        kt.tasks.MaskedLM(encoder, preprocessor)
