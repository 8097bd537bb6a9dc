"""Small question answerers, and texts in which an answer stands."""

import functools

import numpy as np

import keras_transformer as kt

WORDS = [f"w{number}" for number in range(20)]
FIRST_NAMES = [f"f{number}" for number in range(5)]
LAST_NAMES = [f"l{number}" for number in range(5)]
TOKENS = [
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "who"),
    *(*WORDS, *FIRST_NAMES, *LAST_NAMES),
]


@functools.cache
def make_preprocessor(max_length):
    """One for all tests, since its graphs take long to trace."""
    tokenizer = kt.text.WordPieceTokenizer(TOKENS)
    return kt.text.QuestionPreprocessor(tokenizer, max_length)


def make_answerer(max_length=24, num_segments=2, hidden_dim=8, **arguments):
    """An answerer with fresh weights; it knows the words above."""
    preprocessor = make_preprocessor(max_length)
    encoder = kt.models.Encoder(
        vocabulary_size=preprocessor.vocabulary_size,
        num_layers=1,
        num_heads=2,
        hidden_dim=hidden_dim,
        intermediate_dim=2 * hidden_dim,
        num_segments=num_segments,
        dropout=0.0,
        positions="relative",
    )
    return kt.tasks.QuestionAnswerer(
        encoder, preprocessor, **{"dropout": 0.0, **arguments}
    )


def planted(number, words, seed=0, places=None):
    """Contexts with one name, which is the answer.

    Returns:
        Strings by name, and answers.
    """
    rng = np.random.default_rng(seed)
    contexts, answers = [], []
    for row in range(number):
        text = list(rng.choice(WORDS, words))
        place = rng.integers(words - 1) if places is None else places[row]
        name = [rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)]
        text[place : place + 2] = name
        start = len(" ".join([*text[:place], ""]))
        contexts.append(" ".join(text))
        answers.append({"text": " ".join(name), "answer_start": start})
    return {"question": ["who"] * number, "context": contexts}, answers
