"""Answer texts: a line in, a JSON line out.

A line is a text, or a JSON object with the names of the model's inputs, such
as {"text": ...} or, for pairs, {"text": ..., "text_pair": ...}. For
classification the output has label, score (its probability) and scores (those
of all classes, in the order of the model card); for translation, summarization
and causal-lm generated_text and score, the log-probability of what was written
(lists of both, best first, with --num-return-sequences).
"""

import contextlib
import itertools
import json
import sys

from keras_transformer.cli.console import say, say_warnings_plainly
from keras_transformer.cli.flag_types import positive_int
from keras_transformer.cli.searching import (
    add_search_arguments,
    search_options,
)
from keras_transformer.cli.tasks import open_task

HELP = "answer texts, a line in, a JSON line out"


def add_arguments(parser):
    """Add the flags."""
    parser.add_argument(
        "model", metavar="DIR", help="what `train` wrote, or a .keras file"
    )
    parser.add_argument(
        "file",
        nargs="?",
        default="-",
        metavar="FILE",
        help="texts, one a line (default: -, what comes in on stdin)",
    )
    parser.add_argument(
        "--batch-size",
        type=positive_int,
        default=64,
        metavar="N",
        help="lines that are answered at a time (default: %(default)s; 1 "
        "where stdin is a terminal)",
    )
    add_search_arguments(parser)


def run(arguments):
    """Read, answer and print."""
    say_warnings_plainly()
    task, module = open_task(arguments.model)
    options = search_options(arguments, task)
    name = "stdin" if arguments.file == "-" else arguments.file
    size = arguments.batch_size
    cut = number = 0
    with _opened(arguments.file) as file:
        if file.isatty():
            say("Type a text and press Enter; end with Ctrl-D.")
            size = 1
        examples = (
            _example(line, number, name, task.string_inputs)
            for number, line in enumerate(file, start=1)
        )
        while batch := list(itertools.islice(examples, size)):
            strings = {
                key: [example[key] for example in batch]
                for key in task.string_inputs
            }
            number += len(batch)
            cut += task.preprocessor.count_truncated(**strings)
            for row in module.rows_of(task.answer(strings, **options)):
                print(json.dumps(row, ensure_ascii=False), flush=size == 1)
    if cut:
        say(
            f"note: {cut} of {number} texts were longer than the model's "
            f"{task.preprocessor.max_length} tokens; what is beyond was cut."
        )


def _opened(path):
    """Open lines of bytes, so that bad ones can be named."""
    if path == "-":
        return contextlib.nullcontext(sys.stdin.buffer)
    return open(path, "rb")


def _example(line, number, name, inputs):
    """Parse a line into a dict of strings by the names of the inputs.

    Raises:
        ValueError: If it is not UTF-8, or not what the task takes.
    """
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{name}, line {number}: expected UTF-8. Received the byte "
            f"0x{line[error.start]:02x} at byte {error.start + 1}. Save the "
            "file as UTF-8."
        ) from error
    text = text.removesuffix("\n").removesuffix("\r")
    example = _json_object(text)
    if example is None and len(inputs) == 1:
        return {inputs[0]: text}
    if example is None or not all(
        isinstance(example.get(key), str) for key in inputs
    ):
        wanted = json.dumps(dict.fromkeys(inputs, "..."))
        raise ValueError(
            f"{name}, line {number}: expected a JSON object like {wanted}. "
            f"Received: {text[:60]!r}."
        )
    return {key: example[key] for key in inputs}


def _json_object(text):
    """The JSON object in a line, `None` if it holds something else."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return None
