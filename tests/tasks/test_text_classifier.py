"""A classifier from strings to answers, and back from its file."""

import subprocess
import sys
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_transformer as kt
from tests.tasks.toys import (
    LABELS,
    TEXTS,
    make_classifier,
    make_encoder,
    make_preprocessor,
)


def assert_same_answers(answer, other, tolerance=1e-6):
    assert answer.keys() == other.keys()
    for name, values in answer.items():
        if values.dtype == tf.string:
            np.testing.assert_array_equal(values, other[name])
        else:
            np.testing.assert_allclose(values, other[name], atol=tolerance)


def test_it_learns_its_examples_from_strings_and_names():
    classifier = make_classifier(dropout=0.0)
    classifier.compile(learning_rate=0.02)
    classifier.fit(TEXTS, LABELS, epochs=30, batch_size=3, verbose=0)
    answer = classifier.answer(TEXTS)
    assert [label.decode() for label in answer["label"].numpy()] == LABELS
    assert answer["scores"].shape == (6, 2)
    np.testing.assert_allclose(answer["scores"].numpy().sum(-1), 1, atol=1e-6)
    np.testing.assert_allclose(
        answer["score"], answer["scores"].numpy().max(-1)
    )


def test_names_and_places_of_classes_are_the_same_targets():
    classifier = make_classifier()
    of_names = classifier.encode_targets(LABELS)
    of_places = classifier.encode_targets([1, 0, 1, 0, 1, 0])
    np.testing.assert_array_equal(of_names, of_places)


def test_a_text_alone_gets_the_answer_that_it_gets_in_a_batch():
    classifier = make_classifier()
    together = classifier.answer(TEXTS)
    for row, text in enumerate(TEXTS):
        alone = classifier.answer([text])
        assert alone["label"][0] == together["label"][row]
        np.testing.assert_allclose(
            alone["scores"][0], together["scores"][row], atol=1e-6
        )


def test_the_batch_size_of_answers_changes_nothing():
    classifier = make_classifier()
    assert_same_answers(
        classifier.answer(TEXTS), classifier.answer(TEXTS, batch_size=4)
    )


def test_predict_keeps_the_order_of_the_texts():
    classifier = make_classifier()
    logits = classifier.predict(TEXTS, batch_size=2, verbose=0)
    scores = classifier.answer(TEXTS)["scores"].numpy()
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(keras.ops.softmax(logits)),
        scores,
        atol=1e-6,
    )


def test_ids_and_strings_give_the_same_logits():
    classifier = make_classifier()
    ids = classifier.preprocess({"text": tf.constant(TEXTS)})
    assert set(ids) == {"token_ids", "padding_mask"}
    logits = keras.ops.convert_to_numpy(classifier(ids))
    assert logits.shape == (6, 2) and logits.dtype == "float32"
    np.testing.assert_allclose(
        classifier.predict(TEXTS, verbose=0), logits, atol=1e-6
    )


def test_fit_on_a_dataset_of_strings_is_fit_on_these_strings():
    results = []
    for as_dataset in (False, True):
        keras.utils.set_random_seed(3)
        classifier = make_classifier(dropout=0.0)
        classifier.compile(keras.optimizers.SGD(0.1))
        x, y = TEXTS, LABELS
        if as_dataset:
            x, y = tf.data.Dataset.from_tensor_slices((x, y)).batch(6), None
        classifier.fit(
            x, y, batch_size=None if as_dataset else 6, epochs=2, verbose=0
        )
        results.append(classifier.predict(TEXTS, verbose=0))
    np.testing.assert_allclose(*results, atol=1e-5)


def test_fit_takes_validation_strings_weights_and_a_split():
    classifier = make_classifier()
    classifier.compile()
    history = classifier.fit(
        TEXTS,
        LABELS,
        sample_weight=[1.0] * 6,
        validation_data=(TEXTS[:2], LABELS[:2]),
        verbose=0,
    )
    assert "val_accuracy" in history.history
    history = classifier.fit(TEXTS, LABELS, validation_split=0.5, verbose=0)
    assert "val_loss" in history.history


def test_examples_of_weight_zero_teach_nothing():
    classifier = make_classifier(dropout=0.0)
    classifier.compile(keras.optimizers.SGD(0.5))
    before = classifier.get_weights()
    classifier.fit(TEXTS, LABELS, sample_weight=[0.0] * 6, verbose=0)
    for old, new in zip(before, classifier.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_each_fit_plans_its_learning_rate_anew():
    classifier = make_classifier()
    classifier.compile(learning_rate=0.01)
    for _ in range(2):
        classifier.fit(TEXTS, LABELS, batch_size=2, epochs=4, verbose=0)
        rates = [float(classifier.optimizer.learning_rate)]
        assert int(classifier.optimizer.iterations) == 12
        assert rates[0] == pytest.approx(0.0, abs=1e-8)
    assert len(classifier.evaluate(TEXTS, LABELS, verbose=0)) == 2
    before = classifier.get_weights()
    classifier.fit(TEXTS, LABELS, batch_size=2, verbose=0)
    after = classifier.get_weights()
    assert any(
        not np.array_equal(a, b) for a, b in zip(before, after, strict=True)
    )


def test_an_optimizer_of_the_user_is_left_alone():
    classifier = make_classifier()
    optimizer = keras.optimizers.SGD(0.25)
    classifier.compile(optimizer)
    classifier.fit(TEXTS, LABELS, verbose=0)
    assert classifier.optimizer is optimizer
    assert float(optimizer.learning_rate) == 0.25


def test_evaluate_on_strings_counts_what_answers_say():
    classifier = make_classifier()
    classifier.compile()
    score = classifier.evaluate(TEXTS, LABELS, return_dict=True, verbose=0)
    said = [n.decode() for n in classifier.answer(TEXTS)["label"].numpy()]
    right = np.mean([a == b for a, b in zip(said, LABELS, strict=True)])
    assert score["accuracy"] == pytest.approx(right)


def test_pairs_are_two_texts_with_segments_of_their_own():
    classifier = make_classifier(takes_pairs=True)
    first, second = TEXTS[:3], TEXTS[3:]
    by_name = classifier.answer({"text": first, "text_pair": second})
    as_tuples = classifier.answer(list(zip(first, second, strict=True)))
    assert_same_answers(by_name, as_tuples)
    swapped = classifier.answer({"text": second, "text_pair": first})
    assert not np.allclose(by_name["scores"], swapped["scores"])


def test_hidden_tokens_change_training_and_nothing_else():
    classifier = make_classifier(token_dropout=0.5, dropout=0.0)
    ids = classifier.preprocess({"text": tf.constant(TEXTS)})
    calm = classifier(ids, training=False)
    np.testing.assert_array_equal(calm, classifier(ids, training=False))
    assert not np.allclose(calm, classifier(ids, training=True))


def test_a_reloaded_task_answers_as_the_saved_one(tmp_path):
    classifier = make_classifier(token_dropout=0.1)
    classifier.compile()
    classifier.fit(TEXTS, LABELS, verbose=0)
    classifier.save(tmp_path / "toy.keras")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = kt.load(tmp_path / "toy.keras")
    assert list(again.classes) == ["bad", "good"]
    assert_same_answers(classifier.answer(TEXTS), again.answer(TEXTS), 0)
    again.fit(TEXTS, LABELS, verbose=0)
    assert [p.name for p in tmp_path.iterdir()] == ["toy.keras"]


def test_training_goes_on_where_the_saved_optimizer_stood(tmp_path):
    classifier = make_classifier()
    classifier.compile(kt.training.AdamW(0.01))
    classifier.fit(TEXTS, LABELS, batch_size=2, verbose=0)
    classifier.save(tmp_path / "toy.keras")
    again = kt.load(tmp_path / "toy.keras")
    assert int(again.optimizer.iterations) == 3
    for old, new in zip(
        classifier.optimizer.variables, again.optimizer.variables, strict=True
    ):
        np.testing.assert_array_equal(old, new)


def test_a_saved_task_loads_in_a_fresh_process(tmp_path):
    classifier = make_classifier()
    path = tmp_path / "toy.keras"
    classifier.save(path)
    code = (
        "import sys, keras, keras_transformer\n"
        "task = keras.saving.load_model(sys.argv[1])\n"
        "print(task.answer(sys.argv[2:])['scores'].numpy().tolist())\n"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code, str(path), *TEXTS],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    np.testing.assert_allclose(
        eval(printed), classifier.answer(TEXTS)["scores"], atol=1e-6
    )


def test_bfloat16_answers_in_float32():
    preprocessor = make_preprocessor()
    encoder = make_encoder(preprocessor, dtype="mixed_bfloat16")
    classifier = kt.tasks.TextClassifier(encoder, preprocessor, ["a", "b"])
    answer = classifier.answer(TEXTS)
    assert answer["scores"].dtype == tf.float32
    assert np.isfinite(answer["scores"]).all()


def test_texts_that_are_cut_are_counted_and_said_once():
    classifier = make_classifier()
    classifier.compile()
    long = " ".join(["joy"] * 30)
    with pytest.warns(UserWarning, match="2 of 6 examples are longer") as said:
        classifier.fit([long, long, *TEXTS[2:]], LABELS, epochs=2, verbose=0)
    assert len([w for w in said if "longer" in str(w.message)]) == 1


@pytest.mark.parametrize(
    ("texts", "labels", "words"),
    [
        ("a joy", ["good"], "Texts come in a list"),
        ([], [], "no examples"),
        (TEXTS, LABELS[:4], "4 rows for 6 examples"),
        (TEXTS, ["good"] * 5 + ["ugly"], "ugly"),
        (TEXTS, [0, 1, 0, 1, 0, 2], "below 2"),
        (TEXTS, [[0.0, 1.0]] * 6, "one class an example"),
        (["a joy", None], [0, 1], "strings only"),
        ({"texts": TEXTS}, LABELS, r"inputs of this task are \['text'\]"),
    ],
)
def test_bad_examples_are_refused_with_reasons(texts, labels, words):
    classifier = make_classifier()
    classifier.compile()
    with pytest.raises(ValueError, match=words):
        classifier.fit(texts, labels, verbose=0)


def test_a_pair_is_refused_where_one_text_is_expected():
    with pytest.raises(ValueError, match="inputs of this task"):
        make_classifier().answer({"text": ["a"], "text_pair": ["b"]})
    with pytest.raises(ValueError, match="2 strings"):
        make_classifier(takes_pairs=True).answer(["a", "b"])


@pytest.mark.parametrize(
    "classes", [[], ["one"], ["one", "one"], ["one", 2]], ids=str
)
def test_classes_must_be_two_different_names(classes):
    with pytest.raises(ValueError, match="at least two different names"):
        make_classifier(classes=classes)


def test_a_vocabulary_that_does_not_fit_the_weights_is_refused():
    preprocessor = make_preprocessor()
    encoder = kt.models.Encoder.from_size(
        "tiny", preprocessor.vocabulary_size - 1, max_sequence_length=12
    )
    with pytest.raises(ValueError, match="does not fit the weights"):
        kt.tasks.TextClassifier(encoder, preprocessor, ["a", "b"])
    encoder = kt.models.Encoder.from_size(
        "tiny", preprocessor.vocabulary_size + 3, max_sequence_length=12
    )
    with pytest.warns(UserWarning, match="fewer than the"):
        kt.tasks.TextClassifier(encoder, preprocessor, ["a", "b"])


def test_longer_inputs_than_the_model_has_positions_for_are_refused():
    preprocessor = make_preprocessor(max_length=20)
    encoder = kt.models.Encoder.from_size(
        "tiny", preprocessor.vocabulary_size, max_sequence_length=12
    )
    with pytest.raises(ValueError, match="max_length=20"):
        kt.tasks.TextClassifier(encoder, preprocessor, ["a", "b"])


def test_a_task_without_tokenizer_takes_ids_and_says_so():
    encoder = make_encoder(make_preprocessor())
    classifier = kt.tasks.TextClassifier(encoder, None, ["a", "b"])
    ids = {
        "token_ids": np.array([[2, 6, 7, 3], [2, 9, 3, 0]]),
        "padding_mask": np.array([[True] * 4, [True] * 3 + [False]]),
    }
    assert classifier(ids).shape == (2, 2)
    classifier.compile()
    classifier.fit(ids, np.array([0, 1]), verbose=0)
    with pytest.raises(ValueError, match="takes ids and no strings"):
        classifier.answer(["a joy"])


def test_an_optimizer_and_a_learning_rate_do_not_go_together():
    with pytest.raises(ValueError, match="for the default optimizer"):
        make_classifier().compile("adam", learning_rate=0.1)
