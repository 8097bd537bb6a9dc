"""The two normalisations that Transformers use, by name."""

import keras

_LAYERS = {
    "layer_norm": keras.layers.LayerNormalization,
    "rms_norm": keras.layers.RMSNormalization,
}


def make_normalization(kind, epsilon=1e-6, **kwargs):
    """Make a layer that normalises the features of every position.

    Args:
        kind: `"layer_norm"`
            ([Ba et al., 2016](https://arxiv.org/abs/1607.06450)) or
            `"rms_norm"`
            ([Zhang & Sennrich, 2019](https://arxiv.org/abs/1910.07467)).
        epsilon: Number added to the variance.
        **kwargs: `name`, `dtype` and the rest of `keras.layers.Layer`.

    Returns:
        A Keras layer.

    Raises:
        ValueError: If `kind` is not one of the two.
    """
    if kind not in _LAYERS:
        raise ValueError(
            f"`normalization` must be one of {sorted(_LAYERS)}. Received: "
            f"normalization={kind!r}."
        )
    return _LAYERS[kind](epsilon=epsilon, **kwargs)
