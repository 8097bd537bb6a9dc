"""Tasks for other runtimes, ids in and logits out: ONNX and LiteRT.

These have no operations that read text, so tokens are found and searched for
by who calls them.
"""

import contextlib
import importlib.util
import pathlib
import tempfile

import tensorflow as tf

from keras_transformer.serving.portable_functions import portable_functions
from keras_transformer.serving.signatures import as_json, specs_of
from keras_transformer.serving.versions import written_beside

SIGNATURE = "signature.json"


def export_onnx(task, path, *, overwrite=False):
    """Write the model of a task as ONNX, for onnxruntime and others.

    `path` becomes a folder of files that take ids and masks: `model.onnx`, or,
    for tasks that write text, `step.onnx` and, if they read a source,
    `source.onnx`. `signature.json` beside them lists inputs and outputs.

    A step takes `token_ids`, int32 `(batch, length)`, a whole prompt or one
    token a row; their `positions`, of that shape, from 0; `padding_mask`, bool
    `(batch, slots)`, `False` for slots that no token shall see; `index`, int32
    `(1,)`, the slot of the first token; and the cache, at first zeros. It
    gives `logits`, float32 `(batch, length, vocabulary_size)`, and the cache
    for the next step, each part under its name behind `new_`. With a source,
    it also takes what `source.onnx` makes of the source's ids and mask, which
    is padded on the right.

    Args:
        task: A task, with a tokenizer or without.
        path: Folder to write.
        overwrite: Whether it may be replaced, if it is there.

    Returns:
        The folder, a `pathlib.Path`.

    Raises:
        ImportError: If tf2onnx is not installed.
        RuntimeError: If Keras does not run on TensorFlow.
        ValueError: If the task does not compute in float32, takes more than
            2 GiB, or uses an operation that ONNX does not have.
        FileExistsError: If the folder is there already, or is to be
            replaced and holds other files.
    """
    if importlib.util.find_spec("tf2onnx") is None:
        raise ImportError(
            "ONNX is written by tf2onnx, which is not installed: "
            'pip install "transformer-for-keras[onnx]"'
        )
    from keras_transformer.serving.onnx_files import to_onnx

    with _folder(path, overwrite) as folder:
        functions = portable_functions(task)
        for name, function in functions.items():
            (folder / f"{name}.onnx").write_bytes(to_onnx(function))
        _write_signatures(folder, task, functions)
    return pathlib.Path(path)


def export_litert(task, path, *, overwrite=False):
    """Write the model of a task for LiteRT (TensorFlow Lite), as on phones.

    `path` becomes a folder with `model.tflite` and `signature.json`. What are
    files of `export_onnx` are signatures here, with the same inputs and
    outputs: `model`, or `step` and `source`. They need LiteRT's own operations
    alone, and take any batch and length.

    Args:
        task: A task, with a tokenizer or without.
        path: Folder to write.
        overwrite: Whether it may be replaced, if it is there.

    Returns:
        The folder, a `pathlib.Path`.

    Raises:
        RuntimeError: If Keras does not run on TensorFlow.
        ValueError: If the task does not compute in float32, takes more than
            2 GiB, or uses an operation that LiteRT does not have.
        FileExistsError: If the folder is there already, or is to be
            replaced and holds other files.
    """
    with _folder(path, overwrite) as folder:
        functions = portable_functions(task)
        (folder / "model.tflite").write_bytes(_to_litert(functions))
        _write_signatures(folder, task, functions)
    return pathlib.Path(path)


@contextlib.contextmanager
def _folder(path, overwrite):
    """A folder to write to, which appears under its name when it is done."""
    path = pathlib.Path(path)
    if path.exists() and not overwrite:
        raise FileExistsError(
            f"{path} is there already. Name another folder, or pass "
            "`overwrite=True` to replace it."
        )
    if path.exists() and not _is_export(path):
        raise FileExistsError(
            f"{path} holds more than an export to ONNX or LiteRT, and is not "
            "replaced. Name another folder."
        )
    with written_beside(path) as folder:
        yield folder


def _is_export(path):
    """Whether nothing else would be lost with a folder."""
    suffixes = {".json", ".onnx", ".tflite"}
    return (path / SIGNATURE).is_file() and all(
        file.is_file() and file.suffix in suffixes for file in path.iterdir()
    )


def _write_signatures(folder, task, functions):
    facts = {"task": type(task).__name__, "signatures": {}}
    for name, function in functions.items():
        graph = function.get_concrete_function()
        facts["signatures"][name] = {
            "inputs": specs_of({x.name: x for x in function.input_signature}),
            "outputs": specs_of(graph.structured_outputs),
        }
    (folder / SIGNATURE).write_text(as_json(facts) + "\n", "utf-8")


def _to_litert(functions):
    """The bytes of a LiteRT file whose signatures are functions."""
    graphs = {name: f.get_concrete_function() for name, f in functions.items()}
    root = tf.Module()
    root.graphs = list(graphs.values())
    with tempfile.TemporaryDirectory() as saved:
        tf.saved_model.save(root, saved, signatures=graphs)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            saved, signature_keys=list(graphs)
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        try:
            return converter.convert()
        except Exception as error:  # its class is not public
            told = str(error).partition("TF Select ops: ")[2].partition("\n")
            raise ValueError(
                "This task cannot be written for LiteRT, which has no "
                f"{told[0] or 'such operations'}. Export it as a SavedModel "
                "instead."
            ) from error
