"""Labels of words and spans, where tokens of windows carry them."""

import numpy as np
import pytest
import tensorflow as tf

from keras_transformer.text import WindowPreprocessor, WordPieceTokenizer
from keras_transformer.text import unit_labels as labelling

PIECES = ["ada", "love", "##lace", "lived", "in", "york", ".", "(", ")", "'"]
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *PIECES, "s"]
TOKENIZER = WordPieceTokenizer(VOCABULARY)
# O, B-person, I-person, B-place, I-place
BEGIN, INSIDE = np.array([1, 3], "int32"), np.array([2, 4], "int32")
OUTSIDE = 0
TEXT = "Ada Lovelace lived in (York)."


def targets_of(texts, find, max_length=50, overlap=None, weights=None):
    preprocessor = WindowPreprocessor(TOKENIZER, max_length, overlap)
    encoded = preprocessor.encode(texts)
    units = labelling.units_of_windows(tf.constant(texts), encoded)
    labels = labelling.labels_of_entities(find(units), BEGIN, INSIDE, OUTSIDE)
    targets, weights = labelling.targets_of_tokens(
        encoded, units, labels, weights
    )
    return targets.to_list(), weights.to_list(), encoded


def of_words(types, begins):
    return lambda units: labelling.entities_of_words(
        units, tf.constant(types), tf.constant(begins)
    )


def of_spans(starts, ends, types, splits):
    return lambda units: labelling.entities_of_spans(
        units,
        tf.constant(starts, tf.int64),
        tf.constant(ends, tf.int64),
        tf.constant(types),
        tf.constant(splits, tf.int64),
    )


def test_the_first_token_of_a_unit_carries_the_label_of_its_word():
    # [CLS] ada love ##lace lived in ( york ) . [SEP]
    targets, weights, _ = targets_of(
        [TEXT],
        of_words([0, 0, -1, -1, 1], [True, False, False, False, True]),
    )
    assert targets == [[0, 1, 2, 0, 0, 0, 3, 4, 4, 4, 0]]
    assert weights == [[0, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0]]


def test_a_span_labels_the_units_that_it_touches():
    place = TEXT.index("York")
    targets, weights, _ = targets_of(
        [TEXT, "York", "lived"],
        of_spans([0, place, 1], [12, place + 4, 3], [0, 1, 1], [0, 2, 3, 3]),
    )
    assert targets == [
        [0, 1, 2, 0, 0, 0, 0, 3, 0, 0, 0],
        [0, 3, 0],
        [0, 0, 0],
    ]
    assert weights[1:] == [[0, 1, 0], [0, 1, 0]]


def test_neighbours_of_one_type_stay_two_entities():
    wanted = [[0, 1, 1, 0, 0, 0]]
    assert (
        targets_of(["ada ada lived in"], of_words([0, 0, -1, -1], [True] * 4))[
            0
        ]
        == targets_of(
            ["ada ada lived in"], of_spans([0, 4], [3, 7], [0, 0], [0, 2])
        )[0]
        == wanted
    )


def test_an_inside_label_without_a_beginning_begins():
    # I-person at the begin of both texts, I-place behind a person.
    targets, _, _ = targets_of(
        ["ada york", "ada"], of_words([0, 1, 0], [False] * 3)
    )
    assert targets == [[0, 1, 3, 0], [0, 1, 0]]


@pytest.mark.parametrize(("max_length", "overlap"), [(3, 0), (6, 2), (7, 3)])
def test_each_unit_carries_its_label_in_one_window(max_length, overlap):
    texts = [TEXT, f"{TEXT} {TEXT}", ""]
    types = [0, 0, -1, -1, 1] * 3
    begins = [True, False, False, False, True] * 3
    whole, of_whole, _ = targets_of(texts, of_words(types, begins))
    targets, weights, encoded = targets_of(
        texts, of_words(types, begins), max_length, overlap
    )
    wanted = [
        t
        for row, weight in zip(whole, of_whole, strict=True)
        for t, w in zip(row, weight, strict=True)
        if w
    ]
    found = [
        t
        for row, weight in zip(targets, weights, strict=True)
        for t, w in zip(row, weight, strict=True)
        if w
    ]
    assert found == wanted and len(found) == 3 * 8
    kept = encoded["keeps"].to_list()
    for weight, keeps in zip(weights, kept, strict=True):
        assert all(k for w, k in zip(weight, keeps, strict=True) if w)


def test_the_weight_of_a_text_is_that_of_all_its_labels():
    _, weights, _ = targets_of(
        ["ada ada ada", "york"],
        of_words([0, 0, 0, 1], [True] * 4),
        max_length=4,
        overlap=0,
        weights=[0.5, 2.0],
    )
    assert weights == [[0, 0.5, 0.5, 0], [0, 0.5, 0], [0, 2, 0]]


def test_windows_know_where_texts_begin_and_end():
    first, last = labelling.edges_of_texts(
        tf.constant([0, 1, 1, 1, 2, 4], tf.int64)
    )
    assert first.numpy().tolist() == [1, 1, 0, 0, 1, 1]
    assert last.numpy().tolist() == [1, 0, 0, 1, 1, 1]
    for flags in labelling.edges_of_texts(tf.zeros(0, tf.int64)):
        assert flags.shape == (0,)


def test_labels_come_as_rows_or_between_spaces():
    texts = tf.constant(["ada  lived", "", "york"])
    rows = tf.ragged.constant([["B-person", "O"], [], ["B-place"]])
    joined = tf.constant(["B-person O", "", "B-place"])
    wanted = [b"B-person", b"O", b"B-place"]
    for labels in (rows, joined):
        found = labelling.labels_in_tensor(texts, labels)
        assert found.numpy().tolist() == wanted
    with pytest.raises(tf.errors.InvalidArgumentError, match="one label"):
        labelling.labels_in_tensor(texts, tf.constant(["O", "", "O"]))
