"""A learned vector for every position."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_transformer")
class LearnedPositions(keras.layers.Layer):
    """Add a learned vector to each position.

    As [Gehring et al., 2017](https://arxiv.org/abs/1705.03122), section 3.1,
    for two sides that share a token table but not their positions; else
    `PositionalEmbedding` does it.

    Args:
        max_sequence_length: Most positions.
        position_offset: Row of the first position; those before it are never
            read.
        embeddings_initializer: Initializer of the table.
        **kwargs: `name`, `dtype` and the rest of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, length, hidden_dim)`.
        positions: Int tensor that broadcasts to `(batch, length)`, where
            tokens stand. Default: one after the other.
        start_index: Position of the first token, if `positions` is not given.

    Returns:
        Float tensor `(batch, length, hidden_dim)`.
    """

    def __init__(
        self,
        max_sequence_length: int = 512,
        position_offset: int = 0,
        embeddings_initializer="uniform",
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_position_rows(max_sequence_length, position_offset)
        self.max_sequence_length = max_sequence_length
        self.position_offset = position_offset
        self.embeddings_initializer = keras.initializers.get(
            embeddings_initializer
        )
        self.supports_masking = True

    def build(self, inputs_shape):
        self.table = keras.layers.Embedding(
            self.max_sequence_length + self.position_offset,
            inputs_shape[-1],
            embeddings_initializer=self.embeddings_initializer.clone(),
            dtype=self.dtype_policy,
            name="table",
        )
        self.table.build()

    def call(self, inputs, positions=None, start_index=0):
        check_length(inputs.shape[1], self.max_sequence_length, start_index)
        if positions is None:
            positions = positions_from(inputs, start_index)
        return inputs + self.table(positions + self.position_offset)

    def compute_output_shape(self, inputs_shape):
        return inputs_shape

    def get_config(self):
        return {
            **super().get_config(),
            "max_sequence_length": self.max_sequence_length,
            "position_offset": self.position_offset,
            "embeddings_initializer": keras.initializers.serialize(
                self.embeddings_initializer
            ),
        }


def positions_from(inputs, start_index):
    """Count the positions of `inputs`, int32 `(1, length)`."""
    length = ops.shape(inputs)[1]
    places = ops.arange(length, dtype="int32") + start_index
    return ops.expand_dims(places, 0)


def check_position_rows(max_sequence_length, position_offset):
    """Check the sizes of a table of positions.

    Raises:
        ValueError: If there is no position, or the first one has no row.
    """
    if max_sequence_length < 1:
        raise ValueError(
            "`max_sequence_length` must be at least 1. Received: "
            f"max_sequence_length={max_sequence_length}."
        )
    if position_offset < 0:
        raise ValueError(
            "`position_offset` must be at least 0, since it is the row of the "
            f"first position. Received: position_offset={position_offset}."
        )


def check_length(length, max_sequence_length, start_index):
    """Check that there is a position for every token.

    Args:
        length: Number of tokens, `None` where a graph does not know it.
        max_sequence_length: Most positions.
        start_index: Position of the first token.

    Raises:
        ValueError: If there are too few.
    """
    end = length
    if end is not None and isinstance(start_index, int):
        end += start_index  # known only outside of a graph
    if end is not None and end > max_sequence_length:
        raise ValueError(
            "The input is longer than the table of positions. Received: "
            f"length={length}, max_sequence_length={max_sequence_length}, "
            f"start_index={start_index}. Cut the texts, or build the model "
            "with more positions."
        )
