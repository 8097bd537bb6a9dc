"""The cases of writing alone: `python -m benchmarks --cases w5 w6 ...`."""

import sys

from benchmarks.speed import main

if __name__ == "__main__":
    given = sys.argv[1:]
    cases = [] if "--cases" in given else ["--cases", "w5", "w6"]
    sys.exit(main([*given, *cases]))
