"""From hidden states to the tokens that are hidden: BERT's `cls.predictions`."""

import keras
from keras import ops

from keras_transformer.layers.normalization import make_normalization


@keras.saving.register_keras_serializable(package="keras_transformer")
class OutputBias(keras.layers.Layer):
    """Add a number to the logit of each token.

    Args:
        **kwargs: `name`, `dtype` and the rest of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(..., vocabulary_size)`, logits.

    Returns:
        Float tensor of the same shape.
    """

    def build(self, inputs_shape):
        self.bias = self.add_weight(
            (inputs_shape[-1],), initializer="zeros", name="bias"
        )

    def call(self, inputs):
        return ops.add(inputs, self.bias)

    def compute_output_shape(self, inputs_shape):
        return inputs_shape


def make_masked_lm_head(encoder):
    """Make the layers before and behind the token table.

    Args:
        encoder: A `models.Encoder`.

    Returns:
        Dict of built layers by attribute: `transform` and `transform_norm`
        between the encoder and its table, `output_bias` behind that.
    """
    stddev = encoder.initializer_range
    layers = {
        "transform": keras.layers.Dense(
            encoder.hidden_dim,
            "gelu",
            kernel_initializer=keras.initializers.TruncatedNormal(stddev=stddev)
            if stddev
            else "glorot_uniform",
            dtype=encoder.dtype_policy,
            name="transform",
        ),
        "transform_norm": make_normalization(
            "layer_norm",
            encoder.epsilon,
            dtype=encoder.dtype_policy,
            name="transform_norm",
        ),
        "output_bias": OutputBias(dtype="float32", name="output_bias"),
    }
    for name, layer in layers.items():
        width = encoder.hidden_dim
        if name == "output_bias":
            width = encoder.vocabulary_size
        layer.build((None, width))
    return layers
