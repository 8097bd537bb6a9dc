"""Small masked language models, and what they say, by hand."""

import keras
import numpy as np

import keras_transformer as kt
from tests.layers.checks import randomize, to_numpy
from tests.tasks.toys import WORDS, make_encoder

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
MASKED = ["a [MASK] to watch", "[MASK]", "dull [MASK] slow [MASK] a bore"]


def make_preprocessor(max_length=12):
    return kt.text.EncoderPreprocessor(
        kt.text.WordPieceTokenizer([*SPECIAL, *WORDS]), max_length=max_length
    )


def make_masked_lm(max_length=12, num_segments=0, **options):
    preprocessor = make_preprocessor(max_length)
    encoder = make_encoder(preprocessor, num_segments)
    return randomize(kt.tasks.MaskedLM(encoder, preprocessor, **options))


def compile_sgd(task, rate=0.0, **options):
    """Nothing that adapts, and no graphs, which take longer than the work."""
    options = {"run_eagerly": keras.backend.backend() != "jax", **options}
    task.compile(keras.optimizers.SGD(rate), **options)
    return task


def nlls_and_hits(task, inputs, targets):
    """What the whole model says of all targets, in float64."""
    logits = to_numpy(task(inputs)).astype("float64")
    said = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    nlls = -np.take_along_axis(said, targets[:, :, None], -1)[:, :, 0]
    return nlls, logits.argmax(-1) == targets
