"""Strings per second on the way to ids, and how much of a batch is real.

`python -m benchmarks.text --help` tells the flags.
"""

import pathlib
import sys
import tempfile

from benchmarks import command, report, runner
from benchmarks.elsewhere import run_elsewhere
from benchmarks.text_contenders import CONTENDERS, read_lines
from benchmarks.text_samples import (
    learn_vocabulary,
    real_token_shares,
    write_sample,
)

_MODULE = "benchmarks.text_contenders"
_MAX_LENGTH = 128
_BATCH = 64
_LINES, _SMALL_LINES = 20_000, 100
_VOCABULARY, _SMALL_VOCABULARY = 8_000, 300
_COLUMNS = (
    ("case", "", "case"),
    ("contender", "", "contender"),
    ("strings/s", ".0f", "tokens_per_second"),
    ("median ms", ".1f", "median_ms"),
    ("min ms", ".1f", "min_ms"),
    ("max ms", ".1f", "max_ms"),
    ("tokens", ".0f", "tokens"),
    ("peak MB", ".0f", "peak_megabytes"),
    ("cores", ".2f", "cores_used"),
    ("to peer", ".2f", "ratio_to_best_peer"),
)


def make_parser():
    parser = command.make_parser(
        "benchmarks.text",
        "Strings per second: the tokens of all lines of a file, and batches "
        f"of {_BATCH} lines, padded and cut at {_MAX_LENGTH} tokens, with "
        "one WordPiece vocabulary that is learned of the file.",
        CONTENDERS,
    )
    parser.set_defaults(precision=["text"])
    parser.add_argument(
        "file",
        nargs="?",
        type=command.existing_file,
        help="lines of text; default: some that are made up",
    )
    parser.add_argument(
        "--vocabulary-size",
        type=command.positive,
        help=f"most tokens of the vocabulary; default: {_VOCABULARY}",
    )
    parser.add_argument(
        "--data",
        nargs="+",
        type=command.existing_file,
        metavar="FILE",
        help="say how much of the batches of `fit` is real: a file of texts "
        "or of pairs (TSV, CSV, JSON Lines), or two files of parallel lines",
    )
    parser.add_argument(
        "--batch-tokens",
        type=command.positive,
        default=4096,
        help="most positions of a batch, for --data; default: 4096",
    )
    return parser


def measure_text(arguments, folder, result):
    """Time all contenders on a file; add to `result` what came out.

    Args:
        arguments: The flags.
        folder: Where there is room for files.
        result: Dict with `rows`, `failed` and `missing`.
    """
    file, vocabulary = arguments.file, f"{folder}/vocabulary"
    if file is None:
        file = f"{folder}/text"
        write_sample(file, _SMALL_LINES if arguments.small else _LINES)
    run_elsewhere(learn_vocabulary, file, arguments.vocabulary_size, vocabulary)
    workload = {
        "name": "text",
        "file": str(pathlib.Path(file).resolve()),
        "vocabulary": vocabulary,
        "max_length": _MAX_LENGTH,
    }
    workers, reasons = runner.start_workers(
        _MODULE,
        command.choose_entrants(CONTENDERS, arguments, result),
        workload,
        arguments.threads,
        arguments.gpu,
        command.say,
    )
    try:
        command.add_failures(result, "text", reasons)
        for work in ("tokenize", "preprocess"):
            case = {
                "name": f"text-{work}",
                "work": work,
                "batch": _BATCH,
                "lengths": [len(read_lines(file))],
            }
            run_case(case, workers, arguments, result)
    finally:
        runner.close_all(workers)


def run_case(case, workers, arguments, result):
    """Time a case; add to `rows` and `failed` of `result`."""
    own = [name for name, kind in CONTENDERS.items() if kind.is_own]
    done, reasons = runner.measure(workers, case, arguments.rounds, command.say)
    command.add_failures(result, case["name"], reasons)
    for row in report.summarize(case, done, own):
        entrant = runner.Entrant(row["contender"], row["precision"])
        tokens = workers[entrant].description["tokens"]
        result["rows"].append({**row, "tokens": tokens})


def main(arguments=None):
    arguments = make_parser().parse_args(arguments)
    if arguments.vocabulary_size is None:
        size = _SMALL_VOCABULARY if arguments.small else _VOCABULARY
        arguments.vocabulary_size = size
    result = command.start_result(arguments)
    with tempfile.TemporaryDirectory() as folder:
        measure_text(arguments, folder, result)
    if arguments.data:
        command.say("data: how much of the batches is real")
        result["real_tokens"] = run_elsewhere(
            real_token_shares,
            arguments.data,
            arguments.vocabulary_size,
            arguments.batch_tokens,
        )
    if arguments.output:
        report.write_json(arguments.output, result)
    status = command.finish(result, _COLUMNS)
    if arguments.data:
        print(
            "real tokens: {bucketed:.1%} of {batches} bucketed batches, "
            "{usual:.1%} of batches of 32 in any order, {examples} "
            "examples".format(**result["real_tokens"])
        )
    return status


if __name__ == "__main__":
    sys.exit(main())
