"""What tasks compute with ids, as functions that need no variables."""

import keras
import tensorflow as tf

# Files of protocol buffers and of LiteRT hold at most 2 GiB; some room is for
# the graph.
_MOST_BYTES = 2**31 - 2**25


def portable_functions(task):
    """What a task computes with ids, as functions without variables.

    Args:
        task: A task.

    Returns:
        Dict of `tf.function`s with input signatures by name: `model`, or
        `step` and `source`. They return dicts of tensors.

    Raises:
        RuntimeError: If Keras does not run on TensorFlow.
        ValueError: If the task does not compute in float32, or is too large.
    """
    _check_portable(task)
    if task.lora is not None:
        task = task.bare_copy()
    if not hasattr(task, "empty_state"):
        specs = {
            name: tf.TensorSpec([None, None], tensor.dtype)
            for name, tensor in task.input.items()
        }
        return {"model": _constant(task, _call_of(task), specs)}
    return _writing_functions(task)


def _call_of(task):
    return lambda **inputs: {"logits": task(inputs, training=False)}


def _writing_functions(task):
    """`step`, and `source` if there is one."""
    (state, fixed), (other_state, other_fixed) = (
        task.empty_state(_blank_source(task, *sizes), slots)
        for *sizes, slots in ((2, 3, 4), (5, 6, 7))
    )
    state_specs = _free_where_unlike(
        _named(state, "cache"), _named(other_state, "cache")
    )
    fixed_specs = _free_where_unlike(_named(fixed), _named(other_fixed))
    specs = {
        "token_ids": tf.TensorSpec([None, None], tf.int32),
        "positions": tf.TensorSpec([None, None], tf.int32),
        "padding_mask": tf.TensorSpec([None, None], tf.bool),
        "index": tf.TensorSpec([1], tf.int32),
        **state_specs,
        **fixed_specs,
    }

    def step(token_ids, positions, padding_mask, index, **parts):
        states, new = task.next_states(
            token_ids,
            padding_mask,
            positions,
            index[0],
            _nested(state, parts, "cache"),
            _nested(fixed, parts),
        )
        logits = task.project(states)
        return {"logits": logits, **_named(new, "new_cache")}

    functions = {"step": _constant(task, step, specs)}
    if fixed_specs:
        functions["source"] = _source_function(task)
    return functions


def _source_function(task):
    """What is computed of a source once."""

    def source(**inputs):
        return _named(task.empty_state(inputs, 1)[1])

    specs = {
        name: tf.TensorSpec([None, None], tensor.dtype)
        for name, tensor in _blank_source(task, 1, 1).items()
    }
    return _constant(task, source, specs)


def _blank_source(task, batch, length):
    """Ids and mask that writing may begin with, all of them 0."""
    side = task.generation_inputs[0].removesuffix("token_ids")
    return {
        f"{side}token_ids": tf.zeros([batch, length], tf.int32),
        f"{side}padding_mask": tf.ones([batch, length], tf.bool),
    }


def _named(parts, *prefix):
    """Tensors of nested dicts and lists in one dict, by their paths."""
    return {
        "_".join(map(str, (*prefix, *path))): tensor
        for path, tensor in keras.tree.flatten_with_path(parts)
    }


def _nested(like, named, *prefix):
    """The inverse of `_named`: nested as `like` is."""
    return keras.tree.pack_sequence_as(
        like, [named[name] for name in _named(like, *prefix)]
    )


def _free_where_unlike(tensors, others):
    """Specs of tensors, free in the axes whose sizes are others in `others`."""
    return {
        name: tf.TensorSpec(
            [
                size if size == other else None
                for size, other in zip(x.shape, others[name].shape, strict=True)
            ],
            x.dtype,
        )
        for name, x in tensors.items()
    }


def _constant(task, function, specs):
    """A `tf.function` in which the weights of a task are constants."""
    values = [(weight, weight.numpy()) for weight in task.weights]

    def call(*tensors):
        weights = [(weight, tf.constant(value)) for weight, value in values]
        with keras.StatelessScope(weights):
            return function(**dict(zip(specs, tensors, strict=True)))

    signature = [
        tf.TensorSpec(spec.shape, spec.dtype, name=name)
        for name, spec in specs.items()
    ]
    return tf.function(call, input_signature=signature, autograph=False)


def _check_portable(task):
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "ONNX and LiteRT are made of TensorFlow's operations. Received: "
            f"KERAS_BACKEND={keras.backend.backend()}. Save the task, then "
            "load and export it in a process with KERAS_BACKEND=tensorflow."
        )
    dtypes = {layer.compute_dtype for layer in task._flatten_layers()}
    if dtypes != {"float32"}:
        raise ValueError(
            "ONNX and LiteRT are written of tasks that compute in float32. "
            f"Received: a task that computes in {', '.join(sorted(dtypes))}. "
            'Call keras.config.set_dtype_policy("float32") before it is '
            "loaded."
        )
    size = 4 * task.count_params()
    if size > _MOST_BYTES:
        raise ValueError(
            "A file of ONNX or LiteRT holds at most 2 GiB. Received: a task "
            f"with weights of {size / 2**30:.1f} GiB. Export it as a "
            "SavedModel instead."
        )
