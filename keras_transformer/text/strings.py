"""What users pass as text, made a string tensor, or refused with the row."""

import numpy as np
import tensorflow as tf


def to_string_tensor(texts, name="texts"):
    """Make a string tensor of one text or a batch of texts.

    Args:
        texts: A str, a list, tuple, array or other iterable of them, or a
            string tensor. Bytes are taken as UTF-8.
        name: What the caller's argument is called, for the errors.

    Returns:
        String tensor, a scalar or `(batch,)`.

    Raises:
        ValueError: If something in `texts` is not a string, or `texts` has
            more than one axis.
    """
    if isinstance(texts, (str, bytes)):
        return tf.constant(_to_bytes(texts))
    if tf.is_tensor(texts):
        return _checked_tensor(texts, name)
    if isinstance(texts, (dict, set)) or not hasattr(texts, "__iter__"):
        raise ValueError(
            f"`{name}` must be strings: a list, an array or a tensor of them. "
            f"Received: {name}={_short(texts)}"
        )
    if isinstance(texts, np.ndarray) and texts.ndim == 0:
        return to_string_tensor(texts.item(), name)
    encoded = [to_bytes(text, row, name) for row, text in enumerate(texts)]
    return tf.constant(np.array(encoded, object), tf.string)


def to_string_columns(columns):
    """Make string tensors of what belongs together row by row.

    Args:
        columns: Dict from name to a batch of strings, or to `None` for none.

    Returns:
        Dict of string tensors `(batch,)`, without what is `None`.

    Raises:
        ValueError: If something is not a string, or there are not as many of
            each.
    """
    tensors = {}
    for name, texts in columns.items():
        if texts is not None:
            require_batch(texts, name)
            tensors[name] = to_string_tensor(texts, name)
    counts = {name: tensor.shape[0] for name, tensor in tensors.items()}
    if len(set(counts.values()) - {None}) > 1:
        raise ValueError(
            "All strings of an example must be there, so that there are "
            f"equally many of each. Received: {counts}."
        )
    return tensors


def to_bytes(text, row, name="texts"):
    """Make UTF-8 of one text of many.

    Args:
        text: A str, bytes or scalar string tensor.
        row: Which of the texts it is, for the error.
        name: What the caller's argument is called, for the error.

    Returns:
        Bytes.

    Raises:
        ValueError: If `text` is not a string.
    """
    return _to_bytes(_checked_text(text, row, name))


def require_iterable(texts, name="texts"):
    """Refuse a single text where an iterable of texts is expected.

    Args:
        texts: What the user passed.
        name: What the caller's argument is called, for the error.

    Raises:
        ValueError: If `texts` is one string.
    """
    if isinstance(texts, (str, bytes)):
        raise ValueError(
            f"`{name}` must be an iterable of strings. Received one string of "
            f"{len(texts)} characters. Put it in a list, or read the file "
            "line by line if it is a path."
        )


def require_batch(texts, name):
    """Refuse a single text where a batch is expected.

    Args:
        texts: What the user passed.
        name: What the caller's argument is called, for the error.

    Raises:
        ValueError: If `texts` is one string.
    """
    is_scalar = hasattr(texts, "shape") and len(texts.shape) == 0
    if is_scalar or isinstance(texts, (str, bytes)):
        raise ValueError(
            f"`{name}` must be a batch of strings: a list, an array or a "
            f"tensor of shape (batch,). Received one: {name}={_short(texts)}. "
            f"Put it in a list: {name}=[{name}]."
        )


def _checked_tensor(texts, name):
    rank = texts.shape.rank
    if texts.dtype != tf.string or rank is None or rank > 1:
        raise ValueError(
            f"`{name}` must be a string tensor of shape (batch,), or a scalar. "
            f"Received: dtype={texts.dtype.name}, shape={texts.shape}"
        )
    return texts


def _checked_text(text, row, name):
    if isinstance(text, (str, bytes)):
        return text
    if tf.is_tensor(text) and text.shape.rank == 0 and hasattr(text, "numpy"):
        text = text.numpy()
    if not isinstance(text, (str, bytes)):
        raise ValueError(
            f"`{name}` must hold strings only. Received: {name}[{row}]="
            f"{_short(text)}, of type {type(text).__name__}. Drop that row, or "
            "make a string of it."
        )
    return text


def _to_bytes(text):
    if isinstance(text, bytes):
        return text
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        # A lone surrogate has no UTF-8 form. As U+FFFD it still counts as one
        # character, so offsets stay right.
        units = text.encode("utf-16-le", "surrogatepass")
        return units.decode("utf-16-le", "replace").encode("utf-8")


def _short(value):
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
