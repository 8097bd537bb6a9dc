"""Token embeddings that know where they stand."""

import keras
from keras import ops

from keras_transformer.layers.learned_positions import (
    check_length,
    check_position_rows,
    positions_from,
)

_KINDS = ("learned", "sinusoidal", "sinusoidal_halves", "none")


def sinusoidal_positions(
    positions, hidden_dim, max_wavelength=10_000.0, in_halves=False
):
    """Encode positions as sines and cosines.

    Section 3.5 of [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762):
    `PE(p, 2i) = sin(p / max_wavelength ** (2i / hidden_dim))` and
    `PE(p, 2i + 1)` the cosine of the same.

    Args:
        positions: Int or float tensor of any shape.
        hidden_dim: Width of an encoding.
        max_wavelength: Longest period, in positions, over 2 pi.
        in_halves: Whether all sines come first, then all cosines, as in
            Marian ([Junczys-Dowmunt et al.,
            2018](https://aclanthology.org/P18-4020/)), and they do not take
            turns. Where `hidden_dim` is odd, there is one more sine.

    Returns:
        float32 tensor `(*positions.shape, hidden_dim)`.
    """
    features = ops.arange(hidden_dim, dtype="int32")
    sines = (hidden_dim + 1) // 2
    pairs = features % sines if in_halves else features // 2
    is_sine = features < sines if in_halves else features % 2 == 0
    exponents = ops.cast(2 * pairs, "float32") / hidden_dim
    frequencies = 1.0 / (max_wavelength**exponents)
    angles = ops.expand_dims(ops.cast(positions, "float32"), -1) * frequencies
    return ops.where(is_sine, ops.sin(angles), ops.cos(angles))


@keras.saving.register_keras_serializable(package="keras_transformer")
class PositionalEmbedding(keras.layers.Layer):
    """Turn token ids into vectors, add positions, and turn vectors back.

    Sections 3.4 and 3.5 of
    [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762). The token table
    also is the matrix that maps hidden states back to the vocabulary ("tied",
    [Press & Wolf, 2017](https://arxiv.org/abs/1608.05859)): call the layer
    with `reverse=True`.

    Args:
        vocabulary_size: Rows of the token table.
        hidden_dim: Width of a position, `d_model` in the paper.
        max_sequence_length: Most positions, for learned ones.
        positions: `"learned"`, `"sinusoidal"`, `"sinusoidal_halves"` (see
            `sinusoidal_positions`), or `"none"` where attention itself knows
            them.
        num_segments: Rows of the segment table, 0 for none. All tokens get
            the only row of one, as in RoBERTa.
        scale: Whether token vectors are multiplied by `sqrt(hidden_dim)`, as
            in the paper.
        embeddings_initializer: Initializer of the token table.
        position_initializer: Initializer of the position and segment tables.
            Default: that of the token table.
        position_offset: Row of the first position in a learned table, which
            has so many more; 2 in RoBERTa and BART.
        **kwargs: `name`, `dtype` and the rest of `keras.layers.Layer`.

    Call arguments:
        inputs: Int tensor `(batch, length)`, the token ids; with `reverse` a
            float tensor `(..., hidden_dim)`.
        segment_ids: Int tensor `(batch, length)`, where there are several
            segments.
        positions: Int tensor that broadcasts to `(batch, length)`, where
            tokens stand. Default: one after the other.
        start_index: Position of the first token, if `positions` is not given.
        reverse: Whether to map vectors to the vocabulary instead.

    Returns:
        Float tensor `(batch, length, hidden_dim)`; with `reverse`
        `(..., vocabulary_size)`, in float32.
    """

    def __init__(
        self,
        vocabulary_size: int,
        hidden_dim: int,
        max_sequence_length: int = 512,
        positions: str = "learned",
        num_segments: int = 0,
        scale: bool = False,
        embeddings_initializer="uniform",
        position_initializer=None,
        position_offset: int = 0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if positions not in _KINDS:
            raise ValueError(
                f"`positions` must be one of {_KINDS}. Received: "
                f"positions={positions!r}."
            )
        for name, value in (
            ("vocabulary_size", vocabulary_size),
            ("hidden_dim", hidden_dim),
        ):
            if value < 1:
                raise ValueError(
                    f"`{name}` must be at least 1. Received: {name}={value}."
                )
        check_position_rows(max_sequence_length, position_offset)
        self.vocabulary_size = vocabulary_size
        self.hidden_dim = hidden_dim
        self.max_sequence_length = max_sequence_length
        self.positions = positions
        self.num_segments = num_segments
        self.scale = scale
        self.position_offset = position_offset
        self.embeddings_initializer = keras.initializers.get(
            embeddings_initializer
        )
        self.position_initializer = keras.initializers.get(
            self.embeddings_initializer.clone()
            if position_initializer is None
            else position_initializer
        )

    def build(self, *_):
        self.tokens = keras.layers.ReversibleEmbedding(
            self.vocabulary_size,
            self.hidden_dim,
            embeddings_initializer=self.embeddings_initializer.clone(),
            reverse_dtype="float32",
            dtype=self.dtype_policy,
            name="tokens",
        )
        self.tokens.build()
        if self.positions == "learned":
            self.position_table = self._table(
                self.max_sequence_length + self.position_offset,
                "position_table",
            )
        if self.num_segments:
            self.segment_table = self._table(self.num_segments, "segment_table")

    def _table(self, rows, name):
        table = keras.layers.Embedding(
            rows,
            self.hidden_dim,
            embeddings_initializer=self.position_initializer.clone(),
            dtype=self.dtype_policy,
            name=name,
        )
        table.build()
        return table

    def call(
        self,
        inputs,
        segment_ids=None,
        positions=None,
        start_index=0,
        reverse=False,
    ):
        if reverse:
            return self.tokens(inputs, reverse=True)
        self._check_inputs(inputs, segment_ids, start_index)
        x = self.tokens(inputs)
        if self.scale:
            x = x * ops.cast(self.hidden_dim**0.5, x.dtype)
        if positions is None:
            positions = positions_from(inputs, start_index)
        if self.positions == "learned":
            x = x + self.position_table(positions + self.position_offset)
        elif self.positions != "none":
            encodings = sinusoidal_positions(
                positions,
                self.hidden_dim,
                in_halves=self.positions == "sinusoidal_halves",
            )
            x = x + ops.cast(encodings, x.dtype)
        if self.num_segments:
            if segment_ids is None:
                segment_ids = ops.zeros((1, 1), dtype="int32")
            x = x + self.segment_table(segment_ids)
        return x

    def _check_inputs(self, inputs, segment_ids, start_index):
        if self.positions == "learned":
            check_length(inputs.shape[1], self.max_sequence_length, start_index)
        given = segment_ids is not None
        if self.num_segments != 1 and bool(self.num_segments) != given:
            raise ValueError(
                "`segment_ids` are needed where `num_segments` is above 1, "
                "and cannot be where it is 0. Received: num_segments="
                f"{self.num_segments}, segment_ids={segment_ids}."
            )

    def compute_output_spec(self, inputs, *args, reverse=False, **kwargs):
        width = self.vocabulary_size if reverse else self.hidden_dim
        shape = inputs.shape[:-1] if reverse else inputs.shape
        dtype = "float32" if reverse else self.compute_dtype
        return keras.KerasTensor((*shape, width), dtype=dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "hidden_dim": self.hidden_dim,
            "max_sequence_length": self.max_sequence_length,
            "positions": self.positions,
            "num_segments": self.num_segments,
            "scale": self.scale,
            "position_offset": self.position_offset,
            "embeddings_initializer": keras.initializers.serialize(
                self.embeddings_initializer
            ),
            "position_initializer": keras.initializers.serialize(
                self.position_initializer
            ),
        }
