"""Scores of labels to the best sequence that is possible in IOB2."""

from keras import ops

from keras_transformer.layers.label_chain import (
    IMPOSSIBLE,
    best_labels,
    label_probabilities,
)


def decode_labels(scores, mask, labels, field=None):
    """Find the best labels of each text.

    Args:
        scores: Float `(texts, units, labels)`.
        mask: Bool `(texts, units)`, `True` for real units.
        labels: The `EntityLabels`.
        field: A `layers.ConditionalRandomField`, or `None`.

    Returns:
        A pair of int32 `(texts, units)`, numbers of labels, -1 where masked,
        and float `(texts, units)`, the probability of each: by itself, or with
        a `field` among all sequences that are possible.
    """
    forbidden, not_first = labels.forbidden()
    transitions = forbidden.astype("float32") * IMPOSSIBLE
    starts = not_first.astype("float32") * IMPOSSIBLE
    ends = 0.0 * starts
    if field is not None:
        transitions = field.transitions + transitions
        starts, ends = field.starts + starts, field.ends + ends
    chain = (scores, mask, transitions, starts, ends)
    best = best_labels(*chain)
    probabilities = (
        ops.softmax(scores) if field is None else label_probabilities(*chain)
    )
    places = ops.expand_dims(ops.maximum(best, 0), -1)
    chosen = ops.take_along_axis(probabilities, places, axis=-1)
    return best, ops.squeeze(chosen, -1)
