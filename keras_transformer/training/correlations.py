"""How well predicted numbers agree with right ones."""

import numpy as np


def pearson(predictions, scores) -> float:
    """Compute Pearson's correlation of two rows of numbers.

    The cosine of the two after the mean of each was taken away: 1 where one
    follows from the other along a rising line, -1 along a falling one.

    Args:
        predictions: Numbers `(examples,)`.
        scores: The right numbers, `(examples,)`.

    Returns:
        A number from -1 to 1; 0 where one of the rows is all alike, which says
        nothing of the other.

    Raises:
        ValueError: They are not two rows of at least two finite numbers each.
    """
    predictions, scores = _compared(predictions, scores)
    if _is_constant(predictions) or _is_constant(scores):
        return 0.0
    x, y = _centred(predictions), _centred(scores)
    cosine = (x @ y) / np.sqrt((x @ x) * (y @ y))
    return float(np.clip(cosine, -1.0, 1.0))


def spearman(predictions, scores) -> float:
    """Compute Spearman's rank correlation of two rows of numbers.

    Pearson's correlation of their ranks, equal numbers sharing the mean of
    theirs: 1 where both put the examples into the same order. [Reimers et al.,
    2016](https://aclanthology.org/C16-1009/) recommend it for similarities of
    sentences, whose scale is seldom that of the scores.

    Args:
        predictions: Numbers `(examples,)`.
        scores: The right numbers, `(examples,)`.

    Returns:
        A number from -1 to 1; 0 where one of the rows is all alike.

    Raises:
        ValueError: As `pearson`.
    """
    predictions, scores = _compared(predictions, scores)
    return pearson(_ranks(predictions), _ranks(scores))


def _ranks(numbers):
    """Rank numbers from 1; equal ones get the mean of their ranks."""
    _, places, counts = np.unique(
        numbers, return_inverse=True, return_counts=True
    )
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[places]


def _centred(numbers):
    """Take the mean away, and scale so that no square overflows or vanishes."""
    centred = numbers - numbers.mean()
    return centred / np.abs(centred).max()


def _is_constant(numbers):
    return numbers.min() == numbers.max()


def _compared(predictions, scores):
    rows = []
    for name, values in (("predictions", predictions), ("scores", scores)):
        row = np.asarray(values, dtype="float64")
        if row.ndim != 1 or len(row) < 2 or not np.isfinite(row).all():
            raise ValueError(
                f"`{name}` must be a row of at least two finite numbers. "
                f"Received: {name} of shape {row.shape}, "
                f"{np.count_nonzero(~np.isfinite(row))} of them not finite."
            )
        rows.append(row)
    if len(rows[0]) != len(rows[1]):
        raise ValueError(
            "`predictions` and `scores` must be equally many. Received: "
            f"{len(rows[0])} predictions and {len(rows[1])} scores."
        )
    return rows
