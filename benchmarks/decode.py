"""Tokens per second of writing: this package next to its peers.

`python -m benchmarks.decode --help` tells the flags, `benchmarks/README.md`
what the columns mean.
"""

import argparse
import dataclasses
import sys
import time

from benchmarks import report, runner
from benchmarks.decode_contenders import CONTENDERS

OWN = "keras_transformer"
_MODULE = "benchmarks.decode_contenders"
_VERSIONS = (
    "tensorflow",
    "keras",
    "transformers",
    "torch",
    "ctranslate2",
    "keras-hub",
    "numpy",
)


@dataclasses.dataclass(frozen=True)
class Workload:
    """A model and how much it reads and writes."""

    name: str
    kind: str
    num_layers: int
    hidden_dim: int
    num_heads: int
    intermediate_dim: int
    vocabulary_size: int
    max_sequence_length: int
    prompt_length: int
    new_tokens: int
    # Pairs of beam size, 1 for greedy, and batch size.
    cases: tuple

    def case_names(self):
        """Names of the cases, and what each is, as dicts."""
        return {
            f"{self.name}-{search}-{batch}": {
                "name": f"{self.name}-{search}-{batch}",
                "beam_size": beam_size,
                "batch": batch,
                "lengths": [self.new_tokens] * batch,
            }
            for beam_size, batch in self.cases
            for search in ["greedy" if beam_size == 1 else f"beam{beam_size}"]
        }


WORKLOADS = (
    Workload(
        name="w5",
        kind="seq2seq",
        num_layers=6,
        hidden_dim=512,
        num_heads=8,
        intermediate_dim=2048,
        vocabulary_size=32_000,
        max_sequence_length=512,
        prompt_length=32,
        new_tokens=64,
        cases=((1, 1), (1, 32), (4, 1), (4, 32)),
    ),
    Workload(
        name="w6",
        kind="causal",
        num_layers=12,
        hidden_dim=768,
        num_heads=12,
        intermediate_dim=3072,
        vocabulary_size=50_257,
        max_sequence_length=1024,
        prompt_length=32,
        new_tokens=128,
        cases=((1, 1), (1, 8)),
    ),
)


def make_small(workload):
    """The same cases of a model that takes milliseconds."""
    return dataclasses.replace(
        workload,
        num_layers=1,
        hidden_dim=32,
        num_heads=4,
        intermediate_dim=48,
        vocabulary_size=101,
        max_sequence_length=64,
        prompt_length=5,
        new_tokens=7,
    )


def make_parser():
    names = [name for w in WORKLOADS for name in w.case_names()]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.decode",
        description="Tokens per second of writing, greedy and by beam search: "
        "this package next to the peers that are installed, in turns, each in "
        "a process of its own, with random weights in float32. W5 is a 6+6 "
        "layer encoder-decoder that writes 64 tokens, W6 a 12 layer language "
        "model that writes 128.",
    )
    parser.add_argument(
        "--cases",
        nargs="+",
        default=[w.name for w in WORKLOADS],
        choices=[w.name for w in WORKLOADS] + names,
        metavar="CASE",
        help=f"w5, w6 or any of {', '.join(names)}; default: all",
    )
    parser.add_argument(
        "--contenders",
        nargs="+",
        default=list(CONTENDERS),
        choices=list(CONTENDERS),
        metavar="NAME",
        help=f"any of {', '.join(CONTENDERS)}; default: all",
    )
    parser.add_argument(
        "--rounds",
        type=_positive,
        default=5,
        help="how often each contender does each case; default: 5",
    )
    parser.add_argument(
        "--threads",
        type=_positive,
        default=runner.available_cores(),
        help="threads of each contender; default: the cores there are",
    )
    parser.add_argument(
        "--output", metavar="FILE", help="write all numbers as JSON"
    )
    parser.add_argument(
        "--small",
        action="store_true",
        help="tiny shapes, to try the command; its times mean nothing",
    )
    parser.add_argument(
        "--gpu",
        action="store_true",
        help="let contenders use graphics cards; default: hide them",
    )
    return parser


def _positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {value}")
    return value


def choose_contenders(names):
    """Split contenders into those that can run and why the others cannot.

    Returns:
        List of names, and dict of reasons by name.
    """
    missing = {}
    for name in names:
        absent = runner.missing_packages(CONTENDERS[name].packages)
        if absent:
            missing[name] = f"not installed: {', '.join(absent)}"
    return [name for name in names if name not in missing], missing


def run_workload(workload, cases, names, arguments, result):
    """Time the cases of a workload; add to `rows` and `failed` of `result`."""

    def failed(case, reasons):
        for name, reason in reasons.items():
            entry = {"case": case, "contender": name, "reason": reason}
            result["failed"].append(entry)
            say(f"{case}: {name} FAILED: {reason}")

    workers, reasons = runner.start_workers(
        _MODULE,
        names,
        dataclasses.asdict(workload),
        arguments.threads,
        arguments.gpu,
        say,
    )
    try:
        failed(workload.name, reasons)
        for name, worker in workers.items():
            entry = {"workload": workload.name, "contender": name}
            result["loaded"].append({**entry, **worker.description})
        for case in cases:
            done, reasons = runner.measure(workers, case, arguments.rounds, say)
            failed(case["name"], reasons)
            result["rows"] += report.summarize(case, done, OWN)
    finally:
        runner.close_all(workers)


def say(line):
    """Tell how far it is, apart from the results."""
    print(line, file=sys.stderr, flush=True)


def main(arguments=None):
    arguments = make_parser().parse_args(arguments)
    # Given twice is meant once.
    names, missing = choose_contenders(dict.fromkeys(arguments.contenders))
    workloads = [make_small(w) if arguments.small else w for w in WORKLOADS]
    result = {
        "date": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "revision": runner.revision(),
        "arguments": vars(arguments),
        "machine": runner.describe_machine(),
        "versions": runner.versions_of(_VERSIONS),
        "workloads": [dataclasses.asdict(w) for w in workloads],
        "missing": missing,
        "failed": [],
        "loaded": [],
        "rows": [],
    }
    if result["machine"]["load_before"] > 0.5:
        say(
            "The machine is busy, so these times will not be worth much: "
            f"load_before={result['machine']['load_before']:.1f}."
        )
    for workload in workloads:
        wanted = {workload.name, *workload.case_names()}
        wanted &= set(arguments.cases)
        cases = [
            case
            for name, case in workload.case_names().items()
            if workload.name in wanted or name in wanted
        ]
        if cases and names:
            run_workload(workload, cases, names, arguments, result)
        if arguments.output:
            report.write_json(arguments.output, result)
    print(report.format_table(result["rows"]))
    for name, reason in missing.items():
        print(f"missing: {name}: {reason}")
    for entry in result["failed"]:
        print("failed: {case}: {contender}: {reason}".format(**entry))
    return 1 if result["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
