"""A language model from strings to strings, and back from its file."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_transformer as kt
from keras_transformer.generation import BeamSearch, Greedy, Sample
from tests.layers.checks import randomize, to_numpy
from tests.models.checks import POSITIONS
from tests.tasks.generators import (
    TEXTS,
    answers_of,
    log_probabilities,
    make_causal_lm,
)


def compile_sgd(task, rate=0.0, **options):
    """Nothing random, and no graphs: those take longer than the training."""
    options = {"run_eagerly": True, **options}
    task.compile(keras.optimizers.SGD(rate), **options)
    return task


def plain_nlls(task, texts):
    """Negative log-probabilities of the tokens of each text, by hand."""
    encoded = task.preprocessor.encode(texts)
    rows = encoded["token_ids"].to_list()
    said = log_probabilities(task, rows, None)
    return [
        -said[i, range(len(labels)), labels]
        for i, labels in enumerate(encoded["labels"].to_list())
    ]


@pytest.fixture(scope="module")
def task():
    """A model that ends some texts early, with answers in graphs."""
    return make_causal_lm()


def test_it_learns_to_go_on():
    task = make_causal_lm()
    task.compile(learning_rate=0.05)
    history = task.fit(["abcd"] * 8, epochs=25, verbose=0).history
    assert history["perplexity"][-1] < 1.5 < history["perplexity"][0]
    assert task.generate(["a", "abc", ""]) == ["abcd"] * 3


@pytest.mark.parametrize("positions", POSITIONS)
def test_packed_texts_have_the_loss_they_have_alone(positions):
    task = make_causal_lm(positions=positions)
    wanted = np.exp(np.concatenate(plain_nlls(task, TEXTS)).mean())
    compile_sgd(task)
    found = task.evaluate(TEXTS, batch_size=3, verbose=0, return_dict=True)
    assert found["perplexity"] == pytest.approx(wanted, rel=1e-5)


def test_packed_blocks_are_full_and_texts_are_cut_into_several():
    task = make_causal_lm()
    inputs, targets, _ = task.encode_examples({"text": [*TEXTS, "ab " * 9]})
    assert inputs["token_ids"].shape[1] == targets.shape[1] == 12
    assert inputs["padding_mask"].mean() > 0.8
    assert inputs["segment_ids"].max() >= 3
    tokens = task.preprocessor.encode_whole([*TEXTS, "ab " * 9])["labels"]
    assert inputs["padding_mask"].sum() == tokens.flat_values.shape[0]


@pytest.mark.parametrize("pack", [True, False])
def test_a_weight_of_a_text_weighs_its_tokens(pack):
    task = compile_sgd(make_causal_lm(pack=pack))
    weights = np.linspace(0, 2, len(TEXTS))
    losses = plain_nlls(task, TEXTS)
    wanted = sum(w * x.sum() for w, x in zip(weights, losses, strict=True))
    wanted /= sum(w * len(x) for w, x in zip(weights, losses, strict=True))
    found = task.evaluate(
        TEXTS, sample_weight=weights, verbose=0, return_dict=True
    )
    assert np.log(found["perplexity"]) == pytest.approx(wanted, rel=1e-5)


def test_fit_takes_texts_in_every_form():
    task = compile_sgd(make_causal_lm(pack=False))
    wanted = np.exp(np.concatenate(plain_nlls(task, TEXTS)).mean())
    ids = {k: v.numpy() for k, v in task.preprocessor(TEXTS).items()}
    labels = ids.pop("labels")
    of_texts = tf.data.Dataset.from_tensor_slices(TEXTS).batch(8)
    of_names = tf.data.Dataset.from_tensor_slices({"text": TEXTS}).batch(8)
    of_ids = tf.data.Dataset.from_tensor_slices((ids, labels)).batch(8)
    for x in (
        TEXTS,
        np.array(TEXTS),
        tf.constant(TEXTS),
        {"text": tuple(TEXTS)},
        of_texts,
        of_names,
        of_ids,
    ):
        history = task.fit(x, validation_data=x, verbose=0).history
        for name in ("perplexity", "val_perplexity"):
            assert history[name][0] == pytest.approx(wanted, rel=1e-5), x
    for validation in ((ids, labels), (TEXTS, None), (TEXTS,)):
        history = task.fit(
            ids, labels, validation_data=validation, verbose=0
        ).history
        for name in ("perplexity", "val_perplexity"):
            assert history[name][0] == pytest.approx(wanted, rel=1e-5)


def test_fit_holds_texts_back_and_weighs_the_others():
    task = compile_sgd(make_causal_lm())
    losses = plain_nlls(task, TEXTS)
    history = task.fit(
        TEXTS,
        validation_split=0.25,
        sample_weight=[0.0] * 5 + [1.0] + [9.0] * 2,
        verbose=0,
    ).history
    assert np.log(history["perplexity"][0]) == pytest.approx(
        losses[5].mean(), rel=1e-5
    )
    # Held out with their weights, as Keras does.
    assert np.log(history["val_perplexity"][0]) == pytest.approx(
        np.concatenate(losses[6:]).mean(), rel=1e-5
    )


def test_a_graph_and_a_step_outside_of_it_learn_the_same():
    weights = []
    for run_eagerly in (True, False):
        task = make_causal_lm()
        compile_sgd(task, 0.5, run_eagerly=run_eagerly)
        task.fit(TEXTS, shuffle=False, batch_size=2, verbose=0)
        weights.append(task.get_weights())
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_text_of_nothing_to_learn_is_no_harm():
    task = compile_sgd(make_causal_lm(add_start=False, pack=False))
    found = task.evaluate(["", "ab"], verbose=0, return_dict=True)
    wanted = np.exp(plain_nlls(task, ["ab"])[0].mean())
    assert found["perplexity"] == pytest.approx(wanted, rel=1e-5)


SEARCHES = [
    Greedy(),
    BeamSearch(3, num_return_sequences=2),
    Sample(1.2, seed=3),
]


@pytest.mark.parametrize("search", SEARCHES, ids=lambda s: type(s).__name__)
def test_answers_are_the_ids_as_text_and_alone_as_in_a_batch(task, search):
    prompts = ["ab", "", "abcd abc", "dd"]
    answer = task.answer(prompts, search=search)
    ids = task.preprocessor.prompt(prompts)
    result = task.generate_tokens(ids, search)
    several = search.num_return_sequences > 1
    shape = (4, 2) if several else (4,)
    assert answer["generated_text"].shape == answer["score"].shape == shape
    texts = np.reshape(answer["generated_text"], (4, -1)).tolist()
    scores = np.reshape(answer["score"], (4, -1))
    for row, answers in enumerate(answers_of(result)):
        for i, (tokens, score) in enumerate(answers):
            written = task.preprocessor.tokenizer.detokenize(tokens).numpy()
            assert texts[row][i] == prompts[row].encode() + written
            assert scores[row, i] == pytest.approx(score, abs=1e-5)
    written = task.generate(prompts, search, batch_size=3)
    assert written == [
        [text.decode("utf-8", "replace") for text in row]
        if several
        else row[0].decode("utf-8", "replace")
        for row in texts
    ]
    if not search.needs_noise:
        assert [task.generate([p], search)[0] for p in prompts] == written


def test_the_score_of_an_answer_is_the_score_of_its_text(task):
    prompts = ["ab", "", "abcd abc"]
    answer = task.answer(prompts, search=Greedy(min_length=12))
    texts = answer["generated_text"].numpy()
    targets = [
        text[len(prompt) :] for text, prompt in zip(texts, prompts, strict=True)
    ]
    known = [b"\xef\xbf\xbd" not in target for target in targets]
    assert any(known)
    scores = task.score_texts(prompts, targets)
    np.testing.assert_allclose(
        scores[known], answer["score"].numpy()[known], atol=2e-5
    )


def test_scores_of_texts_are_what_the_model_says(task):
    prompts, targets = ["ab", "", "abc", "dcb a"], ["cd", "a", "", "b b"]
    scores = task.score_texts(prompts, targets)
    for row, (prompt, target) in enumerate(zip(prompts, targets, strict=True)):
        ids = task.preprocessor.tokenizer.tokenize([prompt, target]).to_list()
        rows = [[task.start_token_id, *ids[0], *ids[1]]]
        said = log_probabilities(task, rows, None)[0]
        places = len(ids[0]) + np.arange(len(ids[1]))
        wanted = said[places, ids[1]].sum()
        assert scores[row] == pytest.approx(wanted, abs=2e-5)
    few = task.score_texts(prompts, targets, batch_size=3)
    np.testing.assert_allclose(few, scores, atol=2e-5)
    assert task.score_texts([], []).shape == (0,)


def test_a_seed_draws_the_same_and_none_draws_anew(task):
    prompts = ["a", "b", "c", ""] * 3

    def written(seed=None, **options):
        return task.generate(prompts, Sample(2.0, **options), seed=seed)

    assert written(5) == written(5) == written(seed=5)
    assert written(5) != written(6)
    assert written() != written()


def test_no_prompts_get_no_answers(task, eagerly):
    assert task.generate([]) == []
    assert task.generate([], BeamSearch(2, num_return_sequences=2)) == []
    assert task.answer([])["score"].shape == (0,)


def test_training_and_new_sizes_make_no_new_graph(monkeypatch):
    task, traces = compile_sgd(make_causal_lm()), []
    decode = type(task).decode

    def noted(*arguments):
        traces.append(1)
        return decode(task, *arguments)

    monkeypatch.setattr(task, "decode", noted)
    task.generate(["ab", ""], max_length=5)
    task.fit(TEXTS[:2], verbose=0)
    task.evaluate(TEXTS[:2], verbose=0)
    task.generate(["abc"] * 7, Greedy(), max_length=6, batch_size=3)
    assert len(traces) == 1


def test_a_reloaded_task_is_the_same(tmp_path, eagerly):
    task = make_causal_lm(
        search=BeamSearch(2, 1.1), max_length=9, pack=False, tie_weights=False
    )
    compile_sgd(task, 0.1)
    task.fit(TEXTS, verbose=0)
    task.save(tmp_path / "toy.keras")
    again = kt.load(tmp_path / "toy.keras")
    assert again.search == BeamSearch(2, 1.1)
    assert (again.max_length, again.pack, again.tie_weights) == (
        9,
        False,
        False,
    )
    assert again.generate(["ab", ""]) == task.generate(["ab", ""])
    found = [t.evaluate(TEXTS, verbose=0) for t in (task, again)]
    np.testing.assert_allclose(*found, rtol=1e-5)
    again.fit(TEXTS[:2], verbose=0)


def test_the_model_may_have_more_rows_than_there_are_tokens(eagerly):
    preprocessor = make_causal_lm().preprocessor
    decoder = randomize(
        kt.models.Decoder.from_size(
            "tiny", 64, num_layers=1, max_sequence_length=12
        )
    )
    with pytest.warns(UserWarning, match="fewer than the 64 rows"):
        task = kt.tasks.CausalLM(decoder, preprocessor)
    texts = task.generate(["ab"] * 9, Sample(5.0, seed=1))
    assert len(texts) == 9 and all(t.startswith("ab") for t in texts)


def test_a_task_without_tokenizer_takes_ids_and_says_so(eagerly):
    bare = kt.tasks.CausalLM(make_causal_lm().decoder, end_token_id=3)
    result = bare.generate_tokens({"token_ids": [[2, 5]]}, max_length=4)
    assert to_numpy(result["token_ids"]).shape == (1, 1, 2)
    with pytest.raises(ValueError, match="takes ids and no strings"):
        bare.generate(["ab"])


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
        (lambda t: t.fit(TEXTS, sample_weight=[1]), "1 rows for 8 examples"),
        (lambda t: t.fit([]), "no examples"),
        (lambda t: t.predict(TEXTS), "`score_texts` to score texts"),
        (lambda t: t.generate("ab"), r"come in a list.*Write \['ab'\]"),
        (lambda t: t.generate({"text": "ab"}), r"Write \['ab'\]"),
        (lambda t: t.generate(["ab", None]), r"strings only.*text\[1\]"),
        (lambda t: t.generate({"texts": ["ab"]}), r"\['text'\]"),
        (lambda t: t.generate(["a" * 12]), "a prompt of 13 tokens in row 0"),
        (lambda t: t.generate(["a"], max_length=13), "max_sequence_length=12"),
        (lambda t: t.generate(["ab"], max_length=3), "it is 3, and the model"),
        (
            lambda t: t.generate(["a"], BeamSearch(99)),
            "9, the number of tokens",
        ),
        (lambda t: t.answer(["a"], search=4), "must be a search.*search=4"),
        (lambda t: t.score_texts(["a"], []), "'text': 1, 'target': 0"),
        (lambda t: t.score_texts(["a"], "b"), "`target` must be a batch"),
        (lambda t: t.score_texts(["a" * 8], ["b" * 6]), "must fit.*'bbbbbb'"),
        (lambda t: t.serving_functions(search="beam"), "must be a search"),
        (lambda t: t.serving_functions(BeamSearch(10)), "at most 9"),
        (lambda t: t.serving_functions(max_length=40), "max_length=40"),
    ],
)
def test_requests_that_make_no_sense_are_errors(task, call, words):
    with pytest.raises(ValueError, match=words):
        call(task)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"search": "beam"}, "must be a search"),
        ({"search": Greedy}, "must be a search"),
        ({"max_length": 13}, "max_sequence_length=12"),
        ({"max_length": "9"}, "max_length='9'"),
    ],
)
def test_a_task_is_not_made_with_what_makes_no_sense(options, words):
    with pytest.raises(ValueError, match=words):
        make_causal_lm(**options)
