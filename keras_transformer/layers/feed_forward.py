"""The feed-forward network at every position."""

import keras
from keras import ops

from keras_transformer.kernels.stretches import runs_fused
from keras_transformer.layers.activations import (
    GATES,
    find_name,
    get_activation,
    has_own_name,
)
from keras_transformer.layers.biases import has_bias, standardize_biases
from keras_transformer.layers.stretches import draw_seed, inner_features


@keras.saving.register_keras_serializable(package="keras_transformer")
class FeedForward(keras.layers.Layer):
    """Apply the same dense layers to every position.

    Equation 2 of [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762):
    `FFN(x) = activation(x W_1 + b_1) W_2 + b_2`; the gated variants of
    [Shazeer, 2020](https://arxiv.org/abs/2002.05202) compute
    `(activation(x W_gate + b_gate) * (x W_1 + b_1)) W_2 + b_2`.

    Args:
        intermediate_dim: Width between the layers, `d_ff` in the paper.
        activation: Name of a Keras activation, or a function; `"gelu_tanh"`
            for the approximation that GPT-2 uses; or one of `"glu"`,
            `"reglu"`, `"geglu"`, `"geglu_tanh"` and `"swiglu"` for a gated
            variant.
        dropout: Share of the inner features that is dropped in training.
        use_bias: Whether the layers add a bias; a sequence of places as in
            `EncoderBlock` says so with `"feed_forward"`.
        kernel_initializer: Initializer of the layers.
        **kwargs: `name`, `dtype` and the rest of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, length, hidden_dim)`.
        training: Whether features are dropped.

    Returns:
        Float tensor `(batch, length, hidden_dim)`.
    """

    def __init__(
        self,
        intermediate_dim: int,
        activation="relu",
        dropout: float = 0.0,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if intermediate_dim < 1:
            raise ValueError(
                "`intermediate_dim` must be at least 1. Received: "
                f"intermediate_dim={intermediate_dim}."
            )
        self.intermediate_dim = intermediate_dim
        self.activation = (
            activation
            if has_own_name(activation)
            else keras.activations.get(activation)
        )
        self.activation_name = find_name(self.activation)
        self.gated = self.activation in GATES
        self.dropout = dropout
        self.use_bias = standardize_biases(use_bias)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.supports_masking = True

    def build(self, inputs_shape):
        *leading, hidden_dim = inputs_shape
        inner_shape = (*leading, self.intermediate_dim)
        function = get_activation(GATES.get(self.activation, self.activation))
        if self.gated:
            self.gate = self._dense(self.intermediate_dim, "gate", function)
            self.gate.build(inputs_shape)
            function = None
        self.inner = self._dense(self.intermediate_dim, "inner", function)
        self.inner.build(inputs_shape)
        self.outer = self._dense(hidden_dim, "outer")
        self.outer.build(inner_shape)
        self.inner_dropout = keras.layers.Dropout(
            self.dropout, dtype=self.dtype_policy, name="inner_dropout"
        )

    def _dense(self, units, name, activation=None):
        return keras.layers.Dense(
            units,
            activation,
            use_bias=has_bias(self.use_bias, "feed_forward"),
            kernel_initializer=self.kernel_initializer.clone(),
            dtype=self.dtype_policy,
            name=name,
        )

    def call(self, inputs, training=None):
        if runs_fused(inputs.shape[-1], training) and self.activation_name:
            return self.outer(self._fused_features(inputs))
        x = self.inner(inputs)  # (batch, length, intermediate_dim)
        if self.gated:
            x = ops.multiply(self.gate(inputs), x)
        x = self.inner_dropout(x, training=training)
        return self.outer(x)  # (batch, length, hidden_dim)

    def _fused_features(self, inputs):
        """What goes into the outer layer, of a kernel behind the products."""
        parts = []
        for layer in (self.inner, self.gate) if self.gated else (self.inner,):
            bias = layer.bias
            parts.append(ops.matmul(inputs, layer.kernel))
            parts.append(None if bias is None else ops.convert_to_tensor(bias))
        name = self.activation_name
        return inner_features(
            *(parts if self.gated else (*parts, None, None)),
            draw_seed(self.inner_dropout),
            activation=GATES[name] if self.gated else name,
            rate=self.dropout,
        )

    def compute_output_shape(self, inputs_shape):
        return inputs_shape

    def get_config(self):
        activation = self.activation
        if not has_own_name(activation):
            activation = keras.activations.serialize(activation)
        return {
            **super().get_config(),
            "intermediate_dim": self.intermediate_dim,
            "activation": activation,
            "dropout": self.dropout,
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
        }
