"""Beam search against the enumeration of all that could be written."""

import dataclasses

import keras
import numpy as np
import pytest

from keras_transformer.generation import BeamSearch, Greedy
from tests.generation.toys import END, TableModel, answers_of

CASES = [(2, 5), (3, 4), (4, 3), (6, 3), (3, 5)]


@pytest.mark.parametrize("penalty", [0.0, 0.6, 1.0, 2.0, -0.5])
@pytest.mark.parametrize("size, length", CASES)
def test_a_wide_beam_finds_the_best_of_all(size, length, penalty):
    model = TableModel(size, length, batch=4, seed=size + length)
    search = BeamSearch(size**length, penalty, num_return_sequences=2)
    result = search.run(model.decoding())
    for row in range(4):
        wanted = model.best(row, length, penalty, number=2)
        found = answers_of(result, row)
        for (_, score, tokens), (own, written) in zip(
            wanted, found, strict=True
        ):
            assert written == tokens
            np.testing.assert_allclose(own, score, atol=1e-5)


def test_the_longest_and_largest_promised_case():
    model = TableModel(6, 5, batch=1, seed=7)
    for penalty in (0.0, 1.0):
        result = BeamSearch(750, penalty).run(model.decoding())
        _, score, tokens = model.best(0, 5, penalty)[0]
        ((own, written),) = answers_of(result, 0)
        assert written == tokens
        np.testing.assert_allclose(own, score, atol=1e-5)


def test_a_finished_hypothesis_is_kept_and_not_extended():
    model = TableModel(3, 4, seed=1)
    # Ends at once with 0.9; everything else looks likelier at each later step.
    model.logits[:] = np.log([0.98, 0.01, 0.01])
    model.logits[:, 0] = np.log([0.05, 0.9, 0.05])
    result = BeamSearch(2, 0.0).run(model.decoding())
    assert answers_of(result, 0)[0][1] == (END,)


@pytest.mark.parametrize("penalty", [0.0, 0.6, 2.0])
@pytest.mark.parametrize("seed", range(6))
def test_a_beam_of_one_is_greedy(seed, penalty):
    model = TableModel(5, 5, batch=6, seed=seed)
    options = {"repetition_penalty": 1.3, "min_length": seed % 3}
    greedy = Greedy(**options).run(model.decoding())
    beam = BeamSearch(1, penalty, **options).run(model.decoding())
    for row in range(6):
        (one,), (other,) = answers_of(greedy, row), answers_of(beam, row)
        assert one[1] == other[1]
        np.testing.assert_allclose(one[0], other[0], atol=1e-5)


def test_no_prompts_get_no_answers():
    model = TableModel(4, 5, batch=2)
    decoding = model.decoding([5, 5])
    empty = keras.tree.map_structure(
        lambda x: x[:0],
        {
            name: getattr(decoding, name)
            for name in ("logits", "state", "fixed", "prompt", "prompt_mask")
        },
    )
    limits = keras.ops.zeros((0,), dtype="int32")
    decoding = dataclasses.replace(decoding, **empty, limits=limits)
    for beam_size in (1, 3):
        result = BeamSearch(beam_size).run(decoding)
        assert tuple(result["token_ids"].shape) == (0, 1, 5)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("beam_size", [1, 2, 3])
def test_a_batch_gives_what_its_rows_give_alone(beam_size, early_stopping):
    limits = [5, 1, 3, 5]
    model = TableModel(4, 5, batch=4, seed=3)
    search = BeamSearch(
        beam_size,
        early_stopping=early_stopping,
        num_return_sequences=beam_size,
    )
    together = search.run(model.decoding(limits))
    for row in range(4):
        alone = search.run(model.decoding([limits[row]], rows=[row]))
        for one, other in zip(
            answers_of(together, row), answers_of(alone, 0), strict=True
        ):
            assert one[1] == other[1]
            np.testing.assert_allclose(one[0], other[0], atol=1e-5)
            assert len(one[1]) <= limits[row]


def test_early_stopping_stops_at_the_first_full_set_of_answers():
    model = TableModel(3, 4)
    # The longest answer wins, if it is waited for.
    model.logits[:] = np.log([0.3, 0.4, 0.3])
    search = {"beam_size": 2, "length_penalty": 5.0}
    patient = BeamSearch(**search).run(model.decoding())
    hasty = BeamSearch(**search, early_stopping=True).run(model.decoding())
    wanted = model.best(0, 4, 5.0)[0]
    assert len(wanted[2]) == 4
    assert len(answers_of(patient, 0)[0][1]) == 4
    assert len(answers_of(hasty, 0)[0][1]) < 4


@pytest.mark.parametrize("least", [1, 2, 4])
def test_no_answer_is_shorter_than_the_minimum(least):
    model = TableModel(4, 4, batch=3, seed=2)
    model.logits[:, :, END] += 3.0
    search = BeamSearch(4**4, 0.0, min_length=least)
    result = search.run(model.decoding())
    for row in range(3):
        ((own, written),) = answers_of(result, row)
        wanted = model.best(row, 4, allows=lambda t: END not in t[:least])[0]
        assert written == wanted[2]
        np.testing.assert_allclose(own, wanted[1], atol=1e-5)


def repeats(tokens, size):
    grams = [tokens[i : i + size] for i in range(len(tokens) - size + 1)]
    return len(set(grams)) < len(grams)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_no_ngram_comes_twice(size):
    model = TableModel(3, 5, batch=4, seed=4)
    model.logits[:, :, 0] += 2.0
    model.logits[:, :, END] -= 2.0
    prompt = np.array([[2, 0], [0, 2], [2, 2], [0, 0]], "int32")
    search = BeamSearch(3**5, 0.0, no_repeat_ngram_size=size)
    result = search.run(model.decoding(prompt=prompt))
    for row in range(4):
        ((_, written),) = answers_of(result, row)
        past = tuple(int(t) for t in prompt[row])

        def allows(tokens, past=past):
            # What repeats inside the prompt was not our doing.
            before = set(
                past[i : i + size] for i in range(len(past) - size + 1)
            )
            whole = past + tokens
            grams = [
                whole[i : i + size]
                for i in range(len(past) - size + 1, len(whole) - size + 1)
                if i >= 0
            ]
            return len(set(grams)) == len(grams) and not before & set(grams)

        assert written == model.best(row, 5, allows=allows)[0][2]


def test_missing_answers_are_empty_and_impossible():
    model = TableModel(2, 1)
    search = BeamSearch(4, num_return_sequences=4)
    found = answers_of(search.run(model.decoding()), 0)
    assert sorted(tokens for _, tokens in found[:2]) == [(0,), (1,)]
    assert [found[2], found[3]] == [(-np.inf, ())] * 2


@pytest.mark.parametrize(
    "options, words",
    [
        ({"beam_size": 0}, "`beam_size` must.*beam_size=0"),
        ({"beam_size": 2, "num_return_sequences": 3}, "at most `beam_size`"),
        ({"length_penalty": "long"}, "`length_penalty` must be a number"),
        ({"min_length": -1}, "`min_length` must.*min_length=-1"),
        ({"repetition_penalty": 0}, "`repetition_penalty` must"),
        ({"no_repeat_ngram_size": 1.5}, "`no_repeat_ngram_size` must"),
    ],
)
def test_options_out_of_range_are_errors(options, words):
    with pytest.raises(ValueError, match=words):
        BeamSearch(**options)


def test_a_search_is_rebuilt_from_its_config():
    search = BeamSearch(3, 0.9, True, 2, min_length=2)
    copy = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(search)
    )
    assert copy == search and hash(copy) == hash(search)
    assert copy != BeamSearch(3)
    assert "beam_size=3" in repr(search)
