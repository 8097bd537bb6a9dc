"""Scores of generated texts against references: BLEU, chrF, ROUGE, matches."""

import importlib
import itertools
from collections.abc import Sequence

_ROUGE_TYPES = ("rouge1", "rouge2", "rougeL")
_References = Sequence[str] | Sequence[Sequence[str]]


def bleu(hypotheses: Sequence[str], references: _References) -> dict:
    """Compute BLEU of a corpus, as `sacrebleu` does by default.

    Cased, with the tokenizer `13a` for languages with spaces, on texts that are
    not tokenized. Two numbers compare only if their signatures are equal.

    Args:
        hypotheses: The generated texts.
        references: For each, the right text or a list of right texts.

    Returns:
        `{"bleu": ..., "bleu_signature": ...}`, the score from 0 to 100.

    Raises:
        ValueError: The texts are no strings, none, or not equally many.
        ImportError: `sacrebleu` is not installed.
    """
    rows = _rows(hypotheses, references)
    metric = _imported("sacrebleu.metrics", "sacrebleu").BLEU()
    return _by_sacrebleu("bleu", metric, hypotheses, rows)


def chrf(hypotheses: Sequence[str], references: _References) -> dict:
    """Compute chrF2 of a corpus, as `sacrebleu` does by default.

    An F-measure of character n-grams up to 6, blind to spaces: better than BLEU
    for short texts and for languages with many endings.

    Args:
        hypotheses: The generated texts.
        references: For each, the right text or a list of right texts.

    Returns:
        `{"chrf": ..., "chrf_signature": ...}`, the score from 0 to 100.

    Raises:
        ValueError: The texts are no strings, none, or not equally many.
        ImportError: `sacrebleu` is not installed.
    """
    rows = _rows(hypotheses, references)
    metric = _imported("sacrebleu.metrics", "sacrebleu").CHRF()
    return _by_sacrebleu("chrf", metric, hypotheses, rows)


def rouge(
    hypotheses: Sequence[str],
    references: _References,
    use_stemmer: bool = False,
) -> dict:
    """Compute ROUGE-1, ROUGE-2 and ROUGE-L, as `rouge_score` does by default.

    F-measures, each the mean over the texts; of several references of a text,
    each score takes the one that is best for it. Its tokens are runs of `a-z`
    and `0-9` in lower case: the scores are for English.

    Args:
        hypotheses: The generated texts.
        references: For each, the right text or a list of right texts.
        use_stemmer: Whether words match without their English endings, as in
            most published numbers.

    Returns:
        `{"rouge1": ..., "rouge2": ..., "rougeL": ...}`, from 0 to 1.

    Raises:
        ValueError: The texts are no strings, none, or not equally many.
        ImportError: `rouge-score` is not installed.
    """
    rows = _rows(hypotheses, references)
    scorer = _imported("rouge_score.rouge_scorer", "rouge-score").RougeScorer(
        _ROUGE_TYPES, use_stemmer
    )
    found = [
        scorer.score_multi(row, text)
        for text, row in zip(hypotheses, rows, strict=True)
    ]
    return {
        name: float(sum(scores[name].fmeasure for scores in found) / len(found))
        for name in _ROUGE_TYPES
    }


def exact_match(hypotheses: Sequence[str], references: _References) -> dict:
    """Compute how many texts equal one of their references.

    White space at either end does not count; case and punctuation do.

    Args:
        hypotheses: The generated texts.
        references: For each, the right text or a list of right texts.

    Returns:
        `{"exact_match": ...}`, the share from 0 to 1.

    Raises:
        ValueError: The texts are no strings, none, or not equally many.
    """
    rows = _rows(hypotheses, references)
    right = [
        text.strip() in {reference.strip() for reference in row}
        for text, row in zip(hypotheses, rows, strict=True)
    ]
    return {"exact_match": sum(right) / len(right)}


def _by_sacrebleu(name, metric, hypotheses, rows):
    # One list for each first, second, ... reference, with None for no more.
    streams = [list(stream) for stream in itertools.zip_longest(*rows)]
    score = metric.corpus_score(list(hypotheses), streams).score
    return {
        name: float(score),
        f"{name}_signature": str(metric.get_signature()),
    }


def _rows(hypotheses, references):
    """Check the texts, and make a list of references for each hypothesis."""
    for name, texts in (("hypotheses", hypotheses), ("references", references)):
        if isinstance(texts, str | bytes) or not hasattr(texts, "__len__"):
            raise ValueError(
                f"`{name}` must be a list with a text for each example. "
                f"Received: {name} of type {type(texts).__name__}. A single "
                "text is passed as a list of one."
            )
    if len(hypotheses) != len(references) or len(hypotheses) == 0:
        raise ValueError(
            "`hypotheses` and `references` must have one row for each example, "
            f"and at least one. Received: {len(hypotheses)} hypotheses and "
            f"{len(references)} references. Several references of one example "
            "are a list in its row."
        )
    rows = [[row] if isinstance(row, str) else row for row in references]
    for number, text in enumerate(hypotheses):
        _check_string("hypotheses", number, text)
    for number, row in enumerate(rows):
        if isinstance(row, bytes) or not hasattr(row, "__len__"):
            _check_string("references", number, row)
        if len(row) == 0:
            raise ValueError(
                "`references` must have at least one text in each row. "
                f"Received: references[{number}]={row!r}. Drop the example."
            )
        for text in row:
            _check_string("references", number, text)
    return rows


def _check_string(name, number, text):
    if not isinstance(text, str):
        raise ValueError(
            f"`{name}` must be strings. Received: {name}[{number}] of type "
            f"{type(text).__name__}, {text!r:.60}. Bytes become strings by "
            '`.decode("utf-8")`.'
        )


def _imported(module, package):
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"This score is computed by the package {package!r}, which cannot "
            f"be imported: {error}. Install it with `pip install {package}`."
        ) from error
