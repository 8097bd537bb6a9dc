"""Greedy search, against the same thing written plainly."""

import dataclasses

import numpy as np
import pytest

from keras_transformer.generation import Greedy
from tests.generation.toys import END, TableModel, answers_of


def plain_greedy(model, row, length, adjust=lambda logits, tokens: logits):
    node, tokens = 0, ()
    while len(tokens) < length and END not in tokens:
        logits = adjust(model.logits[row, node].copy(), tokens)
        token = int(np.argmax(logits))
        tokens += (token,)
        node = node * model.vocabulary_size + 1 + token
    return tokens


@pytest.mark.parametrize("limits", [[5, 5, 5, 5], [1, 5, 2, 3]])
def test_it_takes_the_likeliest_token_until_the_end(limits):
    model = TableModel(5, 5, batch=4, seed=5)
    result = Greedy().run(model.decoding(limits))
    for row, limit in enumerate(limits):
        ((score, tokens),) = answers_of(result, row)
        assert tokens == plain_greedy(model, row, limit)
        wanted = model.log_probability(row, tokens)
        np.testing.assert_allclose(score, wanted, atol=1e-5)


def test_penalized_logits_choose_and_plain_ones_score():
    model = TableModel(4, 5, batch=5, seed=3)
    model.logits[:, :, END] -= 3.0
    prompt = np.array([[2], [2], [3], [0], [0]], "int32")
    result = Greedy(repetition_penalty=1.8).run(model.decoding(prompt=prompt))
    changed = 0
    for row in range(5):

        def penalize(logits, tokens, row=row):
            for token in {int(prompt[row, 0]), *tokens}:
                logits[token] *= 1.8 if logits[token] < 0 else 1 / 1.8
            return logits

        ((score, tokens),) = answers_of(result, row)
        assert tokens == plain_greedy(model, row, 5, penalize)
        changed += tokens != plain_greedy(model, row, 5)
        wanted = model.log_probability(row, tokens)
        np.testing.assert_allclose(score, wanted, atol=1e-5)
    assert changed


def test_the_end_may_be_the_padding_token():
    model = TableModel(4, 4, batch=3, seed=8)
    decoding = model.decoding()
    wanted = Greedy().run(decoding)
    other = dataclasses.replace(decoding, pad_token_id=END)
    result = Greedy().run(other)
    for row in range(3):
        assert answers_of(result, row) == answers_of(wanted, row)


def test_no_room_gives_an_empty_answer():
    model = TableModel(3, 2, batch=2)
    result = Greedy().run(model.decoding([0, 2]))
    assert answers_of(result, 0) == [(0.0, ())]
    assert len(answers_of(result, 1)[0][1]) >= 1
