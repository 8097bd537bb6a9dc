"""The commands of `benchmarks`, each in a process of its own."""

import json
import pathlib
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def run_command(module, output, *flags):
    """Run a command on small shapes; return what it printed and wrote."""
    command = [sys.executable, "-m", module, "--small", "--rounds", "1"]
    command += ["--threads", "1", "--output", str(output), *flags]
    result = subprocess.run(
        command, capture_output=True, text=True, cwd=REPOSITORY
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout, json.loads(output.read_text(encoding="utf-8"))
