"""What the commands know of each task."""

from keras_transformer.cli import (
    causal_lm,
    classification,
    entities,
    masked_lm,
    question_answering,
    similarity,
    summarization,
    translation,
)
from keras_transformer.tasks.loading import load

TASKS = {
    "classification": classification,
    "entities": entities,
    "question-answering": question_answering,
    "translation": translation,
    "summarization": summarization,
    "causal-lm": causal_lm,
    "masked-lm": masked_lm,
    "similarity": similarity,
}


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
    found = {
        name: module
        for name, module in TASKS.items()
        if isinstance(task, module.TASK)
    }
    if not found:
        raise ValueError(
            f"{path} holds a {type(task).__name__}, which the command does not "
            f"know. It knows: {', '.join(TASKS)}."
        )
    # Where one class serves several, `train` named the task.
    return task, found.get(task.name, next(iter(found.values())))
