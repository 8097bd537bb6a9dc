"""Small tasks over a vocabulary that a test can oversee."""

import functools

import keras_transformer as kt

TEXTS = [
    "a joy to watch",
    "what a bore",
    "great fun for all",
    "dull and slow",
    "a great joy",
    "slow and what a bore",
]
LABELS = ["good", "bad", "good", "bad", "good", "bad"]
WORDS = sorted({word for text in TEXTS for word in text.split()})


def make_preprocessor(max_length=12):
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    return kt.text.EncoderPreprocessor(
        kt.text.WordPieceTokenizer(vocabulary), max_length=max_length
    )


def make_encoder(preprocessor, num_segments=0, **arguments):
    return kt.models.Encoder(
        vocabulary_size=preprocessor.vocabulary_size,
        num_layers=1,
        num_heads=2,
        hidden_dim=8,
        intermediate_dim=12,
        max_sequence_length=preprocessor.max_length,
        num_segments=num_segments,
        **{"dropout": 0.0, **arguments},
    )


def make_classifier(classes=("bad", "good"), takes_pairs=False, **arguments):
    preprocessor = make_preprocessor()
    encoder = make_encoder(preprocessor, num_segments=2 if takes_pairs else 0)
    return kt.tasks.TextClassifier(
        encoder,
        preprocessor,
        classes,
        takes_pairs=takes_pairs,
        **arguments,
    )


@functools.cache
def shared_preprocessor():
    """One for all tests, since its graphs take long to trace."""
    return make_preprocessor()


def make_sentence_encoder(num_segments=0, **arguments):
    preprocessor = shared_preprocessor()
    encoder = make_encoder(preprocessor, num_segments=num_segments)
    return kt.tasks.SentenceEncoder(encoder, preprocessor, **arguments)
