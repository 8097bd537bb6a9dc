"""Positions as rotations of queries and keys."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_transformer")
class RotaryEmbedding(keras.layers.Layer):
    """Rotate pairs of features by angles that grow with the position.

    [Su et al., 2021](https://arxiv.org/abs/2104.09864): the product of a
    rotated query and a rotated key depends on their distance alone. Feature
    `i` of the first half is paired with feature `i` of the second half, as in
    Llama, Mistral, Qwen2 and ModernBERT; the angle at position `p` is
    `p * max_wavelength ** (-2 i / dim)`.

    A factor stretches a model over longer texts: with `scaling_factor` alone
    all angles are divided by it
    ([Chen et al., 2023](https://arxiv.org/abs/2306.15595)); with
    `original_length` as well, only those of slow features are, as in Llama
    3.1: all of the angle if a feature turns less than `low_turns` times
    within `original_length` positions, none of it if more than `high_turns`
    times, and in between a share that falls with the number of turns.

    Args:
        max_wavelength: Base of the angles, `theta` in Llama.
        scaling_factor: Number by which angles are divided.
        original_length: Positions the model was first trained on, or `None`.
        low_turns: Turns up to which a feature is slow.
        high_turns: Turns from which on it is not.
        **kwargs: `name`, `dtype` and the rest of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, heads, length, dim)`, `dim` even.
        start_index: Position of the first one in `inputs`.

    Returns:
        Float tensor of the shape of `inputs`.
    """

    def __init__(
        self,
        max_wavelength: float = 10_000.0,
        scaling_factor: float = 1.0,
        original_length: int | None = None,
        low_turns: float = 1.0,
        high_turns: float = 4.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        for name, value in (
            ("max_wavelength", max_wavelength),
            ("scaling_factor", scaling_factor),
            ("original_length", original_length),
        ):
            if value is not None and not value > 0:
                raise ValueError(
                    f"`{name}` must be above 0. Received: {name}={value}."
                )
        if not 0 <= low_turns < high_turns:
            raise ValueError(
                "`low_turns` must be at least 0 and below `high_turns`. "
                f"Received: low_turns={low_turns}, high_turns={high_turns}."
            )
        self.max_wavelength = max_wavelength
        self.scaling_factor = scaling_factor
        self.original_length = original_length
        self.low_turns = low_turns
        self.high_turns = high_turns

    def call(self, inputs, start_index=0):
        length, dim = ops.shape(inputs)[2], inputs.shape[-1]
        if dim % 2:
            raise ValueError(
                "Rotary positions turn pairs of features, so `key_dim` must "
                f"be even. Received: key_dim={dim}."
            )
        # In float32: bfloat16 cannot tell position 257 from 258.
        positions = ops.cast(
            ops.arange(length, dtype="int32") + start_index, "float32"
        )
        angles = ops.expand_dims(positions, 1) * self._frequencies(dim)
        cos = ops.cast(ops.cos(angles), inputs.dtype)  # (length, dim / 2)
        sin = ops.cast(ops.sin(angles), inputs.dtype)
        first, second = ops.split(inputs, 2, axis=-1)
        return ops.concatenate(
            (first * cos - second * sin, second * cos + first * sin), axis=-1
        )

    def _frequencies(self, dim):
        """Radians a position by which each pair of features turns."""
        exponents = ops.arange(0, dim, 2, dtype="float32") / dim
        frequencies = 1.0 / (self.max_wavelength**exponents)
        stretched = frequencies / self.scaling_factor
        if self.original_length is None:
            return stretched
        turns = frequencies * (self.original_length / (2 * math.pi))
        kept = (turns - self.low_turns) / (self.high_turns - self.low_turns)
        kept = ops.clip(kept, 0.0, 1.0)
        return kept * frequencies + (1.0 - kept) * stretched

    def compute_output_shape(self, inputs_shape):
        return inputs_shape

    def get_config(self):
        return {
            **super().get_config(),
            "max_wavelength": self.max_wavelength,
            "scaling_factor": self.scaling_factor,
            "original_length": self.original_length,
            "low_turns": self.low_turns,
            "high_turns": self.high_turns,
        }
