"""Entities out of texts: learned, cut out exactly, in windows or not."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_transformer as kt
from tests.layers.checks import randomize
from tests.tasks.entity_toys import (
    LABELS,
    NAMES,
    TEXTS,
    entities_of,
    make_lively,
    make_planted,
    make_preprocessor,
    make_token_classifier,
)
from tests.tasks.toys import make_encoder
from tests.text.reference import HAND_PICKED, generated_strings

ENTITIES = [
    [("ada", "person", 0, 3), ("london", "place", 13, 19)],
    [("york", "place", 3, 7), ("bob", "person", 14, 17)],
    [("bob", "person", 0, 3), ("ada", "person", 8, 11)],
    [("london", "place", 7, 13)],
    [("ada love", "person", 0, 8), ("new york", "place", 15, 23)],
    [("new york", "place", 0, 8), ("bob love", "person", 15, 23)],
]
CRF = pytest.mark.parametrize("crf", [False, True], ids=["softmax", "crf"])


def assert_same_answers(answer, other, tolerance=1e-6):
    assert answer.keys() == other.keys()
    for name, values in answer.items():
        if name == "score":
            np.testing.assert_allclose(values, other[name], atol=tolerance)
        else:
            np.testing.assert_array_equal(values, other[name])


@CRF
def test_it_learns_its_examples(crf):
    task = make_token_classifier(crf=crf, dropout=0.0)
    task.compile(learning_rate=0.03)
    task.fit(TEXTS, LABELS, epochs=40, batch_size=6, verbose=0)
    answer = task.answer(TEXTS)
    assert entities_of(answer) == ENTITIES
    assert task.label_words(TEXTS) == LABELS
    scores = answer["score"].numpy()
    assert ((scores > 0.5) == (answer["start"].numpy() >= 0)).all()
    assert (scores <= 1 + 1e-6).all() and answer["score"].dtype == tf.float32
    assert answer["start"].dtype == answer["end"].dtype == tf.int32
    loss = task.evaluate(TEXTS, LABELS, verbose=0, return_dict=True)["loss"]
    assert task.mean_loss(TEXTS, LABELS) == pytest.approx(loss, rel=1e-4)
    assert loss < 0.3


def test_words_and_spans_teach_the_same_as_texts_and_labels():
    task = make_token_classifier()
    spans = [[(s, e, label) for _, label, s, e in row] for row in ENTITIES]
    words = [text.split() for text in TEXTS]
    wanted = task.encode_examples(task.strings_by_name(TEXTS), LABELS)
    for x, y in ((words, LABELS), (TEXTS, spans), (words, spans)):
        found = task.encode_examples(task.strings_by_name(x), y)
        for part, other in zip(found[1:], wanted[1:], strict=True):
            assert part.to_list() == other.to_list()
        assert found[0]["token_ids"].to_list() == (
            wanted[0]["token_ids"].to_list()
        )


def test_a_word_of_several_units_begins_once():
    task = make_token_classifier()
    strings = task.strings_by_name(["(ada) x"])
    _, targets, weights = task.encode_examples(strings, [["B-person", "O"]])
    # [CLS] ( ada ) x [SEP]
    assert targets.to_list() == [[0, 1, 2, 2, 0, 0]]
    assert weights.to_list() == [[0, 1, 1, 1, 1, 0]]


@CRF
def test_a_dataset_of_strings_has_the_rows_of_these_strings(crf):
    task = make_token_classifier(crf=crf, max_length=5, overlap=1)
    texts = TEXTS[:4]
    labels, weights = LABELS[:4], np.array([1.0, 0.5, 2.0, 1.0], "float32")
    inputs, targets, of_units = task.encode_examples(
        {"text": texts}, labels, weights
    )
    y = tf.ragged.constant(labels) if crf else list(map(" ".join, labels))
    dataset = tf.data.Dataset.from_tensor_slices((texts, y, weights))
    ((x, encoded, w),) = task._encoded_dataset(dataset.batch(4))
    np.testing.assert_array_equal(
        x["token_ids"], inputs["token_ids"].to_tensor()
    )
    np.testing.assert_array_equal(w, of_units.to_tensor())
    if crf:
        for name in ("is_first", "is_last"):
            np.testing.assert_array_equal(encoded[name], targets[name])
        encoded, targets = encoded["labels"], targets["labels"]
        task.fit(dataset.batch(2), verbose=0)
    np.testing.assert_array_equal(encoded, targets.to_tensor())


@CRF
def test_fit_takes_validation_weights_and_a_split(crf, eagerly):
    task = make_token_classifier(crf=crf)
    history = task.fit(
        TEXTS,
        LABELS,
        sample_weight=[1.0] * 6,
        validation_data=(TEXTS[:2], LABELS[:2]),
        verbose=0,
    ).history
    assert "val_loss" in history and ("accuracy" in history) != crf
    history = task.fit(TEXTS, LABELS, validation_split=0.5, verbose=0).history
    assert "val_loss" in history


@CRF
def test_examples_of_weight_zero_teach_nothing(crf, eagerly):
    task = make_token_classifier(crf=crf)
    task.compile(keras.optimizers.SGD(0.5))
    before = task.get_weights()
    task.fit(TEXTS, LABELS, sample_weight=[0.0] * 6, verbose=0)
    for old, new in zip(before, task.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_loss_counts_what_carries_a_label(eagerly):
    task = make_token_classifier(dropout=0.0)
    inputs, targets, weights = task.encode_examples({"text": TEXTS}, LABELS)
    ids = {"token_ids": inputs["token_ids"].to_tensor().numpy()}
    ids["padding_mask"] = ids["token_ids"] != 0
    logits = keras.ops.convert_to_numpy(task(ids)).astype("float64")
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    right = targets.to_tensor().numpy()[:, :, None]
    loss = -np.take_along_axis(log_p, right, -1)[:, :, 0]
    weights = weights.to_tensor().numpy()
    wanted = (loss * weights).sum() / weights.sum()
    assert task.mean_loss(TEXTS, LABELS) == pytest.approx(wanted, rel=1e-5)
    task.compile(keras.optimizers.SGD(0.0))
    found = task.evaluate(ids, right[:, :, 0], verbose=0, sample_weight=weights)
    assert found[0] == pytest.approx(wanted, rel=1e-5)


def test_the_likelihood_of_windows_is_that_of_their_parts():
    task = make_token_classifier(crf=True, dropout=0.0, max_length=5, overlap=0)
    randomize(task)
    text, labels = TEXTS[0], LABELS[0]
    inputs, targets, weights = task.encode_examples({"text": [text]}, [labels])
    assert targets["is_first"].numpy().tolist() == [True, False]
    assert targets["is_last"].numpy().tolist() == [False, True]
    ids = {"token_ids": inputs["token_ids"].to_tensor()}
    ids["padding_mask"] = ids["token_ids"] != 0
    parts = task.field.log_likelihood(
        task(ids),
        targets["labels"].to_tensor(),
        weights.to_tensor() > 0,
        targets["is_first"],
        targets["is_last"],
    )
    wanted = -float(np.sum(parts)) / len(labels)
    assert task.mean_loss([text], [labels]) == pytest.approx(wanted, rel=1e-5)


@pytest.fixture(scope="module")
def planted():
    return make_planted()


def test_planted_labels_are_found_where_they_stand(planted):
    texts = [
        "Ada LOVE,  lives\tin (New York).",
        "\u00e1da lives",
        "bob bob love",
        "x" * 40,
        "",
    ]
    assert entities_of(planted.answer(texts)) == [
        [("Ada LOVE", "person", 0, 8), ("New York", "place", 21, 29)],
        [("\u00e1da", "person", 0, 3)],
        [("bob", "person", 0, 3), ("bob love", "person", 4, 12)],
        [],
        [],
    ]
    assert planted.label_words([texts[0], "love"])[0] == [
        *("B-person", "I-person", "O", "O", "O", "I-place"),
    ]


@pytest.mark.parametrize(
    ("overlap", "crf"), [(0, False), (1, True), (4, False), (None, True)]
)
def test_entities_at_window_edges_are_neither_lost_nor_doubled(overlap, crf):
    task = make_planted(max_length=9, overlap=overlap, crf=crf)
    before, after = 24, 15
    texts = [
        " ".join(["tea"] * i + ["ada", "love"] + ["tea"] * (before - i + after))
        for i in range(before)
    ]
    answer = task.answer(texts)
    assert entities_of(answer) == [
        [("ada love", "person", 4 * i, 4 * i + 8)] for i in range(before)
    ]
    assert (answer["score"].numpy() > 0.99).all()


def test_windows_of_one_token_still_make_one_entity():
    task = make_planted(max_length=3, overlap=0)
    answer = task.answer(["tea bob love love ada tea"])
    assert entities_of(answer) == [
        [("bob love love", "person", 4, 17), ("ada", "person", 18, 21)]
    ]


def test_thousands_of_entities_are_exactly_their_part_of_the_text():
    task = make_lively(crf=True, max_length=16)
    texts = [*HAND_PICKED, *generated_strings(2000, seed=11), *TEXTS]
    answer = task.answer(texts, batch_size=len(texts))
    found = entities_of(answer)
    assert sum(map(len, found)) > 2000
    for text, row in zip(texts, found, strict=True):
        place = 0
        for entity, label, start, end in row:
            assert entity == text[start:end] and entity.strip() == entity
            assert place <= start < end and label in ("person", "place")
            place = end
    empty = answer["start"].numpy() < 0
    assert (answer["end"].numpy()[empty] == -1).all()
    assert (answer["entity"].numpy()[empty] == b"").all()
    assert (answer["label"].numpy()[empty] == b"").all()
    assert (answer["score"].numpy()[empty] == 0).all()


def test_company_and_batch_size_change_nothing():
    task = make_lively(crf=True, max_length=8)
    texts = [*TEXTS, "", "ada " * 40, " "]
    together = task.answer(texts)
    assert_same_answers(together, task.answer(texts, batch_size=2), 1e-5)
    labels = task.label_words(texts)
    assert [len(row) for row in labels] == [len(t.split()) for t in texts]
    for row, text in enumerate(texts):
        alone = task.answer([text])
        assert entities_of(alone) == entities_of(together)[row : row + 1]
        number = alone["score"].shape[1]
        np.testing.assert_allclose(
            alone["score"][0], together["score"][row, :number], atol=1e-5
        )
        assert task.label_words([text]) == labels[row : row + 1]


def test_texts_without_entities_get_empty_rows(planted):
    for texts, shape in ((["tea", "in tea"], (2, 0)), ([], (0, 0))):
        answer = planted.answer(texts)
        assert {name: x.shape for name, x in answer.items()} == {
            name: shape for name in ("entity", "label", "start", "end", "score")
        }
        assert planted.label_words(texts) == [
            ["O"] * len(t.split()) for t in texts
        ]


def test_words_are_answered_as_their_text(planted):
    assert_same_answers(
        planted.answer([["ada", "love"], ["tea"]]),
        planted.answer(["ada love", "tea"]),
    )


@CRF
def test_a_reloaded_task_answers_as_the_saved_one(crf, tmp_path, eagerly):
    task = make_token_classifier(crf=crf, token_dropout=0.1)
    task.compile(kt.training.AdamW(0.01))
    task.fit(TEXTS, LABELS, batch_size=2, verbose=0)
    task.save(tmp_path / "toy.keras")
    again = kt.load(tmp_path / "toy.keras")
    assert again.labels == NAMES and again.classes == ["person", "place"]
    assert_same_answers(task.answer(TEXTS), again.answer(TEXTS), 0)
    assert int(again.optimizer.iterations) == 3
    assert again.mean_loss(TEXTS, LABELS) == pytest.approx(
        task.mean_loss(TEXTS, LABELS)
    )
    again.fit(TEXTS, LABELS, verbose=0)


def test_ids_alone_are_taken_without_a_tokenizer(eagerly):
    encoder = make_encoder(make_preprocessor())
    task = kt.tasks.TokenClassifier(encoder, None, NAMES, crf=True)
    ids = {
        "token_ids": np.array([[2, 6, 7, 3], [2, 9, 3, 0]]),
        "padding_mask": np.array([[True] * 4, [True] * 3 + [False]]),
    }
    assert task(ids).shape == (2, 4, 5)
    task.compile()
    task.fit(ids, np.array([[0, 1, 2, 0], [0, 3, 0, 0]]), verbose=0)
    with pytest.raises(ValueError, match="takes ids and no strings"):
        task.answer(["ada"])


def test_bfloat16_decides_in_float32(eagerly):
    task = make_token_classifier(encoder={"dtype": "mixed_bfloat16"}, crf=True)
    assert task.answer(TEXTS)["score"].dtype == tf.float32
    task.fit(TEXTS, LABELS, verbose=0)


@pytest.mark.parametrize(
    ("texts", "labels", "words"),
    [
        (TEXTS, LABELS[:4], "4 rows for 6 examples"),
        (TEXTS, [*LABELS[:5], ["O"]], "row 5: 1 labels for 6 words"),
        (["ada"], [["B-animal"]], "row 0: 'B-animal' of word 0"),
        ([["ada", "a b"]], [["O", "O"]], "row 0, at place 1"),
        ([], [], "no examples"),
        ("ada", [["O"]], "Texts come in a list"),
        (["ada", None], [["O"], []], "strings only"),
    ],
)
def test_bad_examples_are_refused_with_reasons(texts, labels, words):
    with pytest.raises(ValueError, match=words):
        make_token_classifier().fit(texts, labels, verbose=0)


def test_logits_of_strings_and_other_losses_are_refused():
    task = make_token_classifier(crf=True)
    with pytest.raises(ValueError, match="Use `answer` or `label_words`"):
        task.predict(TEXTS)
    with pytest.raises(ValueError, match="likelihood of the labels"):
        task.compile(loss="mse")


def test_a_preprocessor_without_windows_is_refused():
    tokenizer = make_preprocessor().tokenizer
    encoder = make_encoder(make_preprocessor())
    for preprocessor in (
        kt.text.EncoderPreprocessor(tokenizer, 12),
        kt.text.QuestionPreprocessor(tokenizer, 12),
    ):
        with pytest.raises(ValueError, match=r"must be a `text\.WindowPre"):
            kt.tasks.TokenClassifier(encoder, preprocessor, NAMES)
    with pytest.raises(ValueError, match="labels in IOB2"):
        make_token_classifier(labels=["person"])
