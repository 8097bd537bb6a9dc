"""The loss of what computes its own likelihood."""

import keras


@keras.saving.register_keras_serializable(package="keras_transformer")
class NegativeLogLikelihood(keras.losses.Loss):
    """Turn log-likelihoods into a loss: their mean, with the sign changed.

    For models whose likelihood takes more than logits and labels, such as
    that of `layers.ConditionalRandomField`: they compute it themselves and
    leave the weighting and the mean to this loss.

    Args:
        reduction: As for `keras.losses.Loss`; the default divides by the sum
            of the weights.
        name: Name of the loss.

    Call arguments:
        y_true: Not used.
        y_pred: Float `(batch, 1)`, log-likelihoods.
        sample_weight: Weights `(batch,)`.
    """

    def __init__(
        self,
        reduction: str | None = "mean_with_sample_weight",
        name: str = "negative_log_likelihood",
    ):
        super().__init__(name=name, reduction=reduction, dtype="float32")

    def call(self, y_true, y_pred):
        return -y_pred[:, 0]
