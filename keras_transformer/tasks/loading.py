"""Open a saved task."""

import pathlib
import zipfile

import keras


def load(path):
    """Open a task that was saved with `task.save`.

    Args:
        path: A `.keras` file, or a folder with a `model.keras` in it, as
            `keras-transformer train` writes.

    Returns:
        The task, with its weights, vocabulary and names.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no saved task, or is damaged.
    """
    path = pathlib.Path(path)
    if path.is_dir():
        path = path / "model.keras"
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no saved task at {path}. Expected a `.keras` file, or "
            "a folder that holds `model.keras`."
        )
    if not zipfile.is_zipfile(path):
        raise ValueError(
            f"{path} is not a `.keras` file, or only a part of one: it is no "
            "zip archive. Copy or train it again."
        )
    try:
        return keras.saving.load_model(path)
    except _DAMAGED as error:
        raise ValueError(
            f"{path} cannot be opened as a saved task: it is damaged, or was "
            "saved by another version. Keras says: "
            f"{str(error).strip().splitlines()[0]}"
        ) from error


# What Keras, HDF5 and zip raise on files that are cut or altered.
_DAMAGED = (
    zipfile.BadZipFile,
    EOFError,
    KeyError,
    OSError,
    TypeError,
    ValueError,
)
