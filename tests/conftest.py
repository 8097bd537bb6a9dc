"""What every test needs: quiet TensorFlow, fixed seeds, the shared data."""

import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
SHARED_DATA = REPOSITORY.parent / "shared" / "data"


@pytest.fixture(autouse=True)
def fixed_seed():
    keras.utils.set_random_seed(1234)


@pytest.fixture
def shared_data():
    """The folder of real data that lies beside the repository."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the data sets are not there: {SHARED_DATA}")
    return SHARED_DATA
