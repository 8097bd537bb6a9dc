"""Texts on their way to a model that learns to name hidden tokens."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.tasks.masked_toys import compile_sgd, make_masked_lm, nlls_and_hits
from tests.tasks.toys import TEXTS


@pytest.fixture(scope="module")
def task():
    """A model with random weights, which tests leave as it is."""
    return make_masked_lm()


def seen(batches):
    """Rows of labels, as texts, and which tokens were hidden."""
    texts, masks = [], []
    for inputs, labels, _ in batches:
        real = inputs["padding_mask"].numpy()
        for row in range(len(real)):
            texts.append(labels.numpy()[row][real[row]].tolist())
            masks.append(inputs["target_mask"].numpy()[row][real[row]].tolist())
    return texts, masks


def test_training_hides_others_each_epoch_and_validation_the_same(task):
    for shuffle in (True, False):
        batches = task.training_batches(TEXTS, shuffle=shuffle, seed=3)
        first, second = hidden_by_row(batches), hidden_by_row(batches)
        assert first.keys() == second.keys() and first != second
        again = task.training_batches(TEXTS, shuffle=shuffle, seed=3)
        assert hidden_by_row(again) == first
    fixed = task.batches(TEXTS)
    keras.utils.set_random_seed(5)
    assert seen(fixed) == seen(fixed) == seen(task.batches(TEXTS))


def hidden_by_row(batches):
    rows, hidden = seen(batches)
    return dict(zip(map(tuple, rows), hidden, strict=True))


def test_a_long_text_becomes_rows_of_which_nothing_is_lost(task):
    long = " ".join(TEXTS * 3)
    texts = ["great fun", long, "", "never-seen", "a joy"]
    rows, _ = seen(task.batches(texts, sample_weight=[1, 2, 3, 4, 5]))
    tokenizer = task.preprocessor.tokenizer
    start, end = tokenizer.start_token_id, tokenizer.end_token_id
    assert {(row[0], row[-1]) for row in rows} == {(start, end)}
    ids = tokenizer.tokenize(texts).to_list()
    room = task.preprocessor.max_length - 2
    pieces = [ids[1][i : i + room] for i in range(0, len(ids[1]), room)]
    wanted = [ids[0], *pieces, ids[4]]
    assert sorted(row[1:-1] for row in rows) == sorted(wanted)
    weights = {}
    for inputs, labels, weight in task.batches(
        texts, sample_weight=[1, 2, 3, 4, 5], batch_size=1
    ):
        row = labels.numpy()[inputs["padding_mask"].numpy()]
        weights[tuple(row[1:-1].tolist())] = float(weight[0])
    by_text = {tuple(ids[0]): 1.0, tuple(ids[4]): 5.0}
    by_text.update({tuple(piece): 2.0 for piece in pieces})
    assert weights == by_text


def test_evaluate_scores_the_tokens_that_it_hides(task):
    compile_sgd(task)
    nlls, hits = [], []
    for inputs, labels, _ in task.batches(TEXTS):
        inputs = {name: rows.numpy() for name, rows in inputs.items()}
        hidden = inputs.pop("target_mask")
        of_batch = nlls_and_hits(task, inputs, labels.numpy())
        nlls += of_batch[0][hidden].tolist()
        hits += of_batch[1][hidden].tolist()
    found = task.evaluate(TEXTS, verbose=0, return_dict=True)
    assert found["perplexity"] == pytest.approx(np.exp(np.mean(nlls)), rel=1e-5)
    assert found["accuracy"] == pytest.approx(np.mean(hits))
    again = task.evaluate(TEXTS, verbose=0, return_dict=True)
    assert again["perplexity"] == pytest.approx(found["perplexity"])


def test_strings_train_in_datasets_with_weights_and_validation():
    task = compile_sgd(make_masked_lm(num_segments=2), 0.1)
    dataset = tf.data.Dataset.from_tensor_slices(TEXTS).batch(6)
    history = task.fit(dataset, validation_data=dataset, verbose=0).history
    found = [task.evaluate(dataset, verbose=0)[0] for _ in "ab"]
    assert found == pytest.approx([history["val_loss"][0]] * 2, rel=1e-5)
    before = task.get_weights()
    history = task.fit(
        TEXTS, sample_weight=[0.0] * 6, validation_split=0.5, verbose=0
    ).history
    assert "val_accuracy" in history
    for old, new in zip(before, task.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    history = task.fit(TEXTS[:2], validation_data=TEXTS[:2], verbose=0).history
    assert np.isfinite(history["val_perplexity"]).all()
