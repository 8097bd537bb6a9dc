"""Tell strings from ids in what the user hands to a task."""

import keras
import numpy as np


def has_strings(x):
    """Whether `x` is a batch of strings, or a dict or list of such."""
    if isinstance(x, dict):
        return any(has_strings(value) for value in x.values())
    if isinstance(x, (str, bytes)):
        return True
    if isinstance(x, (list, tuple)):
        return not x or any(has_strings(value) for value in x)
    if is_dataset(x) or not hasattr(x, "dtype"):
        return False
    if "string" in str(x.dtype):  # TensorFlow's, and one of pandas'
        return True
    kind = getattr(x.dtype, "kind", "")
    return kind in ("U", "S") or (
        kind == "O" and has_strings(list(np.ravel(x)))
    )


def is_dataset(x):
    """Whether `x` is a `tf.data.Dataset`."""
    return hasattr(x, "element_spec")


def is_dataset_of_strings(x):
    """Whether `x` is a `tf.data.Dataset` whose inputs are strings."""
    if not is_dataset(x):
        return False
    inputs = x.element_spec
    if isinstance(inputs, tuple):
        inputs = inputs[0]
    return any(
        getattr(spec, "dtype", None) == "string"
        for spec in keras.tree.flatten(inputs)
    )


def columns_of(x, names):
    """Give the strings of examples their names.

    Args:
        x: A sequence of strings for one name, else of tuples of strings.
        names: The names.

    Returns:
        Dict from name to a list of strings.

    Raises:
        ValueError: If an example has another number of strings.
    """
    if len(names) == 1:
        return {names[0]: x}
    for row, example in enumerate(x):
        if isinstance(example, (str, bytes)) or len(example) != len(names):
            raise ValueError(
                f"Each example has {len(names)} strings: {list(names)}. "
                f"Received in row {row}: {short(example)}. Give tuples of "
                f"{len(names)} strings, or a dict with these names."
            )
    return {name: [row[i] for row in x] for i, name in enumerate(names)}


def split_examples(examples, share):
    """Split off the last examples, to validate on.

    Args:
        examples: Tuple of a dict of strings, targets and weights; the last
            two may be `None`.
        share: Which part to split off, at least 0 and below 1.

    Returns:
        A pair of two such tuples; the second is `None` for share 0.

    Raises:
        ValueError: If the share is out of range, or leaves nothing to train
            or to validate on.
    """
    if not share:
        return examples, None
    strings, *others = examples
    number = len(next(iter(strings.values())))
    kept = int(number * (1 - share))
    if not 0 < kept < number:
        raise ValueError(
            "`validation_split` must leave examples on both sides. Received: "
            f"validation_split={share} for {number} examples."
        )

    def part(where):
        rows = [None if rows is None else rows[where] for rows in others]
        return ({k: v[where] for k, v in strings.items()}, *rows)

    return part(slice(kept)), part(slice(kept, None))


def short(value):
    """Show a value in an error, cut if it is long."""
    shown = repr(value)
    return shown if len(shown) <= 80 else shown[:77] + "..."
