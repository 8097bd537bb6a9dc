"""From hidden states to the vocabulary: the token table, or a matrix."""

import keras


def make_vocabulary_head(model, tie_weights):
    """Make the matrix of a model that does not use its token table.

    Args:
        model: Has `hidden_dim`, `vocabulary_size` and `dtype_policy`.
        tie_weights: Whether the table is used.

    Returns:
        A dense layer, or `None`.
    """
    if tie_weights:
        return None
    head = keras.layers.Dense(
        model.vocabulary_size,
        use_bias=False,
        kernel_initializer=keras.initializers.TruncatedNormal(stddev=0.02),
        dtype="float32",
        name="head",
    )
    head.build((None, model.hidden_dim))
    return head


def project_to_vocabulary(embedding, head, states):
    """Map states to logits.

    Args:
        embedding: The `layers.PositionalEmbedding` of the model.
        head: From `make_vocabulary_head`.
        states: Float tensor `(..., hidden_dim)`.

    Returns:
        Float32 tensor `(..., vocabulary_size)`.
    """
    return embedding(states, reverse=True) if head is None else head(states)
