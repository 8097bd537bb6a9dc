"""Write a trained model as a SavedModel that takes strings.

Each call writes one more version, a folder with a number, whole or not at
all: the layout that TensorFlow Serving watches.
"""

from keras_transformer.cli.console import say
from keras_transformer.cli.flag_types import positive_int
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
        help="folder of all versions, such as saved_models/sentiment",
    )
    parser.add_argument(
        "--version",
        type=positive_int,
        metavar="N",
        help="number of the version (default: the next free one)",
    )
    add_search_arguments(parser)


def run(arguments):
    """Export, and say how to call it."""
    from keras_transformer import serving

    task, _ = open_task(arguments.model)
    folder = serving.export(
        task,
        arguments.to,
        arguments.version,
        **search_options(arguments, task),
    )
    inputs = ", ".join(
        f'{name}=tf.constant(["..."])' for name in task.string_inputs
    )
    say(f"Wrote {folder}. To call it without a server:")
    say("  import tensorflow as tf, tensorflow_text")
    say(f'  model = tf.saved_model.load("{folder}")')
    say(f'  model.signatures["serving_default"]({inputs})')
    print(folder)
