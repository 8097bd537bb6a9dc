"""Scores of neighbouring labels, learned with those of single ones."""

import keras
from keras import ops

from keras_transformer.layers.label_chain import IMPOSSIBLE, log_total


@keras.saving.register_keras_serializable(package="keras_transformer")
class ConditionalRandomField(keras.layers.Layer):
    """Learn which labels stand beside each other, at the begin and at the end.

    A linear chain as in [Lafferty et al.,
    2001](https://repository.upenn.edu/handle/20.500.14332/6188) and on top of a
    network as in equation 1 of [Lample et al.,
    2016](https://arxiv.org/abs/1603.01360). The scores of single labels come
    from the layers before and pass through; the layer holds `transitions`
    `(labels, labels)`, row the left label and column the right one, and
    `starts` and `ends` `(labels,)`, which the functions of
    `layers.label_chain` take. All begin as 0: as if there were no such layer.

    Args:
        **kwargs: `name`, `dtype` and the rest of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, length, labels)`, scores of labels.

    Returns:
        The same.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, inputs_shape):
        labels = inputs_shape[-1]
        self.transitions = self.add_weight(
            (labels, labels), initializer="zeros", name="transitions"
        )
        self.starts = self.add_weight(
            (labels,), initializer="zeros", name="starts"
        )
        self.ends = self.add_weight((labels,), initializer="zeros", name="ends")

    def call(self, inputs):
        return inputs

    def compute_output_shape(self, inputs_shape):
        return inputs_shape

    def log_likelihood(self, scores, labels, mask, is_first=None, is_last=None):
        """Say how probable the right labels are, of all sequences of labels.

        Args:
            scores: Float `(batch, length, labels)`, what `call` returned.
            labels: Int `(batch, length)`, the right labels.
            mask: Bool `(batch, length)`, `True` where there is a label. What
                is in between is passed over.
            is_first: Bool `(batch,)`, whether a row begins where its text
                begins; if not, it has no score for its begin. Default: all do.
            is_last: Likewise, for the end.

        Returns:
            Float `(batch,)`, logarithms; 0 for rows without a label.
        """
        scores = ops.cast(scores, "float32")
        mask = ops.cast(mask, "bool")
        number = ops.shape(scores)[2]
        is_right = ops.cast(labels, "int32")[:, :, None] == ops.arange(
            number, dtype="int32"
        )
        # Twice the rows, and one loop: all sequences, and the right one alone.
        right = ops.where(is_right, scores, IMPOSSIBLE)
        totals = log_total(
            ops.concatenate([scores, right], axis=0),
            _twice(mask),
            self.transitions,
            _twice(_where_true(is_first, self.starts, scores)),
            _twice(_where_true(is_last, self.ends, scores)),
        )
        rows = ops.shape(scores)[0]
        return totals[rows:] - totals[:rows]


def _where_true(flags, values, scores):
    """The scores of an edge for each row, 0 where there is none."""
    rows = ops.broadcast_to(
        ops.convert_to_tensor(values), ops.shape(scores[:, 0])
    )
    if flags is None:
        return rows
    return rows * ops.cast(flags, "float32")[:, None]


def _twice(rows):
    return ops.concatenate([rows, rows], axis=0)
