"""Training that can be interrupted: its state, saved after every epoch."""

import csv
import json
import os

import keras

from keras_transformer.cli.output_folder import HISTORY, MODEL
from keras_transformer.tasks.loading import load

_STATE = "progress.json"
_BEST = "best.weights.h5"

# Flags that may differ between a run and the one that goes on with it.
_FREE = {"resume", "overwrite", "output", "run", "command"}


class Progress(keras.callbacks.Callback):
    """Save the task, its optimizer and the history after every epoch.

    With validation examples, the weights of the best epoch are kept apart.

    What an interrupted run left in the folder is taken up: `task` is then
    the saved task, and `epochs` says how many epochs it was trained for.

    Args:
        folder: Where to write.
        metric: Name of the validation metric.
        arguments: The parsed flags; they must be those of the run that is
            gone on with.
        mode: `"max"` if a higher metric is better, `"min"` if a lower one is.

    Raises:
        ValueError: If they are others.
    """

    def __init__(self, folder, metric, arguments, mode="max"):
        super().__init__()
        self.folder = folder
        self.metric = f"val_{metric}"
        self.best = {"max": max, "min": min}[mode]
        self.flags = {
            name: value
            for name, value in sorted(vars(arguments).items())
            if name not in _FREE
        }
        self.history = []
        self.task = None
        if (folder / _STATE).exists():
            self._take_up(json.loads((folder / _STATE).read_text("utf-8")))

    @property
    def epochs(self):
        """How many epochs are done."""
        return len(self.history)

    @property
    def best_epoch(self):
        """The epoch that scored best, from 1; the last without a score."""
        scores = [
            row[self.metric] for row in self.history if self.metric in row
        ]
        if len(scores) < self.epochs or not scores:
            return self.epochs
        # Of equally good epochs the last, which has learned most.
        return self.epochs - scores[::-1].index(self.best(scores))

    def kept_epoch(self, keep):
        """The epoch whose weights are kept, from 1."""
        return self.best_epoch if keep == "best" else self.epochs

    def restore_best(self, task):
        """Give a task the weights of the best epoch."""
        if (self.folder / _BEST).exists():
            task.load_weights(self.folder / _BEST)

    def _take_up(self, state):
        others = [
            f"--{name.replace('_', '-')} {state['flags'].get(name)}"
            for name, value in self.flags.items()
            if state["flags"].get(name) != value
        ]
        if others:
            raise ValueError(
                "A run is resumed with its own flags. Expected "
                f"{', '.join(others)}, as before. Give these, or leave "
                "`--resume` out to start anew."
            )
        self.history = state["history"]
        self.task = load(self.folder / MODEL)

    def on_epoch_end(self, epoch, logs=None):
        """Save everything; the state comes last, when all else is there."""
        row = {"epoch": epoch + 1}
        row.update({name: float(value) for name, value in logs.items()})
        self.history.append(row)
        self.model.save(self.folder / MODEL)
        if self.metric in row and self.best_epoch == self.epochs:
            self.model.save_weights(self.folder / _BEST)
        self._write_history()
        beside = self.folder / f"{_STATE}.new"
        state = {"flags": self.flags, "history": self.history}
        beside.write_text(json.dumps(state), "utf-8")
        os.replace(beside, self.folder / _STATE)

    def _write_history(self):
        path = self.folder / HISTORY
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(self.history[-1]))
            writer.writeheader()
            writer.writerows(self.history)
