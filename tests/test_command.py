"""What happens before the package runs: quiet, and nobody in the way."""

import importlib.metadata
import os
import pathlib
import subprocess
import sys
import types

import pytest

import keras_transformer_command
from keras_transformer import shadowing

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent


def test_another_package_of_the_name_is_named_with_the_mend(tmp_path):
    other = tmp_path / "keras_transformer"
    other.mkdir()
    (other / "__init__.py").write_text("")
    # As if it had been installed before ours in the path.
    code = (
        f"import sys; sys.path.insert(0, {str(REPOSITORY)!r})\n"
        "import keras_transformer_command as command\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        "sys.exit(command.main())"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert result.returncode == 2
    assert str(other) in result.stderr
    assert "pip uninstall keras-transformer" in result.stderr
    assert "Traceback" not in result.stderr


def test_our_own_package_is_not_taken_for_another():
    assert keras_transformer_command.shadowing_package() is None


def test_the_other_distribution_is_warned_of(monkeypatch):
    monkeypatch.setattr(
        importlib.metadata,
        "distribution",
        lambda name: types.SimpleNamespace(version="0.40.0"),
    )
    with pytest.warns(UserWarning, match="pip uninstall keras-transformer"):
        shadowing.warn_if_shadowed()


def test_known_noise_is_dropped_and_everything_else_kept(capfd):
    with keras_transformer_command.without_noise():
        os.write(2, b"I0000 cudart_stub.cc:31] Could not find cuda\n")
        os.write(2, b"something that counts\n")
    assert capfd.readouterr().err == "something that counts\n"
