"""Run tests of ours on another backend of Keras, in a process of its own."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import keras
import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]

# Where a room has slow tests, some of them stand for the others.
TESTS = (
    "tests/layers",
    "tests/models",
    "tests/generation/test_greedy.py",
    "tests/generation/test_prompts.py",
    "tests/generation/test_sample.py",
    "tests/generation/test_beam_search.py"
    "::test_a_wide_beam_finds_the_best_of_all[2-5-0.6]",
    "tests/generation/test_beam_search.py::test_no_prompts_get_no_answers",
    "tests/tasks/test_language_model.py::test_metrics_count_the_real_positions",
    "tests/tasks/test_span_decoding.py"
    "::test_many_windows_are_worked_on_some_at_a_time",
    "tests/tasks/test_span_decoding.py::test_no_windows_give_no_answers",
)


def check_backend(backend, pytestconfig):
    """Run the tests of rooms that run on every backend; skip if it is none."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    if keras.backend.backend() == backend:
        pytest.skip(f"the tests of this run are on {backend} already")
    # JAX compiles every operation for every shape; the next run need not.
    folder = pytestconfig.cache.mkdir("compiled_by_jax")
    kernels = {
        "JAX_COMPILATION_CACHE_DIR": str(folder),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    finished = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-n",
            "0",
            *TESTS,
        ],
        cwd=REPOSITORY,
        env={**os.environ, **kernels, "KERAS_BACKEND": backend},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert finished.returncode == 0, finished.stdout[-4000:]
