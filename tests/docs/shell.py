"""Blocks of shell, run by bash, with our command in this process.

A `keras-transformer` that is first in the path hands its words and its stdin to
this process, which has TensorFlow loaded already, and prints what comes back.
"""

import contextlib
import io
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import warnings
from multiprocessing.connection import Client, Listener

import keras

from keras_transformer.cli.main import main

_COMMAND = """\
#!{python} -IS
import os, sys
from multiprocessing.connection import Client

with Client({address!r}) as caller:
    caller.send((sys.argv[1:], os.getcwd(), sys.stdin.buffer.read()))
    status, out, err = caller.recv()
sys.stdout.buffer.write(out)
sys.stderr.buffer.write(err)
sys.exit(status)
"""


def run_shell(code, folder, place):
    """Run lines of shell; the first one that fails fails the test.

    Args:
        code: The lines.
        folder: Where to run them.
        place: Where they stand, for the error.

    Returns:
        What they print.
    """
    with tempfile.TemporaryDirectory() as bin_folder:
        address = f"{bin_folder}/socket"
        command = pathlib.Path(bin_folder) / "keras-transformer"
        command.write_text(
            _COMMAND.format(python=sys.executable, address=address)
        )
        command.chmod(0o755)
        path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
        finished = []

        def run():
            try:
                finished.append(_bash(code, folder, path))
            finally:
                with Client(address) as caller:
                    caller.send(None)

        with Listener(address) as listener:
            thread = threading.Thread(target=run)
            thread.start()
            while True:
                with listener.accept() as call:
                    asked = call.recv()
                    if asked is None:
                        break
                    call.send(_command(*asked))
            thread.join()
    (bash,) = finished
    assert bash.returncode == 0, f"{place}:\n{bash.stderr}"
    return bash.stdout


def _bash(code, folder, path):
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code],
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def _command(words, folder, stdin):
    """Run our command here; give its status, stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    before, policy = sys.stdin, keras.config.dtype_policy()
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), "utf-8")
    with (
        in_folder(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(),
    ):
        try:
            status = main(words)
        except SystemExit as exit:  # as `--help` and wrong flags do
            status = exit.code
        finally:
            sys.stdin = before
            keras.config.set_dtype_policy(policy)
    return status, out.getvalue().encode(), err.getvalue().encode()


@contextlib.contextmanager
def in_folder(folder):
    """Work in another folder for a while."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
