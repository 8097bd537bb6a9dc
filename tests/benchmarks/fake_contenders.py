"""Contenders that need no package: what a worker does with each."""

import os
import time


class Honest:
    """Does what it is asked, and prints where answers are read."""

    environment = {"ONLY_HERE": "yes"}
    repeats = 1

    def __init__(self, workload, precision, threads):
        print("loading", workload, precision, threads)
        self.description = {
            "device": os.environ.get("CUDA_VISIBLE_DEVICES"),
            "precision": precision,
            "only_here": os.environ.get("ONLY_HERE"),
        }

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


class Repeating(Honest):
    """Does a case 20 times in a row."""

    repeats = 20

    def prepare(self, case):
        def write():
            time.sleep(0.2)
            return case["lengths"]

        return write


class Large(Honest):
    """Needs much memory for a moment."""

    bytes = 100_000_000

    def prepare(self, case):
        def write():
            return case["lengths"] if b"x" * self.bytes else []

        return write


class Unloadable:
    """Cannot be loaded."""

    environment = {}

    def __init__(self, workload, precision, threads):
        raise ImportError("no such library")


CONTENDERS = {
    "honest": Honest,
    "short": Short,
    "dying": Dying,
    "large": Large,
    "repeating": Repeating,
    "unloadable": Unloadable,
}
