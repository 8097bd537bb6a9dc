"""What the signatures of a SavedModel take and give, with an example each."""

import json

import numpy as np
import tensorflow as tf

# An example whose answer has more numbers is shown by its request alone.
_MOST_SHOWN = 256


def describe_signature(name, function, examples):
    """Describe a signature, and ask it.

    Args:
        name: Its name.
        function: A `tf.function` with one input signature, which returns a
            dict of tensors.
        examples: Dict of its inputs by name, each with some rows: a list of
            strings, or an array.

    Returns:
        Dict of `inputs` and `outputs`, each from name to `dtype` and `shape`
        (`None` for an axis of any size), and of `example`: `request` and
        `response`, the bodies of a call of TensorFlow Serving's REST
        interface in row format. A long answer has its `shapes` in place of a
        `response`.
    """
    graph = function.get_concrete_function()
    inputs = {spec.name: spec for spec in function.input_signature}
    rows = rows_of(examples, 1)
    outputs = function(*[tf.constant(rows[key]) for key in inputs])
    request = {"instances": _as_rows(rows)}
    if name != "serving_default":
        request = {"signature_name": name, **request}
    example = {"request": request}
    if sum(int(tf.size(x)) for x in outputs.values()) <= _MOST_SHOWN:
        example["response"] = {"predictions": _as_rows(outputs)}
    else:
        example["shapes"] = {k: v.shape.as_list() for k, v in outputs.items()}
    return {
        "inputs": specs_of(inputs),
        "outputs": specs_of(graph.structured_outputs),
        "example": example,
    }


def rows_of(inputs, number):
    """Take a number of rows, from the first on, again and again.

    Args:
        inputs: Dict from name to a list, or an array.
        number: How many rows.

    Returns:
        Dict as `inputs`.
    """
    taken = {}
    for name, rows in inputs.items():
        places = np.arange(number) % len(rows)
        is_array = isinstance(rows, np.ndarray)
        taken[name] = rows[places] if is_array else [rows[i] for i in places]
    return taken


def as_json(value):
    """Write JSON that a person can read: what is short stays in its line."""
    return _indented(value, "", 0)


def _indented(value, margin, before):
    """JSON of a value, behind so many characters in its line."""
    line = json.dumps(value, ensure_ascii=False)
    is_leaf = not isinstance(value, (dict, list)) or not value
    if is_leaf or before + len(line) <= 78:
        return line
    deeper = margin + "  "
    if isinstance(value, dict):
        begin, end = "{}"
        parts = []
        for key, part in value.items():
            name = f"{json.dumps(key, ensure_ascii=False)}: "
            width = len(deeper) + len(name)
            parts.append(name + _indented(part, deeper, width))
    else:
        begin, end = "[]"
        parts = [_indented(part, deeper, len(deeper)) for part in value]
    joint = f",\n{deeper}"
    return f"{begin}\n{deeper}{joint.join(parts)}\n{margin}{end}"


def specs_of(tensors):
    """Type and shape of each of a dict of tensors or specs, for JSON."""
    return {
        name: {"dtype": x.dtype.name, "shape": x.shape.as_list()}
        for name, x in sorted(tensors.items())
    }


def _as_rows(columns):
    """Columns as REST's rows: one column alone is written without its name."""
    plain = {name: _as_lists(values) for name, values in columns.items()}
    if len(plain) == 1:
        return next(iter(plain.values()))
    return [
        dict(zip(plain, row, strict=True))
        for row in zip(*plain.values(), strict=True)
    ]


def _as_lists(values):
    """Plain lists; of float32 the shortest numbers that are the same."""
    if isinstance(values, list):
        return values
    array = np.asarray(values)
    if array.dtype == object:
        flat = [x.decode("utf-8", "replace") for x in array.ravel()]
    elif array.dtype.kind == "f":
        flat = [float(str(x)) for x in array.ravel()]
    else:
        flat = array.ravel().tolist()
    return np.array(flat, object).reshape(array.shape).tolist()
