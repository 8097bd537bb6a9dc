import collections

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_transformer.data import bucketed_batches, plan_batches

FEW = settings(deadline=None, max_examples=15)


def some_rows(number=50, longest=13):
    """Rows of differing lengths whose tokens tell row and place."""
    lengths = np.random.default_rng(11).integers(0, longest + 1, number)
    return [
        [100 * (row + 1) + place for place in range(length)]
        for row, length in enumerate(lengths)
    ]


def lengths_of(rows):
    return [len(row) for row in rows]


def rows_seen(dataset):
    """The numbers of the rows, batch by batch."""
    return [y.numpy().tolist() for _, y in dataset]


def flat(batches):
    return [row for batch in batches for row in batch]


def shapes_seen(dataset):
    return collections.Counter(tuple(x["token_ids"].shape) for x, _ in dataset)


@FEW
@given(
    lengths=st.lists(st.integers(0, 12), min_size=1, max_size=40),
    budget=st.integers(1, 60),
    buckets=st.integers(1, 5),
    shuffle=st.booleans(),
)
def test_every_row_comes_once_whole_and_padded_at_the_end(
    lengths, budget, buckets, shuffle
):
    rows = [[row + 1] * length for row, length in enumerate(lengths)]
    plan = plan_batches(lengths, batch_tokens=budget, max_buckets=buckets)
    dataset = bucketed_batches(
        plan,
        {"token_ids": rows},
        np.arange(len(rows)),
        shuffle=shuffle,
        padding={"token_ids": -7},
    )
    assert len(dataset) == plan.num_batches
    for _ in range(2):
        assert shapes_seen(dataset) == plan.shapes
        assert sorted(flat(rows_seen(dataset))) == list(range(len(rows)))
        for x, y in dataset:
            length = x["token_ids"].shape[1]
            assert (length,) in plan.bucket_lengths
            for row, tokens, mask in zip(
                y.numpy(),
                x["token_ids"].numpy().tolist(),
                x["padding_mask"].numpy().tolist(),
                strict=True,
            ):
                missing = length - lengths[row]
                assert tokens == rows[row] + [-7] * missing
                assert mask == [True] * lengths[row] + [False] * missing


def test_each_epoch_has_another_order_of_rows_and_batches():
    rows = some_rows()
    plan = plan_batches(lengths_of(rows), batch_tokens=40, max_buckets=3)
    dataset = bucketed_batches(
        plan, {"token_ids": rows}, np.arange(len(rows)), seed=3
    )
    epochs = [rows_seen(dataset) for _ in range(4)]
    assert len({tuple(flat(epoch)) for epoch in epochs}) == 4
    mates = [{frozenset(batch) for batch in epoch} for epoch in epochs]
    assert mates[0] != mates[1] != mates[2] != mates[3]
    bucket_orders = set()
    for _ in range(4):
        lengths = [x["token_ids"].shape[1] for x, _ in dataset]
        assert lengths != sorted(lengths)
        bucket_orders.add(tuple(lengths))
    assert len(bucket_orders) == 4


def test_all_orders_within_a_bucket_are_equally_likely():
    plan = plan_batches([4, 4, 4], batch_size=3)
    dataset = bucketed_batches(
        plan, {"token_ids": [[1] * 4] * 3}, np.arange(3), seed=5
    )
    epochs = 600
    counts = collections.Counter(
        tuple(y.numpy()) for _, y in dataset.repeat(epochs)
    )
    assert len(counts) == 6
    # Chi-squared with 5 degrees of freedom: above 20.5 once in a thousand.
    expected = epochs / 6
    assert sum((n - expected) ** 2 for n in counts.values()) / expected < 20.5


def test_a_seed_repeats_all_epochs():
    rows = some_rows()
    plan = plan_batches(lengths_of(rows), batch_tokens=40, max_buckets=3)

    def three_epochs(seed):
        keras.utils.set_random_seed(99)
        dataset = bucketed_batches(
            plan, {"token_ids": rows}, np.arange(len(rows)), seed=seed
        )
        return [rows_seen(dataset) for _ in range(3)]

    assert three_epochs(3) == three_epochs(3)
    assert three_epochs(3) != three_epochs(4)
    assert three_epochs(None) == three_epochs(None)


def test_results_can_be_brought_back_into_the_order_of_the_input():
    rows = some_rows()
    plan = plan_batches(lengths_of(rows), batch_tokens=40, max_buckets=3)
    dataset = bucketed_batches(plan, {"token_ids": rows}, shuffle=False)
    sums = np.concatenate([x["token_ids"].numpy().sum(1) for x in dataset])
    np.testing.assert_array_equal(plan.restore(sums), [sum(r) for r in rows])
    token_rows = [row for x in dataset for row in x["token_ids"].numpy()]
    for row, restored in zip(rows, plan.restore(token_rows), strict=True):
        assert restored[: len(row)].tolist() == row


def test_labels_of_tokens_are_padded_and_weigh_nothing_there():
    rows = some_rows(9)
    plan = plan_batches(lengths_of(rows), batch_tokens=30, max_buckets=2)
    dataset = bucketed_batches(
        plan, {"token_ids": rows}, rows, padding={"labels": -1}
    )
    for x, y, weights in dataset:
        mask = x["padding_mask"].numpy()
        np.testing.assert_array_equal(weights, mask.astype("float32"))
        np.testing.assert_array_equal(
            y, np.where(mask, x["token_ids"].numpy(), -1)
        )


def test_weights_and_labels_may_be_dicts_and_weights_given():
    rows = some_rows(9)
    plan = plan_batches(lengths_of(rows), batch_tokens=30, max_buckets=2)
    labels = {"start": np.arange(9), "tags": rows}
    *_, batch = bucketed_batches(plan, {"token_ids": rows}, labels)
    x, y, weights = batch
    assert y["start"].shape == weights["start"].shape
    np.testing.assert_array_equal(y["tags"], x["token_ids"])
    np.testing.assert_array_equal(weights["start"], 1.0)
    np.testing.assert_array_equal(weights["tags"], x["padding_mask"])
    half = [[0.5] * len(row) for row in rows]
    for x, _, weights in bucketed_batches(
        plan, {"token_ids": rows}, rows, half
    ):
        np.testing.assert_array_equal(weights, x["padding_mask"].numpy() * 0.5)


def test_two_sides_have_masks_and_lengths_of_their_own():
    sources, targets = some_rows(20, 13), some_rows(20, 7)
    plan = plan_batches(
        {"encoder": lengths_of(sources), "decoder": lengths_of(targets)},
        batch_tokens=60,
        max_buckets=3,
    )
    dataset = bucketed_batches(
        plan,
        {"encoder_token_ids": sources, "decoder_token_ids": targets},
        targets,
    )
    shapes = collections.Counter()
    for x, y, weights in dataset:
        rows, length = x["encoder_token_ids"].shape
        shapes[rows, length, x["decoder_token_ids"].shape[1]] += 1
        assert x["encoder_padding_mask"].shape == (rows, length)
        np.testing.assert_array_equal(y, x["decoder_token_ids"])
        np.testing.assert_array_equal(weights, x["decoder_padding_mask"])
        for side in ("encoder", "decoder"):
            real = x[f"{side}_token_ids"].numpy() > 0
            np.testing.assert_array_equal(x[f"{side}_padding_mask"], real)
    assert shapes == plan.shapes


def test_arrays_ragged_tensors_and_strings_go_through():
    rows = some_rows(7)
    plan = plan_batches(lengths_of(rows), batch_tokens=30, max_buckets=2)
    inputs = {
        "token_ids": tf.ragged.constant(rows, row_splits_dtype=tf.int32),
        "padding_mask": [[True] * len(row) for row in rows],
        "words": [[str(token) for token in row] for row in rows],
        "image": np.ones((7, 3, 2), "float16"),
        "text": [f"row {row}" for row in range(7)],
    }
    for x in bucketed_batches(plan, inputs):
        real = x["token_ids"].numpy() > 0
        np.testing.assert_array_equal(x["padding_mask"], real)
        assert x["image"].shape == (len(real), 3, 2)
        assert x["image"].dtype == tf.float16
        words = x["words"].numpy().astype(str)
        assert words[~real].tolist() == [""] * (~real).sum()
        assert x["text"].dtype == tf.string


def test_keras_trains_on_another_order_each_epoch():
    if keras.backend.backend() == "jax":
        pytest.skip("JAX traces the loss, which then sees no values")
    rows = some_rows(30)
    plan = plan_batches(lengths_of(rows), batch_tokens=40, max_buckets=3)
    dataset = bucketed_batches(
        plan, {"token_ids": rows}, np.arange(30.0), seed=3
    )
    inputs = {
        "token_ids": keras.Input((None,), dtype="int32", name="token_ids"),
        "padding_mask": keras.Input((None,), dtype="bool", name="padding_mask"),
    }
    pooled = keras.layers.GlobalAveragePooling1D()(
        keras.layers.Embedding(10_000, 3)(inputs["token_ids"]),
        mask=inputs["padding_mask"],
    )
    model = keras.Model(inputs, keras.layers.Dense(1)(pooled))
    epochs = [[]]

    def note(y_true, y_pred):
        epochs[-1].extend(
            np.asarray(keras.ops.convert_to_numpy(y_true)).ravel()
        )
        return keras.ops.mean(y_pred)

    class NewEpoch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            epochs.append([])

    model.compile("sgd", note, run_eagerly=True)
    model.fit(
        dataset, epochs=3, shuffle=False, verbose=0, callbacks=[NewEpoch()]
    )
    # On the torch backend Keras calls the loss once more, to build it.
    first, second, third, rest = (epoch[-30:] for epoch in epochs)
    assert sorted(first) == sorted(second) == sorted(third) == list(range(30))
    assert first != second != third
    assert rest == []


@pytest.mark.parametrize(
    ("inputs", "options", "words"),
    [
        ({"token_ids": [[1], [2]]}, {}, "2 rows of token_ids.*for 3 rows"),
        ({"token_ids": [[1], [2, 3], [4]]}, {}, "row 1 of token_ids with 2"),
        ({"x": np.zeros(3)}, {"labels": [1, 2]}, "2 rows of labels"),
        ({"x": np.zeros(3)}, {"sample_weights": [1] * 3}, "labels=None"),
        ({"x": np.zeros(3)}, {"padding": {"y": 1}}, "'y', which are none of"),
        (
            {"x": tf.ragged.constant([[[1], [2]], [], []])},
            {},
            "rows of single values.*x of shape",
        ),
        ({"x": 3}, {}, "None rows of x"),
    ],
)
def test_rows_that_do_not_fit_the_plan_are_refused(inputs, options, words):
    plan = plan_batches([1, 1, 1])
    with pytest.raises(ValueError, match=words):
        bucketed_batches(plan, inputs, **options)


def test_an_input_must_begin_with_a_side_of_the_plan():
    plan = plan_batches({"encoder": [1], "decoder": [1]})
    with pytest.raises(ValueError, match=r"'encoder', 'decoder'.*'token_ids'"):
        bucketed_batches(plan, {"token_ids": [[1]]})
