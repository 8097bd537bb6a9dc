"""The cache of `MultiHeadAttention`: step by step equals all at once."""

import keras
import numpy as np
import pytest

from keras_transformer.layers import (
    DecoderBlock,
    MultiHeadAttention,
    PositionalEmbedding,
)
from tests.layers.cases import (
    HEADS,
    KEY_DIM,
    QUERY_DIM,
    VALUE_DIM,
    VARIANTS,
    built_attention,
    make_attention,
    self_attention,
)
from tests.layers.checks import (
    assert_close,
    compiled,
    features,
    to_numpy,
)

BATCH, LENGTH, SLOTS = 3, 5, 7
PADDING = np.array(
    [
        [1, 1, 1, 1, 1, 1, 1],
        [1, 1, 0, 1, 0, 0, 0],
        [1, 0, 1, 1, 1, 0, 0],
    ],
    "bool",
)


@pytest.fixture(scope="module", params=VARIANTS)
def layer(request):
    return self_attention(request.param)


def run_in_parts(call, layer, x, sizes):
    """Send `x` through in parts of some sizes; join what comes out."""
    cache = layer.empty_cache(len(x), SLOTS)
    outputs, index = [], 0
    for size in sizes:
        part = x[:, index : index + size]
        output, cache = call(part, cache, index)
        outputs.append(to_numpy(output))
        index += size
    assert index == x.shape[1]
    return np.concatenate(outputs, axis=1)


@pytest.mark.parametrize(
    "sizes, mask",
    [((1,) * LENGTH, PADDING), ((3, 1, 1), None)],
    ids=["steps_padded", "prefill_unpadded"],
)
def test_cached_equals_uncached(layer, sizes, mask):
    x = features(BATCH, LENGTH, QUERY_DIM, seed=1)

    def call(part, cache, index):
        return layer(
            part,
            part,
            value_mask=mask,
            use_causal_mask=True,
            cache=cache,
            cache_index=index,
        )

    now = None if mask is None else mask[:, :LENGTH]
    wanted = layer(x, x, value_mask=now, use_causal_mask=True)
    assert_close(run_in_parts(call, layer, x, sizes), wanted)


def test_a_compiled_step_serves_every_index(layer):
    x = features(BATCH, LENGTH, QUERY_DIM, seed=1)
    traces = []

    def step(part, cache, index):
        traces.append(None)
        return layer(
            part,
            part,
            value_mask=PADDING,
            use_causal_mask=True,
            cache=cache,
            cache_index=index,
        )

    graph = compiled(step)

    def call(part, cache, index):
        return graph(
            keras.ops.convert_to_tensor(part),
            cache,
            keras.ops.convert_to_tensor(index, dtype="int32"),
        )

    wanted = layer(x, x, value_mask=PADDING[:, :LENGTH], use_causal_mask=True)
    assert_close(run_in_parts(call, layer, x, (1,) * LENGTH), wanted)
    assert len(traces) <= 2  # TensorFlow may look twice, JAX once


def test_cached_scores_are_those_of_all_slots(layer):
    x = features(BATCH, LENGTH, QUERY_DIM, seed=1)
    options = {"use_causal_mask": True, "return_attention_scores": True}
    _, wanted = layer(x, x, **options)
    cache = layer.empty_cache(BATCH, SLOTS)
    _, _, cache = layer(
        x[:, :3], x[:, :3], cache=cache, cache_index=0, **options
    )
    _, scores, cache = layer(
        x[:, 3:], x[:, 3:], cache=cache, cache_index=3, **options
    )
    assert scores.shape == (BATCH, HEADS, 2, SLOTS)
    assert_close(scores[..., :LENGTH], wanted[:, :, 3:])
    assert not to_numpy(scores)[..., LENGTH:].any()


def test_the_cache_of_the_caller_is_left_as_it_was():
    layer = self_attention("grouped")
    x = features(BATCH, 1, QUERY_DIM, seed=1)
    cache = layer.empty_cache(BATCH, SLOTS)
    _, updated = layer(x, x, use_causal_mask=True, cache=cache, cache_index=2)
    assert not to_numpy(cache["key"]).any()
    written = np.abs(to_numpy(updated["key"])).sum((0, 1, 3)) > 0
    assert written.tolist() == [slot == 2 for slot in range(SLOTS)]


@pytest.mark.parametrize("heads", [None, 1, 2])
def test_a_cache_is_as_large_as_its_heads_and_in_the_compute_dtype(heads):
    layer = self_attention(
        "plain", num_key_value_heads=heads, dtype="mixed_bfloat16"
    )
    cache = layer.empty_cache(BATCH, SLOTS)
    assert sorted(cache) == ["key", "value"]
    for entry in cache.values():
        assert entry.shape == (BATCH, heads or HEADS, SLOTS, KEY_DIM)
        assert keras.backend.standardize_dtype(entry.dtype) == "bfloat16"


@pytest.mark.parametrize("kind", ["plain", "rotary", "relative_one_way"])
def test_a_cache_works_in_mixed_precision(kind):
    encoding = make_attention(kind).position_encoding  # float32
    layer = MultiHeadAttention(
        HEADS, position_encoding=encoding, dtype="mixed_bfloat16"
    )
    x = features(BATCH, LENGTH, 24, seed=1)
    wanted = layer(x, x, use_causal_mask=True)

    def call(part, cache, index):
        return layer(
            part, part, use_causal_mask=True, cache=cache, cache_index=index
        )

    output = run_in_parts(call, layer, x, (2, 2, 1))
    assert_close(output, wanted, tolerance=0.03)


@pytest.mark.parametrize(
    "variant", ["plain", "no_bias", "grouped", "one_shared"]
)
def test_keys_of_an_encoder_may_be_projected_once(variant):
    layer = built_attention(variant)
    query = features(BATCH, LENGTH, QUERY_DIM, seed=1)
    source = features(BATCH, SLOTS, VALUE_DIM, seed=2)
    cache = layer.fill_cache(source)
    wanted = layer(query, source, value_mask=PADDING)
    assert_close(layer(query, value_mask=PADDING, cache=cache), wanted)
    for i in range(LENGTH):
        step = layer(query[:, i : i + 1], value_mask=PADDING, cache=cache)
        assert_close(step, wanted[:, i : i + 1])


def test_scores_of_a_filled_cache_are_those_of_the_source():
    layer = built_attention("grouped")
    query = features(BATCH, LENGTH, QUERY_DIM, seed=1)
    source = features(BATCH, SLOTS, VALUE_DIM, seed=2)
    options = {"value_mask": PADDING, "return_attention_scores": True}
    cache = layer.fill_cache(source)
    assert_close(
        layer(query, cache=cache, **options), layer(query, source, **options)
    )


def test_a_separate_key_can_be_projected_once():
    layer = make_attention("grouped")
    query = features(BATCH, LENGTH, QUERY_DIM, seed=1)
    source = features(BATCH, SLOTS, VALUE_DIM, seed=2)
    key = features(BATCH, SLOTS, 9, seed=3)
    wanted = layer(query, source, key)
    assert_close(layer(query, cache=layer.fill_cache(source, key)), wanted)


def test_what_a_cache_needs_is_said():
    layer = MultiHeadAttention(2)
    x = features(2, 3, 8)
    layer(x, x)
    with pytest.raises(ValueError, match="`value` is needed"):
        layer(x)
    with pytest.raises(ValueError, match="`cache_index` where there is one"):
        layer(x, x, cache_index=0)
    block = DecoderBlock(2, 7)
    block(x)
    with pytest.raises(ValueError, match="go together"):
        block(x, cache=block.empty_cache(2, 5))


def test_learned_positions_end_where_their_table_ends():
    layer = PositionalEmbedding(9, 4, max_sequence_length=5)
    layer(np.ones((1, 2), "int32"), start_index=3)
    with pytest.raises(ValueError, match="start_index=4"):
        layer(np.ones((1, 2), "int32"), start_index=4)
