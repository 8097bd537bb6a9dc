"""SavedModels that take strings, one folder a version, whole or not at all."""

import pathlib

import keras
import tensorflow as tf

from keras_transformer.serving.card import write_card
from keras_transformer.serving.core_operations import use_core_operations
from keras_transformer.serving.examples import (
    answered,
    example_strings,
    ids_of,
)
from keras_transformer.serving.signatures import as_json, describe_signature
from keras_transformer.serving.stored_weights import (
    StoredWeights,
    check_dtype,
)
from keras_transformer.serving.versions import (
    next_version,
    version_folder,
    versions_in,
    write_whole,
    written_beside,
)
from keras_transformer.serving.warm_up import (
    check_batch_sizes,
    write_warm_up,
)

EXTRA = "assets.extra"  # TensorFlow leaves this folder of a SavedModel to us
CARD = "model_card.md"
SIGNATURE = "signature.json"


def export(
    task,
    path,
    version=None,
    *,
    overwrite=False,
    warm_up=(1, 8),
    examples=None,
    notes="",
    dtype=None,
    **options,
):
    """Write a task as a SavedModel that TensorFlow Serving can serve.

    The folder `path/version` has two signatures. `serving_default` takes a
    batch of strings under the names of `task.string_inputs` and gives what
    `task.answer` gives, tokenization included. `tokens` takes ids and masks
    under the names of the task's inputs and gives `logits`. Tasks that write
    text also have `greedy`, which decodes so whatever `serving_default` does,
    and `score`, which takes a `target` as well and gives its log-probability.
    Adapters of `enable_lora` are merged. To load it without a server, import
    `tensorflow_text` first: it has the operations that read text.

    In its folder `assets.extra` stand `tf_serving_warmup_requests`, with which
    a server warms the model up before it sends it requests; `signature.json`,
    the name, type and shape of all that the signatures take and give, with
    an example of each, asked and answered; and `model_card.md`, which shows
    how to call it. The latter two also stand in `path`, those of the highest
    version, which is the one that a server serves.

    The version is written beside and appears by one rename, so a server that
    watches `path` never sees half of it, even if the process is killed.

    Args:
        task: A task with a tokenizer.
        path: Folder of all versions of this model, such as
            `"saved_models/sentiment"`.
        version: Number of the version, from 1. Default: the next free one.
        overwrite: Whether a version that is there may be replaced. A server
            that serves it keeps what it has loaded until it starts anew.
        warm_up: Batch sizes that a server is to expect; `()` for no warm-up.
        examples: Strings to warm up with, and the first of them to show, as
            `task.answer` takes them; tasks that write text also take a column
            `target`. Default: some English sentences.
        notes: Markdown for the end of the card, such as how it was trained.
        dtype: Type that weights are stored in: `"bfloat16"` or `"float16"`,
            half the bytes, or `"int8"`, a quarter, for matrices and tables,
            with a scale for each output or row. They are cast to their own
            type in each call; the card tells what that changes in size, logits
            and time. Default: as they are.
        **options: Of `task.serving_functions`: for tasks that write text,
            `search`, how `serving_default` searches, and `max_length`.

    Returns:
        The folder of the version, a `pathlib.Path`.

    Raises:
        RuntimeError: If Keras does not run on TensorFlow.
        ValueError: If the task has no tokenizer, `version` is no version, a
            batch size or `dtype` is none, or the model does not answer the
            examples.
        FileExistsError: If the version is there already, or `path` is not a
            folder of versions.
    """
    check_exportable(task)
    check_dtype(dtype)
    sizes = check_batch_sizes(warm_up)
    strings, own = example_strings(task, examples)
    if task.lora is not None:
        task = task.bare_copy()  # a server shall not multiply adapters
    path = pathlib.Path(path)
    version = next_version(path) if version is None else version
    target = version_folder(path, version, overwrite)
    with written_beside(target) as folder:
        weights = StoredWeights(task, dtype)
        endpoints = write_saved_model(task, folder, weights, **options)
        asked = examples_of(task, endpoints, strings, own)
        signatures = {
            name: describe_signature(name, function, asked[name])
            for name, (function, _) in endpoints.items()
        }
        extra = folder / EXTRA
        extra.mkdir()
        name = path.resolve().name
        write_warm_up(extra, name, asked, sizes)
        facts = {
            "name": name,
            "version": version,
            "task": type(task).__name__,
            "signatures": signatures,
        }
        (extra / SIGNATURE).write_text(as_json(facts) + "\n", "utf-8")
        told = facts_of_export(weights, dtype, endpoints, asked, sizes)
        card = write_card(task, name, version, signatures, told, notes)
        (extra / CARD).write_text(card, "utf-8")
    show_newest(path)
    return target


def check_exportable(task):
    """Check that a task can be written as a SavedModel of strings.

    Raises:
        RuntimeError: If Keras does not run on TensorFlow.
        ValueError: If the task has no tokenizer.
    """
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "A SavedModel is made of TensorFlow operations. Received: "
            f"KERAS_BACKEND={keras.backend.backend()}. Save the task, then "
            "load and export it in a process with KERAS_BACKEND=tensorflow."
        )
    if getattr(task, "preprocessor", None) is None:
        raise ValueError(
            "Only a task with a tokenizer can be exported to take strings. "
            f"Received: {task!r}, whose `preprocessor` is missing."
        )


def write_saved_model(task, folder, weights, **options):
    """Write the signatures of a task into a folder.

    Args:
        task: The task.
        folder: Where to.
        weights: Its `StoredWeights`.
        **options: Of `task.serving_functions`.

    Returns:
        Dict from the name of a signature to a pair of its `tf.function`, of
        one tensor for each input, and the names of these.
    """

    def traced(function, specs):
        def call(*tensors):
            names = [spec.name for spec in specs]
            with weights.scope():
                return function(dict(zip(names, tensors, strict=True)))

        return tf.function(call, input_signature=specs, autograph=False)

    endpoints = {}
    for endpoint, (function, names) in task.serving_functions(
        **options
    ).items():
        specs = [tf.TensorSpec([None], tf.string, name=name) for name in names]
        endpoints[endpoint] = (traced(function, specs), list(names))
    specs = [
        tf.TensorSpec([None, None], tensor.dtype, name=name)
        for name, tensor in task.input.items()
    ]
    tokens = traced(lambda ids: {"logits": task(ids, training=False)}, specs)
    endpoints["tokens"] = (tokens, task.input_names)
    save_graphs(
        folder,
        {name: function for name, (function, _) in endpoints.items()},
        task.preprocessor.resources,
    )
    return endpoints


def save_graphs(folder, functions, resources):
    """Write a SavedModel of some functions, each as its signature.

    `keras.export.ExportArchive` does the same, but has each graph made twice:
    TensorFlow makes that of a `tf.function` anew while it saves, and not that
    of what was made of it before.

    Args:
        folder: Where to.
        functions: Dict of `tf.function`s with input signatures, by name.
        resources: What of theirs is no variable.
    """
    graphs = {
        name: function.get_concrete_function()
        for name, function in functions.items()
    }
    root = tf.Module()
    root.resources = list(resources)
    root.all_weights = list(
        {
            id(v): v for graph in graphs.values() for v in graph.variables
        }.values()
    )
    for name, graph in graphs.items():
        setattr(root, name, graph)
    tf.saved_model.save(root, folder, signatures=graphs)
    use_core_operations(folder)


def examples_of(task, endpoints, strings, own=()):
    """Find examples that each signature answers.

    Args:
        task: The task.
        endpoints: What `write_saved_model` returned.
        strings: Dict of lists of strings, as `own` from `example_strings`.
        own: Names of those that the user gave.

    Returns:
        Dict from the name of a signature to its inputs by name, lists of
        strings or arrays of ids.
    """
    found = {
        name: answered(function, names, strings, own)
        for name, (function, names) in endpoints.items()
        if name != "tokens"
    }
    of_strings = found.get("score", found["serving_default"])
    return {**found, "tokens": ids_of(task, of_strings)}


def facts_of_export(weights, dtype, endpoints, asked, batch_sizes):
    """Say in sentences what was chosen, and what it changes."""
    if weights.is_changed:
        function, _ = endpoints["tokens"]
        gap, now, before = weights.compare(function, asked["tokens"])
        stored, all_bytes = (size / 1e6 for size in weights.num_bytes)
        yield (
            f"Weights are stored in {dtype}, {stored:.1f} MB in place of "
            f"{all_bytes:.1f}, and cast in each call: logits of the examples "
            f"differ by at most {gap:.2g}, and took {now:.1f} ms in place of "
            f"{before:.1f} where it was exported."
        )
    if batch_sizes:
        sizes = ", ".join(map(str, batch_sizes))
        yield f"A server warms it up for batches of {sizes}."


def show_newest(path):
    """Put the card and the signatures of the highest version beside it."""
    extra = path / str(versions_in(path)[-1]) / EXTRA
    for name in (CARD, SIGNATURE):
        if (extra / name).is_file():
            write_whole(path / name, (extra / name).read_text("utf-8"))
