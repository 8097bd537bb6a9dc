"""Blocks whose stretches are kernels are the same blocks."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_transformer.kernels import stretches
from keras_transformer.kernels.hashed_dropout import hashed_dropout
from keras_transformer.layers import (
    DecoderBlock,
    EncoderBlock,
    RelativePositionBias,
    RotaryEmbedding,
)
from keras_transformer.layers import stretches as layer_stretches
from tests.layers.checks import (
    assert_close,
    compiled,
    features,
    gradients,
    randomize,
    to_numpy,
)

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="kernels are TensorFlow's"
)

BATCH, LENGTH, HIDDEN, HEADS = 3, 6, 8, 4
PADDING = np.arange(LENGTH) < np.array([[6], [4], [1]])

VARIANTS = {
    "post_norm": {},
    "gelu": {"activation": "gelu", "use_bias": False},
    "pre_norm": {"normalize_first": True, "activation": "gelu_tanh"},
    "rms_norm": {"normalize_first": True, "normalization": "rms_norm"},
    "rms_norm_behind": {"normalization": "rms_norm"},
    "without_shift": {"normalization": "layer_norm_without_bias"},
    "gated": {"activation": "swiglu"},
    "gated_no_bias": {"activation": "geglu_tanh", "use_bias": False},
    "own_function": {"activation": lambda x: ops.sin(x)},
    "grouped": {"num_key_value_heads": 2, "attention_scale": 0.3},
    "rotary": {"position_encoding": RotaryEmbedding()},
    "window": {"sliding_window": 2},
}


@pytest.fixture
def any_width(monkeypatch):
    """Kernels for the narrow blocks of tests too."""
    monkeypatch.setattr(stretches, "MIN_WIDTH", 1)


def results(block, inputs, fused, monkeypatch, **options):
    """Output and slopes of a block in training."""
    monkeypatch.setenv("KERAS_TRANSFORMER_FUSED", "1" if fused else "0")

    def run(*inputs):
        return block(*inputs, training=True, **options)

    output = compiled(run)(*inputs)
    variables = [
        *(keras.Variable(x) for x in inputs),
        *block.trainable_variables,
    ]

    def loss():
        values = [ops.convert_to_tensor(v) for v in variables[: len(inputs)]]
        return ops.sum(ops.sin(run(*values)))

    return output, gradients(variables, loss)


def assert_same(block, inputs, monkeypatch, **options):
    randomize(block)
    plain = results(block, inputs, False, monkeypatch, **options)
    fused = results(block, inputs, True, monkeypatch, **options)
    assert_close(fused[0], plain[0], 1e-5)
    assert_close(fused[1], plain[1], 1e-4)


@pytest.mark.parametrize("variant", VARIANTS)
def test_encoder_blocks_and_their_slopes_are_equal(
    any_width, monkeypatch, variant
):
    x = features(BATCH, LENGTH, HIDDEN)
    block = EncoderBlock(HEADS, 12, **VARIANTS[variant])
    block(x)
    assert_same(block, [x], monkeypatch, padding_mask=PADDING)


@pytest.mark.parametrize("normalize_first", [True, False])
def test_decoder_blocks_and_their_slopes_are_equal(
    any_width, monkeypatch, normalize_first
):
    x, source = features(BATCH, LENGTH, HIDDEN), features(BATCH, 9, HIDDEN)
    block = DecoderBlock(
        HEADS,
        12,
        cross_attention=True,
        normalize_first=normalize_first,
        position_encoding=RelativePositionBias(
            HEADS, bidirectional=False, num_buckets=4, max_distance=4
        ),
    )
    block(x, encoder_output=source)
    assert_same(
        block,
        [x],
        monkeypatch,
        padding_mask=PADDING,
        encoder_output=source,
    )


def test_what_is_computed_once_more_drops_the_same(any_width):
    x = features(BATCH, LENGTH, HIDDEN)
    found = []
    for checkpointing in (False, True):
        keras.utils.set_random_seed(5)
        block = EncoderBlock(
            HEADS,
            12,
            dropout=0.3,
            attention_dropout=0.3,
            feed_forward_dropout=0.3,
            gradient_checkpointing=checkpointing,
        )
        block(x)
        variables = block.trainable_variables

        def loss(block=block):
            return ops.sum(ops.sin(block(x, training=True)))

        found.append((gradients(variables, loss), loss()))
    assert_close(found[0], found[1], 1e-5)


@pytest.mark.parametrize(
    ("name", "shape", "rate"),
    [
        ("dropout", (BATCH, LENGTH, HIDDEN), 0.31),
        ("attention_dropout", (BATCH, HEADS, LENGTH, LENGTH), 0.32),
        ("feed_forward_dropout", (BATCH, LENGTH, 12), 0.33),
    ],
)
def test_each_dropout_is_at_its_place(
    any_width, monkeypatch, name, shape, rate
):
    seen = []

    def watched(x, seed, rate):
        if rate:
            seen.append((tuple(x.shape), rate))
        return hashed_dropout(x, seed, rate)

    monkeypatch.setattr(layer_stretches, "hashed_dropout", watched)
    x = features(BATCH, LENGTH, HIDDEN)
    block = EncoderBlock(HEADS, 12, **{name: rate})
    plain, again = (block(x, training=False) for _ in range(2))
    assert_close(plain, again, 0)
    first, second = (to_numpy(block(x, training=True)) for _ in range(2))
    assert np.abs(first - second).max() > 1e-3
    assert set(seen) == {(shape, rate)}


def test_training_reaches_the_same_loss(any_width, monkeypatch):
    x, y = features(32, LENGTH, HIDDEN), features(32, LENGTH, 1, seed=3)
    losses = []
    for fused in ("0", "1"):
        monkeypatch.setenv("KERAS_TRANSFORMER_FUSED", fused)
        keras.utils.set_random_seed(3)
        inputs = keras.Input((LENGTH, HIDDEN))
        block = EncoderBlock(HEADS, 16, activation="gelu")
        model = keras.Model(inputs, keras.layers.Dense(1)(block(inputs)))
        model.compile(keras.optimizers.Adam(0.01), "mse", jit_compile=False)
        history = model.fit(x, y, batch_size=8, epochs=8, verbose=0)
        losses.append(history.history["loss"])
    assert losses[0][-1] < 0.9 * losses[0][0]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-3)
