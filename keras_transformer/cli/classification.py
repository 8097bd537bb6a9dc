"""Sentiment, spam, topic: one of several classes for a text or a pair.

The file has a column of texts, or two of pairs, and a column of labels;
columns are found by their usual names (text, sentence, question, ...; label,
class, ...) or named by the flags.
"""

import collections

import keras
import numpy as np

from keras_transformer.cli.encoder import (
    add_encoder_arguments,
    build_encoder,
    check_encoder_arguments,
    drops_of,
)
from keras_transformer.tasks.loading import is_checkpoint
from keras_transformer.tasks.sentence_folder import is_sentence_folder
from keras_transformer.tasks.text_classifier import TextClassifier
from keras_transformer.training.metrics import accuracy, f1_scores
from keras_transformer.training.schedules import WarmupLinearDecay

HELP = "a class for each text, or for each pair of texts"
TASK = TextClassifier
METRIC = "accuracy"
MODE = "max"
MOST_FILES = 1
FORMATS = ("tsv", "csv", "jsonl")
DATA_FILES = "TSV, CSV or JSON Lines"
FIT = {
    "examples": 100_000,
    "most_epochs": 15,
    "batch_tokens": 1024,
    "learning_rate": 5e-4,
}
SCHEDULE = "after the first tenth of the updates it falls to 0 along a line"
AVERAGED_EPOCHS = 0


def add_column_arguments(parser):
    """Add the flags that name columns."""
    columns = parser.add_argument_group("columns of labelled texts")
    columns.add_argument(
        "--text-column", metavar="NAME", help="column of the texts"
    )
    columns.add_argument(
        "--pair-column",
        metavar="NAME",
        help="column of the second texts, if examples are pairs",
    )
    columns.add_argument(
        "--label-column", metavar="NAME", help="column of the labels"
    )


def add_training_arguments(parser):
    """Add the flags of `train classification`."""
    add_column_arguments(parser)
    add_encoder_arguments(parser)


def check_arguments(arguments):
    """Check that the flags of the encoder go together."""
    check_encoder_arguments(arguments)


def schedule(arguments, steps):
    """The learning rate: a tenth of the updates up, then down to 0."""
    steps = max(2, steps)
    return WarmupLinearDecay(
        arguments.learning_rate, max(1, steps // 10), steps
    )


def read(paths, arguments, classes=None):
    """Read labelled texts.

    Args:
        paths: The file, in a list.
        arguments: The parsed flags.
        classes: The known labels; default: any.

    Returns:
        The `data.LabelledTexts`.

    Raises:
        ValueError: If the file cannot be read, or has a label that is not
            among `classes`.
    """
    from keras_transformer import data

    examples = data.read_labelled_texts(
        *paths,
        text_column=arguments.text_column,
        pair_column=arguments.pair_column,
        label_column=arguments.label_column,
        format=arguments.format,
    )
    if classes is not None:
        check_labels(examples, classes)
    return examples


def check_labels(examples, classes):
    """Check that all labels are known.

    Raises:
        DataError: If one is not; it names the line.
    """
    from keras_transformer import data

    for label, line in zip(examples.labels, examples.lines, strict=True):
        if label not in classes:
            raise data.DataError(
                f"Expected one of the labels that the model was trained with, "
                f"{list(classes)}. Received: {label!r}. Mend the label, drop "
                "the line, or train a model with it.",
                examples.path,
                line,
            )


def classes_of(examples):
    """The labels of a training file, in order, each with enough examples.

    Raises:
        DataError: If there are fewer than two, or one has a single example.
    """
    from keras_transformer import data

    counts = collections.Counter(examples.labels)
    if len(counts) < 2:
        raise data.DataError(
            "Expected at least two different labels to tell apart. Received: "
            f"{list(counts)} alone, in {len(examples)} rows.",
            examples.path,
        )
    for label, count in sorted(counts.items()):
        if count == 1:
            line = examples.lines[examples.labels.index(label)]
            raise data.DataError(
                f"Expected at least two examples of each label, since nothing "
                f"is learned from one. Received: one of {label!r}. Add "
                "examples, join it with another label, or drop the line.",
                examples.path,
                line,
            )
    return sorted(counts)


def check_training(examples):
    """Check what a file must have to train on it; see `classes_of`."""
    classes_of(examples)


def split_off(examples, share, seed):
    """Hold out a share of the rows of each label, at random.

    Returns:
        A pair of `data.LabelledTexts`: to train on, and held out.
    """
    from keras_transformer import data

    random = np.random.default_rng(seed)
    labels = np.asarray(examples.labels)
    held = np.zeros(len(labels), bool)
    for label in sorted(set(examples.labels)):
        rows = random.permutation(np.flatnonzero(labels == label))
        held[rows[: round(share * len(rows))]] = True

    def part(chosen):
        def pick(column):
            if column is None:
                return None
            return [v for v, c in zip(column, chosen, strict=True) if c]

        return data.LabelledTexts(
            examples.path,
            pick(examples.texts),
            pick(examples.pairs),
            pick(examples.labels),
            pick(examples.lines),
        )

    return part(~held), part(held)


def inputs_and_targets(task, examples):
    """What `fit` takes: strings by name, and labels."""
    return _strings(examples), examples.labels


def _strings(examples):
    strings = {"text": examples.texts}
    if examples.pairs is not None:
        strings["text_pair"] = examples.pairs
    return strings


def build(examples, arguments):
    """Build a classifier for the labels of a file."""
    strings = _strings(examples)
    classes = classes_of(examples)
    encoder, preprocessor = build_encoder(strings, arguments)
    of_task = {
        "dropout": arguments.embedding_dropout,
        "token_dropout": arguments.token_dropout,
        "takes_pairs": examples.pairs is not None,
    }
    path = arguments.from_pretrained
    if not is_checkpoint(path) or is_sentence_folder(path):
        return TextClassifier(encoder, preprocessor, classes, **of_task)
    # With the kind of head that such checkpoints have, so that `convert` can
    # write it; those of sentences were trained to be averaged.
    return TextClassifier.from_pretrained(
        path,
        new_head=True,
        classes=classes,
        preprocessor=preprocessor,
        model_arguments=drops_of(arguments),
        **of_task,
    )


def metric_for(examples):
    """The metric that tells the best epoch."""
    return METRIC


def validation_callbacks(task, examples):
    """What puts other metrics than Keras's into the logs of an epoch."""
    return []


def check_validation(task, examples):
    """Check that a file fits a task, before any training starts."""
    if task.takes_pairs != (examples.pairs is not None):
        from keras_transformer import data

        one, two = "one text a row", "two texts a row"
        raise data.DataError(
            f"Expected {two if task.takes_pairs else one}, as the model was "
            f"trained. Received: {one if task.takes_pairs else two}. Name the "
            "columns with `--text-column` and `--pair-column`.",
            examples.path,
        )
    check_labels(examples, task.classes)


def score(task, examples):
    """Compute the metrics of a task on labelled texts.

    Returns:
        Dict of `accuracy`, `f1` (macro), `f1_per_class`, `loss` (mean
        cross-entropy, in nats) and `examples`.
    """
    check_validation(task, examples)
    strings, labels = inputs_and_targets(task, examples)
    logits = task.predict(strings, verbose=0)
    targets = np.asarray(task.encode_targets(labels))
    predictions = logits.argmax(axis=-1)
    f1 = f1_scores(targets, predictions, len(task.classes))
    losses = keras.losses.sparse_categorical_crossentropy(
        targets, logits, from_logits=True
    )
    return {
        "accuracy": float(accuracy(targets, predictions)),
        "f1": float(f1.macro_f1),
        "f1_per_class": {
            name: float(value)
            for name, value in zip(task.classes, f1.f1, strict=True)
        },
        "loss": float(keras.ops.mean(losses)),
        "examples": len(targets),
    }


def rows_of(answer):
    """Give each row of an answer the form in which `predict` prints it."""
    columns = (answer["label"], answer["score"], answer["scores"])
    for label, best, scores in zip(*(c.numpy() for c in columns), strict=True):
        yield {
            "label": label.decode("utf-8"),
            "score": float(best),
            "scores": [float(s) for s in scores],
        }
