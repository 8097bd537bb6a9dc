"""The loss of models that point to the start and the end of an answer."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_transformer")
class SpanCrossentropy(keras.losses.Loss):
    """Mean cross-entropy of the right start and the right end of a span.

    `-(log p_start[start] + log p_end[end]) / 2`, each `p` a softmax over the
    positions of a row: section 4.2 of
    [Devlin et al., 2019](https://arxiv.org/abs/1810.04805). Positions with
    logits as low as `tasks.QuestionAnswerer` gives to all that cannot be
    answers have no part in it.

    Args:
        reduction: As in `keras.losses.Loss`.
        name: Name of the loss.

    Call arguments:
        y_true: Integer positions `(batch, 2)`, of the start and of the end.
        y_pred: Logits `(batch, length, 2)`.
        sample_weight: Weights `(batch,)`.

    Raises:
        ValueError: The shapes do not fit.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "span_crossentropy",
    ):
        super().__init__(name=name, reduction=reduction, dtype="float32")

    def call(self, y_true, y_pred):
        sizes = tuple(y_true.shape), tuple(y_pred.shape)
        if [len(s) for s in sizes] != [2, 3] or {s[-1] for s in sizes} != {2}:
            raise ValueError(
                "`y_true` must hold the positions of a start and an end for "
                "each row, (batch, 2), and `y_pred` logits of both at each "
                f"position, (batch, length, 2). Received: y_true of shape "
                f"{sizes[0]}, y_pred of shape {sizes[1]}."
            )
        log_p = ops.log_softmax(y_pred, axis=1)
        places = ops.expand_dims(ops.cast(y_true, "int32"), 1)
        chosen = ops.take_along_axis(log_p, places, axis=1)  # (batch, 1, 2)
        return -ops.mean(chosen, axis=(1, 2))
