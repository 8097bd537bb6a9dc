"""What this machine can do at most: products of matrices, and reading.

The contenders of this module are the libraries that can be asked; the limit
is what the fastest of them reached in its fastest round.
"""

from benchmarks import runner
from benchmarks.contender import Contender

_MODULE = "benchmarks.limits"
_PRECISIONS = ("float32", "bfloat16")
# Rows of the matrices, and bytes that are read; and the same to try it.
_SIZE, _BYTES = 2048, 2**29
_SMALL_SIZE, _SMALL_BYTES = 64, 2**16


class TensorFlow(Contender):
    """`tf.matmul` and `tf.reduce_sum`."""

    packages = ("tensorflow", "keras")

    def load(self):
        self.set_up_keras()

    def prepare(self, case):
        import tensorflow as tf

        if "bytes" in case:
            numbers = tf.ones(case["bytes"] // 4)

            def read():
                float(tf.reduce_sum(numbers))
                return case["lengths"]

            return read
        size, dtype = case["size"], case["precision"]
        left, right = (
            tf.cast(tf.random.normal((size, size)), dtype) for _ in "ab"
        )

        def multiply():
            float(tf.matmul(left, right)[0, 0])
            return case["lengths"]

        return multiply


class Torch(Contender):
    """`torch.matmul` and `torch.sum`."""

    packages = ("torch",)

    def load(self):
        self.set_up_torch()

    def prepare(self, case):
        import torch

        if "bytes" in case:
            numbers = torch.ones(case["bytes"] // 4, device=self.device)

            def read():
                float(numbers.sum())
                return case["lengths"]

            return read
        dtype = getattr(torch, case["precision"])
        shape = (case["size"], case["size"])
        left, right = (
            torch.randn(shape, device=self.device).to(dtype) for _ in "ab"
        )

        def multiply():
            float(torch.matmul(left, right)[0, 0])
            return case["lengths"]

        return multiply


CONTENDERS = {"tensorflow": TensorFlow, "torch": Torch}


def measure_limits(threads, rounds, use_gpu, is_small, say):
    """Measure what the machine can do.

    Args:
        threads: Threads that may be used.
        rounds: How often each library tries.
        use_gpu: Whether graphics cards are seen.
        is_small: Whether to do little, to try it.
        say: Function that takes a line about the progress.

    Returns:
        Dict of operations a second by precision, and of bytes a second as
        `"memory"`; what no library could do is left out. And a list of what
        each library reached, dicts of `limit`, `library` and `rate`.
    """
    size = _SMALL_SIZE if is_small else _SIZE
    # By what is measured: what is done, and how much of it.
    cases = {
        precision: ({"precision": precision, "size": size}, 2 * size**3)
        for precision in _PRECISIONS
    }
    number = _SMALL_BYTES if is_small else _BYTES
    cases["memory"] = ({"bytes": number}, number)
    entrants = [
        runner.Entrant(name, "limits")
        for name, kind in CONTENDERS.items()
        if not kind.missing()
    ]
    workers, failed = runner.start_workers(
        _MODULE, entrants, {"name": "limits"}, threads, use_gpu, say
    )
    reached = []
    try:
        for name, (case, amount) in cases.items():
            case = {"name": f"limits-{name}", "lengths": [1], **case}
            done, reasons = runner.measure(workers, case, rounds, say)
            failed.update(reasons)
            reached += [
                {
                    "limit": name,
                    "library": entrant.contender,
                    "rate": amount / min(times["seconds"]),
                }
                for entrant, times in done.items()
            ]
    finally:
        runner.close_all(workers)
    for entrant, reason in failed.items():
        say(f"limits: {entrant.contender} FAILED: {reason}")
    limits = {}
    for entry in reached:
        best = max(entry["rate"], limits.get(entry["limit"], 0.0))
        limits[entry["limit"]] = best
    return limits, reached
