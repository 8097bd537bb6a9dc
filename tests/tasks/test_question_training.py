"""Question answerers learn from strings, answers and datasets."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_transformer as kt
from tests.layers.checks import randomize
from tests.tasks.answerers import make_answerer, planted


def test_targets_are_windows_of_examples():
    answerer = make_answerer(max_length=12)
    strings, answers = planted(5, 30)
    weights = np.arange(5, dtype="float32")
    inputs, targets, weights = answerer.encode_examples(
        strings, answers, weights
    )
    windows = answerer.preprocessor.encode(**strings)
    row = windows["row"].numpy()
    np.testing.assert_array_equal(weights, row)
    ids, targets = inputs["token_ids"].to_list(), targets.numpy()
    for number, answer in enumerate(answers):
        name = answerer.preprocessor.tokenizer.tokenize(answer["text"])
        of_row = np.flatnonzero((row == number) & (targets[:, 1] > 0))
        assert len(of_row)
        for window in of_row:
            first, last = targets[window]
            assert ids[window][first : last + 1] == name.numpy().tolist()
    assert len(targets) == len(ids) > 15
    assert (targets == 0).all(axis=1).sum() > 5


def test_the_forms_of_answers_are_the_same_targets():
    answerer = make_answerer()
    strings, answers = planted(4, 10)
    lists = [
        {
            "text": [answer["text"], "other"],
            "answer_start": [answer["answer_start"], 99],
        }
        for answer in answers
    ]
    arrays = [{k: np.array(v) for k, v in a.items()} for a in lists]
    expected = answerer.encode_examples(strings, answers)[1]
    for given in (lists, arrays):
        np.testing.assert_array_equal(
            answerer.encode_examples(strings, given)[1], expected
        )
    for none in (
        None,
        {"text": [], "answer_start": []},
        {"text": "", "answer_start": 0},
    ):
        targets = answerer.encode_examples(strings, [none] * 4)[1]
        assert not targets.numpy().any()


def test_fit_on_a_dataset_is_fit_on_its_strings(eagerly):
    strings, answers = planted(8, 30)
    columns = {
        "text": [answer["text"] for answer in answers],
        "answer_start": [answer["answer_start"] for answer in answers],
    }
    weights = np.arange(8, dtype="float32")
    results = []
    for as_dataset in (False, True):
        keras.utils.set_random_seed(3)
        answerer = make_answerer()
        answerer.compile(keras.optimizers.SGD(0.1))
        if as_dataset:
            parts = strings, columns, weights
            data = tf.data.Dataset.from_tensor_slices(parts).batch(8)
            answerer.fit(data, epochs=2, verbose=0)
        else:
            answerer.fit(
                strings,
                answers,
                sample_weight=weights,
                batch_size=100,
                epochs=2,
                verbose=0,
            )
        results.append(answerer.get_weights())
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_evaluate_is_the_mean_over_windows(eagerly):
    answerer = randomize(make_answerer())
    strings, answers = planted(6, 40)
    loss = answerer.evaluate(strings, answers, verbose=0)
    inputs, targets, _ = answerer.encode_examples(strings, answers)
    padded = answerer.preprocess(strings)
    logits = answerer({name: padded[name] for name in inputs | padded})
    expected = kt.training.SpanCrossentropy()(targets, logits)
    assert loss == pytest.approx(float(expected), rel=1e-4)


def test_scores_after_each_epoch_come_from_a_callback(eagerly):
    answerer = make_answerer()
    strings, answers = planted(6, 10)
    references = [answer["text"] for answer in answers]
    history = answerer.fit(
        strings,
        answers,
        callbacks=[
            kt.training.ScoreTexts(
                kt.training.squad_scores,
                strings,
                references,
                answerer.answer_texts,
            )
        ],
        verbose=0,
    ).history
    assert {"loss", "val_exact_match", "val_f1"} <= set(history)


def test_questions_that_are_cut_are_counted(eagerly):
    answerer = make_answerer()
    strings, answers = planted(6, 10)
    strings["question"][2] = "who " * 30
    with pytest.warns(UserWarning, match="1 of 6.*max_question_length=6"):
        answerer.fit(strings, answers, verbose=0)


GOOD = {"text": "w1", "answer_start": 0}


@pytest.mark.parametrize(
    ("question", "context", "answer", "words"),
    [
        (" ", "w1", GOOD, r"question\[1\]=' '"),
        ("who", "", GOOD, r"context\[1\]=''"),
        ("who", "w1", {**GOOD, "answer_start": 1}, "row 1: 'w1' at 1"),
        ("who", "w1", {"text": "w1"}, "row 1: {'text': 'w1'}"),
        ("who", "w1", "w1", "row 1: 'w1'"),
        ("who", "w1", {**GOOD, "answer_start": "0"}, "Received in row 1"),
        ("who", "w1", {"text": ["w1"], "answer_start": []}, "in row 1"),
        (None, "w1", GOOD, r"question\[1\]=None"),
    ],
)
def test_bad_examples_are_refused_with_their_rows(
    question, context, answer, words
):
    answerer = make_answerer()
    strings = {"question": ["who", question], "context": ["w1", context]}
    with pytest.raises(ValueError, match=words):
        answerer.fit(strings, [GOOD, answer], verbose=0)
