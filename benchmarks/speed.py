"""Milliseconds of training, encoding and writing, next to the peers.

`python -m benchmarks --help` tells the flags, `benchmarks/README.md` what the
columns mean.
"""

import dataclasses

from benchmarks import (
    command,
    decode_contenders,
    encoding_contenders,
    plots,
    report,
    runner,
    training_contenders,
)
from benchmarks.costs import least_seconds
from benchmarks.limits import measure_limits
from benchmarks.workloads import FURTHER, WORKLOADS, make_small

_MODULES = {
    "train": training_contenders,
    "encode": encoding_contenders,
    "decode": decode_contenders,
}
_ALL = {
    name: kind
    for module in _MODULES.values()
    for name, kind in module.CONTENDERS.items()
}
_PRECISIONS = ("float32", "bfloat16", "int8")


def make_parser():
    parser = command.make_parser(
        "benchmarks",
        "Train, encode and write: this package next to the peers that are "
        "installed, in turns, each in a process of its own, with random "
        "weights. W1 to W3 are steps of training (classifier, "
        "encoder-decoder, language model), W4 encodes, W5 and W6 write.",
        _ALL,
    )
    workloads = (*WORKLOADS, *FURTHER)
    names = [w.name for w in workloads]
    names += [name for w in workloads for name in w.cases()]
    parser.add_argument(
        "--cases",
        nargs="+",
        default=[w.name for w in WORKLOADS],
        type=str.lower,
        choices=names,
        metavar="CASE",
        help=f"any of {', '.join(names)}; default: "
        + ", ".join(w.name for w in WORKLOADS),
    )
    command.add_precision(parser, _PRECISIONS, ["float32", "bfloat16"])
    parser.add_argument(
        "--without-limits",
        action="store_true",
        help="do not measure what the machine can do",
    )
    command.add_plot(parser)
    return parser


def run_workload(workload, cases, arguments, result):
    """Time the cases of a workload; add to `result` what came out."""
    module = _MODULES[workload.work]
    entrants = command.choose_entrants(module.CONTENDERS, arguments, result)
    own = {name for name, kind in module.CONTENDERS.items() if kind.is_own}
    workers, reasons = runner.start_workers(
        module.__name__,
        entrants,
        dataclasses.asdict(workload),
        arguments.threads,
        arguments.gpu,
        command.say,
    )
    try:
        command.add_failures(result, workload.name, reasons)
        for entrant, worker in workers.items():
            entry = {"workload": workload.name, **entrant._asdict()}
            result["loaded"].append({**entry, **worker.description})
        for case in cases:
            done, reasons = runner.measure(
                workers, case, arguments.rounds, command.say
            )
            command.add_failures(result, case["name"], reasons)
            least = {
                precision: least_seconds(
                    workload, case, precision, result["limits"]
                )
                for precision in _PRECISIONS
            }
            result["rows"] += report.summarize(case, done, own, least)
    finally:
        runner.close_all(workers)


def main(arguments=None):
    arguments = make_parser().parse_args(arguments)
    workloads = [
        make_small(w) if arguments.small else w for w in (*WORKLOADS, *FURTHER)
    ]
    result = command.start_result(arguments)
    result["workloads"] = [dataclasses.asdict(w) for w in workloads]
    result["limits"], result["limits_by_library"] = {}, []
    if not arguments.without_limits:
        result["limits"], result["limits_by_library"] = measure_limits(
            arguments.threads,
            arguments.rounds,
            arguments.gpu,
            arguments.small,
            command.say,
        )
    for workload in workloads:
        cases = [
            case
            for name, case in workload.cases().items()
            if {workload.name, name} & set(arguments.cases)
        ]
        if cases:
            run_workload(workload, cases, arguments, result)
            if arguments.output:
                report.write_json(arguments.output, result)
    status = command.finish(result)
    for entry in result["limits_by_library"]:
        unit = "GB/s" if entry["limit"] == "memory" else "GFLOP/s"
        rate = entry["rate"] / 1e9
        print(f"limit: {entry['limit']}: {entry['library']} {rate:.1f} {unit}")
    if arguments.plot:
        plots.draw_speed(result["rows"], result["limits"], arguments.plot)
    return status
