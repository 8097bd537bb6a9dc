"""Multi-head attention with grouped heads, positions and a cache."""

import keras
from keras import ops

from keras_transformer.layers.biases import has_bias, standardize_biases
from keras_transformer.layers.dot_product_attention import (
    dot_product_attention,
)
from keras_transformer.layers.head_sizes import check_heads, equal_share
from keras_transformer.layers.masks import (
    broadcast_mask,
    causal_mask,
    join_masks,
    key_padding_mask,
    sliding_window_mask,
)
from keras_transformer.layers.position_encoding import (
    build_encoding,
    check_position_encoding,
    rebuild_encoding,
    rotate,
    score_bias,
    serialize_encoding,
    uncached_bias,
)
from keras_transformer.layers.score_dropout import ScoreDropout


@keras.saving.register_keras_serializable(package="keras_transformer")
class MultiHeadAttention(keras.layers.Layer):
    """Let every position gather what it needs from others, in several heads.

    Section 3.2.2 of [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762):
    `MultiHead(Q, K, V) = Concat(head_1, ..., head_h) W_O` with
    `head_i = Attention(Q W_Q_i, K W_K_i, V W_V_i)`. It is called as
    `keras.layers.MultiHeadAttention` is, and has what that one lacks.

    Args:
        num_heads: Number of heads, `h` in the paper.
        key_dim: Width of one head, `d_k` in the paper. Default: the width of
            the query divided by `num_heads`.
        num_key_value_heads: Heads of keys and values, fewer than `num_heads`
            for grouped heads
            ([Ainslie et al., 2023](https://arxiv.org/abs/2305.13245)), 1 for
            one that all share. Default: `num_heads`.
        dropout: Share of the scores that is dropped in training.
        use_bias: Whether the four projections add a bias; or a sequence of
            those that do: `"query_key_value"`, `"attention_output"`.
        position_encoding: A `RotaryEmbedding` or a `RelativePositionBias`
            if the heads shall know where tokens stand, else `None`.
        sliding_window: Distance from which on keys are out of sight, in both
            directions; see `sliding_window_mask`. Default: none is.
        kernel_initializer: Initializer of the four projections.
        attention_scale: Number that products of queries and keys are
            multiplied with. Default: `key_dim ** -0.5`.
        **kwargs: `name`, `dtype` and the rest of `keras.layers.Layer`.

    Call arguments:
        query: Float tensor `(batch, query_length, query_dim)`.
        value: Float tensor `(batch, key_length, value_dim)`. May be left out
            where a `cache` holds all keys and values.
        key: Float tensor `(batch, key_length, key_dim)`. Default: `value`.
        attention_mask: Bool tensor `(batch, query_length, key_length)`,
            `True` = may be looked at; the batch axis may be left out, or an
            axis of heads put behind it.
        value_mask: Bool tensor `(batch, key_length)`, `True` = a real token.
            Set from the Keras mask of `value` if that has one.
        key_mask: Likewise for `key`.
        use_causal_mask: Whether a query is kept from looking at later keys.
        cache: Dict of `key` and `value`, each `(batch, num_key_value_heads,
            max_length, key_dim)`, from `empty_cache` or `fill_cache`.
        cache_index: Where the first query stands: its keys and values are
            written into the cache from there on, and it looks at the whole
            cache, so later slots have to be masked, as `use_causal_mask`
            does. `None` with a cache: keys and values are those of the cache,
            unchanged, as for the encoder output in a decoder.
        return_attention_scores: Whether to return the scores as well.
        training: Whether scores are dropped.

    Returns:
        Float tensor `(batch, query_length, query_dim)`, in a tuple with what
        else was asked for: the scores `(batch, num_heads, query_length,
        key_length)`, then the updated cache.
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int | None = None,
        num_key_value_heads: int | None = None,
        dropout: float = 0.0,
        use_bias=True,
        position_encoding=None,
        sliding_window: int | None = None,
        kernel_initializer="glorot_uniform",
        attention_scale: float | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.num_heads = num_heads
        self.key_dim = key_dim
        self.num_key_value_heads = num_key_value_heads or num_heads
        self.dropout = dropout
        self.use_bias = standardize_biases(use_bias)
        self.position_encoding = position_encoding
        self.sliding_window = sliding_window
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.attention_scale = attention_scale
        self.supports_masking = True
        check_heads(
            num_heads, self.num_key_value_heads, key_dim, sliding_window
        )
        check_position_encoding(position_encoding)

    def build(self, query_shape, value_shape, key_shape=None):
        query_dim = query_shape[-1]
        if self.key_dim is None:
            self.key_dim = equal_share(query_dim, self.num_heads)
        width = self.num_heads * self.key_dim
        key_width = self.num_key_value_heads * self.key_dim
        self.query = self._projection(width, "query", query_shape)
        self.key = self._projection(key_width, "key", key_shape or value_shape)
        self.value = self._projection(key_width, "value", value_shape)
        self.output_projection = self._projection(
            query_dim, "output_projection", (*query_shape[:-1], width)
        )
        self.score_dropout = keras.layers.Dropout(
            self.dropout, dtype=self.dtype_policy, name="score_dropout"
        )
        build_encoding(self.position_encoding)

    def _projection(self, units, name, inputs_shape):
        is_output = name == "output_projection"
        place = "attention_output" if is_output else "query_key_value"
        dense = keras.layers.Dense(
            units,
            use_bias=has_bias(self.use_bias, place),
            kernel_initializer=self.kernel_initializer.clone(),
            dtype=self.dtype_policy,
            name=name,
        )
        dense.build(inputs_shape)
        return dense

    def call(
        self,
        query,
        value=None,
        key=None,
        attention_mask=None,
        value_mask=None,
        key_mask=None,
        use_causal_mask=False,
        cache=None,
        cache_index=None,
        return_attention_scores=False,
        training=None,
    ):
        _check_source(value, cache, cache_index)
        start_index = 0 if cache_index is None else cache_index
        queries = self._split_heads(self.query(query), self.num_heads)
        queries = rotate(self.position_encoding, queries, start_index)
        if cache is None:
            cache = self.fill_cache(value, key)
        elif cache_index is not None:
            cache = self._extend_cache(cache, value, key, cache_index)
        keys, values = cache["key"], cache["value"]
        lengths = ops.shape(queries)[2], ops.shape(keys)[2]
        mask = join_masks(
            broadcast_mask(attention_mask, "attention_mask"),
            key_padding_mask(value_mask, "value_mask"),
            key_padding_mask(key_mask, "key_mask"),
        )
        output = dot_product_attention(
            queries,
            keys,
            values,
            dropout=self._active_dropout(training),
            return_scores=return_attention_scores,
            scale=self.attention_scale,
            training=training,
            **self._positions(mask, lengths, cache_index, use_causal_mask),
        )
        output, *scores = output if return_attention_scores else (output,)
        output = self.output_projection(self._join_heads(output))
        extras = scores if cache_index is None else (*scores, cache)
        return (output, *extras) if extras else output

    def empty_cache(self, batch_size, max_length):
        """Make a cache of zeros for the keys and values of a sequence.

        Args:
            batch_size: Number of sequences.
            max_length: Most positions it can hold.

        Returns:
            Dict of `key` and `value`, each `(batch_size, num_key_value_heads,
            max_length, key_dim)`, in the compute dtype.
        """
        shape = (batch_size, self.num_key_value_heads, max_length, self.key_dim)
        empty = ops.zeros(shape, dtype=self.compute_dtype)
        return {"key": empty, "value": empty}

    def fill_cache(self, value, key=None, start_index=0):
        """Project keys and values once, for queries that come later.

        Args:
            value: Float tensor `(batch, key_length, value_dim)`, such as the
                output of an encoder.
            key: Likewise; default: `value`.
            start_index: Where the first key stands.

        Returns:
            Dict of `key` and `value`, each `(batch, num_key_value_heads,
            key_length, key_dim)`, to call with as `cache`.
        """
        key = value if key is None else key
        keys = self._split_heads(self.key(key), self.num_key_value_heads)
        keys = rotate(self.position_encoding, keys, start_index)
        values = self._split_heads(self.value(value), self.num_key_value_heads)
        return {"key": keys, "value": values}

    def _extend_cache(self, cache, value, key, index):
        new = self.fill_cache(value, key, index)
        start = (0, 0, index, 0)
        return {
            name: ops.slice_update(cache[name], start, new[name])
            for name in ("key", "value")
        }

    def _positions(self, mask, lengths, cache_index, causal):
        """What positions say of the scores: arguments of the core."""
        if cache_index is not None:
            seen = self._position_mask(lengths, cache_index, causal)
            bias = score_bias(self.position_encoding, lengths, cache_index)
            return {"mask": join_masks(seen, mask), "bias": bias}
        # The core, which may have a kernel for these, works them out.
        return {
            "mask": mask,
            "is_causal": causal,
            "sliding_window": self.sliding_window,
            **uncached_bias(self.position_encoding, lengths),
        }

    def _position_mask(self, lengths, start_index, causal):
        return join_masks(
            causal_mask(*lengths, start_index) if causal else None,
            sliding_window_mask(*lengths, self.sliding_window, start_index)
            if self.sliding_window
            else None,
        )

    def _active_dropout(self, training):
        if not training or not self.dropout:
            return None
        return ScoreDropout(self.score_dropout)

    def _split_heads(self, x, heads):
        batch, length = ops.shape(x)[:2]
        x = ops.reshape(x, (batch, length, heads, self.key_dim))
        return ops.transpose(x, (0, 2, 1, 3))

    def _join_heads(self, x):
        x = ops.transpose(x, (0, 2, 1, 3))
        batch, length = ops.shape(x)[:2]
        return ops.reshape(x, (batch, length, self.num_heads * self.key_dim))

    def compute_mask(self, query, mask=None):
        return mask[0] if isinstance(mask, (list, tuple)) else mask

    def get_config(self):
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "key_dim": self.key_dim,
            "num_key_value_heads": self.num_key_value_heads,
            "dropout": self.dropout,
            "use_bias": self.use_bias,
            "position_encoding": serialize_encoding(self.position_encoding),
            "sliding_window": self.sliding_window,
            "attention_scale": self.attention_scale,
            "kernel_initializer": keras.initializers.serialize(
                self.kernel_initializer
            ),
        }

    @classmethod
    def from_config(cls, config):
        return cls(**rebuild_encoding(config))


def _check_source(value, cache, cache_index):
    if cache is None and (value is None or cache_index is not None):
        raise ValueError(
            "`value` is needed where there is no `cache`, and a `cache_index` "
            f"where there is one to write to. Received: value={value}, "
            f"cache=None, cache_index={cache_index}."
        )
