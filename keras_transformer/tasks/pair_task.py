"""What a task does that reads texts one by one and learns from pairs."""

import numpy as np
from keras import ops

from keras_transformer.tasks.strings import short
from keras_transformer.tasks.task import Task

# The strings of a training example, and what the names of their ids begin
# with on the way to the model.
_SIDES = {"text": "first_", "text_pair": "second_", "text_negative": "third_"}


class PairTask(Task):
    """A task that answers one text, and learns from two or three an example.

    Each text of an example goes through the model by itself. Ids that come as
    `(batch, texts, length)` give outputs `(batch, texts, ...)`: so an example
    keeps its row in the batch, with its target and its weight, also where a
    batch is spread over several devices.

    Scores, as `y`, are brought to 0..1. Without `y`, targets are numbers of the
    texts, int `(batch, texts)`, equal where the texts are.

    Args:
        inputs: Dict of `keras.Input`s by name.
        outputs: Float KerasTensor of one text.
        preprocessor: A `text.EncoderPreprocessor`, or `None`.
        score_range: The lowest and the highest score a pair can have.
        **kwargs: `name` and the rest of `keras.Model`.
    """

    def __init__(
        self, inputs, outputs, preprocessor=None, score_range=(0, 5), **kwargs
    ):
        score_range = check_score_range(score_range)
        super().__init__(inputs, outputs, preprocessor, **kwargs)
        self.score_range = score_range

    def call(self, inputs, training=None, mask=None):
        """Map ids to outputs, of one text an example or of several."""
        is_dict = isinstance(inputs, dict) and "token_ids" in inputs
        if not is_dict or len(inputs["token_ids"].shape) != 3:
            return super().call(inputs, training=training, mask=mask)
        texts = inputs["token_ids"].shape[1]
        rows = {
            name: ops.reshape(ids, (-1, ops.shape(ids)[2]))
            for name, ids in inputs.items()
        }
        x = super().call(rows, training=training)  # (batch * texts, ...)
        return ops.reshape(x, (-1, texts, *x.shape[1:]))

    def encode_targets(self, y):
        """Bring scores from `score_range` to 0..1.

        Args:
            y: List or array of numbers, one a pair.

        Returns:
            Float32 array `(pairs,)`.

        Raises:
            ValueError: If there is something else, or a score out of range.
        """
        low, high = self.score_range
        return (check_scores(y, low, high) - low) / (high - low)

    def training_strings(self, x):
        has_negatives = isinstance(x, dict) and "text_negative" in x
        names = list(_SIDES) if has_negatives else ["text", "text_pair"]
        return self.strings_by_name(x, names)

    def encode_examples(self, strings, y=None, sample_weight=None):
        if len(strings) == 1:
            return super().encode_examples(strings, None, sample_weight)
        _check_that_scores_are_of_pairs(strings, y)
        from keras_transformer import data, text

        encoded = {
            _SIDES[name]: text.encode_all(self.preprocessor, {"text": column})
            for name, column in strings.items()
        }
        inputs = {
            side + name: rows
            for side, columns in encoded.items()
            for name, rows in columns.items()
            if name in self.input_names
        }
        if y is not None:
            return inputs, self.encode_targets(y), sample_weight
        ids = [columns["token_ids"] for columns in encoded.values()]
        return inputs, data.number_texts(ids), sample_weight

    def lengths_of(self, inputs):
        sides = _sides_of(inputs)
        if not sides:
            return super().lengths_of(inputs)
        # All texts of an example go into one tensor, as long as the longest.
        ids = [inputs[f"{side}token_ids"] for side in sides]
        longest = np.max([rows.row_lengths().numpy() for rows in ids], axis=0)
        return dict.fromkeys(sides, longest)

    def is_perhaps_cut(self, lengths):
        if isinstance(lengths, dict):
            lengths = next(iter(lengths.values()))
        return super().is_perhaps_cut(lengths)

    def count_cut(self, strings, y=None):
        if len(strings) == 1:
            return super().count_cut(strings, y)
        tokenize = self.preprocessor.tokenizer.tokenize
        ids = [tokenize(column) for column in strings.values()]
        longest = np.max([rows.row_lengths().numpy() for rows in ids], axis=0)
        room = self.preprocessor.max_length - 2  # besides the special tokens
        return int(np.sum(longest > room))

    def bucketed(self, plan, inputs, targets, sample_weight=None, **how):
        batches = super().bucketed(plan, inputs, targets, sample_weight, **how)
        sides = _sides_of(inputs)
        if not sides:
            return batches
        from keras_transformer import data

        return data.stack_sides(batches, sides)

    def encode_batch(self, x, y=None):
        strings = self._named_tensors(x)
        if set(strings) == {"text"} and y is None:
            return self.preprocess(strings)
        names = [name for name in _SIDES if name in strings]
        if set(names) != set(strings) or names[:2] != ["text", "text_pair"]:
            raise ValueError(
                f"An example has the strings {list(_SIDES)}, the last of which "
                f"may be missing. Received: {list(strings)}."
            )
        _check_that_scores_are_of_pairs(strings, y)
        from keras_transformer import data

        encoded = [self.preprocessor.encode(strings[name]) for name in names]
        padded = data.pad_sides(self.preprocessor, encoded)
        inputs = {name: padded[name] for name in self.input_names}
        if y is None:
            return inputs, data.number_texts([s["token_ids"] for s in encoded])
        low, high = self.score_range
        return inputs, (data.scores_in_range(y, low, high) - low) / (high - low)

    def get_config(self):
        return {**super().get_config(), "score_range": list(self.score_range)}


def _sides_of(inputs):
    """What the names of inputs begin with, if they are of several texts."""
    return [s for s in _SIDES.values() if f"{s}token_ids" in inputs]


def _check_that_scores_are_of_pairs(strings, y):
    if y is not None and len(strings) != 2:
        raise ValueError(
            "A score is that of a pair, so there is no use for a third text. "
            f"Received: y and the strings {list(strings)}. Leave one of them "
            "out."
        )


def check_score_range(score_range):
    """Check the range of scores, and return it as a tuple of floats.

    Raises:
        ValueError: If it is no pair of numbers, the lower one first.
    """
    try:
        low, high = map(float, score_range)
    except (TypeError, ValueError):
        low = high = 0.0
    if not -float("inf") < low < high < float("inf"):
        raise ValueError(
            "`score_range` must be the lowest and the highest score there may "
            f"be. Received: score_range={score_range!r}. STS-B has (0, 5)."
        )
    return low, high


def check_scores(scores, low, high):
    """Check the scores of pairs, and return them as float32.

    Raises:
        ValueError: If they are not one number a pair, or one is out of range.
    """
    try:
        numbers = np.asarray(scores, dtype="float32")
    except (TypeError, ValueError):
        numbers = np.zeros((0, 0))
    if numbers.ndim != 1:
        raise ValueError(
            "Scores must be one number a pair. Received: "
            f"{short(scores)}. To tell texts apart, leave them out."
        )
    wrong = np.flatnonzero(~((numbers >= low) & (numbers <= high)))
    if len(wrong):
        raise ValueError(
            f"Scores must be from {low:g} to {high:g}, the `score_range` of "
            f"the task. Received: {numbers[wrong[0]]:g} in row {wrong[0]}, and "
            f"{len(wrong) - 1} more outside."
        )
    return numbers
