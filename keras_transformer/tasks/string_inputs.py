"""Strings on their way to a model: named, tokenized, in batches."""

import warnings

import keras
import numpy as np

from keras_transformer.tasks.strings import (
    columns_of,
    is_dataset_of_strings,
    short,
)


class StringInputs(keras.Model):
    """A `keras.Model` that knows how to make its ids from strings.

    A subclass has a `preprocessor`, and gives `string_inputs` and
    `encode_targets`.
    """

    def strings_by_name(self, x):
        """Give every string input its name.

        Args:
            x: Strings as `fit` takes them.

        Returns:
            Dict from the names in `string_inputs` to sequences of strings.

        Raises:
            ValueError: If there are other inputs than the task has, or
                their numbers of strings differ.
        """
        if self.preprocessor is None:
            raise ValueError(
                "This task has no tokenizer, so it takes ids and no strings: "
                f"a dict of {self.input_names}. Received: {short(x)}. Build "
                "it with a `preprocessor` to give it strings."
            )
        names = self.string_inputs
        if isinstance(x, str):
            raise ValueError(
                "Texts come in a list, also when there is one. Received: "
                f"{short(x)}. Write [{short(x)}]."
            )
        if not isinstance(x, dict):
            x = columns_of(x, names)
        if set(x) != set(names):
            raise ValueError(
                f"The inputs of this task are {list(names)}. Received: "
                f"{list(x)}. Give a dict with these names, each a list of "
                "strings."
            )
        counts = {name: len(x[name]) for name in names}
        if len(set(counts.values())) > 1:
            raise ValueError(
                "All inputs must have as many strings. Received: "
                + ", ".join(f"{n}: {count}" for n, count in counts.items())
                + "."
            )
        return {name: x[name] for name in names}

    @property
    def input_names(self):
        """Names of the ids and masks that the model takes."""
        return list(self.input)

    def preprocess(self, strings):
        """Turn batches of strings into the inputs of the model.

        Args:
            strings: Dict of string tensors `(batch,)` by name.

        Returns:
            Dict of dense tensors by the names of the model's inputs.
        """
        encoded = self.preprocessor(**strings)
        return {name: encoded[name] for name in self.input_names}

    def batches(
        self,
        x,
        y=None,
        sample_weight=None,
        *,
        batch_size=None,
        batch_tokens=4096,
        shuffle=False,
        seed=None,
    ):
        """Tokenize strings and make batches of similar length.

        Args:
            x: Strings, as `fit` takes them.
            y: Targets, or `None`.
            sample_weight: Weights, or `None`.
            batch_size: Examples in a batch. Default: as many as
                `batch_tokens` hold.
            batch_tokens: Most tokens in a batch, padding included.
            shuffle: Whether to shuffle anew in every epoch.
            seed: Makes the shuffling repeatable.

        Returns:
            A `tf.data.Dataset` of known length, for `keras.Model.fit`.
        """
        x = self.strings_by_name(x)
        number = len(x[self.string_inputs[0]])
        _, dataset = self._plan(x, batch_size, batch_tokens)
        targets = None if y is None else self.encode_targets(y)
        for name, rows in (("y", targets), ("sample_weight", sample_weight)):
            if rows is not None and len(rows) != number:
                raise ValueError(
                    f"`{name}` must have one row for each example. Received: "
                    f"{len(rows)} rows for {number} examples."
                )
        if sample_weight is not None:
            sample_weight = np.asarray(sample_weight, "float32")
        return dataset(targets, sample_weight, shuffle=shuffle, seed=seed)

    def _plan(self, strings, batch_size, batch_tokens=4096):
        """Tokenize; return the plan and the function that carries it out."""
        from keras_transformer import data, text

        if not len(strings[self.string_inputs[0]]):
            raise ValueError(
                "There are no examples. Received: an empty list of strings."
            )
        encoded = text.encode_all(self.preprocessor, strings)
        inputs = {k: v for k, v in encoded.items() if k in self.input_names}
        lengths = inputs["token_ids"].row_lengths().numpy()
        self._say_what_is_cut(strings, lengths)
        plan = data.plan_batches(lengths, batch_tokens, batch_size)

        def dataset(labels=None, sample_weights=None, **how):
            return data.bucketed_batches(
                plan, inputs, labels, sample_weights, **how
            )

        return plan, dataset

    def _say_what_is_cut(self, strings, lengths):
        longest = self.preprocessor.max_length
        if lengths.max() < longest:
            return
        cut = self.preprocessor.count_truncated(**strings)
        if cut:
            warnings.warn(
                f"{cut} of {len(lengths)} examples are longer than "
                f"max_length={longest} tokens; what is beyond was cut.",
                stacklevel=2,
            )

    def _encoded_dataset(self, x):
        """Tokenize in a dataset of strings; leave everything else alone."""
        if not is_dataset_of_strings(x):
            return x
        from keras_transformer import data

        return data.map_strings(
            x,
            lambda strings: self.preprocess(self._named_tensors(strings)),
            self.encode_targets,
        )

    def _named_tensors(self, x):
        return x if isinstance(x, dict) else {self.string_inputs[0]: x}
