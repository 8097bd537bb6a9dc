"""Scores of generated texts at the end of an epoch."""

import numbers
from collections.abc import Callable, Sequence

import keras


class ScoreTexts(keras.callbacks.Callback):
    """Generate texts at the end of an epoch, and put their scores in the logs.

    Callbacks that stand after this one in the list see the scores:
    `EarlyStopping(monitor="val_bleu", mode="max")`, `ModelCheckpoint`,
    `CSVLogger`. The history that `fit` returns has them in any case.

    ```python
    ScoreTexts(bleu, sources, targets, lambda texts: model.generate(texts))
    ```

    Args:
        score: Function of hypotheses and references, such as `bleu`, or a list
            of them. Of the dict it returns, the numbers are kept; a function
            may also return one number, to be named after it.
        inputs: What to generate from, a sequence or a dict of sequences: some
            hundred examples tell epochs apart.
        references: For each input, the right text or a list of them.
        generate: Function that turns `inputs` into a list of strings.
        name_prefix: Put before the names of the scores.
        every: Score each so many epochs, and the last.
    """

    def __init__(
        self,
        score: Callable | Sequence[Callable],
        inputs: Sequence,
        references: Sequence,
        generate: Callable,
        name_prefix: str = "val_",
        every: int = 1,
    ):
        super().__init__()
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise ValueError(
                "`every` must be a number of epochs, from 1. Received: "
                f"every={every!r}."
            )
        number = (
            len(next(iter(inputs.values())))
            if isinstance(inputs, dict)
            else len(inputs)
        )
        if number != len(references) or number == 0:
            raise ValueError(
                "`inputs` and `references` must be equally many, and at least "
                f"one. Received: {number} inputs and {len(references)} "
                "references."
            )
        self.scores = [score] if callable(score) else list(score)
        self.inputs = inputs
        self.references = references
        self.generate = generate
        self.name_prefix = name_prefix
        self.every = every

    def on_epoch_end(self, epoch, logs=None):
        is_last = epoch + 1 == self.params.get("epochs")
        if logs is None or ((epoch + 1) % self.every and not is_last):
            return
        texts = self.generate(self.inputs)
        # Keras hands one dict to all callbacks, in their order.
        for score in self.scores:
            for name, value in _numbers(score, texts, self.references).items():
                logs[f"{self.name_prefix}{name}"] = value


def _numbers(score, texts, references):
    """Call a function of texts, and keep what it returns of numbers."""
    found = score(texts, references)
    if isinstance(found, numbers.Real):
        found = {getattr(score, "__name__", "score"): found}
    if isinstance(found, dict):
        kept = {
            name: float(value)
            for name, value in found.items()
            if isinstance(value, numbers.Real)
        }
        if kept:
            return kept
    raise ValueError(
        "`score` must return a number, or a dict from names to numbers. "
        f"Received: {found!r:.80} from {score}."
    )
