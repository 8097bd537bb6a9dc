"""Write a trained model as a SavedModel that takes strings, ONNX or LiteRT.

Each call writes one more version, a folder with a number, whole or not at
all: the layout that TensorFlow Serving watches. In it, and beside it for the
highest version, stand a card that shows how to call the model, and a list of
what it takes and gives, as JSON.

ONNX and LiteRT take ids: a folder with one file, or two for models that write.
"""

import argparse
import pathlib

from keras_transformer.cli.console import say
from keras_transformer.cli.flag_types import positive_int
from keras_transformer.cli.output_folder import CARD
from keras_transformer.cli.predict import read_examples
from keras_transformer.cli.searching import (
    add_search_arguments,
    search_options,
)
from keras_transformer.cli.tasks import open_task

HELP = "write a SavedModel for TensorFlow Serving"


def add_arguments(parser):
    """Add the flags."""
    parser.add_argument(
        "model", metavar="DIR", help="what `train` wrote, or a .keras file"
    )
    parser.add_argument(
        "--to",
        required=True,
        metavar="DIR",
        help="folder of all versions, such as saved_models/sentiment; for "
        "onnx and litert the folder to write",
    )
    parser.add_argument(
        "--version",
        type=positive_int,
        metavar="N",
        help="number of the version (default: the next free one)",
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace the version, if it is there",
    )
    parser.add_argument(
        "--format",
        choices=("saved_model", "onnx", "litert"),
        default="saved_model",
        help="what to write; onnx and litert take ids, have no versions and no "
        "other flags than --overwrite (default: saved_model)",
    )
    _add_content_arguments(parser)
    parser.add_argument(
        "--server-files",
        action="store_true",
        help="also write what a server needs to serve all models that stand "
        "beside this one: models.config, batching.config, compose.yaml",
    )
    add_search_arguments(parser)


def _add_content_arguments(parser):
    parser.add_argument(
        "--warm-up",
        type=positive_int,
        nargs="*",
        default=[1, 8],
        metavar="N",
        help="batch sizes for which a server warms the model up before it "
        "serves it (default: 1 8; no number: not at all)",
    )
    parser.add_argument(
        "--examples",
        metavar="FILE",
        help="texts, one a line as for `predict`, to warm up with, and the "
        "first to show (default: some English sentences)",
    )
    stored = parser.add_mutually_exclusive_group()
    stored.add_argument(
        "--dtype",
        choices=("bfloat16", "float16", "int8"),
        help="store weights in half the bytes, or a quarter; the card tells "
        "what that changes (default: as they are)",
    )
    stored.add_argument(
        "--int8",
        dest="dtype",
        action="store_const",
        const="int8",
        help="short for --dtype int8",
    )


def run(arguments):
    """Export, and say how to call it."""
    from keras_transformer import serving

    if arguments.format != "saved_model":
        _check_flags(arguments)
    task, _ = open_task(arguments.model)
    if arguments.format != "saved_model":
        _write_portable(task, arguments)
        return
    examples = None
    if arguments.examples is not None:
        examples = read_examples(arguments.examples, task.string_inputs)
    folder = serving.export(
        task,
        arguments.to,
        arguments.version,
        overwrite=arguments.overwrite,
        warm_up=arguments.warm_up,
        examples=examples,
        dtype=arguments.dtype,
        notes=_training_card(arguments.model),
        **search_options(arguments, task),
    )
    inputs = ", ".join(
        f'{name}=tf.constant(["..."])' for name in task.string_inputs
    )
    say(f"Wrote {folder}. To call it without a server:")
    say("  import tensorflow as tf, tensorflow_text")
    say(f'  model = tf.saved_model.load("{folder}")')
    say(f'  model.signatures["serving_default"]({inputs})')
    if arguments.server_files:
        written = serving.write_server_files(folder.parent.parent)
        say(f"Wrote {', '.join(map(str, written))}.")
        say(f"To serve all: docker compose -f {written[-1]} up")
    print(folder)


def _check_flags(arguments):
    """Refuse flags that say how a SavedModel answers.

    Raises:
        ValueError: If there is one.
    """
    of_all = {"command", "run", "model", "to", "overwrite", "format"}
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    given = [
        f"--{name.replace('_', '-')}"
        for name, value in sorted(vars(arguments).items())
        if name not in of_all and value != parser.get_default(name)
    ]
    if given:
        raise ValueError(
            f"--format {arguments.format} takes ids and gives logits, so it "
            f"has no use for these flags. Received: {', '.join(given)}."
        )


def _write_portable(task, arguments):
    """Write ONNX or LiteRT, and say what is in it."""
    from keras_transformer import serving

    write = {"onnx": serving.export_onnx, "litert": serving.export_litert}
    folder = write[arguments.format](
        task, arguments.to, overwrite=arguments.overwrite
    )
    for file in sorted(folder.iterdir()):
        say(f"Wrote {file}, {file.stat().st_size:,} bytes.")
    print(folder)


def _training_card(model):
    """What `train` wrote of the model, as a part of another text."""
    card = pathlib.Path(model) / CARD
    if not card.is_file():
        return ""
    lines = card.read_text("utf-8").splitlines()[1:]
    told = [f"#{line}" if line.startswith("##") else line for line in lines]
    return "\n".join(["## How it came to be", *told])
