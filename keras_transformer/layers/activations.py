"""Activations of feed-forward networks, by name."""

import keras

# Gated variants of Shazeer, 2020, by the activation of their gate.
GATES = {
    "glu": "sigmoid",
    "reglu": "relu",
    "geglu": "gelu",
    "geglu_tanh": "gelu_tanh",
    "swiglu": "silu",
}


@keras.saving.register_keras_serializable(package="keras_transformer")
def gelu_tanh(x):
    """Compute GELU by way of tanh, as GPT-2 and T5 1.1 do.

    The approximation of section 2 of
    [Hendrycks & Gimpel, 2016](https://arxiv.org/abs/1606.08415).
    """
    return keras.activations.gelu(x, approximate=True)


_OURS = {"gelu_tanh": gelu_tanh}


def has_own_name(activation):
    """Whether an activation has a name that Keras does not know."""
    return isinstance(activation, str) and (
        activation in GATES or activation in _OURS
    )


def get_activation(activation):
    """Get the function of a name.

    Args:
        activation: `"gelu_tanh"`, the name of a Keras activation, or a
            function.

    Returns:
        A function of a tensor.

    Raises:
        ValueError: If there is no such activation.
    """
    if isinstance(activation, str) and activation in _OURS:
        return _OURS[activation]
    return keras.activations.get(activation)


def find_name(activation):
    """Find the name by which `get_activation` knows an activation.

    Returns:
        A name; `None` for a function that has none.
    """
    if isinstance(activation, str):
        return activation
    name = getattr(activation, "__name__", None)
    known = getattr(keras.activations, str(name), None)
    return name if known is activation else None
