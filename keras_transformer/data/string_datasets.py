"""Datasets of strings, made datasets of ids."""

import tensorflow as tf


def map_strings(dataset, encode_inputs, encode_targets):
    """Tokenize the strings of a dataset, batch by batch.

    Args:
        dataset: Elements are `inputs`, `(inputs, targets)` or `(inputs,
            targets, weights)`; inputs are a string tensor `(batch,)` or a
            dict of them.
        encode_inputs: Turns inputs into what the model takes.
        encode_targets: Turns targets into what the loss takes.

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

    def encode(inputs, targets=None, *weights):
        if targets is None:
            return encode_inputs(inputs)
        return encode_inputs(inputs), encode_targets(targets), *weights

    # Numbers of our own: the tuner was seen to let `fit` stand still.
    return dataset.map(encode, num_parallel_calls=2).prefetch(2)
