import numpy as np
import pytest

from keras_transformer.layers import (
    DecoderBlock,
    RelativePositionBias,
    RotaryEmbedding,
)
from tests.layers import reference
from tests.layers.checks import (
    assert_close,
    check_layer,
    features,
    randomize,
    to_numpy,
)

BATCH, LENGTH, SOURCE, HIDDEN, SOURCE_DIM, HEADS = 3, 5, 6, 8, 10, 2
MASK = np.array(
    [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [1, 0, 1, 1, 0]],
    "bool",
)
SOURCE_MASK = np.array(
    [[1, 1, 1, 1, 1, 1], [1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0]],
    "bool",
)


def built_block(cross_attention=False, **options):
    block = DecoderBlock(HEADS, 7, cross_attention=cross_attention, **options)
    source = features(1, 3, SOURCE_DIM) if cross_attention else None
    block(features(1, 2, HIDDEN), encoder_output=source)
    return randomize(block)


def sources(cross_attention):
    if not cross_attention:
        return {}
    return {
        "encoder_output": features(BATCH, SOURCE, SOURCE_DIM, seed=2),
        "encoder_padding_mask": SOURCE_MASK,
    }


@pytest.mark.parametrize("normalization", ["layer_norm", "rms_norm"])
@pytest.mark.parametrize("normalize_first", [False, True])
@pytest.mark.parametrize("cross_attention", [False, True])
def test_sublayers_are_added_and_normalised_in_the_order_asked_for(
    cross_attention, normalize_first, normalization
):
    block = built_block(
        cross_attention,
        normalize_first=normalize_first,
        normalization=normalization,
        activation="geglu",
    )
    given = sources(cross_attention)
    scores = []

    def weights(name):
        return reference.weights_of(getattr(block, name))

    def attend(name, x, source, **masks):
        heads = {"num_heads": HEADS, "key_dim": HIDDEN // HEADS}
        x, found = reference.attention(
            weights(name), x, source, **heads, **masks
        )
        scores.append(found)
        return x

    def connect(x, name, function):
        def norm(x):
            name_of_norm = f"{name}_norm"
            return reference.normalized(
                weights(name_of_norm), name_of_norm, x, normalization
            )

        if normalize_first:
            return x + function(norm(x))
        return norm(x + function(x))

    inputs = features(BATCH, LENGTH, HIDDEN)
    x = connect(
        inputs.astype("float64"),
        "self_attention",
        lambda x: attend(
            "self_attention", x, x, value_mask=MASK, use_causal_mask=True
        ),
    )
    if cross_attention:
        x = connect(
            x,
            "source_attention",
            lambda x: attend(
                "source_attention",
                x,
                given["encoder_output"],
                value_mask=SOURCE_MASK,
            ),
        )
    x = connect(
        x,
        "feed_forward",
        lambda x: reference.feed_forward(weights("feed_forward"), x, "geglu"),
    )
    assert_close(block(inputs, MASK, **given), x, tolerance=1e-4)
    found = block(inputs, MASK, return_attention_scores=True, **given)
    assert_close(found, (x, *scores), tolerance=1e-4)


@pytest.mark.parametrize("cross_attention", [False, True])
def test_the_past_does_not_see_the_future(cross_attention):
    block = built_block(cross_attention)
    given = sources(cross_attention)
    x = features(BATCH, LENGTH, HIDDEN)
    altered = x.copy()
    altered[:, 3, :4] += 1.0
    before, after = (to_numpy(block(y, **given)) for y in (x, altered))
    np.testing.assert_allclose(after[:, :3], before[:, :3], atol=1e-6)
    assert (np.abs(after[:, 3:] - before[:, 3:]).max(-1) > 1e-4).all()


def test_blind_to_padding_on_both_sides():
    block = built_block(cross_attention=True)
    given = sources(True)
    x = features(BATCH, LENGTH, HIDDEN)
    wanted = to_numpy(block(x, padding_mask=MASK, **given))
    source = given["encoder_output"]
    altered = {
        "encoder_output": np.pad(
            np.where(SOURCE_MASK[..., None], source, 9.0),
            [(0, 0), (0, 1), (0, 0)],
        ),
        "encoder_padding_mask": np.pad(SOURCE_MASK, [(0, 0), (0, 1)]),
    }
    x = np.pad(np.where(MASK[..., None], x, 9.0), [(0, 0), (0, 2), (0, 0)])
    mask = np.pad(MASK, [(0, 0), (0, 2)])
    found = to_numpy(block(x, padding_mask=mask, **altered))[:, :LENGTH]
    np.testing.assert_allclose(found[MASK], wanted[MASK], atol=1e-5)


def test_the_target_sees_the_source():
    block = built_block(cross_attention=True)
    given = sources(True)
    x = features(BATCH, LENGTH, HIDDEN)
    before = to_numpy(block(x, **given))
    given["encoder_output"] = given["encoder_output"].copy()
    given["encoder_output"][:, 0] += 1.0
    after = to_numpy(block(x, **given))
    assert (np.abs(after - before).max(-1) > 1e-4).all()


def test_an_attention_mask_joins_the_causal_mask():
    block = built_block()
    x = features(BATCH, LENGTH, HIDDEN)
    everything = np.ones((LENGTH, LENGTH), "bool")
    assert_close(block(x, attention_mask=everything), block(x))
    itself = np.eye(LENGTH, dtype="bool")
    found = to_numpy(block(x, attention_mask=itself))
    for i in range(LENGTH):
        alone = np.repeat(x[:, i : i + 1], 2, axis=1)
        assert_close(found[:, i : i + 1], to_numpy(block(alone))[:, :1])


CACHED = {
    "plain": {},
    "pre_norm": {"normalize_first": True},
    "cross": {"cross_attention": True},
    "cross_rotary_grouped": {
        "cross_attention": True,
        "position_encoding": RotaryEmbedding(50.0),
        "num_key_value_heads": 1,
        "sliding_window": 3,
    },
    "relative": {
        "position_encoding": RelativePositionBias(
            HEADS, 4, 4, bidirectional=False
        ),
    },
}


@pytest.mark.parametrize("name", CACHED)
def test_cached_equals_uncached(name):
    block = built_block(**CACHED[name])
    given = sources(block.cross_attention)
    x = features(BATCH, LENGTH, HIDDEN)
    wanted = to_numpy(block(x, padding_mask=MASK, **given))
    source = given.pop("encoder_output", None)
    cache = block.empty_cache(BATCH, LENGTH + 2, source)
    slots = np.pad(MASK, [(0, 0), (0, 2)])
    index = 0
    for size in (2, 1, 1, 1):
        output, cache = block(
            x[:, index : index + size],
            padding_mask=slots,
            cache=cache,
            cache_index=index,
            **given,
        )
        assert_close(output, wanted[:, index : index + size])
        index += size


def test_cached_scores_come_before_the_cache():
    block = built_block(cross_attention=True)
    given = sources(True)
    x = features(BATCH, 2, HIDDEN)
    cache = block.empty_cache(BATCH, LENGTH, given.pop("encoder_output"))
    output, scores, source_scores, cache = block(
        x, cache=cache, cache_index=0, return_attention_scores=True, **given
    )
    assert output.shape == (BATCH, 2, HIDDEN)
    assert scores.shape == (BATCH, HEADS, 2, LENGTH)
    assert source_scores.shape == (BATCH, HEADS, 2, SOURCE)
    assert sorted(cache) == ["self_attention", "source_attention"]


@pytest.mark.parametrize("cross_attention", [False, True])
def test_keeps_the_promises_of_a_layer(cross_attention, tmp_path):
    def make(**kwargs):
        return DecoderBlock(HEADS, 7, cross_attention=cross_attention, **kwargs)

    inputs = {
        "inputs": features(BATCH, LENGTH, HIDDEN),
        "padding_mask": MASK,
        **sources(cross_attention),
    }
    check_layer(make, inputs, tmp_path)


@pytest.mark.parametrize("rate", ["dropout", "attention_dropout"])
def test_dropout_drops_in_training_alone(rate):
    block = built_block(cross_attention=True, **{rate: 0.5})
    given = sources(True)
    x = features(BATCH, LENGTH, HIDDEN)
    assert_close(block(x, **given), built_block(True)(x, **given))
    once, again = (to_numpy(block(x, training=True, **given)) for _ in "ab")
    assert not np.allclose(once, again)


@pytest.mark.parametrize("cross_attention", [False, True])
def test_a_source_is_needed_for_cross_attention_and_only_there(
    cross_attention,
):
    block = DecoderBlock(HEADS, 7, cross_attention=cross_attention)
    x = features(BATCH, LENGTH, HIDDEN)
    source = None if cross_attention else x
    with pytest.raises(ValueError, match="`encoder_output` is needed where"):
        block(x, encoder_output=source)
