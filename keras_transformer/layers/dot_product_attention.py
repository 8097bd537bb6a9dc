"""The attention core: the one place where scores are computed."""

import keras
from keras import ops

from keras_transformer.kernels.stretches import runs_fused
from keras_transformer.layers.blocked_attention import (
    blocked_attention,
    has_many_scores,
)
from keras_transformer.layers.distance_bias import spread_distances
from keras_transformer.layers.grouped_heads import products, weighted_sums
from keras_transformer.layers.longest_sequence import known_longest
from keras_transformer.layers.masks import (
    MASKED,
    causal_mask,
    join_masks,
    sliding_window_mask,
)
from keras_transformer.layers.score_dropout import ScoreDropout
from keras_transformer.layers.stretches import draw_seed, score_weights


def dot_product_attention(
    query,
    key,
    value,
    mask=None,
    bias=None,
    is_causal=False,
    dropout=None,
    return_scores=False,
    scale=None,
    sliding_window=None,
    distance_bias=None,
    training=None,
):
    """Attend as in equation 1 of the paper, for all heads at once.

    [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762):
    `Attention(Q, K, V) = softmax(Q K^T / sqrt(d_k)) V`. Softmax is computed in
    float32 whatever the inputs are. A query that may see no key at all gets
    the mean of the values: finite, and of no use to anyone.

    Long sequences, from `MANY_SCORES` on, are worked on some queries at a
    time (see `blocked_attention`), where Keras has no kernel that never
    stores the scores. That needs to be without a `bias`, as `distance_bias`
    need not be, and without a `dropout` that is not a `ScoreDropout`.

    Args:
        query: Float tensor `(batch, heads, query_length, key_dim)`.
        key: Float tensor `(batch, key_value_heads, key_length, key_dim)`.
            Where it has fewer heads than `query`, each serves a group of
            neighbouring query heads
            ([Ainslie et al., 2023](https://arxiv.org/abs/2305.13245)).
        value: Float tensor `(batch, key_value_heads, key_length, value_dim)`.
        mask: Bool tensor that broadcasts to `(batch, heads, query_length,
            key_length)`, `True` = may be looked at.
        bias: Float tensor of such a shape, added to the scaled scores.
        is_causal: Whether a query is kept from looking at later keys; the
            first query stands at the first key.
        dropout: Function for the normalised scores, or `None`.
        return_scores: Whether to return the normalised scores as well.
        scale: Number that products of queries and keys are multiplied with.
            Default: `key_dim ** -0.5`.
        sliding_window: Distance from which on keys are out of sight, in both
            directions, or `None`; the first query stands at the first key.
        distance_bias: Float tensor `(heads, query_length + key_length - 1)`,
            added to the scaled scores too, by the distance of a key from a
            query; see `spread_distances`.
        training: Whether there will be a gradient. If so, a graph that
            leaves lengths open decides about blocks each time it runs, unless
            there is a `distance_bias` or a mask of pairs, or they are known
            to be short (see `longest_sequence`).

    Returns:
        Float tensor `(batch, heads, query_length, value_dim)`; with
        `return_scores` a pair of it and the scores `(batch, heads,
        query_length, key_length)`.
    """
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    sight = (mask, distance_bias, is_causal, sliding_window)

    def at_once():
        return _at_once(
            query,
            key,
            value,
            *sight,
            bias,
            dropout,
            return_scores,
            scale,
            training,
        )

    def in_blocks():
        repeatable = None if dropout is None else dropout.in_blocks()
        return blocked_attention(query, key, value, *sight, repeatable, scale)

    if (
        return_scores
        or bias is not None
        or not isinstance(dropout, (ScoreDropout, type(None)))
        or key.shape[-1] != value.shape[-1]
        or (dropout is None and _never_stores_scores(query, distance_bias))
    ):
        return at_once()
    lengths = ops.shape(query)[2], ops.shape(key)[2]
    if all(isinstance(length, int) for length in lengths):
        return in_blocks() if has_many_scores(*lengths) else at_once()
    # XLA, which may compile both ways, does not know lengths within these.
    has_pairs = mask is not None and mask.shape[2] != 1
    if distance_bias is not None or has_pairs or not training or _are_short():
        return at_once()
    if keras.backend.backend() == "tensorflow":
        return ops.cond(has_many_scores(*lengths), in_blocks, at_once)
    return at_once()


def _are_short():
    """Whether no sequence can be long enough for blocks."""
    longest = known_longest()
    return longest is not None and not has_many_scores(longest, longest)


def _never_stores_scores(query, distance_bias):
    """Whether Keras has a kernel here that no blocks are needed for.

    On TensorFlow it has none. That of torch has no gradient for a bias, and
    that of JAX is for accelerators, in half precision.
    """
    backend = keras.backend.backend()
    if distance_bias is not None or backend == "tensorflow":
        return False
    if backend == "torch":
        return True
    dtype = keras.backend.standardize_dtype(query.dtype)
    return dtype != "float32" and not any(
        device.startswith("cpu") for device in keras.distribution.list_devices()
    )


def _at_once(
    query,
    key,
    value,
    mask,
    distance_bias,
    is_causal,
    sliding_window,
    bias,
    dropout,
    return_scores,
    scale,
    training,
):
    """Attend with all scores of a call, in Keras's kernel or in steps."""
    lengths = ops.shape(query)[2], ops.shape(key)[2]
    if sliding_window is not None:
        mask = join_masks(sliding_window_mask(*lengths, sliding_window), mask)
    if distance_bias is not None:
        spread = spread_distances(distance_bias, *lengths)
        bias = spread if bias is None else bias + spread
    if not return_scores and dropout is None and _has_fused_kernel(key, value):
        return _fused(query, key, value, mask, bias, is_causal, scale)
    if is_causal:
        mask = join_masks(causal_mask(*lengths), mask)
    width = query.shape[1] * query.shape[3]
    if not return_scores and runs_fused(width, training):
        weights = _fused_weights(query, key, mask, bias, dropout, scale)
        return weighted_sums(weights, value)
    query = query * ops.cast(scale, query.dtype)
    logits = ops.cast(products(query, key), "float32")
    if bias is not None:
        logits = logits + ops.cast(bias, "float32")
    if mask is not None:
        logits = ops.where(mask, logits, MASKED)
    scores = ops.cast(ops.softmax(logits), value.dtype)
    weights = scores if dropout is None else dropout(scores)
    output = weighted_sums(weights, value)
    return (output, scores) if return_scores else output


def _fused_weights(query, key, mask, bias, dropout, scale):
    """Scores after dropout, of one kernel behind the products."""
    layer = dropout.layer if isinstance(dropout, ScoreDropout) else None
    weights = score_weights(
        products(query, key),
        mask,
        bias,
        None if layer is None else draw_seed(layer),
        scale=float(scale),
        rate=0.0 if layer is None else layer.rate,
    )
    return weights if layer or dropout is None else dropout(weights)


def _has_fused_kernel(key, value):
    """Whether Keras hands attention to a kernel that never stores the scores.

    On TensorFlow it has none, and computes what stands above; that of JAX
    wants values as wide as keys.
    """
    as_wide = key.shape[-1] == value.shape[-1]
    return as_wide and keras.backend.backend() != "tensorflow"


def _fused(query, key, value, mask, bias, is_causal, scale):
    if bias is not None and mask is not None:
        bias = ops.where(mask, ops.cast(bias, "float32"), _lowest(query.dtype))
        mask = None
    if bias is not None and is_causal:
        lengths = ops.shape(query)[2], ops.shape(key)[2]
        bias = ops.where(causal_mask(*lengths), bias, _lowest(query.dtype))
        is_causal = False
    if bias is not None:
        bias = ops.cast(bias, query.dtype)
    # (batch, length, heads, dim), as Keras wants it
    query, key, value = (
        ops.transpose(x, (0, 2, 1, 3)) for x in (query, key, value)
    )
    output = ops.dot_product_attention(
        query,
        key,
        value,
        bias=bias,
        mask=mask,
        scale=scale,
        is_causal=is_causal,
    )
    return ops.transpose(output, (0, 2, 1, 3))


def _lowest(dtype):
    """A masked score that stays finite in `dtype`."""
    return -3e4 if keras.backend.standardize_dtype(dtype) == "float16" else -1e9
