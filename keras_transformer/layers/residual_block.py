"""What encoder and decoder blocks have in common."""

import keras

from keras_transformer.kernels.stretches import runs_fused
from keras_transformer.layers.biases import standardize_biases
from keras_transformer.layers.feed_forward import FeedForward
from keras_transformer.layers.multi_head_attention import MultiHeadAttention
from keras_transformer.layers.normalization import (
    make_normalization,
    normalization_weights,
)
from keras_transformer.layers.position_encoding import (
    rebuild_encoding,
    serialize_encoding,
)
from keras_transformer.layers.recomputing import recomputed
from keras_transformer.layers.stretches import (
    add_and_normalize,
    draw_seed,
    normalized,
)


class ResidualBlock(keras.layers.Layer):
    """Sublayers, each with a residual connection and a normalisation.

    Section 3.1 of [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762):
    `LayerNorm(x + Dropout(Sublayer(x)))`, or, with `normalize_first`,
    `x + Dropout(Sublayer(LayerNorm(x)))`
    ([Xiong et al., 2020](https://arxiv.org/abs/2002.04745)).
    """

    def __init__(
        self,
        num_heads: int,
        intermediate_dim: int,
        *,
        activation="relu",
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        normalize_first: bool = False,
        normalization: str = "layer_norm",
        epsilon: float = 1e-6,
        use_bias=True,
        key_dim: int | None = None,
        num_key_value_heads: int | None = None,
        position_encoding=None,
        sliding_window: int | None = None,
        kernel_initializer="glorot_uniform",
        attention_scale: float | None = None,
        feed_forward_dropout: float = 0.0,
        gradient_checkpointing: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.num_heads = num_heads
        self.intermediate_dim = intermediate_dim
        self.activation = activation
        self.dropout = dropout
        self.attention_dropout = attention_dropout
        self.normalize_first = normalize_first
        self.normalization = normalization
        self.epsilon = epsilon
        self.use_bias = standardize_biases(use_bias)
        self.key_dim = key_dim
        self.num_key_value_heads = num_key_value_heads
        self.position_encoding = position_encoding
        self.sliding_window = sliding_window
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.attention_scale = attention_scale
        self.feed_forward_dropout = feed_forward_dropout
        self.gradient_checkpointing = gradient_checkpointing
        self.supports_masking = True

    def _attention(self, name, inputs_shape, value_shape, **options):
        attention = MultiHeadAttention(
            self.num_heads,
            key_dim=self.key_dim,
            num_key_value_heads=self.num_key_value_heads,
            dropout=self.attention_dropout,
            use_bias=self.use_bias,
            kernel_initializer=self.kernel_initializer.clone(),
            attention_scale=self.attention_scale,
            dtype=self.dtype_policy,
            name=name,
            **options,
        )
        attention.build(inputs_shape, value_shape)
        return attention

    def _self_attention(self, inputs_shape):
        return self._attention(
            "self_attention",
            inputs_shape,
            inputs_shape,
            position_encoding=self.position_encoding,
            sliding_window=self.sliding_window,
        )

    def _feed_forward(self, inputs_shape):
        layer = FeedForward(
            self.intermediate_dim,
            self.activation,
            dropout=self.feed_forward_dropout,
            use_bias=self.use_bias,
            kernel_initializer=self.kernel_initializer.clone(),
            dtype=self.dtype_policy,
            name="feed_forward",
        )
        layer.build(inputs_shape)
        return layer

    def _norm(self, name, inputs_shape):
        layer = make_normalization(
            self.normalization,
            self.epsilon,
            dtype=self.dtype_policy,
            name=name,
        )
        layer.build(inputs_shape)
        return layer

    def _dropout(self):
        return keras.layers.Dropout(
            self.dropout, dtype=self.dtype_policy, name="residual_dropout"
        )

    def _checkpointed(self, learns, function, *inputs):
        """Call a function; perhaps recompute it where there is a gradient."""
        if not (self.gradient_checkpointing and learns):
            return function(*inputs)
        return recomputed(self, function, *inputs)

    def _residual(self, x, norm, sublayer, training):
        """Connect a sublayer; return its output and its extras as a list.

        `norm` is `None` where what goes into the sublayer stays as it is.
        """
        before = self.normalize_first and norm is not None
        fused = runs_fused(x.shape[-1], training)
        normed = x
        if before:
            normed = self._normalized(norm, x) if fused else norm(x)
        output = sublayer(normed)
        output, *extras = output if isinstance(output, tuple) else (output,)
        if fused:
            norm = None if self.normalize_first else norm
            return self._added_and_normalized(output, x, norm), extras
        x = x + self.residual_dropout(output, training=training)
        return x if self.normalize_first else norm(x), extras

    def _normalized(self, norm, x):
        options = {"kind": self.normalization, "epsilon": self.epsilon}
        return normalized(x, *normalization_weights(norm), **options)

    def _added_and_normalized(self, output, x, norm):
        weights = (None, None) if norm is None else normalization_weights(norm)
        return add_and_normalize(
            output,
            x,
            *weights,
            draw_seed(self.residual_dropout),
            rate=self.dropout,
            kind=None if norm is None else self.normalization,
            epsilon=self.epsilon,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "intermediate_dim": self.intermediate_dim,
            "activation": keras.saving.serialize_keras_object(self.activation),
            "dropout": self.dropout,
            "attention_dropout": self.attention_dropout,
            "normalize_first": self.normalize_first,
            "normalization": self.normalization,
            "epsilon": self.epsilon,
            "use_bias": self.use_bias,
            "key_dim": self.key_dim,
            "num_key_value_heads": self.num_key_value_heads,
            "position_encoding": serialize_encoding(self.position_encoding),
            "sliding_window": self.sliding_window,
            "attention_scale": self.attention_scale,
            "feed_forward_dropout": self.feed_forward_dropout,
            "gradient_checkpointing": self.gradient_checkpointing,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
        }

    @classmethod
    def from_config(cls, config):
        activation = keras.saving.deserialize_keras_object(config["activation"])
        return cls(**{**rebuild_encoding(config), "activation": activation})
