"""The process that one contender runs in.

Started by `runner.Worker`. It loads the contender and says so; then it does
and times a case each time a line asks for one, until its input ends.
"""

import importlib
import json
import os
import sys
import time
import traceback

from benchmarks.peak_memory import (
    forget_peak,
    peak_megabytes,
    resident_megabytes,
)


def main():
    module, name, settings = sys.argv[1:]
    # Libraries may print; what the runner reads must not be mixed with it.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(**content):
        print(json.dumps(content), file=answers, flush=True)

    try:
        settings = json.loads(settings)
        kind = importlib.import_module(module).CONTENDERS[name]
        os.environ.update(kind.environment)
        start = time.perf_counter()
        contender = kind(**settings)
        seconds = time.perf_counter() - start
        answer(
            **contender.description,
            load_seconds=seconds,
            loaded_megabytes=resident_megabytes(),
        )
    except Exception as error:
        answer(error=_in_words(error))
        return
    prepared = {}
    for line in sys.stdin:
        case = json.loads(line)
        try:
            if case["name"] not in prepared:
                forget_peak()
                prepared[case["name"]] = contender.prepare(case)
            do = prepared[case["name"]]
            answer(**time_once(do, case, contender.repeats))
        except Exception as error:
            answer(error=_in_words(error))


def time_once(do, case, repeats=1):
    """Do a case; measure the wall clock and what the cores did.

    Args:
        do: Function without arguments that returns, for each row, how many
            tokens it wrote or read.
        case: Dict with the `lengths` that are right.
        repeats: How often that function does the case; it is timed as one.

    Returns:
        Dict of `seconds`, `cpu_seconds` of all threads, and `peak_megabytes`.

    Raises:
        ValueError: If other work was done than was asked for.
    """
    cpu, wall = time.process_time(), time.perf_counter()
    lengths = do()
    seconds = time.perf_counter() - wall
    cpu_seconds = time.process_time() - cpu
    lengths = [int(length) for length in lengths]
    if lengths != case["lengths"]:
        raise ValueError(
            "Each row must be as long as the case says, or times say nothing. "
            f"Received: lengths={lengths}, and {case['lengths']} were expected."
        )
    return {
        "seconds": seconds / repeats,
        "cpu_seconds": cpu_seconds / repeats,
        "peak_megabytes": peak_megabytes(),
    }


def _in_words(error):
    traceback.print_exc()
    return f"{type(error).__name__}: {error}".strip()


if __name__ == "__main__":
    main()
