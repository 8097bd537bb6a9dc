"""Keras training methods that take strings."""

import keras

from keras_transformer.tasks.string_inputs import StringInputs
from keras_transformer.tasks.strings import (
    has_strings,
    is_dataset,
    split_examples,
)
from keras_transformer.training.optimizers import AdamW
from keras_transformer.training.schedules import WarmupLinearDecay


class StringModel(StringInputs):
    """A `keras.Model` that trains, scores and predicts on strings as on ids.

    A subclass gives what `StringInputs` needs, `default_loss` and
    `default_metrics`.
    """

    # The peak of the warm-up, for `compile` without an optimizer.
    learning_rate = 5e-4

    def compile(
        self,
        optimizer=None,
        loss=None,
        metrics=None,
        *,
        learning_rate=None,
        **kwargs,
    ):
        """Set up training; what is left out gets a default that fits the task.

        Without an `optimizer`, each call of `fit` starts a new `AdamW` whose
        learning rate warms up over the first tenth of the updates and falls
        to 0 at the last one.

        Args:
            optimizer: A Keras optimizer or the name of one.
            loss: A Keras loss for float logits.
            metrics: List of Keras metrics.
            learning_rate: Peak of the learning rate, instead of an
                `optimizer`.
            **kwargs: The rest of `keras.Model.compile`. `jit_compile` is off
                on TensorFlow unless it is asked for: there, batches differ in
                shape and each would be compiled.

        Raises:
            ValueError: If both an optimizer and a learning rate are given.
        """
        if optimizer is not None and learning_rate is not None:
            raise ValueError(
                "`learning_rate` is for the default optimizer. Received both "
                f"optimizer={optimizer!r} and learning_rate={learning_rate}. "
                "Give the optimizer its learning rate itself."
            )
        if keras.backend.backend() == "tensorflow":
            kwargs.setdefault("jit_compile", False)
        self.has_default_optimizer = optimizer is None
        if learning_rate is not None:
            self.learning_rate = learning_rate
        if optimizer is None:
            # The steps are not known yet; `fit` will put them in.
            optimizer = self._new_default_optimizer(2)
        # Past `__setattr__`, which would track the metrics a second time.
        vars(self)["compile_arguments"] = {
            "loss": self.default_loss() if loss is None else loss,
            "metrics": self.default_metrics() if metrics is None else metrics,
            **kwargs,
        }
        super().compile(optimizer, **self.compile_arguments)

    def get_compile_config(self):
        """What `compile` was called with, for saving."""
        config = super().get_compile_config()
        if config and self.has_default_optimizer:
            config = {
                **config,
                "optimizer": None,
                "learning_rate": self.learning_rate,
            }
        return config

    def compile_from_config(self, config):
        """Compile as the saved task was."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        *,
        batch_tokens=4096,
        validation_data=None,
        validation_split=0.0,
        sample_weight=None,
        shuffle=True,
        seed=None,
        **kwargs,
    ):
        """Train on strings, or on whatever `keras.Model.fit` takes.

        Strings are tokenized once; every epoch shuffles all of them and
        brings them in batches of similar length, in few different shapes.

        Args:
            x: List, array or tensor of strings; a dict of them by the names
                in `string_inputs`; a `tf.data.Dataset` of batches of strings
                and targets; or ids.
            y: Targets, one an example, as the task describes them.
            batch_size: Examples in a batch. Default: as many as
                `batch_tokens` hold.
            epochs: Passes over the data.
            verbose: As in `keras.Model.fit`.
            callbacks: As in `keras.Model.fit`.
            batch_tokens: Most tokens in a batch, padding included.
            validation_data: Tuple of `x`, `y` and perhaps weights, or a
                dataset; or `x` alone, where there is no `y`.
            validation_split: Share of the strings, from the end, to validate
                on.
            sample_weight: Weights, one an example.
            shuffle: Whether to shuffle each epoch.
            seed: Makes the shuffling of strings repeatable.
            **kwargs: The rest of `keras.Model.fit`.

        Returns:
            The `keras.callbacks.History`.

        Raises:
            ValueError: If strings and targets do not fit the task or each
                other.
        """
        if has_strings(x):
            (x, y, sample_weight), held_out = split_examples(
                (self.training_strings(x), y, sample_weight), validation_split
            )
            validation_data = held_out or validation_data
            how = {"batch_size": batch_size, "batch_tokens": batch_tokens}
            x = self.training_batches(
                x, y, sample_weight, shuffle=shuffle, seed=seed, **how
            )
            y = sample_weight = batch_size = None
        else:
            x = self.training_dataset(x, seed)
            kwargs["validation_split"] = validation_split
        # A dataset shuffles itself, or not at all.
        kwargs["shuffle"] = shuffle and not is_dataset(x)
        validation_data = self._validation_batches(validation_data)
        self._start_default_optimizer(x, batch_size, epochs, kwargs)
        return super().fit(
            x,
            y,
            batch_size=batch_size,
            epochs=epochs,
            verbose=verbose,
            callbacks=callbacks,
            validation_data=validation_data,
            sample_weight=sample_weight,
            **kwargs,
        )

    def training_batches(self, *examples, **how):
        """Make the batches that `fit` trains on; see `batches`."""
        return self.batches(*examples, **how)

    def training_dataset(self, x, seed):
        """Tokenize a dataset of strings that `fit` trains on."""
        return self._encoded_dataset(x)

    def _validation_batches(self, given):
        """Make batches of strings to validate on; leave the rest alone."""
        if not has_strings(given):
            return self._encoded_dataset(given)
        is_tuple = isinstance(given, (tuple, list)) and len(given) > 0
        if is_tuple and not isinstance(given[0], (str, bytes)):
            return self.batches(*given)
        return self.batches(given)

    def _start_default_optimizer(self, x, batch_size, epochs, kwargs):
        """Plan the learning rate over the updates of one call of `fit`."""
        if not self.compiled:
            self.compile()
        if not self.has_default_optimizer or kwargs.get("initial_epoch"):
            return
        steps = kwargs.get("steps_per_epoch") or number_of_batches(
            x, batch_size
        )
        if steps:
            optimizer = self._new_default_optimizer(steps * epochs)
            super().compile(optimizer, **self.compile_arguments)

    def _new_default_optimizer(self, steps):
        steps = max(2, steps)
        return AdamW(
            WarmupLinearDecay(self.learning_rate, max(1, steps // 10), steps)
        )

    def evaluate(
        self, x=None, y=None, batch_size=None, sample_weight=None, **kwargs
    ):
        """Score on strings, or on whatever `keras.Model.evaluate` takes.

        Args:
            x: As in `fit`.
            y: As in `fit`.
            batch_size: Examples in a batch.
            sample_weight: Weights, one an example.
            **kwargs: The rest of `keras.Model.evaluate`.

        Returns:
            As `keras.Model.evaluate`.
        """
        if not self.compiled:
            self.compile()
        if has_strings(x):
            x = self.batches(x, y, sample_weight, batch_size=batch_size)
            y = sample_weight = batch_size = None
        return super().evaluate(
            self._encoded_dataset(x),
            y,
            batch_size=batch_size,
            sample_weight=sample_weight,
            **kwargs,
        )

    def predict(self, x, batch_size=None, **kwargs):
        """Logits of strings, or of whatever `keras.Model.predict` takes.

        Args:
            x: As in `fit`.
            batch_size: Examples in a batch.
            **kwargs: The rest of `keras.Model.predict`.

        Returns:
            Float array of logits, in the order of `x`.
        """
        if not has_strings(x):
            x = self._encoded_dataset(x)
            return super().predict(x, batch_size=batch_size, **kwargs)
        strings = self.strings_by_name(x)
        plan, inputs, *_ = self._plan(strings, None, None, batch_size)
        batches = self.bucketed(plan, inputs, None, shuffle=False)
        return plan.restore(super().predict(batches, **kwargs))


def number_of_batches(x, batch_size):
    """Batches in an epoch of `x`, or `None` where that is not known."""
    if is_dataset(x):
        number = int(x.cardinality())
        return number if number > 0 else None
    if isinstance(x, keras.utils.PyDataset):
        return x.num_batches
    arrays = [a for a in keras.tree.flatten(x) if hasattr(a, "shape")]
    return -(-len(arrays[0]) // (batch_size or 32)) if arrays else None
