"""Score a trained model on a file.

The last line on stdout is one JSON object of metrics. For classification:
accuracy, f1 (macro), f1_per_class, loss (nats) and the number of examples.
"""

import json

from keras_transformer.cli.classification import add_column_arguments
from keras_transformer.cli.console import say_warnings_plainly
from keras_transformer.cli.tasks import open_task

HELP = "score a trained model on a file"


def add_arguments(parser):
    """Add the flags."""
    parser.add_argument(
        "model", metavar="DIR", help="what `train` wrote, or a .keras file"
    )
    parser.add_argument(
        "--data", required=True, metavar="FILE", help="labelled examples"
    )
    parser.add_argument(
        "--format",
        choices=["tsv", "csv", "jsonl"],
        help="of the file (default: told from its name)",
    )
    add_column_arguments(parser)


def run(arguments):
    """Score and print."""
    say_warnings_plainly()
    task, module = open_task(arguments.model)
    examples = module.read(arguments.data, arguments)
    print(json.dumps(module.score(task, examples), ensure_ascii=False))
