"""The mean of the weights of the last epochs."""

import collections

import keras
import numpy as np


class AverageWeights(keras.callbacks.Callback):
    """Give the model the mean of its weights after the last epochs of `fit`.

    Section 6.1 of [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762)
    averages the last 5 checkpoints: about half a point of BLEU, and no cost in
    training but `last` copies of the weights in memory, in float32. What is not
    of a float type, and the states of random seeds, stay as they are. The copies
    are those of this `fit` alone.

    With `during_validation`, each epoch is validated with the mean of the last
    epochs up to it, which then stays in the model until the next epoch begins.
    So other callbacks do at the end of an epoch what fits the numbers they see:
    `EarlyStopping(restore_best_weights=True)` and `ModelCheckpoint` keep means.
    Stand before them in the list, for epochs without validation. Do not use it
    with `BackupAndRestore`, which is to save the weights that are trained.

    Without it, validation and other callbacks see the weights that are trained,
    and the mean is put in when training ends; stand after `EarlyStopping`, which
    may put weights of its own in.

    For an exponential mean over updates, Keras has `AdamW(use_ema=True)` with
    `keras.callbacks.SwapEMAWeights`, which work with our `AdamW` too.

    Args:
        last: The number of epochs to average over, from 1.
        during_validation: Whether to validate the mean in place of the weights
            that are trained.
    """

    def __init__(self, last: int = 5, during_validation: bool = False):
        super().__init__()
        if isinstance(last, bool) or not isinstance(last, int) or last < 1:
            raise ValueError(
                "`last` must be a number of epochs, from 1. Received: "
                f"last={last!r}. The paper averages 5."
            )
        self.last = last
        self.during_validation = during_validation
        self._snapshots = collections.deque(maxlen=last)
        self._in_fit = False
        self._taken = False
        self._trained = None

    def on_train_begin(self, logs=None):
        self._snapshots.clear()
        self._in_fit = True
        self._trained = None

    def on_epoch_begin(self, epoch, logs=None):
        self._taken = False
        if self._trained is not None:
            _assign(self._weights(), self._trained)
            self._trained = None

    def on_test_begin(self, logs=None):
        # Validation inside `fit` runs before `on_epoch_end`.
        if self._in_fit and self.during_validation:
            self._finish_epoch()

    def on_epoch_end(self, epoch, logs=None):
        self._finish_epoch()

    def on_train_end(self, logs=None):
        # During validation the mean was put in; by now another callback may
        # have put in an earlier one that was better.
        if self._snapshots and not self.during_validation:
            _assign(self._weights(), self._means())
        self._in_fit = False
        self._trained = None
        self._snapshots.clear()

    def _finish_epoch(self):
        if self._taken:
            return
        self._taken = True
        # Copies, since on some backends the arrays share the weights' memory.
        values = [
            np.array(keras.ops.convert_to_numpy(w)) for w in self._weights()
        ]
        self._snapshots.append([v.astype("float32") for v in values])
        if self.during_validation:
            self._trained = values
            _assign(self._weights(), self._means())

    def _means(self):
        return [
            np.mean(values, axis=0, dtype="float64")
            for values in zip(*self._snapshots, strict=True)
        ]

    def _weights(self):
        return [
            weight
            for weight in self.model.weights
            if keras.backend.is_float_dtype(weight.dtype)
        ]


def _assign(weights, values):
    for weight, value in zip(weights, values, strict=True):
        weight.assign(value)
