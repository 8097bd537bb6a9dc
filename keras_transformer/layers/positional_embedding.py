"""Token embeddings that know where they stand."""

import keras
from keras import ops

_KINDS = ("learned", "sinusoidal", "none")


def sinusoidal_positions(positions, hidden_dim, max_wavelength=10_000.0):
    """Encode positions as sines and cosines.

    Section 3.5 of [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762):
    `PE(p, 2i) = sin(p / max_wavelength ** (2i / hidden_dim))` and
    `PE(p, 2i + 1)` the cosine of the same.

    Args:
        positions: Int or float tensor of any shape.
        hidden_dim: Width of an encoding.
        max_wavelength: Longest period, in positions, over 2 pi.

    Returns:
        float32 tensor `(*positions.shape, hidden_dim)`.
    """
    features = ops.arange(hidden_dim, dtype="int32")
    exponents = ops.cast(features - features % 2, "float32") / hidden_dim
    frequencies = 1.0 / (max_wavelength**exponents)
    angles = ops.cast(positions, "float32")[..., None] * frequencies
    return ops.where(features % 2 == 0, ops.sin(angles), ops.cos(angles))


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
        positions: `"learned"`, `"sinusoidal"`, or `"none"` where attention
            itself knows them.
        num_segments: Rows of the segment table, 0 for none.
        scale: Whether token vectors are multiplied by `sqrt(hidden_dim)`, as
            in the paper.
        embeddings_initializer: Initializer of the token table.
        position_initializer: Initializer of the position and segment tables.
            Default: that of the token table.
        **kwargs: `name`, `dtype` and the rest of `keras.layers.Layer`.

    Call arguments:
        inputs: Int tensor `(batch, length)`, the token ids; with `reverse` a
            float tensor `(..., hidden_dim)`.
        segment_ids: Int tensor `(batch, length)`, where there are segments.
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
            ("max_sequence_length", max_sequence_length),
        ):
            if value < 1:
                raise ValueError(
                    f"`{name}` must be at least 1. Received: {name}={value}."
                )
        self.vocabulary_size = vocabulary_size
        self.hidden_dim = hidden_dim
        self.max_sequence_length = max_sequence_length
        self.positions = positions
        self.num_segments = num_segments
        self.scale = scale
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
                self.max_sequence_length, "position_table"
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
            length = ops.shape(inputs)[1]
            positions = ops.arange(length, dtype="int32")[None] + start_index
        if self.positions == "learned":
            x = x + self.position_table(positions)
        elif self.positions == "sinusoidal":
            encodings = sinusoidal_positions(positions, self.hidden_dim)
            x = x + ops.cast(encodings, x.dtype)
        if self.num_segments:
            x = x + self.segment_table(segment_ids)
        return x

    def _check_inputs(self, inputs, segment_ids, start_index):
        end = inputs.shape[1]
        if end is not None and isinstance(start_index, int):
            end += start_index  # known only outside of a graph
        if (
            self.positions == "learned"
            and end is not None
            and end > self.max_sequence_length
        ):
            raise ValueError(
                "The input is longer than the table of positions. Received: "
                f"length={inputs.shape[1]}, "
                f"max_sequence_length={self.max_sequence_length}, "
                f"start_index={start_index}. Cut the texts, or build the "
                "model with more positions."
            )
        if bool(self.num_segments) != (segment_ids is not None):
            raise ValueError(
                "`segment_ids` are needed where `num_segments` is above 0, "
                f"and only there. Received: num_segments={self.num_segments}, "
                f"segment_ids={segment_ids}."
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
            "embeddings_initializer": keras.initializers.serialize(
                self.embeddings_initializer
            ),
            "position_initializer": keras.initializers.serialize(
                self.position_initializer
            ),
        }
