"""Batches of rows of similar length, as a `tf.data.Dataset` for `fit`."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from keras_transformer.data.batch_plan import BatchPlan

_PREFETCHED_BATCHES = 4


def bucketed_batches(
    plan: BatchPlan,
    inputs: Mapping,
    labels=None,
    sample_weights=None,
    *,
    shuffle: bool = True,
    seed: int | None = None,
    padding: Mapping | None = None,
) -> tf.data.Dataset:
    """Make the batches of a plan, each padded to its bucket's length.

    Every row comes once in an epoch. Shuffling permutes the rows of each bucket
    and the order of all batches, anew each time the dataset is iterated over.
    Without it, `plan.restore` brings results into the order of the input.

    Args:
        plan: Made by `plan_batches` from the lengths of these rows.
        inputs: From name to rows. Rows that differ in length, a
            `tf.RaggedTensor` or a list of lists, are padded to the length of
            the plan's side that begins their name; an array goes through as it
            is. For each `…token_ids` that is padded, a bool `…padding_mask` is
            added, `True` where a token is real.
        labels: Rows as in `inputs`, or a dict of them. Rows that differ in
            length are padded to the length of the plan's last side and, unless
            there are `sample_weights`, get weights 1, and 0 at the padding.
        sample_weights: Rows as in `labels`; padded with 0.
        shuffle: Whether to shuffle rows and batches.
        seed: Makes the orders of all epochs repeatable. They follow from it
            and from `keras.utils.set_random_seed`.
        padding: From the name of an input, or `"labels"`, to the value to pad
            with; by default 0, `False` or `""`.

    Returns:
        A dataset whose number of batches is known. An element is `inputs`,
        `(inputs, labels)` or `(inputs, labels, sample_weights)`.

    Raises:
        ValueError: Rows do not fit the plan, or names do not fit each other.
    """
    _check_names(inputs, labels, sample_weights, padding)
    with tf.device("CPU"):
        makers = _makers(plan, inputs, labels, sample_weights, padding or {})
        batches = tf.constant(plan.batches)
        bucket_lengths = tf.constant(plan.bucket_lengths, tf.int64)
        numbers = _numbers_and_order(plan, shuffle, seed)

    def batch(number, order):
        bucket, start, size = tf.unstack(batches[number], num=3)
        rows = order[start : start + size]
        lengths = bucket_lengths[bucket]
        return tf.nest.map_structure(lambda make: make(rows, lengths), makers)

    dataset = numbers.map(batch)
    dataset = dataset.apply(
        tf.data.experimental.assert_cardinality(plan.num_batches)
    )
    return _without_tuning(dataset.prefetch(_PREFETCHED_BATCHES))


def _numbers_and_order(plan, shuffle, seed):
    """Make the dataset of batch numbers, each with the order of the rows."""
    numbers = tf.range(plan.num_batches, dtype=tf.int64)
    if not shuffle:
        order = tf.constant(plan.order)
        return tf.data.Dataset.from_tensor_slices(numbers).map(
            lambda number: (number, order)
        )
    bucket_rows = [tf.constant(rows) for rows in plan.bucket_rows]
    permuted = tf.random.experimental.stateless_shuffle

    def epoch(seeds):
        order = tf.concat(
            [
                permuted(rows, seeds + [0, bucket])
                for bucket, rows in enumerate(bucket_rows, start=1)
            ],
            axis=0,
        )
        shuffled = permuted(numbers, seeds)
        return tf.data.Dataset.from_tensor_slices(shuffled).map(
            lambda number: (number, order)
        )

    # Two fresh numbers each time the whole dataset is iterated over.
    seeds = tf.data.Dataset.random(seed, rerandomize_each_iteration=True)
    return seeds.batch(2).take(1).flat_map(epoch)


def _without_tuning(dataset):
    """Keep tf.data's tuner out: it was seen to let `fit` stand still."""
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


def _makers(plan, inputs, labels, sample_weights, padding):
    """Build the element's structure, with a function for each tensor in it."""
    parts = [{}]
    for name, rows in inputs.items():
        rows = _as_rows(plan, name, rows)
        side = _side(plan, name, rows)
        parts[0][name] = _padder(plan, name, rows, side, padding.get(name))
        mask = f"{name.removesuffix('token_ids')}padding_mask"
        wants_mask = name.endswith("token_ids") and mask not in inputs
        if wants_mask and _is_ragged(rows):
            parts[0][mask] = _masker(rows, side)
    if labels is None:
        return parts[0]
    last = len(plan.sides) - 1
    labels = _each(lambda r: _as_rows(plan, "labels", r), labels)
    pad = padding.get("labels")
    parts.append(_each(lambda r: _padder(plan, "labels", r, last, pad), labels))
    if sample_weights is not None:
        what = "sample_weights"
        rows = _each(lambda r: _as_rows(plan, what, r), sample_weights)
        parts.append(_each(lambda r: _padder(plan, what, r, last, 0), rows))
    elif any(map(_is_ragged, tf.nest.flatten(labels))):
        parts.append(_each(lambda r: _masker(r, last, tf.float32), labels))
    return tuple(parts)


def _padder(plan, name, rows, side, value):
    """Return the function that picks rows and pads them to a length."""
    if not _is_ragged(rows):
        return lambda chosen, lengths: tf.gather(rows, chosen)
    _check_fit(plan, name, rows, side)
    if value is not None:
        value = tf.cast(value, rows.dtype)

    def pad(chosen, lengths):
        picked = tf.gather(rows, chosen)
        return picked.to_tensor(value, shape=tf.stack([-1, lengths[side]]))

    return pad


def _masker(rows, side, dtype=tf.bool):
    """Return the function that says where padded rows are real."""
    if not _is_ragged(rows):
        return lambda chosen, lengths: tf.ones(tf.shape(chosen), dtype)
    row_lengths = rows.row_lengths()

    def mask(chosen, lengths):
        return tf.sequence_mask(
            tf.gather(row_lengths, chosen), lengths[side], dtype=dtype
        )

    return mask


def _as_rows(plan, name, value):
    """Bring rows into a tensor, ragged where they are lists, on the CPU."""
    if isinstance(value, tf.RaggedTensor):
        if value.ragged_rank != 1 or value.values.shape.rank != 1:
            raise ValueError(
                "Rows that differ in length must be rows of single values. "
                f"Received: {name} of shape {value.shape}."
            )
        values, splits = value.values, value.row_splits
        rows = tf.RaggedTensor.from_row_splits(
            tf.identity(values), tf.cast(splits, tf.int64), validate=False
        )
    elif isinstance(value, list | tuple) and any(
        isinstance(row, list | tuple | np.ndarray) for row in value
    ):
        rows = _from_lists(value)
    else:
        rows = tf.identity(tf.convert_to_tensor(value))
    number = rows.shape[0] if rows.shape.rank else None
    if number != len(plan.lengths):
        raise ValueError(
            "All inputs, labels and weights must have the rows of the plan. "
            f"Received: {number} rows of {name}, and a plan for "
            f"{len(plan.lengths)} rows."
        )
    return rows


def _from_lists(rows):
    filled = [np.asarray(row) for row in rows if len(row)]
    values = np.concatenate(filled) if filled else np.zeros(0, np.int64)
    if values.dtype == np.int64:
        values = values.astype(np.int32)
    return tf.RaggedTensor.from_row_lengths(
        tf.constant(values),
        tf.constant([len(row) for row in rows], tf.int64),
        validate=False,
    )


def _is_ragged(rows):
    return isinstance(rows, tf.RaggedTensor)


def _each(function, rows):
    """Apply a function to rows, or to each rows of a dict."""
    if isinstance(rows, Mapping):
        return {name: function(value) for name, value in rows.items()}
    return function(rows)


def _side(plan, name, rows):
    for side, prefix in enumerate(plan.sides):
        if name.startswith(prefix):
            return side
    if _is_ragged(rows):
        raise ValueError(
            "The name of an input that is padded must begin with one of the "
            f"plan's sides, {', '.join(map(repr, plan.sides))}. Received: an "
            f"input named {name!r}."
        )
    return 0


def _check_fit(plan, name, rows, side):
    padded = np.zeros(len(plan.lengths), dtype=np.int64)
    for chosen, lengths in zip(
        plan.bucket_rows, plan.bucket_lengths, strict=True
    ):
        padded[chosen] = lengths[side]
    lengths = rows.row_lengths().numpy()
    if (lengths > padded).any():
        row = int(np.argmax(lengths > padded))
        raise ValueError(
            "No row may be longer than its bucket. Received: row "
            f"{row} of {name} with {lengths[row]} tokens in a bucket for "
            f"{padded[row]}. Give `plan_batches` the lengths of these rows."
        )


def _check_names(inputs, labels, sample_weights, padding):
    if sample_weights is not None and labels is None:
        raise ValueError(
            "`sample_weights` weigh `labels`, so both must be given. "
            "Received: labels=None."
        )
    known = [*inputs, "labels"]
    unknown = [name for name in padding or () if name not in known]
    if unknown:
        raise ValueError(
            "`padding` must name inputs, or 'labels'. Received: "
            f"{', '.join(map(repr, unknown))}, which are none of "
            f"{', '.join(map(repr, known))}."
        )
