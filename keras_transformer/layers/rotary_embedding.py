"""Positions as rotations of queries and keys."""

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

    Args:
        max_wavelength: Base of the angles, `theta` in Llama.
        scaling_factor: Number by which positions are divided, above 1 to
            stretch a model over longer texts
            ([Chen et al., 2023](https://arxiv.org/abs/2306.15595)).
        **kwargs: `name`, `dtype` and the rest of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, heads, length, dim)`, `dim` even.
        start_index: Position of the first one in `inputs`.

    Returns:
        Float tensor of the shape of `inputs`.
    """

    def __init__(self, max_wavelength=10_000.0, scaling_factor=1.0, **kwargs):
        super().__init__(**kwargs)
        for name, value in (
            ("max_wavelength", max_wavelength),
            ("scaling_factor", scaling_factor),
        ):
            if not value > 0:
                raise ValueError(
                    f"`{name}` must be above 0. Received: {name}={value}."
                )
        self.max_wavelength = max_wavelength
        self.scaling_factor = scaling_factor

    def call(self, inputs, start_index=0):
        length, dim = ops.shape(inputs)[2], inputs.shape[-1]
        if dim % 2:
            raise ValueError(
                "Rotary positions turn pairs of features, so `key_dim` must "
                f"be even. Received: key_dim={dim}."
            )
        # In float32: bfloat16 cannot tell position 257 from 258.
        exponents = ops.arange(0, dim, 2, dtype="float32") / dim
        frequencies = 1.0 / (self.max_wavelength**exponents)
        positions = ops.cast(
            ops.arange(length, dtype="int32") + start_index, "float32"
        )
        angles = (positions / self.scaling_factor)[:, None] * frequencies
        cos = ops.cast(ops.cos(angles), inputs.dtype)  # (length, dim / 2)
        sin = ops.cast(ops.sin(angles), inputs.dtype)
        first, second = ops.split(inputs, 2, axis=-1)
        return ops.concatenate(
            (first * cos - second * sin, second * cos + first * sin), axis=-1
        )

    def compute_output_shape(self, inputs_shape):
        return inputs_shape

    def get_config(self):
        return {
            **super().get_config(),
            "max_wavelength": self.max_wavelength,
            "scaling_factor": self.scaling_factor,
        }
