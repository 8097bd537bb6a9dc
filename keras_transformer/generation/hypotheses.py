"""What beam search does with hypotheses, several of each prompt."""

from keras import ops

from keras_transformer.generation.constraints import FORBIDDEN

# The rank of a hypothesis that does not exist; far below what `FORBIDDEN`
# adds up to.
NONE = -1e30


def pick(values, places):
    """Pick beams, `(batch, chosen)`, out of `(batch, beams, ...)`."""
    if len(values.shape) == 3:
        places = places[:, :, None]
    return ops.take_along_axis(values, places, axis=1)


def best_tokens(logits, adjusted, most, renormalize):
    """Pick the best tokens of each beam, so that vocabularies are read once.

    Args:
        logits: Float tensor `(rows, vocabulary_size)`, of the model.
        adjusted: Likewise, after what the search asks for.
        most: How many tokens to pick, if there are so many.
        renormalize: Whether what is added to a rank is a log-probability
            after the adjustments, and not before them.

    Returns:
        Ids, int `(rows, most)`, best first; their log-probabilities according
        to the model; and what they add to a rank.
    """
    total = ops.logsumexp(logits, axis=-1, keepdims=True)
    share = total
    if renormalize:
        share = ops.logsumexp(adjusted, axis=-1, keepdims=True)
    best, token = ops.top_k(adjusted, min(most, logits.shape[-1]))
    token = ops.cast(token, "int32")
    chances = ops.take_along_axis(logits, token, axis=-1) - total
    return token, chances, best - share


def may_end(rank, gain, is_last):
    """Say which continuations may be answers.

    One with a forbidden token may not, unless all have one.

    Args:
        rank: Float tensor `(batch, candidates)`.
        gain: What of it the last token brought.
        is_last: Bool tensor `(batch, 1)`, whether there is no room for more.

    Returns:
        Bool tensor `(batch, candidates)`.
    """
    is_allowed = rank > FORBIDDEN / 2
    hopeless = ops.logical_not(ops.any(is_allowed, axis=1, keepdims=True))
    for_want = ops.logical_or(gain > FORBIDDEN / 2, is_last)
    may = ops.logical_or(is_allowed, ops.logical_and(hopeless, for_want))
    return ops.logical_and(may, rank > NONE / 2)
