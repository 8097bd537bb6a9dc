"""Layers and models pass their tests on jax too.

A file for each backend, so that they run side by side; in the first folder
of all, since they take longest.
"""

from tests.backends.runs import check_layers_and_models_on


def test_layers_and_models_pass_on_jax(pytestconfig):
    check_layers_and_models_on("jax", pytestconfig)
