"""What the commands share: flags, progress, and what surrounds the numbers."""

import argparse
import importlib.util
import pathlib
import sys
import time

from benchmarks import report, runner

_VERSIONS = (
    "tensorflow",
    "tensorflow-text",
    "keras",
    "keras-hub",
    "transformers",
    "tokenizers",
    "torch",
    "jax",
    "ctranslate2",
    "onnxruntime",
    "numpy",
)


def make_parser(name, description, contenders, default=None):
    """A parser with the flags that all commands have.

    Args:
        name: Of the module, for the usage.
        description: What the command does.
        contenders: Dict of classes by name.
        default: Names of those that take part without being named. Default:
            as the classes say.
    """
    if default is None:
        default = [n for n, kind in contenders.items() if kind.by_default]
    parser = argparse.ArgumentParser(
        prog=f"python -m {name}", description=description
    )
    parser.add_argument(
        "--contenders",
        nargs="+",
        default=default,
        choices=list(contenders),
        metavar="NAME",
        help=f"any of {', '.join(contenders)}; default: {', '.join(default)}",
    )
    parser.add_argument(
        "--rounds",
        type=positive,
        default=5,
        help="how often each contender does each case; default: 5",
    )
    parser.add_argument(
        "--threads",
        type=positive,
        default=runner.available_cores(),
        help="threads of each contender; default: the cores there are",
    )
    parser.add_argument(
        "--output", metavar="FILE", help="write all numbers as JSON"
    )
    parser.add_argument(
        "--small",
        action="store_true",
        help="tiny shapes, to try the command; its numbers mean nothing",
    )
    parser.add_argument(
        "--gpu",
        action="store_true",
        help="let contenders use graphics cards; default: hide them",
    )
    return parser


def add_precision(parser, precisions, default):
    """Add the flag of commands that compute in several precisions."""
    parser.add_argument(
        "--precision",
        nargs="+",
        default=default,
        choices=precisions,
        metavar="PRECISION",
        help=f"any of {', '.join(precisions)}; default: {' '.join(default)}. "
        "In training, weights and losses stay in float32",
    )


def add_plot(parser):
    """Add the flag of commands that can draw."""
    parser.add_argument(
        "--plot",
        metavar="FILE",
        type=_drawable,
        help="draw the result, a .png or .svg; needs matplotlib",
    )


def positive(text):
    """A whole number from 1, of a flag."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {value}")
    return value


def existing_file(path):
    """A file that is there, of a flag."""
    if not pathlib.Path(path).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {path}")
    return path


def _drawable(path):
    # To learn it after an hour of measuring would be late.
    if importlib.util.find_spec("matplotlib") is None:
        raise argparse.ArgumentTypeError(
            "drawing needs matplotlib: pip install matplotlib"
        )
    return path


def choose_contenders(names, contenders):
    """Split contenders into those that can run and why the others cannot.

    Args:
        names: Names, each once or more often.
        contenders: Dict of classes by name.

    Returns:
        List of names, and dict of reasons by name.
    """
    missing = {}
    for name in names:
        absent = contenders[name].missing()
        if absent:
            missing[name] = f"not installed: {', '.join(absent)}"
    # Given twice is meant once.
    return [
        name for name in dict.fromkeys(names) if name not in missing
    ], missing


def choose_entrants(contenders, arguments, result):
    """Find who takes part, in what; note in `missing` who cannot.

    Args:
        contenders: Dict of classes by name.
        arguments: The flags, `contenders` and `precision` among them.
        result: Dict with `missing`.

    Returns:
        List of `runner.Entrant`s, a contender's precisions in a row.
    """
    names = [name for name in arguments.contenders if name in contenders]
    names, missing = choose_contenders(names, contenders)
    result["missing"].update(missing)
    return [
        runner.Entrant(name, precision)
        for name in names
        for precision in dict.fromkeys(arguments.precision)
        if precision in contenders[name].precisions
    ]


def start_result(arguments):
    """What surrounds the numbers; says so if the machine is busy."""
    result = {
        "date": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "revision": runner.revision(),
        "arguments": vars(arguments),
        "machine": runner.describe_machine(),
        "versions": runner.versions_of(_VERSIONS),
        "missing": {},
        "failed": [],
        "loaded": [],
        "rows": [],
    }
    if result["machine"]["load_before"] > 0.5:
        say(
            "The machine is busy, so these times will not be worth much: "
            f"load_before={result['machine']['load_before']:.1f}."
        )
    return result


def add_failures(result, case, reasons):
    """Note who failed at a case, and say it."""
    for entrant, reason in reasons.items():
        entry = {"case": case, **entrant._asdict(), "reason": reason}
        result["failed"].append(entry)
        say(f"{case}: {entrant} FAILED: {reason}")


def finish(result, columns=report.COLUMNS):
    """Print the table, and who is missing or failed.

    Returns:
        The exit status: 1 if someone failed.
    """
    print(report.format_table(result["rows"], columns))
    for name, reason in result["missing"].items():
        print(f"missing: {name}: {reason}")
    for entry in result["failed"]:
        print(
            "failed: {case}: {contender} {precision}: {reason}".format(**entry)
        )
    return 1 if result["failed"] else 0


def say(line):
    """Tell how far it is, apart from the results."""
    print(line, file=sys.stderr, flush=True)
