"""Many clients at once on one SavedModel of strings: is each answer right?

`python -m benchmarks.load --help` tells the flags. It needs TensorFlow and
TensorFlow Text, and nothing of this package.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import json
import pathlib
import sys
import tempfile
import time

import numpy as np

from benchmarks import command, report, runner
from benchmarks.peak_memory import peak_megabytes, resident_megabytes
from benchmarks.text_contenders import read_lines
from benchmarks.text_samples import write_sample

_SAMPLE_LINES = 300
_TOLERANCE = 1e-4  # of floats, which depend on the shape of a batch
_PERCENTILES = (50, 90, 99, 100)
_SHOWN = 5  # requests that went wrong


def make_parser():
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.load",
        description="Ask one loaded SavedModel from many threads, in batches "
        "of many sizes, and compare each answer with that to the text alone. "
        "The status is 1 if an answer is another or missing.",
    )
    parser.add_argument(
        "model",
        type=_saved_model,
        metavar="VERSION",
        help="folder of a version, such as saved_models/sentiment/1",
    )
    parser.add_argument(
        "file",
        nargs="?",
        type=command.existing_file,
        help="texts, one a line; for models with several inputs a JSON "
        "object a line; default: some that are made up",
    )
    parser.add_argument(
        "--signature",
        default="serving_default",
        metavar="NAME",
        help="signature to call; not one that draws at random, whose answers "
        "differ; default: serving_default",
    )
    for name, default, what in (
        ("requests", 10_000, "requests to send"),
        ("clients", 8, "threads that send them"),
        ("batch-size", 4, "most texts of a request"),
        ("texts", 500, "texts of the file to use, the first ones"),
    ):
        parser.add_argument(
            f"--{name}",
            type=command.positive,
            default=default,
            metavar="N",
            help=f"{what}; default: {default:,}",
        )
    parser.add_argument(
        "--seed", type=int, default=0, help="of the requests; default: 0"
    )
    parser.add_argument(
        "--output", metavar="FILE", help="write all numbers as JSON"
    )
    return parser


def _saved_model(path):
    if not (pathlib.Path(path) / "saved_model.pb").is_file():
        raise argparse.ArgumentTypeError(
            f"{path} has no saved_model.pb; name the folder of a version"
        )
    return path


class Model:
    """A signature of a SavedModel.

    Args:
        folder: Of a version.
        signature: Its name.

    Raises:
        ValueError: If there is no such signature, or it does not take strings.
    """

    def __init__(self, folder, signature):
        import tensorflow as tf
        import tensorflow_text  # noqa: F401  operations of SavedModels

        self._loaded = tf.saved_model.load(folder)
        known = self._loaded.signatures
        if signature not in known:
            raise ValueError(
                f"{folder} has the signatures {', '.join(known)}. Received: "
                f"{signature}"
            )
        self._call = known[signature]
        _, inputs = self._call.structured_input_signature
        for name, spec in inputs.items():
            if spec.dtype != tf.string:
                raise ValueError(
                    f"The input {name} of {signature} is of {spec.dtype.name}; "
                    "name a signature that takes strings."
                )
        self.inputs = sorted(inputs)
        self._constant = tf.constant

    def ask(self, rows):
        """Answer rows, dicts of strings; a dict of arrays by name."""
        columns = {
            name: self._constant([row[name] for row in rows])
            for name in self.inputs
        }
        return {k: v.numpy() for k, v in self._call(**columns).items()}


def read_rows(file, inputs, most):
    """Read the inputs of a model from a file, or make some up.

    Raises:
        ValueError: If the file does not have what the model takes.
    """
    if file is None:
        with tempfile.TemporaryDirectory() as folder:
            file = f"{folder}/text"
            write_sample(file, min(most, _SAMPLE_LINES))
            return [
                {name: line for name in inputs} for line in read_lines(file)
            ]
    lines = read_lines(file)[:most]
    if len(inputs) == 1:
        return [{inputs[0]: line} for line in lines]
    rows = []
    for number, line in enumerate(lines, 1):
        row = json.loads(line) if line.startswith("{") else {}
        if not all(isinstance(row.get(name), str) for name in inputs):
            raise ValueError(
                f"{file}, line {number}: expected a JSON object with strings "
                f"under {', '.join(inputs)}. Received: {line[:80]}"
            )
        rows.append(row)
    return rows


@dataclasses.dataclass
class Outcome:
    """What became of a request: its seconds, texts, and what was wrong."""

    seconds: float
    texts: int
    error: str = ""
    difference: float = 0.0


def send(model, rows, expected):
    """Send one request, and compare the answer with those expected."""
    begun = time.perf_counter()
    try:
        answer = model.ask(rows)
    except Exception as error:  # what a server would send back
        seconds = time.perf_counter() - begun
        return Outcome(seconds, len(rows), f"no answer: {error}")
    outcome = Outcome(time.perf_counter() - begun, len(rows))
    for name, values in answer.items():
        for row, alone in zip(values, expected, strict=True):
            difference = gap(row, alone[name])
            if not difference <= _TOLERANCE:
                outcome.error = f"{name}: {row} for {alone[name]}"
            if np.isfinite(difference):  # JSON knows no other numbers
                outcome.difference = max(outcome.difference, difference)
    return outcome


def gap(found, wanted):
    """How far two answers are apart: 0, or a difference of floats, or infinity.

    An answer is as wide as the widest of its batch; what only the wider of the
    two has must be padding: `""`, 0 or -1.
    """
    found, wanted = np.asarray(found), np.asarray(wanted)
    common = tuple(map(slice, np.minimum(found.shape, wanted.shape)))
    for array in (found, wanted):
        beyond = np.ones(array.shape, bool)
        beyond[common] = False
        if not all(value in (b"", 0, -1) for value in array[beyond]):
            return np.inf
    found, wanted = found[common], wanted[common]
    if found.dtype.kind != "f":
        return 0.0 if np.array_equal(found, wanted) else np.inf
    gaps = np.abs(found - wanted) / np.maximum(1, np.abs(wanted))
    return float(gaps.max(initial=0.0))


def bombard(model, rows, expected, requests, arguments, rng):
    """Send requests from all clients at once; an `Outcome` for each."""
    sizes = rng.integers(1, arguments.batch_size + 1, requests)
    chosen = [rng.integers(0, len(rows), size) for size in sizes]

    def request(places):
        return send(
            model, [rows[i] for i in places], [expected[i] for i in places]
        )

    with concurrent.futures.ThreadPoolExecutor(arguments.clients) as clients:
        return list(clients.map(request, chosen))


def measure(arguments):
    """Load the model, ask it; a dict of all numbers."""
    model = Model(arguments.model, arguments.signature)
    rows = read_rows(arguments.file, model.inputs, arguments.texts)
    if not rows:
        raise ValueError(f"{arguments.file} has no texts")
    command.say(f"{len(rows)} texts one by one ...")
    expected = [
        {name: values[0] for name, values in model.ask([row]).items()}
        for row in rows
    ]
    rng = np.random.default_rng(arguments.seed)
    warm_up = max(arguments.clients, arguments.requests // 10)
    command.say(f"{warm_up:,} requests to warm up ...")
    bombard(model, rows, expected, warm_up, arguments, rng)
    before = resident_megabytes()
    command.say(
        f"{arguments.requests:,} requests from {arguments.clients} clients ..."
    )
    begun = time.perf_counter()
    outcomes = bombard(
        model, rows, expected, arguments.requests, arguments, rng
    )
    seconds = time.perf_counter() - begun
    after = resident_megabytes()
    latencies = np.array([outcome.seconds for outcome in outcomes]) * 1000
    errors = [outcome.error for outcome in outcomes if outcome.error]
    return {
        "arguments": vars(arguments),
        "machine": runner.describe_machine(),
        "answered": len(outcomes) - len(errors),
        "wrong": len(errors),
        "errors": collections.Counter(errors).most_common(_SHOWN),
        "largest_difference": max(o.difference for o in outcomes),
        "seconds": seconds,
        "requests_per_second": len(outcomes) / seconds,
        "texts_per_second": sum(o.texts for o in outcomes) / seconds,
        "latency_ms": {
            str(p): float(np.percentile(latencies, p)) for p in _PERCENTILES
        },
        "megabytes_before": before,
        "megabytes_after": after,
        "megabytes_peak": peak_megabytes(),
    }


def show(result):
    """Print what came out, for persons."""
    print(
        "{answered:,} answered as alone, {wrong:,} not; floats differ by at "
        "most {largest_difference:.1e}".format(**result)
    )
    for error, times in result["errors"]:
        print(f"  {times:,} times: {error}")
    print(
        "{requests_per_second:,.1f} requests and {texts_per_second:,.1f} texts "
        "a second, {seconds:.1f} s in all".format(**result)
    )
    latency = ", ".join(
        f"{'at most' if p == '100' else f'{p} %'} {ms:.1f}"
        for p, ms in result["latency_ms"].items()
    )
    print(f"latency in ms: {latency}")
    growth = result["megabytes_after"] / result["megabytes_before"] - 1
    print(
        "memory: {megabytes_before:.0f} MB when warm, {megabytes_after:.0f} MB "
        "at the end ({growth:+.1%})".format(growth=growth, **result)
    )


def main(arguments=None):
    parser = make_parser()
    arguments = parser.parse_args(arguments)
    try:
        result = measure(arguments)
    except ValueError as error:
        parser.error(str(error))
    if arguments.output:
        report.write_json(arguments.output, result)
    show(result)
    return 1 if result["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
