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

    def strings_by_name(self, x, names=None):
        """Give every string input its name.

        Args:
            x: Strings as `fit` takes them.
            names: Names of the inputs. Default: `string_inputs`.

        Returns:
            Dict from the names to sequences of strings.

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
        names = self.string_inputs if names is None else names
        for texts in x.values() if isinstance(x, dict) else [x]:
            if isinstance(texts, (str, bytes)):
                raise ValueError(
                    "Texts come in a list, also when there is one. Received: "
                    f"{short(texts)}. Write [{short(texts)}]."
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

    def training_strings(self, x):
        """Give the strings of examples their names, as `strings_by_name`.

        A task whose examples have other strings in training than what it
        answers overrides this.
        """
        return self.strings_by_name(x)

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
        x = self.training_strings(x)
        number = len(x[self.string_inputs[0]])
        if y is not None:
            check_rows("y", y, number)
        if sample_weight is not None:
            check_rows("sample_weight", sample_weight, number)
            sample_weight = np.asarray(sample_weight, "float32")
        plan, *rows = self._plan(x, y, sample_weight, batch_size, batch_tokens)
        return self.bucketed(plan, *rows, shuffle=shuffle, seed=seed)

    def encode_examples(self, strings, y=None, sample_weight=None):
        """Tokenize examples.

        Args:
            strings: Dict from the names in `string_inputs` to sequences of
                strings.
            y: Targets as the user gives them, or `None`.
            sample_weight: Float array of weights, one an example, or `None`.

        Returns:
            Tuple of the inputs of the model, a dict of RaggedTensors with one
            row an example; of the targets, or `None`; of the weights, or
            `None`. A task may make other rows of the examples.
        """
        from keras_transformer import text

        encoded = text.encode_all(self.preprocessor, strings)
        inputs = {k: v for k, v in encoded.items() if k in self.input_names}
        targets = None if y is None else self.encode_targets(y)
        return inputs, targets, sample_weight

    def lengths_of(self, inputs):
        """Lengths of the rows of encoded inputs, by which they are batched.

        Args:
            inputs: Dict from `encode_examples`.

        Returns:
            Int array, or a dict of such from the prefix of names, where
            inputs have two sides.
        """
        return inputs["token_ids"].row_lengths().numpy()

    def is_perhaps_cut(self, lengths):
        """Whether a row is as long as may be, so that some may be cut."""
        return lengths.max() >= self.preprocessor.max_length

    def bucketed(self, plan, inputs, targets, sample_weight=None, **how):
        """Make the batches of a plan; see `data.bucketed_batches`."""
        from keras_transformer import data

        return data.bucketed_batches(
            plan, inputs, targets, sample_weight, **how
        )

    def _plan(self, strings, y, sample_weight, batch_size, batch_tokens=4096):
        """Tokenize; return the plan, and inputs, targets and weights."""
        from keras_transformer import data

        if not len(strings[self.string_inputs[0]]):
            raise ValueError(
                "There are no examples. Received: an empty list of strings."
            )
        rows = self.encode_examples(strings, y, sample_weight)
        lengths = self.lengths_of(rows[0])
        if self.is_perhaps_cut(lengths):
            self._say_what_is_cut(strings, y)
        return data.plan_batches(lengths, batch_tokens, batch_size), *rows

    def count_cut(self, strings, y=None):
        """Count the examples of which a limit cuts something."""
        return self.preprocessor.count_truncated(**strings)

    @property
    def length_limits(self):
        """What cuts examples, for the warning that some were cut."""
        return f"max_length={self.preprocessor.max_length}"

    def _say_what_is_cut(self, strings, y):
        cut = self.count_cut(strings, y)
        if cut:
            number = len(strings[self.string_inputs[0]])
            warnings.warn(
                f"{cut} of {number} examples are longer than "
                f"{self.length_limits} tokens; what is beyond was cut.",
                stacklevel=2,
            )

    def encode_batch(self, x, y=None):
        """Encode a batch of strings in a graph.

        Args:
            x: String tensor `(batch,)`, or a dict of them by name.
            y: Targets, or `None`.

        Returns:
            Inputs of the model, or a tuple of them, targets and perhaps
            weights.
        """
        inputs = self.preprocess(self._named_tensors(x))
        return inputs if y is None else (inputs, self.encode_targets(y))

    def _encoded_dataset(self, x):
        """Tokenize in a dataset of strings; leave everything else alone."""
        if not is_dataset_of_strings(x):
            return x
        from keras_transformer import data

        return data.map_strings(x, self.encode_batch)

    def _named_tensors(self, x):
        return x if isinstance(x, dict) else {self.string_inputs[0]: x}


def check_rows(name, rows, number):
    """Check that there is one row for each example.

    Raises:
        ValueError: If there is not.
    """
    if len(rows) != number:
        raise ValueError(
            f"`{name}` must have one row for each example. Received: "
            f"{len(rows)} rows for {number} examples."
        )
