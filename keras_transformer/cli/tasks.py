"""What the commands know of each task."""

from keras_transformer.cli import classification
from keras_transformer.tasks.loading import load

TASKS = {"classification": classification}


def open_task(path):
    """Open a saved task, and find what the commands know of it.

    Args:
        path: A folder that `train` wrote, or a `.keras` file.

    Returns:
        A pair of the task and the module in `TASKS`.

    Raises:
        ValueError: If it is no task that the commands know.
    """
    task = load(path)
    for module in TASKS.values():
        if isinstance(task, module.TASK):
            return task, module
    raise ValueError(
        f"{path} holds a {type(task).__name__}, which the command does not "
        f"know. It knows: {', '.join(TASKS)}."
    )
