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
SEEDED = Sample(1.5, top_k=5, seed=7)
# Runs without this package: asks all questions of a list, prints the answers.
ASK = """
import json, sys
import numpy as np
import tensorflow as tf
import tensorflow_text
decode = np.vectorize(lambda text: text.decode("utf-8"), [object])
models = {}
for folder, signature, inputs in json.load(sys.stdin):
    model = models[folder] = models.get(folder) or tf.saved_model.load(folder)
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


def ask_elsewhere(questions):
    """Ask SavedModels in a process with TensorFlow and its text alone."""
    printed = subprocess.run(
        [sys.executable, "-c", ASK],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=True,
        cwd=os.path.dirname(questions[0][0]),
        env={**os.environ, "PYTHONPATH": ""},
    ).stdout
    return [json.loads(line) for line in printed.splitlines()]


def texts_of_many_lengths(number):
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, n % 23)) for n in range(number - 4)]
    return [*texts, "", "fox", "Ärger — 🦊🙂 \u202e", "\x00 \ufffd"]


LONG = "the lazy dog " * 170 + "a fox"  # 512 words
TEXTS = texts_of_many_lengths(64)
PROMPTS = {"text": TEXTS}
SOURCES = {
    "text": [*texts_of_many_lengths(63), LONG],
    "target_language": ["de", "fr"] * 32,
}
TARGETS = [text[:6] for text in TEXTS[::-1]]
FEW = {"text": ["the fox", "", "a dog"] * 3}


def bring_to_an_end(task, norm, table):
    """Make the end likely, so that answers differ in length."""
    randomize(task)
    end = table.numpy()[task.end_token_id]
    norm.beta.assign(norm.beta.numpy() + 0.7 * end / np.linalg.norm(end))
    return task


def make_language_model():
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
    # Without a length penalty a search knows soon that it is done.
    search = BeamSearch(4, length_penalty=0.0)
    return bring_to_an_end(
        kt.tasks.CausalLM(decoder, preprocessor, search=search),
        decoder.final_norm,
        decoder.embedding.tokens.embeddings,
    )


def make_translator():
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
    search = BeamSearch(4, num_return_sequences=2)
    return bring_to_an_end(
        kt.tasks.Seq2SeqLM(both, preprocessor, search=search),
        both.decoder_norm,
        both.decoder_embedding.tokens.embeddings,
    )


@pytest.fixture(scope="module")
def tasks():
    return {"lm": make_language_model(), "translator": make_translator()}


@pytest.fixture(scope="module")
def folders(tasks, tmp_path_factory):
    """Both as SavedModels; the language model also with searches that draw."""
    path = tmp_path_factory.mktemp("models")
    task = tasks["lm"]
    functions = task.serving_functions()
    for name, search in (("seeded", SEEDED), ("unseeded", Sample(2.0))):
        functions[name] = task.serving_functions(search)["serving_default"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(task, "serving_functions", lambda: functions)
        return {
            name: str(kt.serving.export(task, path / name))
            for name, task in tasks.items()
        }


def one_by_one(inputs):
    number = len(inputs["text"])
    return [{k: [v[i]] for k, v in inputs.items()} for i in range(number)]


@pytest.fixture(scope="module")
def answers(folders):
    """What another process was answered, by what it asked for."""
    serve = "serving_default"
    questions = {
        "lm": ("lm", serve, PROMPTS),
        "lm greedy": ("lm", "greedy", PROMPTS),
        "lm long": ("lm", serve, {"text": [LONG, ""]}),
        "lm score": ("lm", "score", {**PROMPTS, "target": TARGETS}),
        "lm none": ("lm", serve, {"text": []}),
        "seeded": ("lm", "seeded", FEW),
        "seeded again": ("lm", "seeded", FEW),
        "unseeded": ("lm", "unseeded", FEW),
        "unseeded again": ("lm", "unseeded", FEW),
        "translator": ("translator", serve, SOURCES),
        "translator greedy": ("translator", "greedy", SOURCES),
        "translator score": (
            "translator",
            "score",
            {**SOURCES, "target": TARGETS},
        ),
        "translator swapped": (
            "translator",
            serve,
            {**SOURCES, "target_language": ["fr", "de"] * 32},
        ),
        "translator none": (
            "translator",
            serve,
            {"text": [], "target_language": []},
        ),
        "translator unknown": (
            "translator",
            serve,
            {"text": ["a", "a"], "target_language": ["de", "es"]},
        ),
    }
    for name, inputs in (("lm", PROMPTS), ("translator", SOURCES)):
        for i, row in enumerate(one_by_one(inputs)):
            questions[f"{name} row {i}"] = (name, serve, row)
    asked = [(folders[name], *rest) for name, *rest in questions.values()]
    return dict(zip(questions, ask_elsewhere(asked), strict=True))


def assert_same(there, here):
    assert there.keys() == here.keys()
    decode = np.vectorize(lambda text: text.decode("utf-8"), [object])
    wanted = decode(here["generated_text"].numpy())
    np.testing.assert_array_equal(there["generated_text"], wanted)
    np.testing.assert_allclose(there["score"], here["score"], atol=1e-4)


@pytest.mark.parametrize(
    "name, inputs", [("lm", PROMPTS), ("translator", SOURCES)]
)
def test_it_answers_elsewhere_as_in_python(name, inputs, tasks, answers):
    task = tasks[name]
    here = task.answer(inputs)
    assert here["score"].shape == ((64, 2) if name == "translator" else (64,))
    assert_same(answers[name], here)
    assert_same(answers[f"{name} greedy"], task.answer(inputs, search=Greedy()))
    np.testing.assert_allclose(
        answers[f"{name} score"]["score"],
        task.score_texts(inputs, TARGETS),
        atol=1e-4,
    )
    assert answers[f"{name} none"] == {"generated_text": [], "score": []}


@pytest.mark.parametrize("name", ["lm", "translator"])
def test_a_text_alone_is_answered_as_in_a_batch(name, answers):
    together = answers[name]
    for i in range(64):
        alone = answers[f"{name} row {i}"]
        assert alone["generated_text"][0] == together["generated_text"][i]
        np.testing.assert_allclose(
            alone["score"][0], together["score"][i], atol=1e-4
        )


def test_a_prompt_of_512_words_is_gone_on_with(tasks, answers):
    assert_same(answers["lm long"], tasks["lm"].answer([LONG, ""]))
    assert answers["lm long"]["generated_text"][0].startswith(LONG)


def test_the_target_language_changes_the_answer(answers):
    swapped = answers["translator swapped"]["score"]
    assert not np.allclose(swapped, answers["translator"]["score"])


def test_an_unknown_language_is_an_error_that_names_the_known(answers):
    words = "`target_language` must be one of: de, fr."
    assert words in answers["translator unknown"]


def test_a_seed_draws_elsewhere_what_it_draws_in_python(tasks, answers):
    assert answers["seeded"] == answers["seeded again"]
    assert_same(answers["seeded"], tasks["lm"].answer(FEW, search=SEEDED))


def test_without_a_seed_each_call_and_each_process_draws_anew(folders, answers):
    # The seed of this process, 1234 in all tests, must not be in the graph.
    (elsewhere,) = ask_elsewhere([(folders["lm"], "unseeded", FEW)])
    one, other = answers["unseeded"], answers["unseeded again"]
    assert one != other != elsewhere != one


def described(specs):
    return {k: (v.dtype, v.shape.as_list()) for k, v in specs.items()}


@pytest.fixture(scope="module")
def loaded(folders):
    return {name: tf.saved_model.load(path) for name, path in folders.items()}


@pytest.mark.parametrize(
    "name, inputs, tokens, shape, one",
    [
        ("lm", ["text"], ["token_ids", "padding_mask"], [None], [None]),
        (
            "translator",
            ["text", "target_language"],
            [
                "encoder_token_ids",
                "encoder_padding_mask",
                "decoder_token_ids",
                "decoder_padding_mask",
            ],
            [None, 2],
            [None, 1],
        ),
    ],
)
def test_names_types_and_free_axes_are_as_documented(
    name, inputs, tokens, shape, one, tasks, loaded
):
    strings = {name: (tf.string, [None]) for name in inputs}
    targets = {**strings, "target": (tf.string, [None])}
    ids = {
        name: (tf.bool if name.endswith("mask") else tf.int32, [None, None])
        for name in tokens
    }
    size = tasks[name].vocabulary_size
    for signature, given, outputs in (
        ("serving_default", strings, {"generated_text": shape, "score": shape}),
        ("greedy", strings, {"generated_text": one, "score": one}),
        ("score", targets, {"score": [None]}),
        ("tokens", ids, {"logits": [None, None, size]}),
    ):
        served = loaded[name].signatures[signature]
        assert described(served.structured_input_signature[1]) == given
        assert described(served.structured_outputs) == {
            key: (tf.string if key == "generated_text" else tf.float32, axes)
            for key, axes in outputs.items()
        }


def test_ids_give_the_logits_of_python(tasks, loaded):
    texts, languages = ["the fox", "", "a dog"], ["de", "fr", "de"]
    for name, ids in (
        ("lm", tasks["lm"].preprocessor(texts)),
        (
            "translator",
            tasks["translator"].preprocessor(texts, texts, languages),
        ),
    ):
        del ids["labels"]
        logits = loaded[name].signatures["tokens"](**ids)["logits"]
        np.testing.assert_allclose(logits, tasks[name](ids), atol=1e-5)


def test_what_is_too_long_is_an_error_that_says_so():
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
