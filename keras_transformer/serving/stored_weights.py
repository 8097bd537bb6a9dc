"""Weights that take half the bytes in a file, and are cast where used."""

import contextlib

import keras
import tensorflow as tf

DTYPES = ("float32", "bfloat16", "float16")


def check_dtype(dtype):
    """Check a type to store weights in.

    Raises:
        ValueError: If it is none of `DTYPES`.
    """
    if dtype is not None and dtype not in DTYPES:
        raise ValueError(
            "`dtype` is the type that weights are stored in, one of "
            f"{', '.join(DTYPES)}. Received: dtype={dtype!r}. Leave it out "
            "to store them as they are."
        )


class StoredWeights:
    """The weights of a task as an exported graph reads them.

    Args:
        task: A task.
        dtype: Type to store weights of floats in; `None` to store them as they
            are.

    Attributes:
        is_changed: Whether a weight is stored in another type.
    """

    def __init__(self, task, dtype=None):
        check_dtype(dtype)
        self._pairs = [
            (weight, tf.Variable(tf.cast(weight, dtype), trainable=False))
            for weight in task.weights
            if dtype is not None
            and weight.dtype != dtype
            and tf.as_dtype(weight.dtype).is_floating
        ]
        self.is_changed = bool(self._pairs)
        self._task = task

    def scope(self):
        """Within it, the task computes with what is stored."""
        if not self.is_changed:
            return contextlib.nullcontext()
        return keras.StatelessScope(
            [
                (weight, tf.cast(stored, weight.dtype))
                for weight, stored in self._pairs
            ]
        )

    def difference(self, function, ids):
        """Measure what storing weights in another type does to logits.

        Args:
            function: The signature `tokens`, traced in `scope`.
            ids: Dict of the ids and masks of some examples.

        Returns:
            The most by which a logit differs from that of the task.
        """
        stored = tf.cast(function(*ids.values())["logits"], tf.float32)
        exact = tf.cast(self._task(ids, training=False), tf.float32)
        return float(tf.reduce_max(tf.abs(stored - exact)))
