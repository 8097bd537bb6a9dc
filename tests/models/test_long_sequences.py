"""Graphs decide about attention in blocks only where rows can be long."""

import keras
import numpy as np
import pytest

import keras_transformer as kt

tf = pytest.importorskip("tensorflow")

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="other backends know all lengths of a graph",
)


def make_encoder(positions, max_sequence_length):
    return kt.models.Encoder(
        vocabulary_size=9,
        num_layers=1,
        num_heads=2,
        hidden_dim=8,
        intermediate_dim=8,
        positions=positions,
        max_sequence_length=max_sequence_length,
        num_segments=0,
    )


def kinds_of_operations(model, training=True):
    tokens = tf.TensorSpec((None, None), "int32")
    mask = tf.TensorSpec((None, None), "bool")

    @tf.function(input_signature=[tokens, mask])
    def run(tokens, mask):
        inputs = {"token_ids": tokens, "padding_mask": mask}
        return model(inputs, training=training)

    graph = run.get_concrete_function().graph
    return {operation.type for operation in graph.get_operations()}


@pytest.mark.parametrize(
    ("positions", "longest", "decides"),
    [
        ("learned", 512, False),
        ("learned", 1023, False),
        ("learned", 1024, True),
        ("sinusoidal", 16, True),
        ("rotary", 16, True),
    ],
)
def test_learned_positions_tell_how_long_rows_can_be(
    positions, longest, decides
):
    found = kinds_of_operations(make_encoder(positions, longest))
    assert bool(found & {"If", "StatelessIf"}) is decides


def test_what_one_model_knows_is_not_true_of_another():
    short, long = make_encoder("learned", 16), make_encoder("rotary", 16)
    kinds_of_operations(short)
    assert {"If", "StatelessIf"} & kinds_of_operations(long)


def test_it_is_the_same_model():
    encoder = make_encoder("learned", 16)
    tokens = np.array([[1, 2, 3, 0]])
    inputs = {"token_ids": tokens, "padding_mask": tokens > 0}
    again = type(encoder).from_config(encoder.get_config())
    again.set_weights(encoder.get_weights())
    np.testing.assert_allclose(again(inputs), encoder(inputs), atol=1e-6)
