"""Many rows in a graph, some at a time, so that memory stays bounded."""

import tensorflow as tf


def in_chunks(function, tensors, size, dtypes):
    """Call a function on some rows after the others.

    Args:
        function: Takes a dict of tensors `(rows, ...)` and returns a dict of
            tensors `(rows,)`, in TensorFlow operations.
        tensors: Dict of tensors `(rows, ...)`.
        size: Most rows of a call.
        dtypes: Dict from the name of each result to its data type.

    Returns:
        Dict of tensors `(rows,)`.
    """
    rows = tf.shape(next(iter(tensors.values())))[0]
    # No rows are a chunk too, so that the results have their types.
    chunks = tf.maximum((rows + size - 1) // size, 1)

    def body(number, *results):
        here = slice(number * size, (number + 1) * size)
        found = function({name: rows[here] for name, rows in tensors.items()})
        return number + 1, *(
            result.write(number, found[name])
            for name, result in zip(dtypes, results, strict=True)
        )

    empty = [
        tf.TensorArray(dtype, chunks, element_shape=[None], infer_shape=False)
        for dtype in dtypes.values()
    ]
    _, *results = tf.while_loop(
        lambda number, *results: number < chunks,
        body,
        (0, *empty),
        parallel_iterations=1,
    )
    return {
        name: result.concat()
        for name, result in zip(dtypes, results, strict=True)
    }
