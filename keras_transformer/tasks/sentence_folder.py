"""The folders of sentence-transformers: pooling, projection, unit length.

[Reimers and Gurevych, 2019](https://arxiv.org/abs/1908.10084).
"""

import pathlib

import numpy as np
from keras import ops

from keras_transformer.checkpoints.files import open_tensors, write_tensors
from keras_transformer.checkpoints.json_files import read_json, write_json

_MODULES = "modules.json"
_LENGTH = "sentence_bert_config.json"
# Names of modules, as their last part, in the order in which they may come.
_KINDS = ("Transformer", "Pooling", "Dense", "Normalize")
_POOLING = {"first": "cls_token", "mean": "mean_tokens", "max": "max_tokens"}
_OLD_POOLING = ("pooling_mode_mean_sqrt_len_tokens",)
_ACTIVATIONS = {
    None: "torch.nn.modules.linear.Identity",
    "tanh": "torch.nn.modules.activation.Tanh",
    "relu": "torch.nn.modules.activation.ReLU",
    "gelu": "torch.nn.modules.activation.GELU",
    "sigmoid": "torch.nn.modules.activation.Sigmoid",
}


def is_sentence_folder(folder):
    """Whether a folder says what its sentence vectors are made of."""
    return (pathlib.Path(folder) / _MODULES).is_file()


def read_modules(folder):
    """Read where the modules of a folder are.

    Args:
        folder: Path of a folder with a `modules.json`, or without.

    Returns:
        Dict from "Transformer", "Pooling", "Dense" and "Normalize", as far as
        they are there, to paths; empty without a `modules.json`.

    Raises:
        ValueError: If the file is damaged, has other modules or another order,
            or points outside of the folder.
    """
    folder = pathlib.Path(folder)
    if not is_sentence_folder(folder):
        return {}
    modules = read_json(folder / _MODULES, list)
    kinds, paths = [], []
    for module in modules:
        kinds.append(str(module.get("type", "")).rpartition(".")[2])
        paths.append(str(module.get("path", "")))
    in_order = sorted(
        kinds, key=lambda k: _KINDS.index(k) if k in _KINDS else 9
    )
    once = len(set(kinds)) == len(kinds)
    if (
        kinds[:2] != ["Transformer", "Pooling"]
        or kinds != in_order
        or not (once and set(kinds) <= set(_KINDS))
    ):
        raise ValueError(
            f"{folder / _MODULES} must name a Transformer, a Pooling, and "
            f"perhaps a Dense and a Normalize, in this order. Received: "
            f"{kinds}."
        )
    for path in paths:
        if pathlib.PurePath(path).is_absolute() or ".." in path or "\\" in path:
            raise ValueError(
                f"{folder / _MODULES} points outside of its folder. Received: "
                f"path={path!r}. Expected the name of a folder in it."
            )
    return {
        kind: folder / path for kind, path in zip(kinds, paths, strict=True)
    }


def read_arguments(modules):
    """Read the arguments of a `SentenceEncoder` from its modules.

    Args:
        modules: From `read_modules`.

    Returns:
        Dict.

    Raises:
        ValueError: If a module does what there is not here.
    """
    if not modules:
        return {}
    arguments = {
        "pooling": _read_pooling(modules["Pooling"] / "config.json"),
        "normalize": "Normalize" in modules,
    }
    if "Dense" in modules:
        path = modules["Dense"] / "config.json"
        config = read_json(path)
        names = {theirs: ours for ours, theirs in _ACTIVATIONS.items()}
        theirs = config.get("activation_function", _ACTIVATIONS["tanh"])
        if theirs not in names:
            raise ValueError(
                f"`activation_function` in {path} must be one of "
                f"{sorted(names)}. Received: {theirs!r}."
            )
        arguments["embedding_dim"] = config["out_features"]
        arguments["projection_activation"] = names[theirs]
        arguments["projection_bias"] = config.get("bias", True)
    return arguments


def _read_pooling(path):
    config = read_json(path)
    chosen = [
        name.removeprefix("pooling_mode_")
        for name, is_so in config.items()
        if name.startswith("pooling_mode_") and is_so is True
    ]
    if isinstance(config.get("pooling_mode"), str):
        chosen = [config["pooling_mode"]]
    for ours, theirs in _POOLING.items():
        if chosen in ([theirs], [theirs.partition("_")[0]]):
            return ours
    raise ValueError(
        f"The pooling in {path} must be one of {list(_POOLING.values())}. "
        f"Received: {chosen}."
    )


def read_max_length(folder):
    """Read the most tokens of a row, or `None` if nothing says it."""
    modules = read_modules(folder)
    if not modules:
        return None
    path = modules["Transformer"] / _LENGTH
    return read_json(path).get("max_seq_length") if path.is_file() else None


def read_projection(modules, layer):
    """Set the weights of the dense layer behind the pooling.

    Args:
        modules: From `read_modules`.
        layer: A `keras.layers.Dense`.

    Raises:
        ValueError: If they do not fit.
    """
    tensors = open_tensors(modules["Dense"])
    wanted = {"linear.weight": tuple(reversed(layer.kernel.shape))}
    if layer.use_bias:
        wanted["linear.bias"] = tuple(layer.bias.shape)
    given = {name: tensors.shape(name) for name in tensors.names}
    if given != wanted:
        raise ValueError(
            f"The tensors in {modules['Dense']} do not fit. Given: {given}. "
            f"Expected: {wanted}."
        )
    layer.kernel.assign(_floats(tensors.read("linear.weight").T))
    if layer.use_bias:
        layer.bias.assign(_floats(tensors.read("linear.bias")))


def _floats(array):
    return np.asarray(array, "float32")


def write_modules(folder, encoder, layer=None, max_length=None):
    """Write what sentence-transformers reads beside an encoder.

    Args:
        folder: Path of the folder.
        encoder: A `tasks.SentenceEncoder`.
        layer: Its dense layer, if it has one.
        max_length: Most tokens of a row, if that is known.

    Raises:
        ValueError: If the activation of the layer has no name there.
    """
    kinds = ["Transformer", "Pooling"]
    kinds += ["Dense"] if layer is not None else []
    kinds += ["Normalize"] if encoder.normalize else []
    paths = ["", *(f"{i}_{kind}" for i, kind in enumerate(kinds) if i)]
    modules = [
        {
            "idx": i,
            "name": str(i),
            "path": path,
            "type": f"sentence_transformers.models.{kind}",
        }
        for i, (kind, path) in enumerate(zip(kinds, paths, strict=True))
    ]
    write_json(folder / _MODULES, modules)
    lengths = {"max_seq_length": max_length, "do_lower_case": False}
    write_json(folder / _LENGTH, lengths)
    for path in paths:
        (folder / path).mkdir(exist_ok=True)
    width = encoder.encoder.hidden_dim
    chosen = {
        f"pooling_mode_{theirs}": ours == encoder.pooling
        for ours, theirs in _POOLING.items()
    }
    pooling = {"word_embedding_dimension": width, **chosen}
    pooling |= dict.fromkeys(_OLD_POOLING, False)
    write_json(folder / paths[1] / "config.json", pooling)
    if layer is not None:
        _write_projection(folder / paths[2], encoder, layer)


def _write_projection(folder, encoder, layer):
    if encoder.projection_activation not in _ACTIVATIONS:
        raise ValueError(
            "`projection_activation` must be one of "
            f"{list(_ACTIVATIONS)} to be saved so. Received: "
            f"projection_activation={encoder.projection_activation!r}."
        )
    inputs, outputs = layer.kernel.shape
    write_json(
        folder / "config.json",
        {
            "in_features": inputs,
            "out_features": outputs,
            "bias": layer.use_bias,
            "activation_function": _ACTIVATIONS[encoder.projection_activation],
        },
    )
    tensors = {"linear.weight": ops.convert_to_numpy(layer.kernel).T}
    if layer.use_bias:
        tensors["linear.bias"] = ops.convert_to_numpy(layer.bias)
    write_tensors(folder, tensors)
