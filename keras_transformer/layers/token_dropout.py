"""Tokens hidden in training, so that no single one is relied upon."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_transformer")
class TokenDropout(keras.layers.Layer):
    """Replace random tokens by another one, in training alone.

    Word dropout, [Iyyer et al., 2015](https://aclanthology.org/P15-1162/),
    section 3: a model that cannot count on any word learns to use them all.
    With the unknown token as replacement, it also learns what to make of
    words that it has never seen.

    Args:
        rate: Share of tokens that is replaced.
        replacement_id: Id that takes their place.
        kept_ids: Ids that are never replaced, such as those of padding and
            of the tokens at the ends.
        seed: Makes the choice repeatable.
        **kwargs: `name`, `dtype` and the rest of `keras.layers.Layer`.

    Call arguments:
        inputs: Int tensor `(batch, length)`.
        training: Whether to replace.

    Returns:
        Int tensor `(batch, length)`.
    """

    def __init__(
        self, rate: float, replacement_id: int, kept_ids=(), seed=None, **kwargs
    ):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(
                f"`rate` must be at least 0 and below 1. Received: rate={rate}."
            )
        self.rate = rate
        self.replacement_id = replacement_id
        self.kept_ids = tuple(kept_ids)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs, training=False):
        if not training or not self.rate:
            return inputs
        chosen = (
            keras.random.uniform(ops.shape(inputs), seed=self.seed_generator)
            < self.rate
        )
        for kept in self.kept_ids:
            chosen = ops.logical_and(chosen, ops.not_equal(inputs, kept))
        return ops.where(
            chosen, ops.cast(self.replacement_id, inputs.dtype), inputs
        )

    def compute_output_spec(self, inputs, training=False):
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "rate": self.rate,
            "replacement_id": self.replacement_id,
            "kept_ids": list(self.kept_ids),
            "seed": self.seed,
        }
