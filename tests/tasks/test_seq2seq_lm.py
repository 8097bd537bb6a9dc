"""A model from texts to texts, and back from its file."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_transformer as kt
from keras_transformer.generation import BeamSearch, Greedy, Sample
from tests.models.checks import small
from tests.tasks.generators import (
    LANGUAGES,
    TARGETS,
    TEXTS,
    answers_of,
    log_probabilities,
    make_seq2seq_lm,
)


def compile_sgd(task, rate=0.0, **options):
    """Nothing random, and no graphs: those take longer than the training."""
    options = {"run_eagerly": True, **options}
    task.compile(keras.optimizers.SGD(rate), **options)
    return task


def plain_nlls(task, sources, targets):
    """Negative log-probabilities of the tokens of each target, by hand."""
    encoded = task.preprocessor.encode(sources, targets)
    rows = {name: values.to_list() for name, values in encoded.items()}
    said = log_probabilities(
        task, rows["decoder_token_ids"], rows["encoder_token_ids"]
    )
    return [
        -said[i, range(len(labels)), labels]
        for i, labels in enumerate(rows["labels"])
    ]


@pytest.fixture(scope="module")
def task():
    return make_seq2seq_lm()


@pytest.fixture(scope="module")
def multilingual():
    return make_seq2seq_lm(LANGUAGES, search=Greedy(min_length=4))


def test_fit_takes_pairs_in_every_form():
    task = compile_sgd(make_seq2seq_lm(label_smoothing=0.2))
    wanted = np.exp(np.concatenate(plain_nlls(task, TEXTS, TARGETS)).mean())
    ids = {k: v.numpy() for k, v in task.preprocessor(TEXTS, TARGETS).items()}
    labels = ids.pop("labels")
    slices = tf.data.Dataset.from_tensor_slices
    both = (TEXTS, TARGETS)
    for x, y, validation in (
        (TEXTS, TARGETS, both),
        (np.array(TEXTS), tf.constant(TARGETS), (np.array(TEXTS), TARGETS)),
        ({"text": TEXTS}, tuple(TARGETS), slices((ids, labels)).batch(8)),
        (slices(both).batch(8), None, ({"text": TEXTS}, TARGETS)),
        (slices((ids, labels)).batch(8), None, (ids, labels)),
        (ids, labels, slices(({"text": TEXTS}, TARGETS)).batch(8)),
    ):
        history = task.fit(x, y, validation_data=validation, verbose=0).history
        for name in ("perplexity", "val_perplexity"):
            assert history[name][0] == pytest.approx(wanted, rel=1e-5)


def test_weights_of_examples_weigh_their_tokens():
    task = compile_sgd(make_seq2seq_lm())
    weights = np.linspace(0, 2, len(TEXTS), dtype="float32")
    losses = plain_nlls(task, TEXTS, TARGETS)
    wanted = sum(w * x.sum() for w, x in zip(weights, losses, strict=True))
    wanted /= sum(w * len(x) for w, x in zip(weights, losses, strict=True))
    triples = (TEXTS, TARGETS, weights)
    dataset = tf.data.Dataset.from_tensor_slices(triples).batch(8)
    for x, y, sample_weight in (triples, (dataset, None, None)):
        found = task.evaluate(
            x, y, sample_weight=sample_weight, verbose=0, return_dict=True
        )
        assert np.log(found["perplexity"]) == pytest.approx(wanted, rel=1e-5)


def test_fit_takes_the_languages_of_targets(multilingual):
    task = compile_sgd(multilingual)
    languages = ["de", "fr"] * 4
    x = {"text": TEXTS, "target_language": languages}
    as_tuples = list(zip(TEXTS, languages, strict=True))
    found = [
        task.fit(given, TARGETS, verbose=0).history["perplexity"][0]
        for given in (x, as_tuples)
    ]
    found += task.fit(
        tf.data.Dataset.from_tensor_slices((x, TARGETS)).batch(8), verbose=0
    ).history["perplexity"]
    np.testing.assert_allclose(found, found[0], rtol=1e-5)
    other = {**x, "target_language": ["fr", "de"] * 4}
    history = task.fit(other, TARGETS, verbose=0).history
    assert history["perplexity"][0] != pytest.approx(found[0], rel=1e-3)


SEARCHES = [
    BeamSearch(3, num_return_sequences=2),
    Sample(1.2, seed=3, num_return_sequences=3),
]


@pytest.mark.parametrize("search", SEARCHES, ids=lambda s: type(s).__name__)
def test_answers_are_the_ids_as_text_and_alone_as_in_a_batch(task, search):
    number = search.num_return_sequences
    answer = task.answer(TEXTS, search=search)
    texts, scores = (answer[k].numpy() for k in ("generated_text", "score"))
    assert texts.shape == scores.shape == (8, number)
    ids = task.preprocessor(TEXTS)
    result = answers_of(task.generate_tokens(ids, search))
    detokenize = task.preprocessor.tokenizer.detokenize
    for row, answers in enumerate(result):
        for i, (tokens, score) in enumerate(answers):
            assert texts[row, i] == detokenize(tokens).numpy()
            assert scores[row, i] == pytest.approx(score, abs=1e-5)
    written = task.generate(TEXTS, search, batch_size=3)
    assert [len(row) for row in written] == [number] * 8
    if not search.needs_noise:
        alone = [task.generate([text], search)[0] for text in TEXTS]
        assert alone == written


def test_an_answer_has_the_score_of_its_text(task, eagerly):
    search = Sample(2.0, seed=3)
    result = answers_of(task.generate_tokens(task.preprocessor(TEXTS), search))
    answer = task.answer(TEXTS, search=search)
    texts, scores = (answer[k].numpy() for k in ("generated_text", "score"))
    # Not those that were stopped, or of tokens that no text stands for.
    whole = [
        tokens == [*task.preprocessor.tokenizer.tokenize(text).numpy(), 3]
        for ((tokens, _),), (text,) in zip(result, texts, strict=True)
    ]
    assert sum(whole) > 2
    given = task.score_texts(TEXTS, texts[:, 0])
    np.testing.assert_allclose(given[whole], scores[whole, 0], atol=2e-5)


def test_scores_of_texts_are_what_the_model_says(task):
    scores = task.score_texts(TEXTS, TARGETS)
    wanted = [-x.sum() for x in plain_nlls(task, TEXTS, TARGETS)]
    np.testing.assert_allclose(scores, wanted, atol=2e-5)
    few = task.score_texts(TEXTS, TARGETS, batch_size=3)
    np.testing.assert_allclose(few, wanted, atol=2e-5)


def test_translate_asks_for_a_language(multilingual):
    x = {
        name: {"text": TEXTS, "target_language": [name] * len(TEXTS)}
        for name in LANGUAGES
    }
    for name in LANGUAGES:
        texts = multilingual.translate(TEXTS, target_language=name)
        assert multilingual.generate(x[name]) == texts
    short = multilingual.translate(TEXTS, target_language="fr", max_length=4)
    assert all(len(text) <= 4 for text in short)
    german, french = (multilingual.answer(x[name])["score"] for name in x)
    assert not np.allclose(german, french)
    german, french = (multilingual.score_texts(x[n], TARGETS) for n in x)
    assert german.shape == (8,) and not np.allclose(german, french)


def test_no_texts_get_no_answers(task, eagerly):
    assert task.generate([]) == []
    assert task.answer([])["generated_text"].shape == (0, 1)


def test_what_is_cut_is_counted_with_the_limits_of_both_sides():
    task = compile_sgd(make_seq2seq_lm())
    long = ["a" * 30, *TEXTS[1:]]
    words = "2 of 8 .*max_source_length=10 or max_target_length=8 tokens"
    with pytest.warns(UserWarning, match=words):
        task.evaluate(long, [*TARGETS[:7], "b" * 20], verbose=0)


def test_a_saved_task_loads_in_a_fresh_process(tmp_path, eagerly):
    task = make_seq2seq_lm(
        LANGUAGES,
        search=BeamSearch(2, 1.1),
        max_length=6,
        label_smoothing=0.3,
        tie_weights=False,
    )
    compile_sgd(task)
    x = {"text": TEXTS, "target_language": ["de", "fr"] * 4}
    path = tmp_path / "toy.keras"
    task.save(path)
    again = kt.load(path)
    assert again.search == task.search
    assert (again.max_length, again.label_smoothing) == (6, 0.3)
    assert again.preprocessor.target_languages == LANGUAGES
    found = [t.evaluate(x, TARGETS, verbose=0) for t in (task, again)]
    np.testing.assert_allclose(*found, rtol=1e-5)
    code = (
        "import sys, keras, keras_transformer, tensorflow as tf\n"
        "tf.config.run_functions_eagerly(True)\n"
        "task = keras.saving.load_model(sys.argv[1])\n"
        "print(task.translate(sys.argv[2:], target_language='fr'))\n"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code, str(path), *TEXTS],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert eval(printed) == task.translate(TEXTS, target_language="fr")


def test_the_sides_may_have_different_vocabularies(eagerly):
    source = kt.text.CharacterTokenizer("abcdefghijklm ")
    preprocessor = kt.text.Seq2SeqPreprocessor(
        source, kt.text.CharacterTokenizer("xy"), 10, 8
    )
    model = small(
        "encoder_decoder",
        num_layers=1,
        vocabulary_size=source.vocabulary_size,
        share_embedding=False,
    )
    task = kt.tasks.Seq2SeqLM(model, preprocessor, search=Sample(3.0, seed=1))
    texts = task.generate(["abc", "lm", ""] * 4)
    assert set("".join(texts)) <= {*"xy", "\ufffd"}


PAIR = (["ab"], ["ba"])


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda t: t.fit(TEXTS), "target texts as `y`. Received: y=None"),
        (
            lambda t: t.fit(tf.data.Dataset.from_tensors(TEXTS), verbose=0),
            "target texts as `y`. Received: y=None",
        ),
        (lambda t: t.fit(TEXTS, TARGETS[:3]), "3 rows for 8 examples"),
        (lambda t: t.fit(*PAIR, sample_weight=[1, 2]), "2 rows for 1"),
        (lambda t: t.fit(["ab"], [None]), r"strings only.*target\[0\]"),
        (lambda t: t.predict(["ab"]), "`score_texts` to score texts"),
        (lambda t: t.translate("ab"), r"come in a list.*Write \['ab'\]"),
        (lambda t: t.translate(["ab"], target_language="es"), "not told any"),
        (lambda t: t.generate([("a", "de")]), "strings"),
        (lambda t: t.generate(["ab"], max_length=11), "=11, max_sequence_le"),
        (lambda t: t.generate(["a"], BeamSearch(10)), "9, the number of tok"),
        (lambda t: t.score_texts(["a"], ["a" * 9]), "max_target_length=8 tok"),
        (lambda t: t.score_texts(["a", "b"], ["a"]), "'text': 2, 'target': 1"),
    ],
)
def test_requests_that_make_no_sense_are_errors(call, words):
    with pytest.raises(ValueError, match=words):
        call(compile_sgd(make_seq2seq_lm(positions="learned")))


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda t: t.translate(["ab"]), r"one of \['de', 'fr'\].*=None"),
        (lambda t: t.translate(["a"], None, "es"), r"\['de', 'fr'\].*'es'"),
        (lambda t: t.translate(["a"], "en", "de"), "source_language='en'"),
        (lambda t: t.generate(["ab"]), r"2 strings: \['text', 'target_lang"),
        (lambda t: t.generate([("ab", "es")]), r"\['de', 'fr'\].*'es'"),
        (lambda t: t.score_texts([("ab", "es")], ["a"]), r"\['de', 'fr'\]"),
        (lambda t: t.fit([("ab", "es")], ["a"]), r"\['de', 'fr'\].*'es'"),
    ],
)
def test_languages_must_be_those_of_the_model(multilingual, call, words):
    with pytest.raises(ValueError, match=words):
        call(multilingual)


def test_a_task_without_tokenizer_takes_ids_and_says_so():
    bare = kt.tasks.Seq2SeqLM(make_seq2seq_lm().encoder_decoder)
    for call in (bare.generate, bare.translate):
        with pytest.raises(ValueError, match="takes ids and no strings"):
            call(["ab"])


def test_lengths_must_fit_the_positions():
    with pytest.raises(ValueError, match="max_length=10"):
        make_seq2seq_lm(positions="learned", positions_limit=9)
