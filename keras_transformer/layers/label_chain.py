"""Sequences of labels that are scored by neighbours: the best, and all of them.

The score of a sequence is the sum of a score of each label at its position, of
each pair of neighbouring labels, and of the first and the last label. Masked
positions are passed over: their neighbours are neighbours of each other.
"""

import keras
from keras import ops

# Less than any score. As a score of a pair it rules that pair out.
IMPOSSIBLE = -1e9


def best_labels(scores, mask, transitions, starts, ends):
    """Find the sequence of labels with the highest score.

    The algorithm of [Viterbi, 1967](https://doi.org/10.1109/TIT.1967.1054010).

    Args:
        scores: Float `(batch, length, labels)`, of the labels by themselves.
        mask: Bool `(batch, length)`, `True` for positions that have a label.
        transitions: Float `(labels, labels)`, of pairs: row the left label,
            column the right one.
        starts: Float `(labels,)`, of the first label.
        ends: Float `(labels,)`, of the last label.

    Returns:
        Int32 `(batch, length)`, -1 where masked.
    """
    scores, mask, transitions, starts, ends = _tensors(
        scores, mask, transitions, starts, ends
    )
    reached, _ = _forward(_max, scores, mask, transitions, starts)
    number = ops.shape(scores)[2]
    # Of each label after another one, and last of the end.
    afterwards = ops.concatenate(
        [ops.transpose(transitions, (1, 0)), ends[None]], axis=0
    )

    def step(following, inputs):
        reached, real = _unpacked(inputs)
        ways = reached + ops.take(afterwards, following, axis=0)
        best = ops.cast(ops.argmax(ways, axis=1), "int32")
        best = ops.where(real[:, 0], best, following)
        return best, best

    end = ops.zeros_like(mask[:, 0], dtype="int32") + number
    steps = _packed(reached, _by_position(mask))
    _, labels = ops.scan(step, end, steps, reverse=True)
    labels = ops.transpose(labels, (1, 0))
    return ops.where(mask, labels, -1)


def log_total(scores, mask, transitions, starts, ends):
    """Add up all sequences: the logarithm of the sum of `exp(score)`.

    The forward algorithm, as in section 3.2 of [Rabiner,
    1989](https://doi.org/10.1109/5.18626).

    Args:
        scores: As for `best_labels`.
        mask: As for `best_labels`.
        transitions: As for `best_labels`.
        starts: Float `(labels,)` or `(batch, labels)`.
        ends: Likewise.

    Returns:
        Float `(batch,)`; 0 for rows without a label.
    """
    scores, mask, transitions, starts, ends = _tensors(
        scores, mask, transitions, starts, ends
    )
    _, (last, nothing, removed) = _forward(
        ops.logsumexp, scores, mask, transitions, starts
    )
    ending = last + _rows_of(ends, scores)
    total = ops.logsumexp(ops.concatenate([ending, nothing], axis=1), axis=1)
    return total + removed[:, 0]


def label_probabilities(scores, mask, transitions, starts, ends):
    """Say how probable each label is at each position, over all sequences.

    Forward and backward, as in section 3.2 of [Rabiner,
    1989](https://doi.org/10.1109/5.18626).

    Args:
        scores: As for `best_labels`.
        mask: As for `best_labels`.
        transitions: As for `best_labels`.
        starts: As for `best_labels`.
        ends: As for `best_labels`.

    Returns:
        Float `(batch, length, labels)`; of no meaning where masked.
    """
    scores, mask, transitions, starts, ends = _tensors(
        scores, mask, transitions, starts, ends
    )
    reached, _ = _forward(ops.logsumexp, scores, mask, transitions, starts)

    def step(behind, inputs):
        score, real = _unpacked(inputs)
        pairs = transitions[None] + (score + behind)[:, None, :]
        before = ops.logsumexp(pairs, axis=2)
        before = before - _max(before, axis=1, keepdims=True)
        return ops.where(real, before, behind), behind

    steps = _packed(_by_position(scores), _by_position(mask))
    _, behind = ops.scan(step, _rows_of(ends, scores), steps, reverse=True)
    return ops.transpose(ops.softmax(reached + behind), (1, 0, 2))


def _forward(reduce, scores, mask, transitions, starts):
    """Reduce all ways to each label at each position.

    Returns:
        A pair of float `(length, batch, labels)`, less a number for each
        position, and of the state at the end: float `(batch, labels)`;
        `(batch, 1)`, 0 if there was no label and `IMPOSSIBLE` else; and
        `(batch, 1)`, the sum of the numbers that were taken off.
    """
    starts = _rows_of(starts, scores)

    def step(state, inputs):
        reached, nothing, removed = state
        score, real = _unpacked(inputs)
        # (batch, labels before or none, labels)
        ways = ops.concatenate(
            [
                reached[:, :, None] + transitions[None],
                (nothing + starts)[:, None, :],
            ],
            axis=1,
        )
        now = reduce(ways, axis=1) + score
        largest = ops.stop_gradient(_max(now, axis=1, keepdims=True))
        state = (
            ops.where(real, now - largest, reached),
            ops.where(real, IMPOSSIBLE, nothing),
            ops.where(real, removed + largest, removed),
        )
        return state, state

    none = ops.zeros_like(starts)
    first = (none + IMPOSSIBLE, none[:, :1], none[:, :1])
    steps = _packed(_by_position(scores), _by_position(mask))
    last, states = ops.scan(step, first, steps)
    return states[0], last


def _tensors(scores, mask, *others):
    """Bring arrays and weights into tensors of one type."""
    dtype = keras.backend.standardize_dtype(scores.dtype)
    return (
        ops.convert_to_tensor(scores),
        ops.convert_to_tensor(mask, "bool"),
        *(ops.cast(ops.convert_to_tensor(x), dtype) for x in others),
    )


def _rows_of(values, scores):
    """Scores of the first or last label, for each row `(batch, labels)`."""
    return ops.broadcast_to(values, ops.shape(scores[:, 0]))


def _by_position(values):
    """Put the positions first, over which `scan` goes."""
    axes = (1, 0, *range(2, len(values.shape)))
    return ops.transpose(values, axes)


def _max(values, axis, keepdims=False):
    """The maximum; on torch too, where no rows have none by default."""
    return ops.max(values, axis, keepdims, initial=2 * IMPOSSIBLE)


def _packed(values, mask):
    """One tensor `(length, batch, width + 1)` of values and the mask.

    Of several tensors, Keras's `scan` on TensorFlow wants to know the length
    when the graph is made.
    """
    mask = ops.cast(ops.expand_dims(mask, -1), values.dtype)
    return ops.concatenate([values, mask], axis=-1)


def _unpacked(inputs):
    """Values `(batch, width)` and mask `(batch, 1)` of one position."""
    return inputs[:, :-1], inputs[:, -1:] > 0.5
