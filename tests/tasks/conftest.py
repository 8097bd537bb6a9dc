"""What several files of tests of tasks use."""

import keras
import pytest


@pytest.fixture
def eagerly():
    """Without graphs, whose making takes longer than the work of a test."""
    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
