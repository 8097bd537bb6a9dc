"""Positions as a learned bias on the scores."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_transformer")
class RelativePositionBias(keras.layers.Layer):
    """Learn one number a head for each bucket of distances.

    The bias of T5 ([Raffel et al., 2020](https://arxiv.org/abs/1910.10683),
    section 2.1): half of the buckets hold one distance each, the other half
    ever longer stretches up to `max_distance`, and the last all beyond it.

    Args:
        num_heads: Heads of the attention.
        num_buckets: Buckets of distances, in both directions together.
        max_distance: Distance from which all share the last bucket.
        bidirectional: Whether keys after the query have buckets of their own.
            `False` for decoders.
        **kwargs: `name`, `dtype` and the rest of `keras.layers.Layer`.

    Call arguments:
        query_length: Number of queries.
        key_length: Number of keys; the first stands at position 0.
        start_index: Position of the first query.
        by_distance: Whether to return the bias of each distance once, and not
            for each pair; `spread_distances` makes the one of the other.

    Returns:
        Float tensor `(1, num_heads, query_length, key_length)`; with
        `by_distance` `(num_heads, query_length + key_length - 1)`, from the
        first key seen from the last query to the last key seen from the
        first.
    """

    def __init__(
        self,
        num_heads: int,
        num_buckets: int = 32,
        max_distance: int = 128,
        bidirectional: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        least = 4 if bidirectional else 2
        if num_buckets < least or num_buckets % least:
            raise ValueError(
                f"`num_buckets` must be a multiple of {least}, since each "
                "direction has as many short as long distances. Received: "
                f"num_buckets={num_buckets}, bidirectional={bidirectional}."
            )
        if max_distance <= num_buckets // least:
            raise ValueError(
                "`max_distance` must be above the distances that have a "
                f"bucket of their own. Received: max_distance={max_distance}, "
                f"num_buckets={num_buckets}."
            )
        self.num_heads = num_heads
        self.num_buckets = num_buckets
        self.max_distance = max_distance
        self.bidirectional = bidirectional

    def build(self, *_):
        if not self.built:
            self.embeddings = self.add_weight(
                name="embeddings",
                shape=(self.num_buckets, self.num_heads),
                initializer=keras.initializers.RandomNormal(0.02),
            )
            self.built = True

    def call(self, query_length, key_length, start_index=0, by_distance=False):
        if by_distance:
            number = query_length + key_length - 1
            first = 1 - query_length - start_index
            distances = ops.arange(number, dtype="int32") + first
            bias = ops.take(self.embeddings, self.buckets(distances), axis=0)
            return ops.transpose(bias)
        queries = ops.arange(query_length, dtype="int32") + start_index
        keys = ops.arange(key_length, dtype="int32")
        buckets = self.buckets(keys - ops.expand_dims(queries, 1))
        bias = ops.take(self.embeddings, buckets, axis=0)  # (q, k, heads)
        return ops.expand_dims(ops.transpose(bias, (2, 0, 1)), 0)

    def buckets(self, distances):
        """Number of the bucket for each distance, key less query position."""
        count = self.num_buckets
        offset = 0
        if self.bidirectional:
            count //= 2
            offset = ops.cast(distances > 0, "int32") * count
            distances = ops.absolute(distances)
        else:
            distances = ops.maximum(-distances, 0)
        exact = count // 2
        ratio = ops.cast(ops.maximum(distances, exact), "float32") / exact
        share = ops.log(ratio) / math.log(self.max_distance / exact)
        long = exact + ops.cast(share * (count - exact), "int32")
        long = ops.minimum(long, count - 1)
        return offset + ops.where(distances < exact, distances, long)

    def get_config(self):
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "num_buckets": self.num_buckets,
            "max_distance": self.max_distance,
            "bidirectional": self.bidirectional,
        }
