"""Sampling: what may be drawn, how often, and the same again by seed."""

import keras
import numpy as np
import pytest

from keras_transformer.generation import Sample
from tests.generation.toys import TableModel, answers_of

LOGITS = np.log(np.array([0.5, 0.05, 0.2, 0.15, 0.1], "float32"))


def draw(search, number=4000, logits=LOGITS):
    """First tokens, drawn from one distribution."""
    noise = np.linspace(0, 1, number, endpoint=False).astype("float32")
    rows = np.tile(logits, (number, 1)).astype("float32")
    return keras.ops.convert_to_numpy(
        search.choose(
            keras.ops.convert_to_tensor(rows),
            keras.ops.convert_to_tensor(noise),
        )
    )


def shares(search):
    tokens = draw(search)
    return np.bincount(tokens, minlength=5) / len(tokens)


def filtered(weights):
    weights = np.asarray(weights, "float64")
    return weights / weights.sum()


@pytest.mark.parametrize(
    "options, wanted",
    [
        ({}, [0.5, 0.05, 0.2, 0.15, 0.1]),
        ({"temperature": 0.5}, np.array([0.5, 0.05, 0.2, 0.15, 0.1]) ** 2),
        ({"top_k": 2}, [0.5, 0, 0.2, 0, 0]),
        ({"top_k": 50}, [0.5, 0.05, 0.2, 0.15, 0.1]),
        ({"top_p": 0.6}, [0.5, 0, 0.2, 0, 0]),
        ({"top_p": 0.01}, [1, 0, 0, 0, 0]),
        ({"min_p": 0.25}, [0.5, 0, 0.2, 0.15, 0]),
        ({"top_k": 3, "top_p": 0.7}, [0.5, 0, 0.2, 0, 0]),
        ({"top_k": 4, "min_p": 0.25}, [0.5, 0, 0.2, 0.15, 0]),
    ],
)
def test_tokens_come_as_often_as_they_should(options, wanted):
    np.testing.assert_allclose(
        shares(Sample(**options)), filtered(wanted), atol=2e-3
    )


@pytest.mark.parametrize("options", [{}, {"top_p": 0.6}, {"min_p": 0.3}])
def test_the_largest_drawn_number_gives_a_token_that_may_be_drawn(options):
    search = Sample(**options)
    rows = keras.ops.convert_to_tensor(LOGITS[None])
    token = int(search.choose(rows, keras.ops.ones((1,)))[0])
    assert shares(search)[token] > 0


def test_a_seed_repeats_the_draw_and_another_does_not():
    model = TableModel(6, 6, batch=8, seed=1)

    def written(seed):
        search = Sample(seed=seed)
        noise = search.draw_noise(8, 6)
        result = search.run(model.decoding(noise=noise))
        return [answers_of(result, row) for row in range(8)]

    assert written(3) == written(3)
    assert written(3) != written(4)


def test_without_a_seed_each_draw_is_new():
    search = Sample()
    one, other = search.draw_noise(4, 5), search.draw_noise(4, 5)
    assert not np.allclose(one, other)


def test_the_rows_before_do_not_depend_on_the_rows_behind():
    search = Sample(seed=2, num_return_sequences=3)
    few, many = search.draw_noise(2, 5), search.draw_noise(7, 5)
    np.testing.assert_array_equal(few, many[:2])


def test_several_answers_to_one_prompt_differ_and_are_scored():
    model = TableModel(6, 5, batch=2, seed=2, spread=0.5)
    search = Sample(seed=0, num_return_sequences=5, temperature=1.5)
    result = search.run(model.decoding(noise=search.draw_noise(2, 5)))
    for row in range(2):
        answers = answers_of(result, row)
        assert len(answers) == 5 and len(set(answers)) > 2
        for score, tokens in answers:
            wanted = model.log_probability(row, tokens)
            np.testing.assert_allclose(score, wanted, atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 0},
        {"temperature": float("inf")},
        {"top_k": 0},
        {"top_p": 0.0},
        {"top_p": 1.5},
        {"min_p": -0.1},
        {"min_p": 2},
        {"seed": -1},
        {"seed": 0.5},
        {"num_return_sequences": 0},
    ],
)
def test_options_out_of_range_are_errors(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"`{name}` must"):
        Sample(**options)


def test_a_search_is_rebuilt_from_its_config():
    search = Sample(0.7, 5, 0.9, 0.1, 11, 2, repetition_penalty=1.2)
    copy = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(search)
    )
    assert copy == search
