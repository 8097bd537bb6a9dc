"""Many strings at once: tokenized in chunks, answered in batches."""

import numpy as np
import tensorflow as tf

from keras_transformer.text.strings import to_string_tensor

# Enough to keep TensorFlow busy, few enough to bound the memory in between.
_CHUNK = 4096


def encode_all(preprocessor, strings, encode=None):
    """Tokenize all strings of a data set.

    Args:
        preprocessor: Has a method `encode`, such as `EncoderPreprocessor`.
        strings: Dict from its arguments to sequences of strings, all of the
            same length.
        encode: Another method, of the same arguments.

    Returns:
        Dict of `tf.RaggedTensor`s, one row an example; or one a window, and
        then "row", int64 `(windows,)`, tells the example.

    Raises:
        ValueError: If something in `strings` is not a string.
    """
    strings = {k: to_string_tensor(v, name=k) for k, v in strings.items()}
    number = len(next(iter(strings.values())))
    encode = preprocessor.encode if encode is None else encode
    chunks = []
    for start in range(0, max(number, 1), _CHUNK):
        chunk = encode(
            **{k: v[start : start + _CHUNK] for k, v in strings.items()}
        )
        if "row" in chunk:  # numbers from 0 in each chunk
            chunk = {**chunk, "row": chunk["row"] + start}
        chunks.append(chunk)
    return {k: tf.concat([c[k] for c in chunks], axis=0) for k in chunks[0]}


def string_function(function, names):
    """Compile a function of strings into one graph for all batch sizes.

    Args:
        function: Takes a dict of string tensors `(batch,)` and returns a dict
            of tensors, written in TensorFlow operations.
        names: Names of the strings.

    Returns:
        A `tf.function` with a fixed signature.
    """
    signature = {
        name: tf.TensorSpec([None], tf.string, name=name) for name in names
    }
    return tf.function(function, input_signature=[signature], autograph=False)


def answer_in_batches(function, strings, batch_size):
    """Call a function on all strings, some at a time.

    Args:
        function: Takes a dict of string tensors `(batch,)` and returns a dict
            of tensors or arrays with the batch as first axis.
        strings: Dict from name to a sequence of strings.
        batch_size: Most strings in a call.

    Returns:
        Dict of tensors, one row a string. Where batches differ in other axes,
        rows are padded: strings with `""`, integers with -1, floats with 0.
    """
    strings = {k: to_string_tensor(v, name=k) for k, v in strings.items()}
    number = len(next(iter(strings.values())))
    answers = [
        function({k: v[i : i + batch_size] for k, v in strings.items()})
        for i in range(0, max(number, 1), batch_size)
    ]
    return join_answers(answers)


def join_answers(answers):
    """Join the answers to several batches.

    Args:
        answers: List of dicts of tensors or arrays with the batch as first
            axis.

    Returns:
        Dict of tensors. Where batches differ in other axes, rows are padded:
        strings with `""`, integers with -1, floats with 0.
    """
    return {
        name: _concatenate([_as_tensor(a[name]) for a in answers])
        for name in answers[0]
    }


def sort_by_length(texts):
    """Find the order in which texts become longer, equal ones as they stand.

    Args:
        texts: String tensor `(texts,)`.

    Returns:
        Int array `(texts,)`, numbers of the texts.
    """
    return np.argsort(tf.strings.length(texts).numpy(), kind="stable")


def pick(rows, places):
    """Pick rows of a tensor by their numbers."""
    return tf.gather(rows, places)


def graph_function(function):
    """Compile a function of tensors into one graph for all their sizes.

    Args:
        function: Takes tensors, or dicts of them, and is written in TensorFlow
            operations. Each argument has the same rank and type in each call.

    Returns:
        The function; what is no tensor is made one.
    """
    compiled = None

    def call(*arguments):
        nonlocal compiled
        arguments = tf.nest.map_structure(tf.convert_to_tensor, arguments)
        if compiled is None:
            signature = tf.nest.map_structure(
                lambda x: tf.TensorSpec([None] * x.shape.rank, x.dtype),
                arguments,
            )
            compiled = tf.function(
                function, input_signature=signature, autograph=False
            )
        return compiled(*arguments)

    return call


def draw_uniform(*shape):
    """Draw uniform numbers, others each time, also in a graph that is saved.

    `tf.random.uniform` would put the global seed of this process into the
    graph, and the model would draw the same in each process that loads it.

    Args:
        *shape: Sizes, ints or int tensors `()`.

    Returns:
        Float32 tensor, from 0 to below 1.
    """
    with tf.device("CPU:0"):
        return tf.raw_ops.RandomUniform(shape=tf.stack(shape), dtype=tf.float32)


def refuse_rows(is_bad, reason, tensors):
    """Fail in a graph if a row is bad, before anything is done with it.

    Args:
        is_bad: Bool tensor `(batch,)`.
        reason: What the error says.
        tensors: Tensors, in dicts or tuples: what is to be done something
            with.

    Returns:
        The tensors, for what has to wait for the check.
    """
    with tf.device("CPU:0"):
        check = tf.debugging.Assert(
            tf.logical_not(tf.reduce_any(is_bad)),
            [reason, "Received rows:", tf.where(is_bad)[:, 0]],
        )
        with tf.control_dependencies([check]):
            return tf.nest.map_structure(tf.identity, tensors)


def _as_tensor(x):
    if tf.is_tensor(x):
        return x
    if hasattr(x, "detach"):  # torch's
        x = x.detach().cpu()
    return tf.constant(np.asarray(x))


def _concatenate(tensors):
    widest = np.max([t.shape for t in tensors], axis=0)
    return tf.concat([_pad(t, widest) for t in tensors], axis=0)


def _pad(tensor, widest):
    missing = [[0, 0]] + [
        [0, int(w - n)]
        for w, n in zip(widest[1:], tensor.shape[1:], strict=True)
    ]
    if tensor.dtype == tf.string:
        filler = ""
    else:
        filler = -1 if tensor.dtype.is_integer else 0
    return tf.pad(tensor, missing, constant_values=filler)
