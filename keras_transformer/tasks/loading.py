"""Open a saved task."""

import pathlib
import zipfile

import keras

from keras_transformer import checkpoints
from keras_transformer.tasks.sentence_folder import is_sentence_folder


def load(path):
    """Open a task: one of ours, or one in Hugging Face's layout.

    Args:
        path: A `.keras` file that `task.save` wrote; a folder with a
            `model.keras` in it, as `keras-transformer train` writes; or a
            folder as `save_pretrained` writes, here or in transformers, of a
            model with a head.

    Returns:
        The task, with its weights, vocabulary and names.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no saved task, or is damaged.
    """
    path = pathlib.Path(path)
    if is_checkpoint(path):
        return _checkpoint_class(path).from_pretrained(path)
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


def is_checkpoint(path):
    """Whether a folder is in Hugging Face's layout, and not in ours.

    Args:
        path: Path of a file or a folder, or `None`.

    Returns:
        Bool.
    """
    if path is None or (pathlib.Path(path) / "model.keras").exists():
        return False
    has_config = (pathlib.Path(path) / checkpoints.CONFIG).is_file()
    return has_config or is_sentence_folder(path)


def _checkpoint_class(folder):
    """The class of the task whose head a checkpoint has.

    Raises:
        ValueError: If it has no head that is known.
    """
    from keras_transformer import tasks

    if is_sentence_folder(folder):
        return tasks.SentenceEncoder
    checkpoint = checkpoints.read(folder)
    name = checkpoint.task()
    if name is None:
        known = [
            f"kt.tasks.{name}.from_pretrained"
            for name in sorted(checkpoint.family.heads)
        ]
        raise ValueError(
            f"{folder} holds a {checkpoint.family.name} without a head that is "
            f"known. Received: architectures="
            f"{checkpoint.config.get('architectures')}. Say what it is to "
            f"become, by one of {', '.join(known)}."
        )
    return getattr(tasks, name)


# What Keras, HDF5 and zip raise on files that are cut or altered.
_DAMAGED = (
    zipfile.BadZipFile,
    EOFError,
    KeyError,
    OSError,
    TypeError,
    ValueError,
)
