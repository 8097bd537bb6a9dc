"""Stretches between two matrix products, as one kernel in training.

Matrix products are best left to TensorFlow's own library. What lies between
two of them (a bias and an activation; dropout, the residual connection and a
normalisation; masking, softmax and dropout) are operations that each read and
write whole tensors, and keep them for the gradient. Here such a stretch is one
XLA kernel, and its gradient another one that computes the stretch once more
from its inputs, so that nothing inside is kept.
"""

import functools
import os

import keras

# Width of a model from which on kernels are worth the time it takes to
# compile them, once for each shape of a batch.
MIN_WIDTH = 256


def runs_fused(width, training):
    """Whether stretches shall be kernels: in training on TensorFlow.

    Other backends compile the whole step; and what is exported must run where
    there is no XLA. The environment variable `KERAS_TRANSFORMER_FUSED=0`
    turns kernels off.

    Args:
        width: Features of a position; an int.
        training: Whether the call is one of training; a bool or `None`.
    """
    return (
        training is True
        and width >= MIN_WIDTH
        and keras.backend.backend() == "tensorflow"
        and os.environ.get("KERAS_TRANSFORMER_FUSED", "1") != "0"
    )


def stretch(function):
    """Make one kernel of a function, and one of its gradient.

    Args:
        function: Function of tensors or `None`, and of hashable options by
            name, that returns one float tensor. It must use neither variables
            nor anything else from outside, as it is compiled once for all
            layers.

    Returns:
        The same function, for the TensorFlow backend. Its attribute
        `uncompiled` is the function itself, for any backend.
    """

    @functools.wraps(function)
    def fused(*tensors, **options):
        given = [x for x in tensors if x is not None]
        present = tuple(x is not None for x in tensors)
        return _kernel(function, present, tuple(options.items()))(*given)

    fused.uncompiled = function
    return fused


@functools.cache
def _kernel(function, present, options):
    """Compile a function for some of its arguments and for its options."""
    import tensorflow as tf

    def run(*tensors):
        given = iter(tensors)
        tensors = [next(given) if there else None for there in present]
        return function(*tensors, **dict(options))

    compiled = functools.partial(
        tf.function, jit_compile=True, reduce_retracing=True, autograph=False
    )
    forward, backward = compiled(run), compiled(_slopes_of(run))

    @tf.custom_gradient
    def kernel(*tensors):
        def gradient(upstream):
            # Else the branch of a condition would take the call of a kernel
            # for all of its graph, and forget what it needs from in front.
            inside = [tf.identity(x) for x in tensors]
            slopes = iter(backward(upstream, *inside))
            return [
                next(slopes) if x.dtype.is_floating else None for x in tensors
            ]

        return forward(*tensors), gradient

    # What it is given may be variables, which it is not to look into.
    return lambda *given: kernel(*(tf.convert_to_tensor(x) for x in given))


def _slopes_of(function):
    """Compute a function once more, and the slopes for its float tensors."""
    import tensorflow as tf

    def slopes(upstream, *tensors):
        floats = [x for x in tensors if x.dtype.is_floating]
        with tf.GradientTape() as tape:
            tape.watch(floats)
            output = function(*tensors)
        return tape.gradient(
            output,
            floats,
            upstream,
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )

    return slopes
