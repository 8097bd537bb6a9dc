"""Run contenders side by side: processes, rounds, and what is missing."""

import contextlib
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time
import typing

_REPOSITORY = pathlib.Path(__file__).resolve().parent.parent

# Threads of some libraries go on spinning for 0.2 s after their work.
_REST_SECONDS = 0.3


class WorkerError(RuntimeError):
    """A contender could not do what it was asked."""


class Entrant(typing.NamedTuple):
    """A contender in one precision."""

    contender: str
    precision: str

    def __str__(self):
        return f"{self.contender} {self.precision}"


class Worker:
    """A process with one contender in it.

    Args:
        module: Dotted name of the module whose `CONTENDERS` has it.
        entrant: The `Entrant`.
        workload: Dict, the model to build.
        threads: Most threads it may use.
        use_gpu: Whether it may see the graphics cards of the machine.

    Raises:
        WorkerError: If it cannot be loaded.
    """

    def __init__(self, module, entrant, workload, threads, use_gpu=False):
        # Open as long as the process is, so until `close`.
        self.log = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        settings = {
            "workload": workload,
            "precision": entrant.precision,
            "threads": threads,
        }
        command = [sys.executable, "-m", "benchmarks.worker", module]
        command.append(entrant.contender)
        self.process = subprocess.Popen(
            [*command, json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            cwd=_REPOSITORY,
            env=worker_environment(threads, use_gpu),
        )
        try:
            self.description = self._answer()
        except BaseException:
            self.close()
            raise

    def run(self, case):
        """Do a case once, timed.

        Args:
            case: Dict with `name`, `lengths` and what the contender needs.

        Returns:
            Dict of `seconds`, `cpu_seconds` and `peak_megabytes`, the latter
            since the case was first asked for.

        Raises:
            WorkerError: If it failed, with what it said.
        """
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(case), file=self.process.stdin, flush=True)
        return self._answer()

    def close(self):
        """End the process, at once if it does not end by itself."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            code = self.process.wait()
            self.log.seek(0)
            last = self.log.read().strip().splitlines()[-1:]
            raise WorkerError(f"ended with status {code}: {''.join(last)}")
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer


def worker_environment(threads, use_gpu):
    """The environment of a worker: so many threads, quiet, offline."""
    environment = {
        **os.environ,
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "RAYON_NUM_THREADS": str(threads),
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    if not use_gpu:
        environment["CUDA_VISIBLE_DEVICES"] = ""
    return environment


def missing_packages(packages):
    """Those of some packages that cannot be imported."""
    return [name for name in packages if importlib.util.find_spec(name) is None]


def versions_of(packages):
    """Versions of installed packages, by name."""
    versions = {}
    for name in packages:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions


def start_workers(module, entrants, workload, threads, use_gpu, say):
    """Load contenders, one after the other.

    Args:
        module: Dotted name of the module whose `CONTENDERS` has them.
        entrants: List of `Entrant`s.
        workload: Dict with a `name`, and what contenders need.
        threads: Most threads each may use.
        use_gpu: Whether they may see the graphics cards of the machine.
        say: Function that takes a line about the progress.

    Returns:
        Dict of `Worker`s by entrant, and dict of reasons by entrant of those
        that could not be loaded.
    """
    workers, reasons = {}, {}
    try:
        for entrant in entrants:
            say(f"{workload['name']}: loading {entrant}")
            try:
                workers[entrant] = Worker(
                    module, entrant, workload, threads, use_gpu
                )
            except WorkerError as error:
                reasons[entrant] = str(error)
    except BaseException:
        close_all(workers)
        raise
    return workers, reasons


def close_all(workers):
    """End processes."""
    for worker in workers.values():
        worker.close()


def measure(workers, case, rounds, say):
    """Time a case in turns, so that all meet the same weather.

    Each contender first does the case twice untimed. In each round every one
    does it once; who begins changes from round to round.

    Args:
        workers: Dict of `Worker`s by entrant.
        case: Dict, see `Worker.run`.
        rounds: How often each one is timed.
        say: Function that takes a line about the progress.

    Returns:
        Dict of measurements by entrant: `first_call_seconds`, `seconds` and
        `cpu_seconds` of each round, and `peak_megabytes`; and dict of reasons
        by entrant of those that failed.
    """
    done, reasons = {}, {}

    def attempt(name):
        try:
            answer = workers[name].run(case)
        except WorkerError as error:
            reasons[name] = str(error)
            done.pop(name, None)
            return None
        time.sleep(_REST_SECONDS)
        return answer

    for name in workers:
        say(f"{case['name']}: {name} warms up")
        first = attempt(name)
        if first and attempt(name):
            done[name] = {
                "first_call_seconds": first["seconds"],
                "peak_megabytes": first["peak_megabytes"],
                "seconds": [],
                "cpu_seconds": [],
            }
    for number in range(rounds):
        say(f"{case['name']}: round {number + 1} of {rounds}")
        names = list(done)
        shift = number % max(len(names), 1)
        for name in names[shift:] + names[:shift]:
            if answer := attempt(name):
                for key in ("seconds", "cpu_seconds"):
                    done[name][key].append(answer[key])
                done[name]["peak_megabytes"] = answer["peak_megabytes"]
    return done, reasons


def available_cores():
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def describe_machine():
    """What times depend on: processor, cores, system, and who else is busy."""
    model = platform.processor()
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as file:
        names = [line for line in file if line.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    return {
        "processor": model,
        "cores": available_cores(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
    }


def revision():
    """The commit that is measured, `-dirty` if files differ; or `None`."""
    try:
        result = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            capture_output=True,
            text=True,
            cwd=_REPOSITORY,
        )
    except FileNotFoundError:
        return None
    return result.stdout.strip() or None
