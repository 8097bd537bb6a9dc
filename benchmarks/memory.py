"""The most memory that training takes, against the length of the rows.

`python -m benchmarks.memory --help` tells the flags.
"""

import dataclasses
import sys

from benchmarks import command, plots, report, runner
from benchmarks.training_contenders import CONTENDERS
from benchmarks.workloads import Workload

_MODULE = "benchmarks.training_contenders"
_DEFAULT = [
    "keras_transformer",
    "keras_transformer_checkpointing",
    "keras_hub",
    "transformers",
    "transformers_checkpointing",
    "torch",
    "torch_checkpointing",
]
_COLUMNS = (
    ("case", "", "case"),
    ("contender", "", "contender"),
    ("precision", "", "precision"),
    ("peak MB", ".0f", "peak_megabytes"),
    ("loaded MB", ".0f", "loaded_megabytes"),
    ("median ms", ".1f", "median_ms"),
    ("to peer", ".2f", "memory_to_best_peer"),
)


def make_workload(length, arguments):
    """A language model that is trained on rows of a length."""
    sizes = {
        "num_layers": 6,
        "hidden_dim": 384,
        "num_heads": 6,
        "intermediate_dim": 1536,
        "vocabulary_size": 8_000,
    }
    if arguments.small:
        sizes = {
            "num_layers": 1,
            "hidden_dim": 32,
            "num_heads": 4,
            "intermediate_dim": 48,
            "vocabulary_size": 101,
        }
    return Workload(
        name=f"length-{length}",
        work="train",
        kind="causal",
        **sizes,
        max_sequence_length=length,
        length=length,
        batches=(arguments.batch,),
        dropout=arguments.dropout,
    )


def make_parser():
    parser = command.make_parser(
        "benchmarks.memory",
        "The most memory of a process that trains a language model (6 "
        "layers, 384 wide, vocabulary 8,000), against the length of its "
        "rows: this package next to the peers that are installed, each "
        "length in a process of its own.",
        CONTENDERS,
        _DEFAULT,
    )
    parser.set_defaults(rounds=1)
    parser.add_argument(
        "--lengths",
        nargs="+",
        type=command.positive,
        metavar="LENGTH",
        help="tokens of a row; default: 128 and its doubles up to 4096",
    )
    parser.add_argument(
        "--batch",
        type=command.positive,
        default=1,
        help="rows of a batch; default: 1",
    )
    parser.add_argument(
        "--dropout",
        type=float,
        default=0.1,
        help="share dropped, of attention scores as well; default: 0.1",
    )
    command.add_precision(parser, ("float32", "bfloat16"), ["float32"])
    command.add_plot(parser)
    return parser


def measure_length(entrant, length, arguments, result):
    """Train on rows of a length; add to `result` what came out.

    Returns:
        Whether the contender could.
    """
    workload = make_workload(length, arguments)
    workers, reasons = runner.start_workers(
        _MODULE,
        [entrant],
        dataclasses.asdict(workload),
        arguments.threads,
        arguments.gpu,
        command.say,
    )
    try:
        (case,) = workload.cases().values()
        done = {}
        if workers:
            done, reasons = runner.measure(
                workers, case, arguments.rounds, command.say
            )
        command.add_failures(result, case["name"], reasons)
        for row in report.summarize(case, done, ()):
            loaded = workers[entrant].description["loaded_megabytes"]
            more = {"length": length, "loaded_megabytes": loaded}
            result["rows"].append({**row, **more})
    finally:
        runner.close_all(workers)
    return bool(done)


def add_ratios(rows):
    """Compare each row with the leanest peer of its length and precision."""
    for row in rows:
        peers = [
            other["peak_megabytes"]
            for other in rows
            if other["length"] == row["length"]
            and other["precision"] == row["precision"]
            and not CONTENDERS[other["contender"]].is_own
        ]
        row["memory_to_best_peer"] = (
            row["peak_megabytes"] / min(peers) if peers else None
        )


def main(arguments=None):
    arguments = make_parser().parse_args(arguments)
    if arguments.lengths is None:
        usual = [16, 32] if arguments.small else [2**n for n in range(7, 13)]
        arguments.lengths = usual
    result = command.start_result(arguments)
    entrants = command.choose_entrants(CONTENDERS, arguments, result)
    for length in sorted(set(arguments.lengths)):
        # Who fails at a length, mostly for want of memory, is spared longer
        # ones.
        entrants = [
            entrant
            for entrant in entrants
            if measure_length(entrant, length, arguments, result)
        ]
        add_ratios(result["rows"])
        if arguments.output:
            report.write_json(arguments.output, result)
    status = command.finish(result, _COLUMNS)
    if arguments.plot:
        plots.draw_memory(result["rows"], arguments.plot)
    return status


if __name__ == "__main__":
    sys.exit(main())
