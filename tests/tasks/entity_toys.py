"""Token classifiers over a vocabulary that a test can oversee."""

import functools

import numpy as np

import keras_transformer as kt
from tests.layers.checks import randomize
from tests.tasks.toys import make_encoder

# Texts of words between spaces, and a label for each.
TEXTS = [
    "ada lives in london .",
    "in york lives bob",
    "bob and ada like tea",
    "tea in london",
    "ada love likes new york",
    "new york likes bob love .",
]
LABELS = [
    ["B-person", "O", "O", "B-place", "O"],
    ["O", "B-place", "O", "B-person"],
    ["B-person", "O", "B-person", "O", "O"],
    ["O", "O", "B-place"],
    ["B-person", "I-person", "O", "B-place", "I-place"],
    ["B-place", "I-place", "O", "B-person", "I-person", "O"],
]
NAMES = ["O", "B-person", "I-person", "B-place", "I-place"]
WORDS = sorted({word for text in TEXTS for word in text.split()})
# What each word is labelled with in a model whose weights are planted.
PLANTED = {"ada": 1, "bob": 1, "love": 2, "london": 3, "new": 3, "york": 4}


@functools.cache  # its graphs take longer to make than most tests
def make_tokenizer():
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [*"abcdelnortuvwy(),'\u00e9\u6771\u4eac"]
    pieces = [x for c in letters for x in (c, f"##{c}")]
    vocabulary = list(dict.fromkeys([*special, *WORDS, *pieces]))
    return kt.text.WordPieceTokenizer(vocabulary)


@functools.cache
def make_preprocessor(max_length=12, overlap=None):
    return kt.text.WindowPreprocessor(make_tokenizer(), max_length, overlap)


def make_token_classifier(
    labels=NAMES, max_length=12, overlap=None, encoder=None, **arguments
):
    preprocessor = make_preprocessor(max_length, overlap)
    encoder = make_encoder(preprocessor, **(encoder or {}))
    return kt.tasks.TokenClassifier(encoder, preprocessor, labels, **arguments)


def make_planted(max_length=12, overlap=None, **arguments):
    """A classifier that labels each word as `PLANTED` says."""
    preprocessor = make_preprocessor(max_length, overlap)
    tokenizer = preprocessor.tokenizer
    size = tokenizer.vocabulary_size
    encoder = kt.models.Encoder(
        vocabulary_size=size,
        num_layers=1,
        num_heads=1,
        hidden_dim=size,
        intermediate_dim=2,
        max_sequence_length=max_length,
        positions="none",
        num_segments=0,
        normalize_embedding=False,
        normalize_first=True,
        normalization="rms_norm",
        dropout=0.0,
    )
    task = kt.tasks.TokenClassifier(encoder, preprocessor, NAMES, **arguments)
    kernel = np.zeros((size, len(NAMES)))
    kernel[:, 0] = 20.0 / size**0.5
    for word, label in PLANTED.items():
        kernel[tokenizer.token_to_id(word)] = (
            20.0 / size**0.5 * np.eye(5)[label]
        )
    # The block adds nothing, so that a token stays what it is.
    planted = {
        "embedding/tokens/embeddings": np.eye(size),
        "final_norm/scale": np.ones(size),
        "logits/kernel": kernel,
    }
    task.set_weights(
        [planted.pop(w.path, np.zeros(w.shape)) for w in task.weights]
    )
    assert not planted
    return task


def make_lively(max_length=12, **arguments):
    """A classifier with random weights that sees entities in most texts."""
    task = randomize(make_token_classifier(max_length=max_length, **arguments))
    by_path = {weight.path: weight for weight in task.weights}
    by_path["logits/bias"].assign([-2.0, 1.0, 0.5, 1.0, 0.5])
    return task


def entities_of(answer):
    """For each text its entities as (entity, label, start, end)."""
    columns = [
        answer[name].numpy() for name in ("entity", "label", "start", "end")
    ]
    return [
        [
            (entity.decode(), label.decode(), int(start), int(end))
            for entity, label, start, end in zip(*row, strict=True)
            if start >= 0
        ]
        for row in zip(*columns, strict=True)
    ]
