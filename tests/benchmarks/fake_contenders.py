"""Contenders that need no package: what a worker does with each."""

import os


class Honest:
    """Does what it is asked, and prints where answers are read."""

    description = {"device": os.environ.get("CUDA_VISIBLE_DEVICES")}

    def __init__(self, workload, threads):
        print("loading", workload, threads)

    def prepare(self, case):
        def write():
            print("writing")
            return case["lengths"]

        return write


class Short(Honest):
    """Writes a token too few."""

    def prepare(self, case):
        return lambda: [length - 1 for length in case["lengths"]]


class Dying(Honest):
    """Takes its process along."""

    def prepare(self, case):
        os.write(2, b"out of memory\n")
        os._exit(9)


class Unloadable:
    """Cannot be loaded."""

    def __init__(self, workload, threads):
        raise ImportError("no such library")


CONTENDERS = {
    "honest": Honest,
    "short": Short,
    "dying": Dying,
    "unloadable": Unloadable,
}
