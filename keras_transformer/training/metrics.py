"""Accuracy and F1 of classifications."""

from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from keras_transformer.training.spreading import spread_over


class F1Scores(NamedTuple):
    """Precision, recall and F1, of each class and on average.

    Args:
        precision: For each class, which share of its predictions is right.
        recall: For each class, which share of its labels is found.
        f1: For each class, the harmonic mean of the two.
        support: For each class, how many labels there are.
        macro_f1: The mean of `f1` over the classes that occur.
    """

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray
    macro_f1: float


def f1_scores(labels, predictions, num_classes: int) -> F1Scores:
    """Compare predicted classes with the right ones.

    As scikit-learn counts: a score without anything to divide by is 0, and a
    class that is neither label nor prediction has no part in the mean.

    Args:
        labels: The right classes, integers from 0, of any shape.
        predictions: The predicted classes, of the same shape.
        num_classes: How many classes there are.

    Returns:
        The scores, arrays of `num_classes` numbers and one mean.

    Raises:
        ValueError: The shapes differ, there is nothing to compare, or a class
            is not one of the `num_classes`.
    """
    labels, predictions = _compared(labels, predictions)
    for name, values in (("labels", labels), ("predictions", predictions)):
        if values.min() < 0 or values.max() >= num_classes:
            raise ValueError(
                f"`{name}` must lie between 0 and {num_classes - 1}, since "
                f"num_classes={num_classes}. Received: {name} from "
                f"{values.min()} to {values.max()}."
            )
    right = np.bincount(labels[labels == predictions], minlength=num_classes)
    support = np.bincount(labels, minlength=num_classes)
    predicted = np.bincount(predictions, minlength=num_classes)
    f1 = _divided(2 * right, support + predicted)
    return F1Scores(
        _divided(right, predicted),
        _divided(right, support),
        f1,
        support,
        float(f1[support + predicted > 0].mean()),
    )


def accuracy(labels, predictions) -> float:
    """Return the share of predictions that equal their label.

    Args:
        labels: The right classes, integers of any shape.
        predictions: The predicted classes, of the same shape.

    Returns:
        A number between 0 and 1.

    Raises:
        ValueError: The shapes differ, or there is nothing to compare.
    """
    labels, predictions = _compared(labels, predictions)
    return float(np.mean(labels == predictions))


@keras.saving.register_keras_serializable(package="keras_transformer")
class MacroF1(keras.metrics.Metric):
    """Macro F1 over all batches since the last reset, as `f1_scores` has it.

    It adds up a matrix of labels against predictions. A label below 0 or from
    `num_classes` on is not counted, nor is one of weight 0.

    Args:
        num_classes: How many classes there are.
        name: Name of the metric.
        dtype: Data type of its sums, `"float32"` unless given.

    Call arguments:
        y_true: Integer labels `(batch, …)`.
        y_pred: Logits or probabilities `(batch, …, num_classes)`.
        sample_weight: Weights `(batch, …)`, or of fewer axes from the left.
    """

    def __init__(self, num_classes: int, name: str = "macro_f1", dtype=None):
        super().__init__(name=name, dtype=dtype)
        if not isinstance(num_classes, int) or num_classes < 1:
            raise ValueError(
                "`num_classes` must be a whole number from 1. Received: "
                f"num_classes={num_classes!r}."
            )
        self.num_classes = num_classes
        self.confusion = self.add_variable(
            (num_classes, num_classes), initializer="zeros", name="confusion"
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = ops.convert_to_tensor(y_pred)
        if y_pred.shape[-1] != self.num_classes:
            raise ValueError(
                "The last axis of `y_pred` must hold a number for each of the "
                f"{self.num_classes} classes. Received: y_pred of shape "
                f"{tuple(y_pred.shape)}."
            )
        predicted = ops.argmax(y_pred, axis=-1)
        shape = ops.shape(predicted)
        labels = spread_over(ops.cast(y_true, predicted.dtype), shape)
        weights = ops.cast(self._is_class(labels), self.dtype)
        if sample_weight is not None:
            sample_weight = ops.cast(sample_weight, self.dtype)
            weights = weights * spread_over(sample_weight, shape)
        labels = ops.clip(labels, 0, self.num_classes - 1)
        rows = self._one_hot(labels) * ops.reshape(weights, (-1, 1))
        counts = ops.matmul(ops.transpose(rows), self._one_hot(predicted))
        self.confusion.assign_add(counts)

    def result(self):
        confusion = ops.convert_to_tensor(self.confusion)
        right = ops.diagonal(confusion)
        occurring = ops.sum(confusion, axis=0) + ops.sum(confusion, axis=1)
        f1 = ops.divide_no_nan(2.0 * right, occurring)
        classes = ops.sum(ops.cast(occurring > 0, f1.dtype))
        return ops.divide_no_nan(ops.sum(f1), classes)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}

    def _is_class(self, labels):
        return ops.logical_and(labels >= 0, labels < self.num_classes)

    def _one_hot(self, classes):
        classes = ops.reshape(classes, (-1,))
        return ops.one_hot(classes, self.num_classes, dtype=self.dtype)


def _compared(labels, predictions):
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.shape != predictions.shape or labels.size == 0:
        raise ValueError(
            "`labels` and `predictions` must have one shape and not be empty. "
            f"Received: labels of shape {labels.shape}, predictions of shape "
            f"{predictions.shape}."
        )
    return labels.reshape(-1), predictions.reshape(-1)


def _divided(part, whole):
    return np.divide(
        part, whole, out=np.zeros(len(part)), where=np.asarray(whole) > 0
    )
