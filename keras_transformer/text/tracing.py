"""Graphs that are traced once, for every batch size."""

import tensorflow as tf


def trace(function, *signature, **named):
    """Trace a function now, for one signature.

    What comes back never traces again, so TensorFlow has no reason to warn of
    retracing where several tokenizers are made one after another.

    Args:
        function: Python function of TensorFlow operations.
        *signature: A `tf.TensorSpec`, or another spec, for each argument.
        **named: Likewise, for arguments that are passed by name.

    Returns:
        A function of tensors.
    """
    # Out of any function being traced: the graph belongs to all of them.
    with tf.init_scope():
        traced = tf.function(function, autograph=False)
        return traced.get_concrete_function(*signature, **named)
