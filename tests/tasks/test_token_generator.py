"""Writing ids, against whole passes of the model; on every backend."""

import keras
import numpy as np
import pytest

from keras_transformer.generation import BeamSearch, Greedy, Sample
from tests.models.checks import VARIANTS
from tests.tasks.generators import (
    END,
    KINDS,
    PROMPTS,
    SOURCES,
    SPECIAL,
    START,
    answers_of,
    assert_same_answers,
    log_probabilities,
    make_small,
    make_task,
    plain_greedy,
    plain_score,
    prompts_for,
)

CASES = [(kind, variant) for kind in KINDS for variant in VARIANTS]
# Beam search and sampling differ from greedy search in what they do with the
# cache, not in the model: one variant of each kind is enough.
GREEDY = Greedy()
BEAM = BeamSearch(3, num_return_sequences=2)
SAMPLE = Sample(1.5, seed=4, num_return_sequences=2)
SEARCH_CASES = [
    ("causal", "learned", GREEDY),
    ("causal", "learned", BEAM),
    ("causal", "learned", SAMPLE),
    ("seq2seq", "window", BEAM),
    ("seq2seq", "window", SAMPLE),
]
MAX_LENGTH = {"causal": 7, "seq2seq": 5}
# Less the tokens of the prompt, but for the start in front of a target.
MOST = {"causal": [3, 6, 4], "seq2seq": [2, 5, 3]}


def write(kind, task, inputs, search=None):
    search = search or Greedy()
    return answers_of(task.generate_tokens(inputs, search, MAX_LENGTH[kind]))


@pytest.mark.parametrize("kind, variant", CASES)
def test_cached_greedy_is_the_argmax_of_whole_passes(kind, variant, eagerly):
    task = make_task(kind, variant)
    # In one batch, and with more columns than the model has positions.
    ways = ["right", "left", "middle"]
    inputs = prompts_for(kind, where=ways, more=9)
    found = write(kind, task, inputs)
    wanted = plain_greedy(task, MOST[kind])
    assert_same_answers(found, wanted * len(ways), tolerance=2e-5)


@pytest.mark.parametrize("kind, variant, search", SEARCH_CASES)
def test_scores_are_what_the_model_says_of_the_tokens(kind, variant, search):
    task = make_task(kind, variant)
    found = write(kind, task, prompts_for(kind), search)
    for row, answers in enumerate(found):
        for tokens, score in answers:
            assert 1 <= len(tokens) <= MOST[kind][row]
            assert END not in tokens[:-1]
            wanted = plain_score(task, PROMPTS[row], tokens, SOURCES[row])
            np.testing.assert_allclose(score, wanted, atol=2e-5)


@pytest.mark.parametrize("kind, variant, search", SEARCH_CASES)
def test_company_and_padding_change_no_answer(kind, variant, search):
    task = make_task(kind, variant)
    wanted = write(kind, task, prompts_for(kind), search)
    for padding in ({"where": "left"}, {"where": "middle", "more": 9}):
        inputs = prompts_for(kind, **padding)
        assert_same_answers(write(kind, task, inputs, search), wanted)
    # What is drawn for a row depends on its place: here the first.
    for row in [0] if search.needs_noise else [0, 1, 2]:
        inputs = prompts_for(kind, rows=[row])
        assert_same_answers(write(kind, task, inputs, search), [wanted[row]])


def test_no_graph_is_made_twice(monkeypatch):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("the other backends make no graphs of it")
    task, traces = make_small("causal"), []

    def decode(*arguments):
        traces.append(arguments)
        return type(task).decode(task, *arguments)

    monkeypatch.setattr(task, "decode", decode)
    for rows, max_length in (([0, 1, 2], 9), ([1], 5), ([2, 1], 7)):
        inputs = prompts_for("causal", rows=rows, more=max_length)
        # Another search that is the same one.
        task.generate_tokens(inputs, Sample(seed=1), max_length)
        task.generate_tokens(inputs, Sample(seed=1), max_length, seed=2)
    assert len(traces) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_all_backends_write_the_same_tokens(kind, eagerly):
    task = make_task(kind, "window")
    found = write(kind, task, prompts_for(kind))
    assert [tokens for ((tokens, _),) in found] == WRITTEN[kind]
    assert_same_answers(found, plain_greedy(task, MOST[kind]), 2e-5)


WRITTEN = {
    "causal": [[8, 1], [8, 1], [5, 5, 0, 6]],
    "seq2seq": [[8, 0], [0, 0, 0, 0, 4], [8, 5, 4]],
}


def hypotheses(vocabulary_size, length):
    """All that can be written: ended, or as long as may be."""
    others = [t for t in range(vocabulary_size) if t != END]
    open_ones = [[]]
    for _ in range(length):
        yield from ([*tokens, END] for tokens in open_ones)
        open_ones = [[*tokens, t] for tokens in open_ones for t in others]
    yield from open_ones


def best_of_all(task, prompt, source, length, penalty):
    """Rank all hypotheses by one whole pass."""
    every = list(hypotheses(task.vocabulary_size, length))
    rows = [[*prompt, *tokens] for tokens in every]
    said = log_probabilities(task, rows, [source] * len(rows))
    ranked = []
    for row, tokens in enumerate(every):
        places = len(prompt) - 1 + np.arange(len(tokens))
        score = said[row, places, tokens].sum()
        ranked.append(
            (score / ((5 + len(tokens)) / 6) ** penalty, score, tokens)
        )
    return max(ranked)


@pytest.mark.parametrize(
    "kind, size, length, penalty",
    [
        ("causal", 4, 4, 0.0),
        ("causal", 4, 4, 1.5),
        ("causal", 6, 5, 0.6),
        ("seq2seq", 4, 4, 1.0),
    ],
)
def test_a_wide_beam_finds_the_best_of_all(
    kind, size, length, penalty, eagerly
):
    task = make_small(kind, vocabulary_size=size)
    prompts, sources = [[START, 3], [START]], [[3, 1], [0, 3, 2]]
    for prompt, source in zip(prompts, sources, strict=True):
        counted = len(prompt) - (kind == "seq2seq")
        inputs = {"token_ids": [prompt]}
        if kind == "seq2seq":
            inputs = {
                "encoder_token_ids": [source],
                "decoder_token_ids": [prompt],
            }
        result = task.generate_tokens(
            inputs, BeamSearch(size ** (length - 1), penalty), length + counted
        )
        (((tokens, score),),) = answers_of(result)
        _, wanted, best = best_of_all(task, prompt, source, length, penalty)
        assert tokens == best
        np.testing.assert_allclose(score, wanted, atol=2e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_beam_of_one_is_greedy(kind, eagerly):
    task, inputs = make_task(kind, "window"), prompts_for(kind)
    one = write(kind, task, inputs, BeamSearch(1))
    assert_same_answers(one, write(kind, task, inputs))


def test_writing_starts_with_the_start_token_if_nothing_is_given(eagerly):
    task = make_task("seq2seq", "window")
    inputs = prompts_for("seq2seq", prompts=[[START]] * 3)
    wanted = write("seq2seq", task, inputs)
    inputs = {k: v for k, v in inputs.items() if k.startswith("encoder")}
    assert_same_answers(write("seq2seq", task, inputs), wanted)


def test_masks_may_be_left_out_and_be_numbers(eagerly):
    task = make_task("causal", "learned")
    rows = np.array([[2, 4, 6], [2, 5, 3]])
    alone = write("causal", task, {"token_ids": rows})
    for mask in (np.ones((2, 3), "float32"), [[1, 1, 1], [1, 1, 1]]):
        inputs = {"token_ids": rows.tolist(), "padding_mask": mask}
        assert_same_answers(write("causal", task, inputs), alone)


def test_a_search_keeps_to_its_options(eagerly):
    task = make_task("causal", "learned")
    inputs = prompts_for("causal")
    search = Greedy(min_length=3, no_repeat_ngram_size=1)
    for row, ((tokens, _),) in enumerate(
        answers_of(task.generate_tokens(inputs, search))
    ):
        assert END not in tokens[:3]
        new = [t for t in tokens if t not in PROMPTS[row]]
        assert len(set(new)) == len(new)
        assert len(new) == len(tokens) or len(PROMPTS[row]) + len(tokens) == 9


@pytest.mark.parametrize("size", [2, 3, 4, 5, 9])
def test_an_ngram_may_be_longer_than_the_text(size, eagerly):
    task = make_small("causal")
    search = Greedy(no_repeat_ngram_size=size)
    found = task.generate_tokens({"token_ids": [[2]]}, search, max_length=3)
    wanted = task.generate_tokens({"token_ids": [[2]]}, Greedy(), max_length=3)
    assert answers_of(found)[0][0][0][0] == answers_of(wanted)[0][0][0][0]


ROW = {"token_ids": [[2, 3]]}
BOTH = {"encoder_token_ids": [[2, 3]]}


@pytest.mark.parametrize(
    "kind, inputs, options, words",
    [
        ("causal", ROW, {"max_length": 2}, "room for a new.*2 tokens in row 0"),
        ("causal", ROW, {"max_length": 10}, "=10, max_sequence_length=9"),
        ("causal", ROW, {"max_length": 0}, "at least 1.*max_length=0"),
        ("causal", ROW, {"max_length": 2.5}, "whole number.*max_length=2.5"),
        ("causal", {"token_ids": [[3] * 9]}, {}, "model has 9 positions"),
        ("causal", ROW, {"search": "beam"}, "such as BeamSearch.*'beam'"),
        ("causal", ROW, {"search": BeamSearch}, "must be a search"),
        (
            "causal",
            ROW,
            {"search": BeamSearch(12), "max_length": 3},
            "at most 11, the number of answers that can be written",
        ),
        (
            "causal",
            {**ROW, "padding_mask": [[False, False]]},
            {},
            "one real token.*padding_mask, all False in row 0",
        ),
        (
            "seq2seq",
            {**BOTH, "encoder_padding_mask": [[False, False]]},
            {},
            "one real token.*encoder_padding_mask",
        ),
        (
            "seq2seq",
            {"encoder_token_ids": [[3] * 10]},
            {},
            "10 tokens in row 0",
        ),
        ("causal", {"token_ids": [2, 3]}, {}, r"\(batch, length\).*\(2,\)"),
        ("causal", {"token_ids": [[[2]]]}, {}, r"\(batch, length\)"),
        ("causal", {"tokens": [[2]]}, {}, r"'token_ids' is needed.*\['tokens"),
        ("causal", [[2, 3]], {}, "takes a dict of.*Received: ..2, 3"),
        ("causal", {**ROW, "segment_ids": [[1]]}, {}, "segment_ids"),
        ("seq2seq", ROW, {}, "'encoder_token_ids' is needed"),
        (
            "seq2seq",
            {**BOTH, "decoder_padding_mask": [[True]]},
            {},
            "a mask goes with its ids",
        ),
        (
            "causal",
            {**ROW, "padding_mask": [[True]]},
            {},
            r"shape of `token_ids`. Received: \(1, 1\) and \(1, 2\)",
        ),
    ],
)
def test_requests_that_make_no_sense_are_errors(kind, inputs, options, words):
    with pytest.raises(ValueError, match=words):
        make_task(kind, "learned").generate_tokens(inputs, **options)


@pytest.mark.parametrize("name", ["end_token_id", "start_token_id"])
def test_ids_that_nobody_told_are_asked_for(name):
    bare = type(make_task("seq2seq", "learned"))(
        make_task("seq2seq", "learned").encoder_decoder,
        **{k: v for k, v in SPECIAL.items() if k != name},
    )
    with pytest.raises(ValueError, match=f"`{name}` must be known to write"):
        bare.generate_tokens(BOTH)
