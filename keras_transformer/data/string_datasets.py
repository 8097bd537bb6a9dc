"""Datasets of strings, made datasets of ids."""

import tensorflow as tf


def map_strings(dataset, encode):
    """Tokenize the strings of a dataset, batch by batch.

    Args:
        dataset: Elements are `inputs`, `(inputs, targets)` or `(inputs,
            targets, weights)`; inputs are a string tensor `(batch,)` or a
            dict of them.
        encode: Turns inputs, or inputs and targets, into what the model takes,
            or a tuple of that, of what the loss takes, and perhaps of weights
            `(batch, length)`.

    Returns:
        A dataset of ids.

    Raises:
        ValueError: If elements are single examples, not batches.
    """
    inputs = dataset.element_spec
    inputs = inputs[0] if isinstance(inputs, tuple) else inputs
    for spec in tf.nest.flatten(inputs):
        if spec.shape.rank == 0:
            raise ValueError(
                "A dataset of strings must come in batches. Received elements "
                f"of shape {tuple(spec.shape)}. Call `.batch(32)` on it."
            )

    def encode_all(*parts):
        *parts, weights = parts if len(parts) == 3 else (*parts, None)
        encoded = encode(*parts)
        if weights is None or not isinstance(encoded, tuple):
            return encoded
        *encoded, own = encoded if len(encoded) == 3 else (*encoded, None)
        if own is not None:
            weights = tf.cast(weights, own.dtype)[:, None] * own
        return *encoded, weights

    # Numbers of our own: the tuner was seen to let `fit` stand still.
    return dataset.map(encode_all, num_parallel_calls=2).prefetch(2)
