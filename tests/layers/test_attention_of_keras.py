"""`MultiHeadAttention` against the two layers of Keras that it replaces."""

import keras
import pytest
from keras import ops

from tests.layers.cases import (
    BATCH,
    HEADS,
    KEY_DIM,
    KEYS,
    MASKS,
    QUERIES,
    QUERY_DIM,
    VALUE_DIM,
    built_attention,
)
from tests.layers.checks import assert_close, features, gradients


@pytest.mark.parametrize(
    "variant, make",
    [
        ("plain", lambda: keras.layers.MultiHeadAttention(HEADS, KEY_DIM)),
        (
            "grouped",
            lambda: keras.layers.GroupQueryAttention(KEY_DIM, HEADS, 2),
        ),
    ],
    ids=["plain", "grouped"],
)
def test_equals_the_layer_of_keras(variant, make):
    ours, theirs = built_attention(variant), make()
    query = features(BATCH, QUERIES, QUERY_DIM, seed=1)
    value = features(BATCH, KEYS, VALUE_DIM, seed=2)
    theirs(query, value)
    theirs.set_weights(
        [
            w.reshape(of_keras.shape)
            for w, of_keras in zip(
                _weights_in_order(ours), theirs.weights, strict=True
            )
        ]
    )
    _compare_with_keras(ours, theirs, query, value)


def _weights_in_order(ours):
    """As Keras has them: query, key, value, output, a bias behind each."""
    weights = {
        "/".join(w.path.split("/")[-2:]): v
        for w, v in zip(ours.weights, ours.get_weights(), strict=True)
    }
    return [
        weights[f"{part}/{kind}"]
        for part in ("query", "key", "value", "output_projection")
        for kind in ("kernel", "bias")
    ]


def _compare_with_keras(ours, theirs, query, value):
    goal = features(BATCH, QUERIES, QUERY_DIM, seed=3)
    for masks in (
        {},
        {"value_mask": MASKS["value_mask"]["value_mask"]},
        {"use_causal_mask": True},
        {"attention_mask": MASKS["rank_3"]["attention_mask"]},
    ):
        assert_close(
            ours(query, value, return_attention_scores=True, **masks),
            theirs(query, value, return_attention_scores=True, **masks),
        )
        assert_close(ours(query, value, **masks), theirs(query, value, **masks))
    x = keras.Variable(query)
    found = [
        gradients(
            [x],
            lambda layer=layer: ops.sum(
                ops.multiply(
                    goal,
                    layer(
                        ops.convert_to_tensor(x), value, use_causal_mask=True
                    ),
                )
            ),
        )
        for layer in (ours, theirs)
    ]
    assert_close(*found)
