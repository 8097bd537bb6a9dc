import keras
import numpy as np
import pytest
from keras import ops

from keras_transformer.layers import (
    EncoderBlock,
    MultiHeadAttention,
    RotaryEmbedding,
)
from tests.layers import reference
from tests.layers.cases import (
    BATCH,
    HEADS,
    KEYS,
    MASKS,
    QUERIES,
    QUERY_DIM,
    VALUE_DIM,
    VARIANTS,
    built_attention,
    make_attention,
    reference_options,
    self_attention,
)
from tests.layers.checks import (
    assert_close,
    assert_finite,
    check_layer,
    features,
    gradients,
    randomize,
    to_numpy,
)


@pytest.fixture(scope="module", params=VARIANTS)
def variant(request):
    return request.param


@pytest.fixture(scope="module")
def layer(variant):
    return built_attention(variant)


@pytest.mark.parametrize("masks", MASKS)
def test_output_and_scores_are_those_of_the_paper(layer, variant, masks):
    query = features(BATCH, QUERIES, QUERY_DIM, seed=1)
    value = features(BATCH, KEYS, VALUE_DIM, seed=2)
    wanted, wanted_scores = reference.attention(
        reference.weights_of(layer),
        query,
        value,
        **reference_options(variant),
        **MASKS[masks],
    )
    fused = layer(query, value, **MASKS[masks])
    output, scores = layer(
        query, value, return_attention_scores=True, **MASKS[masks]
    )
    assert scores.shape == (BATCH, HEADS, QUERIES, KEYS)
    np.testing.assert_allclose(to_numpy(scores).sum(-1), 1.0, rtol=1e-5)
    assert_close(scores, wanted_scores)
    assert_close(output, wanted)
    assert_close(fused, wanted)


def test_keys_may_be_other_than_values():
    layer = make_attention("grouped_rotary_window")
    query = features(BATCH, QUERIES, QUERY_DIM, seed=1)
    value = features(BATCH, KEYS, VALUE_DIM, seed=2)
    key = features(BATCH, KEYS, 9, seed=3)
    layer(query, value, key)
    randomize(layer)
    wanted, _ = reference.attention(
        reference.weights_of(layer),
        query,
        value,
        key,
        **reference_options("grouped_rotary_window"),
        **MASKS["causal_and_padding"],
    )
    output = layer(query, value, key, **MASKS["causal_and_padding"])
    assert_close(output, wanted)


def test_gradients_are_the_slopes_of_the_reference(variant, layer):
    query = features(BATCH, QUERIES, QUERY_DIM, seed=1)
    value = features(BATCH, KEYS, VALUE_DIM, seed=2)
    goal = features(BATCH, QUERIES, QUERY_DIM, seed=3)
    masks = MASKS["all_of_them"]
    x = keras.Variable(query)

    def loss():
        output = layer(ops.convert_to_tensor(x), value, **masks)
        return ops.sum(ops.multiply(output, goal))

    found = gradients([x, *layer.trainable_variables], loss)
    weights = reference.weights_of(layer)
    rng = np.random.default_rng(4)
    way = [rng.normal(size=g.shape) for g in found]

    def reference_loss(step):
        moved = dict(
            (name, w + step * d)
            for (name, w), d in zip(weights.items(), way[1:], strict=True)
        )
        output, _ = reference.attention(
            moved,
            query + step * way[0],
            value,
            **reference_options(variant),
            **masks,
        )
        return (output * goal).sum()

    slope = (reference_loss(1e-5) - reference_loss(-1e-5)) / 2e-5
    along = sum((g * d).sum() for g, d in zip(found, way, strict=True))
    np.testing.assert_allclose(along, slope, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("scores", [False, True])
@pytest.mark.parametrize("name", ["plain", "one_shared_relative"])
def test_a_query_that_sees_nothing_stays_finite(name, scores, dtype):
    layer = make_attention(name, dtype=dtype)
    x = keras.Variable(10.0 * features(3, QUERIES, QUERY_DIM), dtype=dtype)
    layer(x[:1], x[:1])
    nothing = np.zeros((3, QUERIES), "bool")
    nothing[0, 1] = True  # of one sequence, one token is real

    def output():
        found = layer(
            ops.convert_to_tensor(x),
            ops.convert_to_tensor(x),
            value_mask=nothing,
            use_causal_mask=True,
            return_attention_scores=scores,
        )
        return found[0] if scores else found

    assert_finite(output())
    variables = [x, *layer.trainable_variables]
    assert_finite(gradients(variables, lambda: ops.sum(output() ** 2)))


def test_keras_masks_are_value_masks():
    token_ids = np.array([[3, 1, 4, 0, 0], [2, 0, 0, 0, 0], [5, 1, 2, 3, 4]])
    embedding = keras.layers.Embedding(6, QUERY_DIM, mask_zero=True)
    layer = self_attention("plain")
    x = embedding(token_ids)
    plain = ops.convert_to_tensor(to_numpy(x))
    wanted = layer(plain, plain, value_mask=token_ids > 0)
    assert_close(layer(x, x), wanted)
    assert not np.allclose(to_numpy(layer(plain, plain)), to_numpy(wanted))


def test_keras_masks_pass_through_the_functional_graph():
    token_ids = np.array([[3, 1, 4, 0, 0], [2, 0, 0, 0, 0], [5, 1, 2, 3, 4]])
    inputs = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(6, QUERY_DIM, mask_zero=True)(inputs)
    layer = self_attention("plain")
    pooled = keras.layers.GlobalAveragePooling1D()(layer(x, x))
    model = keras.Model(inputs, pooled)
    plain = ops.convert_to_tensor(to_numpy(model.layers[1](token_ids)))
    real = (token_ids > 0)[..., None]
    output = to_numpy(layer(plain, plain, value_mask=token_ids > 0))
    wanted = (output * real).sum(1) / real.sum(1)
    assert_close(model(token_ids), wanted)


def test_dropout_drops_scores_in_training_alone():
    layer = built_attention("plain", dropout=0.5)
    query = features(BATCH, QUERIES, QUERY_DIM, seed=1)
    value = features(BATCH, KEYS, VALUE_DIM, seed=2)
    same = built_attention("plain")(query, value)
    assert_close(layer(query, value), same)
    assert_close(layer(query, value, training=False), same)
    once, again = (layer(query, value, training=True) for _ in range(2))
    assert not np.allclose(to_numpy(once), to_numpy(again))
    _, scores = layer(query, value, return_attention_scores=True, training=True)
    np.testing.assert_allclose(to_numpy(scores).sum(-1), 1.0, rtol=1e-5)


def test_dropout_keeps_the_mean():
    layer = built_attention("plain", dropout=0.5, use_bias=False)
    query = np.repeat(features(1, QUERIES, QUERY_DIM, seed=1), 3000, axis=0)
    value = np.repeat(features(1, KEYS, VALUE_DIM, seed=2), 3000, axis=0)
    mean = to_numpy(layer(query, value, training=True)).mean(0)
    wanted = to_numpy(layer(query[:1], value[:1]))[0]
    np.testing.assert_allclose(mean, wanted, atol=0.15)


def test_a_width_of_heads_is_an_equal_share_by_default():
    layer = MultiHeadAttention(num_heads=4)
    x = features(2, 3, 20)
    assert layer(x, x).shape == (2, 3, 20)
    assert layer.key_dim == 5
    assert layer.query.kernel.shape == (20, 20)


@pytest.mark.parametrize(
    "name", ["grouped_rotary_window", "one_shared_relative", "plain"]
)
def test_keeps_the_promises_of_a_layer(name, tmp_path):
    check_layer(
        lambda **kwargs: make_attention(name, **kwargs),
        {
            "query": features(BATCH, QUERIES, QUERY_DIM, seed=1),
            "value": features(BATCH, KEYS, VALUE_DIM, seed=2),
            "value_mask": MASKS["value_mask"]["value_mask"],
        },
        tmp_path,
        use_causal_mask=True,
    )


def test_scores_keep_the_promises_of_a_layer(tmp_path):
    check_layer(
        lambda **kwargs: make_attention("grouped", **kwargs),
        {
            "query": features(BATCH, QUERIES, QUERY_DIM, seed=1),
            "value": features(BATCH, KEYS, VALUE_DIM, seed=2),
        },
        tmp_path,
        return_attention_scores=True,
    )


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"num_heads": 0}, "`num_heads` must be at least 1.*num_heads=0"),
        ({"key_dim": 0}, "`key_dim` must be at least 1.*key_dim=0"),
        ({"sliding_window": 0}, "`sliding_window` must be at least 1"),
        (
            {"num_key_value_heads": 3},
            "multiple of `num_key_value_heads`.*num_key_value_heads=3",
        ),
        (
            {"num_key_value_heads": -2},
            "`num_key_value_heads` must be at least 1",
        ),
        ({"position_encoding": "rotary"}, "`position_encoding` must be a Rot"),
    ],
)
def test_a_wrong_argument_is_an_error_that_names_it(arguments, words):
    with pytest.raises(ValueError, match=words):
        MultiHeadAttention(**{"num_heads": 4, **arguments})


def test_heads_of_unequal_width_are_an_error_that_names_widths_that_fit():
    x = features(2, 3, 14)
    with pytest.raises(ValueError, match="are 12 and 16"):
        MultiHeadAttention(num_heads=4)(x, x)


def test_odd_heads_cannot_be_rotated():
    x = features(2, 3, 14)
    layer = MultiHeadAttention(2, position_encoding=RotaryEmbedding())
    with pytest.raises(ValueError, match=r"`key_dim` must.*even.*key_dim=7"):
        layer(x, x)


def test_a_mask_of_pairs_is_no_value_mask():
    x = features(2, 3, 8)
    with pytest.raises(ValueError, match="`value_mask` must have the shape"):
        MultiHeadAttention(2)(x, x, value_mask=np.ones((2, 3, 3), "bool"))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("kind", ["rotary", "relative_both_ways"])
def test_positions_may_have_another_precision_than_the_block(kind, policy):
    encoding = make_attention(kind).position_encoding  # float32
    block = EncoderBlock(HEADS, 9, position_encoding=encoding, dtype=policy)
    output = block(features(2, 3, 16))
    assert keras.backend.standardize_dtype(output.dtype) == block.compute_dtype
    assert_finite(output)
