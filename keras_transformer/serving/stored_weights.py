"""Weights that take fewer bytes in a file, and are restored where used."""

import contextlib
import statistics
import time

import keras
import tensorflow as tf

DTYPES = ("float32", "bfloat16", "float16", "int8")
_TIMED_CALLS = 7


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
            are. `"int8"` is for matrices and tables; others stay.

    Attributes:
        is_changed: Whether a weight is stored in another type.
    """

    def __init__(self, task, dtype=None):
        check_dtype(dtype)
        self._task = task
        self._stored = {
            weight.path: _Int8(weight)
            if dtype == "int8"
            else _Cast(weight, dtype)
            for weight in task.weights
            if _is_to_change(weight, dtype)
        }
        self.is_changed = bool(self._stored)

    @property
    def num_bytes(self):
        """Pair of the bytes that are stored, and of those there were."""
        before = {w.path: w.numpy().nbytes for w in self._task.weights}
        now = {path: x.num_bytes for path, x in self._stored.items()}
        return sum((before | now).values()), sum(before.values())

    def scope(self):
        """Within it, the task computes with what is stored."""
        if not self.is_changed:
            return contextlib.nullcontext()
        return keras.StatelessScope(
            [
                (weight, self._stored[weight.path].read())
                for weight in self._task.weights
                if weight.path in self._stored
            ]
        )

    def compare(self, function, ids):
        """Measure what storing weights in another type does to logits.

        Args:
            function: The signature `tokens`, traced in `scope`.
            ids: Dict of the ids and masks of some examples.

        Returns:
            Tuple of the most by which a logit differs from that of the task,
            the milliseconds that a call takes, and those it took.
        """
        exact = tf.function(
            lambda *given: {
                "logits": self._task(
                    dict(zip(ids, given, strict=True)), training=False
                )
            },
            input_signature=function.input_signature,
            autograph=False,
        )
        tensors = [tf.constant(x) for x in ids.values()]
        logits, times = [], []
        for one in (function, exact):
            found = one(*tensors)["logits"]
            logits.append(tf.cast(found, tf.float32))
            times.append(_milliseconds(one, tensors))
        gap = tf.reduce_max(tf.abs(logits[0] - logits[1]))
        return float(gap), *times


def _is_to_change(weight, dtype):
    if dtype is None or weight.dtype == dtype:
        return False
    is_float = tf.as_dtype(weight.dtype).is_floating
    return is_float and (dtype != "int8" or len(weight.shape) > 1)


class _Cast:
    """A weight in another type of floats."""

    def __init__(self, weight, dtype):
        self._variable = tf.Variable(tf.cast(weight, dtype), trainable=False)
        self._dtype = weight.dtype

    @property
    def num_bytes(self):
        return self._variable.numpy().nbytes

    def read(self):
        return tf.cast(self._variable, self._dtype)


class _Int8:
    """A weight as whole numbers to 127, and how large 1 is.

    That is told for each output of a matrix, and for each row of a table.
    """

    def __init__(self, weight):
        axis = -1 if weight.name == "embeddings" else 0
        values, scale = keras.quantizers.abs_max_quantize(weight, axis=axis)
        self._values = tf.Variable(values, trainable=False)
        self._unit = tf.Variable(1 / scale, trainable=False)

    @property
    def num_bytes(self):
        return self._values.numpy().nbytes + self._unit.numpy().nbytes

    def read(self):
        return tf.cast(self._values, self._unit.dtype) * self._unit


def _milliseconds(function, tensors):
    taken = []
    for _ in range(_TIMED_CALLS):
        begin = time.perf_counter()
        function(*tensors)["logits"].numpy()
        taken.append(time.perf_counter() - begin)
    return 1000 * statistics.median(taken)
