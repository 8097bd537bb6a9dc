"""Layers and models pass their tests on jax too.

A file for each backend, so that they can run side by side.
"""

from tests.backends import check_layers_and_models_on


def test_layers_and_models_pass_on_jax(pytestconfig):
    check_layers_and_models_on("jax", pytestconfig)
