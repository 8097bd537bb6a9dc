"""Run tests of ours on another backend of Keras, in a process of its own."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import keras
import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def check_layers_and_models_on(backend, pytestconfig):
    """Run the tests of layers and models; skip where the backend is missing."""
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
            "tests/layers",
            "tests/models",
        ],
        cwd=REPOSITORY,
        env={**os.environ, **kernels, "KERAS_BACKEND": backend},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert finished.returncode == 0, finished.stdout[-4000:]
