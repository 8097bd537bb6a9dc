"""Losses over a vocabulary, computed from integer labels."""

import keras
from keras import ops

from keras_transformer.training.spreading import spread_over


@keras.saving.register_keras_serializable(package="keras_transformer")
class LabelSmoothedCrossentropy(keras.losses.Loss):
    """Cross-entropy with smoothed labels, of integer labels and logits.

    `(1 - e) * -log p[label] + e * mean(-log p)`, with the mean over the
    vocabulary: section 7 of [Szegedy et al.,
    2016](https://arxiv.org/abs/1512.00567), used in section 5.4 of [Vaswani et
    al., 2017](https://arxiv.org/abs/1706.03762). It equals
    `keras.losses.CategoricalCrossentropy` with `label_smoothing` on one-hot
    labels, and is computed in float32 whatever the precision of the model.

    Args:
        label_smoothing: The share `e` of the probability that is spread evenly
            over the vocabulary, from 0 to below 1.
        reduction: `"mean_with_sample_weight"` divides by the sum of the
            weights, so that padding of weight 0 leaves the mean alone; Keras's
            `"sum_over_batch_size"` divides by all positions, padding included.
            All other reductions of `keras.losses.Loss` work too. Under
            `tf.distribute` each replica divides by its own weights.
        name: Name of the loss.

    Call arguments:
        y_true: Integer labels `(batch, …)`, below 2**24; each must be a row of
            the vocabulary, also where its weight is 0.
        y_pred: Logits `(batch, …, vocabulary_size)`.
        sample_weight: Weights `(batch, …)`, or of fewer axes from the left.
    """

    def __init__(
        self,
        label_smoothing: float = 0.1,
        reduction: str | None = "mean_with_sample_weight",
        name: str = "label_smoothed_crossentropy",
    ):
        super().__init__(name=name, reduction=reduction, dtype="float32")
        if not 0 <= label_smoothing < 1:
            raise ValueError(
                "`label_smoothing` must be a share from 0 to below 1. "
                f"Received: label_smoothing={label_smoothing}. The usual "
                "share is 0.1."
            )
        self.label_smoothing = label_smoothing

    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None:
            # Keras would not count the weight of a row once for each position.
            weights = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
            sample_weight = spread_over(weights, ops.shape(y_pred)[:-1])
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true, y_pred):
        labels = labels_for(y_true, y_pred)
        if keras.backend.backend() == "tensorflow":
            return _with_own_gradient(labels, y_pred, self.label_smoothing)
        return _by_correction(labels, y_pred, self.label_smoothing)

    def get_config(self):
        return {
            **super().get_config(),
            "label_smoothing": self.label_smoothing,
        }


def labels_for(y_true, logits):
    """Check labels against logits, and give them the shape of the positions.

    Args:
        y_true: Numbers `(batch, …)`, or `(batch, …, 1)`.
        logits: Tensor `(batch, …, vocabulary_size)`.

    Returns:
        Int32 tensor `(batch, …)`.

    Raises:
        ValueError: The shapes do not fit.
    """
    labels = ops.cast(y_true, "int32")
    shape = tuple(logits.shape)[:-1]
    if len(labels.shape) == len(shape) + 1 and labels.shape[-1] == 1:
        labels = ops.squeeze(labels, -1)
    fit = len(labels.shape) == len(shape) and all(
        None in sizes or len(set(sizes)) == 1
        for sizes in zip(labels.shape, shape, strict=True)
    )
    if not fit:
        raise ValueError(
            "`y_true` must hold one integer label for each position of "
            "`y_pred`, which has one axis more, for the vocabulary. Received: "
            f"y_true of shape {tuple(y_true.shape)}, y_pred of shape "
            f"{tuple(logits.shape)}. Labels that are one-hot become integers "
            "by `argmax(axis=-1)`."
        )
    return labels


def _by_correction(labels, logits, smoothing):
    """Add to the plain loss what smoothing changes, without soft labels.

    With `-log p = logsumexp(z) - z`, the formula is the plain loss plus
    `e * (z[label] - mean(z))`.
    """
    plain = ops.sparse_categorical_crossentropy(
        labels, logits, from_logits=True
    )
    if smoothing == 0:
        return plain
    chosen = ops.take_along_axis(logits, ops.expand_dims(labels, -1), axis=-1)
    mean = ops.mean(logits, axis=-1)
    return plain + smoothing * (ops.squeeze(chosen, -1) - mean)


def _with_own_gradient(labels, logits, smoothing):
    """The same, with few tensors of the logits' size.

    Left to TensorFlow, three gradients of that size are made and added up: 2.5
    times slower in a plain graph on a CPU. Here `exp(z - max(z))` of the way
    forward becomes the gradient, `softmax(z) - e / vocabulary_size`, less
    `1 - e` at the label.
    """
    shape, width = ops.shape(labels), logits.shape[-1]
    labels = ops.reshape(labels, (-1,))
    rows = ops.arange(ops.shape(labels)[0], dtype="int32")
    spread = smoothing / width

    @ops.custom_gradient
    def losses(logits):
        largest = ops.max(logits, axis=-1, keepdims=True)
        shares = ops.exp(logits - largest)
        total = ops.sum(shares, axis=-1)
        chosen = ops.take(ops.reshape(logits, (-1,)), rows * width + labels)
        log_total = ops.log(total) + largest[:, 0]
        mean = ops.mean(logits, axis=-1)

        def gradient(*arguments, upstream=None):
            upstream = arguments[0] if upstream is None else upstream
            slopes = shares * (upstream / total)[:, None]
            slopes = slopes - (upstream * spread)[:, None]
            of_label = ops.exp(chosen - log_total) - spread - (1.0 - smoothing)
            places = ops.stack([rows, labels], axis=1)
            return ops.scatter_update(slopes, places, of_label * upstream)

        loss = log_total - (1.0 - smoothing) * chosen - smoothing * mean
        return loss, gradient

    flat = losses(ops.reshape(logits, (-1, width)))
    return ops.reshape(flat, shape)
