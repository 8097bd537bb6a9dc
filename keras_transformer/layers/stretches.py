"""What stands between two matrix products of a block, each as one kernel.

The same mathematics as in the layers beside it, on the TensorFlow backend in
training: see `kernels.stretches`. Only what is dropped differs, as another
generator draws it.
"""

from keras import ops

from keras_transformer.kernels.hashed_dropout import hashed_dropout
from keras_transformer.kernels.stretches import stretch
from keras_transformer.layers.activations import get_activation
from keras_transformer.layers.masks import MASKED
from keras_transformer.layers.normalization import normalize


def draw_seed(dropout):
    """Draw the seed of a `keras.layers.Dropout`; `None` if it drops nothing."""
    return dropout.seed_generator.next() if dropout.rate else None


@stretch
def add_and_normalize(output, x, gamma, beta, seed, *, rate, kind, epsilon):
    """Compute `Norm(x + Dropout(output))`.

    Args:
        output: Float tensor `(batch, length, hidden_dim)`, of a sublayer.
        x: Float tensor of that shape, what went into it.
        gamma: Float tensor `(hidden_dim,)`, the scale.
        beta: Float tensor `(hidden_dim,)`, the shift, or `None`.
        seed: Int tensor `(2,)`, or `None` where `rate` is 0.
        rate: Share of `output` that is dropped.
        kind: As in `make_normalization`, or `None` to leave it out.
        epsilon: Number added to the variance.

    Returns:
        Float tensor `(batch, length, hidden_dim)`.
    """
    x = x + hashed_dropout(output, seed, rate)
    return x if kind is None else normalize(x, gamma, beta, kind, epsilon)


@stretch
def normalized(x, gamma, beta, *, kind, epsilon):
    """Compute `Norm(x)`; see `add_and_normalize`."""
    return normalize(x, gamma, beta, kind, epsilon)


@stretch
def inner_features(x, bias, gate, gate_bias, seed, *, activation, rate):
    """Compute what goes into the outer layer of a feed-forward network.

    Args:
        x: Float tensor `(batch, length, intermediate_dim)`, the product with
            the inner kernel.
        bias: Float tensor `(intermediate_dim,)` or `None`.
        gate: Float tensor of the shape of `x`, the product with the kernel of
            the gate, or `None` where there is none.
        gate_bias: Like `bias`.
        seed: Int tensor `(2,)`, or `None` where `rate` is 0.
        activation: Name or function for `get_activation`.
        rate: Share of the features that is dropped.

    Returns:
        Float tensor of the shape of `x`.
    """
    x = x if bias is None else x + bias
    function = get_activation(activation)
    if gate is None:
        return hashed_dropout(function(x), seed, rate)
    gate = gate if gate_bias is None else gate + gate_bias
    return hashed_dropout(function(gate) * x, seed, rate)


@stretch
def score_weights(products, mask, bias, seed, *, scale, rate):
    """Compute `Dropout(softmax(scale * products + bias))`, masked.

    Args:
        products: Float tensor `(batch, heads, query_length, key_length)`.
        mask: Bool tensor that broadcasts to it, or `None`.
        bias: Float tensor that broadcasts to it, or `None`.
        seed: Int tensor `(2,)`, or `None` where `rate` is 0.
        scale: Number that products are multiplied with.
        rate: Share of the scores that is dropped.

    Returns:
        Float tensor of the shape of `products`.
    """
    logits = ops.cast(products, "float32") * scale
    if bias is not None:
        logits = logits + ops.cast(bias, "float32")
    if mask is not None:
        logits = ops.where(mask, logits, MASKED)
    scores = ops.cast(ops.softmax(logits), products.dtype)
    return hashed_dropout(scores, seed, rate)
