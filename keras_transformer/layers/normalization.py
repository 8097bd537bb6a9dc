"""The normalisations that Transformers use, by name."""

import keras
from keras import ops

_LAYERS = {
    "layer_norm": (keras.layers.LayerNormalization, {}),
    "layer_norm_without_bias": (
        keras.layers.LayerNormalization,
        {"center": False},
    ),
    "rms_norm": (keras.layers.RMSNormalization, {}),
}


def make_normalization(kind, epsilon=1e-6, **kwargs):
    """Make a layer that normalises the features of every position.

    Args:
        kind: `"layer_norm"`
            ([Ba et al., 2016](https://arxiv.org/abs/1607.06450)),
            `"layer_norm_without_bias"`, which scales and does not shift, or
            `"rms_norm"`
            ([Zhang & Sennrich, 2019](https://arxiv.org/abs/1910.07467)).
        epsilon: Number added to the variance.
        **kwargs: `name`, `dtype` and the rest of `keras.layers.Layer`.

    Returns:
        A Keras layer.

    Raises:
        ValueError: If `kind` is not one of them.
    """
    if kind not in _LAYERS:
        raise ValueError(
            f"`normalization` must be one of {sorted(_LAYERS)}. Received: "
            f"normalization={kind!r}."
        )
    layer, options = _LAYERS[kind]
    return layer(epsilon=epsilon, **options, **kwargs)


def normalize(x, gamma, beta, kind, epsilon):
    """Normalise features as the layer of `make_normalization` does.

    Args:
        x: Float tensor `(..., hidden_dim)`.
        gamma: Float tensor `(hidden_dim,)`, the scale.
        beta: Float tensor `(hidden_dim,)`, the shift, or `None`.
        kind: Of the normalisation, as in `make_normalization`.
        epsilon: Number added to the variance.

    Returns:
        Float tensor of the shape and dtype of `x`.
    """
    if kind == "rms_norm":
        output = ops.rms_normalization(x, gamma, epsilon=epsilon)
    else:
        output = ops.layer_normalization(x, gamma, beta, epsilon=epsilon)
    return ops.cast(output, x.dtype)


def normalization_weights(layer):
    """Scale and shift of a layer of `make_normalization`, as tensors."""
    is_rms = isinstance(layer, keras.layers.RMSNormalization)
    scale, shift = (layer.scale, None) if is_rms else (layer.gamma, layer.beta)
    return [
        None if weight is None else ops.convert_to_tensor(weight)
        for weight in (scale, shift)
    ]
