"""Examples of several texts: their ids side by side, in one tensor."""

import tensorflow as tf

from keras_transformer.text.batches import refuse_rows


def stack_sides(dataset, sides):
    """Put the sides of each example next to each other.

    Args:
        dataset: Elements are inputs, or a tuple that begins with them: a dict
            of tensors `(batch, length)`, of one length on all sides.
        sides: Prefixes of the names of inputs, in order.

    Returns:
        The dataset with inputs of the shape `(batch, sides, length)`, under
        the names that they had behind the prefix.
    """

    def stack(inputs, *others):
        stacked = {
            name.removeprefix(sides[0]): tf.stack(
                [inputs[side + name.removeprefix(sides[0])] for side in sides],
                axis=1,
            )
            for name in inputs
            if name.startswith(sides[0])
        }
        return (stacked, *others) if others else stacked

    return dataset.map(stack)


def pad_sides(preprocessor, encoded):
    """Pad encoded texts to one length, with the texts of an example together.

    Args:
        preprocessor: Has a method `pad`, such as `text.EncoderPreprocessor`.
        encoded: For each side what `preprocessor.encode` gives, a dict of
            RaggedTensors `(batch, length)`.

    Returns:
        Dict of tensors `(batch, sides, length)`.
    """
    with tf.device("CPU:0"):
        rows = {
            name: tf.concat([side[name] for side in encoded], axis=0)
            for name in encoded[0]
        }
        padded = preprocessor.pad(rows)
        return {k: _side_by_side(v, len(encoded)) for k, v in padded.items()}


def number_texts(sides):
    """Give texts numbers that are equal where all their tokens are.

    Args:
        sides: For each side, an int RaggedTensor `(batch, length)`.

    Returns:
        Int32 tensor `(batch, sides)`, numbers from 0.
    """
    with tf.device("CPU:0"):
        words = tf.strings.as_string(tf.concat(sides, axis=0))
        spelled = tf.strings.reduce_join(words, axis=1, separator=" ")
        return _side_by_side(tf.unique(spelled).idx, len(sides))


def scores_in_range(scores, low, high):
    """Check scores in a graph.

    Args:
        scores: Numbers `(batch,)`.
        low: The lowest there may be.
        high: The highest there may be.

    Returns:
        Float32 tensor `(batch,)`, which fails to be computed if one is outside.

    Raises:
        ValueError: If there is not one number an example.
    """
    if scores.shape.rank != 1:
        raise ValueError(
            "Scores must come as one number an example. Received: a tensor of "
            f"shape {scores.shape}."
        )
    scores = tf.cast(scores, tf.float32)
    is_bad = ~((scores >= low) & (scores <= high))
    reason = f"Expected scores from {low:g} to {high:g}."
    return refuse_rows(is_bad, reason, scores)


def _side_by_side(rows, sides):
    """Turn `(sides * batch, ...)` into `(batch, sides, ...)`."""
    return tf.stack(tf.split(rows, sides), axis=1)
