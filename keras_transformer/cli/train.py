"""Train a task from a file, and write the model into a folder.

The folder holds model.keras (weights, vocabulary and labels in one file),
metrics.json, history.csv and model_card.md. It appears when all is done; if
training is interrupted, run the same command with --resume.
"""

import pathlib
import sys
import time

import keras

from keras_transformer.cli.console import say, say_warnings_plainly
from keras_transformer.cli.flag_types import (
    positive_float,
    positive_int,
    share,
)
from keras_transformer.cli.model_card import write_results
from keras_transformer.cli.output_folder import OutputFolder
from keras_transformer.cli.progress import Progress
from keras_transformer.cli.tasks import TASKS
from keras_transformer.training.optimizers import AdamW
from keras_transformer.training.schedules import WarmupLinearDecay

HELP = "train a task from a file"


def add_arguments(parser):
    """Add the tasks, and the flags of each."""
    tasks = parser.add_subparsers(dest="task", metavar="TASK", required=True)
    for name, module in TASKS.items():
        task = tasks.add_parser(
            name,
            help=module.HELP,
            description=module.__doc__,
            formatter_class=parser.formatter_class,
        )
        _add_file_arguments(task)
        module.add_training_arguments(task)
        _add_fit_arguments(task)


def _add_file_arguments(parser):
    files = parser.add_argument_group("files")
    files.add_argument(
        "--train",
        required=True,
        metavar="FILE",
        help="training examples: TSV, CSV or JSON Lines, gzip or not",
    )
    files.add_argument(
        "--validation",
        metavar="FILE",
        help="examples to score on (default: a tenth of the training "
        "examples is held out)",
    )
    files.add_argument(
        "--validation-share",
        type=share,
        default=0.1,
        metavar="SHARE",
        help="share held out where there is no --validation; 0 to train on "
        "all (default: %(default)s)",
    )
    files.add_argument(
        "--format",
        choices=["tsv", "csv", "jsonl"],
        help="of the files (default: told from their names)",
    )
    files.add_argument(
        "--output", required=True, metavar="DIR", help="folder to write"
    )
    files.add_argument(
        "--overwrite",
        action="store_true",
        help="replace an earlier result in that folder",
    )
    files.add_argument(
        "--resume",
        action="store_true",
        help="go on after the last whole epoch of an interrupted run",
    )


def _add_fit_arguments(parser):
    fit = parser.add_argument_group("training")
    fit.add_argument(
        "--epochs",
        type=positive_int,
        metavar="N",
        help="passes over the training examples (default: enough to see "
        "some 100,000 of them, from 2 to 15)",
    )
    fit.add_argument(
        "--keep",
        choices=["best", "last"],
        default="best",
        help="which epoch's weights to keep: those that score best on the "
        "validation examples, or the last ones (default: %(default)s)",
    )
    fit.add_argument(
        "--batch-tokens",
        type=positive_int,
        default=1024,
        metavar="N",
        help="most tokens of a batch, padding included (default: %(default)s)",
    )
    fit.add_argument(
        "--learning-rate",
        type=positive_float,
        default=5e-4,
        metavar="RATE",
        help="its peak, after the first tenth of the updates; it falls to 0 "
        "at the end (default: %(default)s)",
    )
    fit.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="for weights, dropout and shuffling (default: %(default)s)",
    )
    fit.add_argument(
        "--mixed-precision",
        action="store_true",
        help="compute in bfloat16, keep weights in float32",
    )


def run(arguments):
    """Train, score and write."""
    say_warnings_plainly()
    began = time.monotonic()
    module = TASKS[arguments.task]
    keras.utils.set_random_seed(arguments.seed)
    if arguments.mixed_precision:
        keras.config.set_dtype_policy("mixed_bfloat16")
    examples, validation = _read(module, arguments)
    arguments.epochs = arguments.epochs or usual_epochs(len(examples))
    folder = OutputFolder(
        arguments.output, arguments.overwrite, arguments.resume
    )
    progress = Progress(folder.partial, module.METRIC, arguments)
    task = progress.task or module.build(examples, arguments)
    if validation is not None:
        module.check_validation(task, validation)
    folder.begin()
    try:
        seconds = _fit(module, task, examples, validation, arguments, progress)
    except KeyboardInterrupt:
        _say_how_to_resume(folder, progress)
        raise
    if arguments.keep == "best":
        progress.restore_best(task)
    metrics = {} if validation is None else module.score(task, validation)
    write_results(
        folder.partial,
        task,
        metrics,
        arguments,
        {
            "training_examples": len(examples),
            "training_seconds": round(seconds, 1),
            "kept_epoch": progress.kept_epoch(arguments.keep),
        },
    )
    folder.finish()
    _say_what_next(arguments, metrics, time.monotonic() - began)


def usual_epochs(examples):
    """Enough to see some 100,000 examples, from 2 to 15 times each."""
    return min(max(round(100_000 / examples), 2), 15)


def _read(module, arguments):
    """Read both files, or hold a part of the first one out."""
    examples = module.read(arguments.train, arguments)
    say(f"{len(examples):,} examples in {arguments.train}")
    if arguments.validation is not None:
        validation = module.read(arguments.validation, arguments)
        say(f"{len(validation):,} examples in {arguments.validation}")
        return examples, validation
    if not arguments.validation_share:
        return examples, None
    module.check_training(examples)
    examples, validation = module.split_off(
        examples, arguments.validation_share, arguments.seed
    )
    if not len(validation):
        return examples, None
    say(f"{len(validation):,} of them held out to score on")
    return examples, validation


def _fit(module, task, examples, validation, arguments, progress):
    """Train for the epochs that are left; return the seconds it took."""
    began = time.monotonic()
    x, y = module.inputs_and_targets(examples)
    batches = task.batches(
        x,
        y,
        batch_tokens=arguments.batch_tokens,
        shuffle=True,
        seed=arguments.seed + progress.epochs,
    )
    if not task.compiled:
        total = len(batches) * arguments.epochs
        schedule = WarmupLinearDecay(
            arguments.learning_rate, max(1, total // 10), max(2, total)
        )
        task.compile(AdamW(schedule))
    task.fit(
        batches,
        epochs=arguments.epochs,
        initial_epoch=progress.epochs,
        validation_data=None
        if validation is None
        else task.batches(*module.inputs_and_targets(validation)),
        callbacks=[progress],
        # A line an epoch where no one watches the bar.
        verbose=1 if sys.stdout.isatty() else 2,
    )
    return time.monotonic() - began


def _say_how_to_resume(folder, progress):
    if not progress.epochs:
        folder.discard()
        return
    say(
        f"\nStopped after {progress.epochs} whole epochs, which are kept in "
        f"{folder.partial}. Give the same command with `--resume` to go on."
    )


def _say_what_next(arguments, metrics, seconds):
    name = arguments.output
    say()
    for metric, value in metrics.items():
        if isinstance(value, float):
            say(f"  {metric:<10} {value:.4f}")
    say()
    say(f"The model is in {pathlib.Path(name)} after {seconds / 60:.1f} min.")
    say("What to type next:")
    say(f"  keras-transformer predict {name} texts.txt")
    say(f"  keras-transformer evaluate {name} --data FILE")
    target = f"saved_models/{pathlib.Path(name).name}"
    say(f"  keras-transformer export {name} --to {target}")
