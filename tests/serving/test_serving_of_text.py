"""SavedModels that write, asked in a process that has none of our code."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import keras_transformer as kt
from keras_transformer.generation import BeamSearch, Greedy, Sample
from tests.layers.checks import randomize
from tests.models.checks import small
from tests.tasks.generators import LANGUAGES, make_causal_lm

WORDS = ["the", "fox", "dog", "a", "jumps", "over", "lazy", "quick", "brown"]
# Runs without this package: asks all questions of a list, prints the answers.
ASK = """
import json, sys
import numpy as np
import tensorflow as tf
import tensorflow_text
decode = np.vectorize(lambda text: text.decode("utf-8"), [object])
model = tf.saved_model.load(sys.argv[1])
for signature, inputs in json.load(sys.stdin):
    tensors = {k: tf.constant(v, tf.string) for k, v in inputs.items()}
    try:
        answer = model.signatures[signature](**tensors)
    except tf.errors.InvalidArgumentError as error:
        print(json.dumps(str(error)))
        continue
    print(json.dumps({
        k: (decode(v.numpy()) if v.dtype == tf.string else v.numpy()).tolist()
        for k, v in answer.items()
    }))
assert "keras_transformer" not in sys.modules
"""


def ask_elsewhere(folder, questions):
    """Ask a SavedModel in a process with TensorFlow and its text alone."""
    printed = subprocess.run(
        [sys.executable, "-c", ASK, str(folder)],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": ""},
    ).stdout
    return [json.loads(line) for line in printed.splitlines()]


def texts_of_many_lengths(number):
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, n % 23)) for n in range(number - 4)]
    return [*texts, "", "fox", "Ärger — 🦊🙂 \u202e", "\x00 \ufffd"]


def bring_to_an_end(task, norm, table):
    """Make the end likely, so that answers differ in length."""
    randomize(task)
    end = table.numpy()[task.end_token_id]
    norm.beta.assign(norm.beta.numpy() + 0.7 * end / np.linalg.norm(end))
    return task


@pytest.fixture(scope="module")
def language_model():
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    preprocessor = kt.text.DecoderPreprocessor(
        kt.text.WordPieceTokenizer([*special, *WORDS]), max_length=560
    )
    decoder = small(
        "decoder",
        num_layers=1,
        vocabulary_size=preprocessor.vocabulary_size,
        positions="rotary",
    )
    task = kt.tasks.CausalLM(decoder, preprocessor, search=BeamSearch(4, 0.0))
    return bring_to_an_end(
        task, decoder.final_norm, decoder.embedding.tokens.embeddings
    )


@pytest.fixture(scope="module")
def translator():
    model = kt.text.train_sentence_piece(
        [" ".join(WORDS), "the quick brown fox", "a lazy dog jumps"] * 9,
        vocabulary_size=60,
        special_tokens=[f"<2{name}>" for name in LANGUAGES],
        byte_fallback=False,
    )
    preprocessor = kt.text.Seq2SeqPreprocessor(
        kt.text.SentencePieceTokenizer(model), None, 40, 12, ["en"], LANGUAGES
    )
    both = small(
        "encoder_decoder",
        num_layers=1,
        vocabulary_size=preprocessor.vocabulary_size,
        positions="sinusoidal",
    )
    task = kt.tasks.Seq2SeqLM(
        both, preprocessor, search=BeamSearch(4, num_return_sequences=2)
    )
    return bring_to_an_end(
        task, both.decoder_norm, both.decoder_embedding.tokens.embeddings
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


def assert_same(there, here, rows=slice(None)):
    assert there.keys() == here.keys()
    texts = np.array(there["generated_text"])[rows]
    decode = np.vectorize(lambda text: text.decode("utf-8"), [object])
    wanted = decode(here["generated_text"].numpy())
    np.testing.assert_array_equal(texts, wanted[rows])
    scores = np.array(there["score"])[rows]
    np.testing.assert_allclose(scores, here["score"][rows], atol=1e-4)


def one_by_one(inputs):
    """A question for each row."""
    number = len(inputs["text"])
    return [{k: [v[i]] for k, v in inputs.items()} for i in range(number)]


def joined(answers):
    """One answer of those to `one_by_one`."""
    return {name: [a[name][0] for a in answers] for name in answers[0]}


def test_a_language_model_answers_elsewhere_as_in_python(
    language_model, folder
):
    task = language_model
    path = kt.serving.export(task, folder / "lm")
    texts = texts_of_many_lengths(64)
    long = ["the lazy dog " * 170 + "a fox", ""]
    targets = texts[::-1]
    serve = "serving_default"
    many, several, two, long_one, greedy, score, none, *alone = ask_elsewhere(
        path,
        [
            (serve, {"text": texts}),
            ("greedy", {"text": texts}),
            (serve, {"text": long}),
            (serve, {"text": long[:1]}),
            ("greedy", {"text": long}),
            ("score", {"text": texts, "target": targets}),
            (serve, {"text": []}),
            *((serve, row) for row in one_by_one({"text": texts})),
        ],
    )
    here = task.answer(texts)
    assert len({len(text) for text in many["generated_text"]}) > 20
    assert_same(many, here)
    assert_same(joined(alone), here)
    assert_same(several, task.answer(texts, search=Greedy()))
    assert_same(two, task.answer(long))
    assert_same(long_one, task.answer(long[:1]))
    assert_same(greedy, task.answer(long, search=Greedy()))
    np.testing.assert_allclose(
        score["score"], task.score_texts(texts, targets), atol=1e-4
    )
    assert none == {"generated_text": [], "score": []}


def test_a_translator_answers_elsewhere_as_in_python(translator, folder):
    task = translator
    path = kt.serving.export(task, folder / "translator")
    texts = [*texts_of_many_lengths(62), "the lazy dog " * 170 + "a", "a"]
    inputs = {"text": texts, "target_language": ["de", "fr"] * 32}
    other = {**inputs, "target_language": ["de", "es"] * 32}
    targets = [text[:6] for text in texts[::-1]]
    serve = "serving_default"
    many, greedy, score, swapped, none, error, *alone = ask_elsewhere(
        path,
        [
            (serve, inputs),
            ("greedy", inputs),
            ("score", {**inputs, "target": targets}),
            (serve, {**inputs, "target_language": ["fr", "de"] * 32}),
            (serve, {"text": [], "target_language": []}),
            (serve, other),
            *((serve, row) for row in one_by_one(inputs)),
        ],
    )
    here = task.answer(inputs)
    assert here["score"].shape == (64, 2)
    assert_same(many, here)
    assert_same(joined(alone), here)
    assert_same(greedy, task.answer(inputs, search=Greedy()))
    np.testing.assert_allclose(
        score["score"], task.score_texts(inputs, targets), atol=1e-4
    )
    assert not np.allclose(swapped["score"], many["score"])
    assert none == {"generated_text": [], "score": []}
    assert "`target_language` must be one of: de, fr." in error


def test_names_types_and_free_axes_are_as_documented(
    language_model, translator, folder
):
    def described(specs):
        return {k: (v.dtype, v.shape.as_list()) for k, v in specs.items()}

    string, number, ids = tf.string, tf.float32, (tf.int32, [None, None])
    mask = (tf.bool, [None, None])
    for name, inputs, shape, tokens, size in (
        (
            "lm",
            ["text"],
            [None],
            {"token_ids": ids, "padding_mask": mask},
            language_model.vocabulary_size,
        ),
        (
            "translator",
            ["text", "target_language"],
            [None, 2],
            {
                "encoder_token_ids": ids,
                "encoder_padding_mask": mask,
                "decoder_token_ids": ids,
                "decoder_padding_mask": mask,
            },
            translator.vocabulary_size,
        ),
    ):
        signatures = tf.saved_model.load(str(folder / name / "1")).signatures
        assert set(signatures) == {
            "serving_default",
            "greedy",
            "score",
            "tokens",
        }
        one = [None] if shape == [None] else [None, 1]
        strings = {name: (string, [None]) for name in inputs}
        for signature, given, wanted in (
            (
                "serving_default",
                strings,
                {"generated_text": (string, shape), "score": (number, shape)},
            ),
            (
                "greedy",
                strings,
                {"generated_text": (string, one), "score": (number, one)},
            ),
            (
                "score",
                {**strings, "target": (string, [None])},
                {"score": (number, [None])},
            ),
            ("tokens", tokens, {"logits": (number, [None, None, size])}),
        ):
            served = signatures[signature]
            arguments = served.structured_input_signature[1]
            assert described(arguments) == given
            assert described(served.structured_outputs) == wanted


def test_ids_give_the_logits_of_python(language_model, translator, folder):
    texts, languages = ["the fox", "", "a dog"], ["de", "fr", "de"]
    inputs = dict(language_model.preprocessor(texts))
    targets = dict(translator.preprocessor(texts, texts, languages))
    for task, name, ids in (
        (language_model, "lm", inputs),
        (translator, "translator", targets),
    ):
        del ids["labels"]
        model = tf.saved_model.load(str(folder / name / "1"))
        logits = model.signatures["tokens"](**ids)["logits"]
        np.testing.assert_allclose(logits, task(ids), atol=1e-5)


def export_default(task, path, monkeypatch, **options):
    """Export what `serving_default` needs alone: the rest takes long."""
    functions = task.serving_functions(**options)
    default = {"serving_default": functions["serving_default"]}
    monkeypatch.setattr(task, "serving_functions", lambda: default)
    return kt.serving.export(task, path)


def test_a_seed_draws_elsewhere_what_it_draws_in_python(tmp_path, monkeypatch):
    task = make_causal_lm()
    search = Sample(1.5, top_k=5, seed=7)
    path = export_default(task, tmp_path / "lm", monkeypatch, search=search)
    texts = ["ab", "", "abcd abc", "dd"] * 3
    question = ("serving_default", {"text": texts})
    one, other = ask_elsewhere(path, [question] * 2)
    assert one == other
    assert_same(one, task.answer(texts, search=search))


def test_without_a_seed_each_call_and_each_process_draws_anew(
    tmp_path, monkeypatch
):
    # The seed of the process, here 1234, must not be in the graph.
    task = make_causal_lm()
    path = export_default(
        task, tmp_path / "lm", monkeypatch, search=Sample(2.0)
    )
    question = ("serving_default", {"text": ["ab", "", "cd"] * 5})
    drawn = [
        json.dumps(answer)
        for _ in range(2)
        for answer in ask_elsewhere(path, [question] * 2)
    ]
    assert len(set(drawn)) == 4


def test_what_is_too_long_is_an_error_that_says_so(tmp_path, monkeypatch):
    task = make_causal_lm()
    for function, inputs, words in (
        (task.respond, {"text": ["a", "b" * 12]}, "leave room .*it is 12, and"),
        (
            task.score,
            {"text": ["ab"], "target": ["c" * 12]},
            "must fit the pos",
        ),
    ):
        tensors = {k: tf.constant(v) for k, v in inputs.items()}
        with pytest.raises(tf.errors.InvalidArgumentError, match=words):
            tf.function(function)(tensors)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"search": BeamSearch(10)}, "at most 9, the number of tokens"),
        ({"search": "beam"}, "must be a search"),
        ({"max_length": 13}, "max_sequence_length=12"),
    ],
)
def test_a_refused_export_leaves_nothing(tmp_path, options, words):
    with pytest.raises(ValueError, match=words):
        kt.serving.export(make_causal_lm(), tmp_path / "lm", **options)
    assert list(tmp_path.iterdir()) == []
