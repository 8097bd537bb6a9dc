import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_transformer import data
from tests.tasks.toys import make_preprocessor


@st.composite
def sides(draw):
    number = draw(st.integers(1, 6))
    row = st.lists(st.integers(0, 12), max_size=3)
    column = st.lists(row, min_size=number, max_size=number)
    return draw(st.lists(column, min_size=1, max_size=3))


@settings(deadline=None, max_examples=50)
@given(sides())
def test_numbers_are_equal_where_all_ids_are(columns):
    ragged = [tf.ragged.constant(c, tf.int32, ragged_rank=1) for c in columns]
    numbers = data.number_texts(ragged).numpy()
    assert numbers.shape == (len(columns[0]), len(columns))
    texts = [
        (tuple(column[row]), numbers[row, side])
        for side, column in enumerate(columns)
        for row in range(len(column))
    ]
    for ids, number in texts:
        for other_ids, other_number in texts:
            assert (ids == other_ids) == (number == other_number)


def test_texts_of_an_example_are_padded_to_one_length():
    preprocessor = make_preprocessor()
    first, second = ["a joy", "fun"], ["dull and slow", ""]
    encoded = [preprocessor.encode(texts) for texts in (first, second)]
    padded = data.pad_sides(preprocessor, encoded)
    for side, texts in enumerate((first, second)):
        expected = preprocessor(texts, length=5)
        for name, rows in padded.items():
            assert rows.shape == (2, 2, 5)
            np.testing.assert_array_equal(rows[:, side], expected[name])


def test_sides_of_batches_are_stacked_and_the_rest_stays():
    inputs = {
        f"{side}_{name}": tf.constant(rows)
        for side, shift in (("one", 0), ("two", 10))
        for name, rows in (
            ("token_ids", [[1 + shift, 2], [3, 4 + shift]]),
            ("padding_mask", [[True, shift > 0], [True, True]]),
        )
    }
    batches = tf.data.Dataset.from_tensors((inputs, [7.0, 8.0]))
    ((stacked, scores),) = data.stack_sides(batches, ["one_", "two_"])
    assert set(stacked) == {"token_ids", "padding_mask"}
    np.testing.assert_array_equal(
        stacked["token_ids"], [[[1, 2], [11, 2]], [[3, 4], [3, 14]]]
    )
    np.testing.assert_array_equal(stacked["padding_mask"][0, :, 1], [0, 1])
    np.testing.assert_array_equal(scores, [7.0, 8.0])
    (alone,) = data.stack_sides(batches.map(lambda x, _: x), ["one_", "two_"])
    np.testing.assert_array_equal(alone["token_ids"], stacked["token_ids"])


def test_scores_in_a_graph_are_checked_when_they_are_computed():
    check = tf.function(lambda scores: data.scores_in_range(scores, 0.0, 5.0))
    found = check(tf.constant([0, 5, 3]))
    assert found.dtype == tf.float32 and found.numpy().tolist() == [0, 5, 3]
    for bad in (5.5, -1.0, float("nan")):
        with pytest.raises(tf.errors.InvalidArgumentError, match="from 0 to 5"):
            check(tf.constant([1.0, bad]))
    with pytest.raises(ValueError, match=r"one number an example.*\(2, 1\)"):
        check(tf.constant([[1.0], [2.0]]))
