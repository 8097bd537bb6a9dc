"""Exact match and F1 of answers, as the scripts of SQuAD count them."""

import collections
import re
import string
from collections.abc import Sequence

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def squad_scores(
    predictions: Sequence[str],
    references: Sequence[str] | Sequence[Sequence[str]],
) -> dict:
    """Compare answers with the right ones, as SQuAD does.

    Texts are compared in lower case, without punctuation, English articles
    and repeated white space ([Rajpurkar et al.,
    2016](https://arxiv.org/abs/1606.05250), section 6.1). `exact_match` is the
    share that equals one of its references; `f1` the mean of how many words an
    answer shares with the reference that it shares most with. Where there is
    no answer, only none is right, and counts 1 in both ([Rajpurkar et al.,
    2018](https://arxiv.org/abs/1806.03822)).

    Args:
        predictions: The answers, "" for none.
        references: For each, the right answer or a list of right ones; "" or
            an empty list where there is none.

    Returns:
        `{"exact_match": ..., "f1": ...}`, from 0 to 1; the official scripts
        print them times 100.

    Raises:
        ValueError: The texts are no strings, none, or not equally many.
    """
    rows = _rows(predictions, references)
    words = [answer_words(text) for text in predictions]
    pairs = list(zip(words, rows, strict=True))
    return {
        name: sum(max(map(score, [one] * len(row), row)) for one, row in pairs)
        / len(pairs)
        for name, score in (("exact_match", _equal), ("f1", _overlap))
    }


def answer_words(text: str) -> list[str]:
    """Split an answer into the words that are compared.

    Args:
        text: The answer.

    Returns:
        Its words in lower case, without punctuation (ASCII) and articles.
    """
    text = text.lower().translate(_PUNCTUATION)
    return _ARTICLES.sub(" ", text).split()


def _equal(words, reference):
    return float(words == reference)


def _overlap(words, reference):
    if not words or not reference:
        return _equal(words, reference)
    shared = collections.Counter(words) & collections.Counter(reference)
    return 2 * shared.total() / (len(words) + len(reference))


def _rows(predictions, references):
    """Check the texts; give the words of all references of each."""
    for name, texts in (
        ("predictions", predictions),
        ("references", references),
    ):
        if isinstance(texts, str | bytes) or not hasattr(texts, "__len__"):
            raise ValueError(
                f"`{name}` must be a list with a row for each question. "
                f"Received: {name} of type {type(texts).__name__}. A single "
                "answer is passed as a list of one."
            )
    if len(predictions) != len(references) or len(predictions) == 0:
        raise ValueError(
            "`predictions` and `references` must have one row for each "
            f"question, and at least one. Received: {len(predictions)} "
            f"predictions and {len(references)} references."
        )
    rows = [[row] if isinstance(row, str) else row for row in references]
    _check_strings("predictions", predictions)
    for number, row in enumerate(rows):
        _check_strings(f"references[{number}]", row)
    # As the official script: references without words are none.
    words = [[answer_words(text) for text in row] for row in rows]
    return [[w for w in row if w] or [[]] for row in words]


def _check_strings(name, texts):
    if isinstance(texts, bytes | dict) or not hasattr(texts, "__len__"):
        raise ValueError(
            f"`{name}` must be a text or a list of texts. Received: "
            f"{texts!r:.60}. The references of an answer in SQuAD's form are "
            'its `answer["text"]`.'
        )
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(
                f"`{name}` must be strings. Received: {name}[{number}] of type "
                f"{type(text).__name__}, {text!r:.60}. Bytes become strings by "
                '`.decode("utf-8")`.'
            )
