"""ModernBERT: rotary positions, gated networks, windows in most blocks.

[Warner et al., 2024](https://arxiv.org/abs/2412.13663).
"""

from keras_transformer.checkpoints import configs
from keras_transformer.checkpoints.arguments import check_fixed, require
from keras_transformer.checkpoints.families import encoders
from keras_transformer.checkpoints.families.modernbert_heads import (
    HEADS,
    normalization,
)
from keras_transformer.checkpoints.families.modernbert_windows import (
    read_window,
    write_window,
)
from keras_transformer.checkpoints.family import Family
from keras_transformer.checkpoints.rows import Row, dense, embedding, layer_norm
from keras_transformer.checkpoints.transforms import SPLIT_ROWS

_DEFAULTS = {
    "vocab_size": 50368,
    "hidden_size": 768,
    "intermediate_size": 1152,
    "num_hidden_layers": 22,
    "num_attention_heads": 12,
    "hidden_activation": "gelu",
    "max_position_embeddings": 8192,
    "initializer_range": 0.02,
    "norm_eps": 1e-5,
    "norm_bias": False,
    "attention_bias": False,
    "attention_dropout": 0.0,
    "layer_types": None,
    "global_attn_every_n_layers": 3,
    "rope_parameters": None,
    "rope_scaling": None,
    "global_rope_theta": 160_000.0,
    "local_rope_theta": None,
    "local_attention": 128,
    "embedding_dropout": 0.0,
    "mlp_bias": False,
    "mlp_dropout": 0.0,
    "decoder_bias": True,
    "classifier_pooling": "cls",
    "classifier_dropout": 0.0,
    "classifier_bias": False,
    "classifier_activation": "gelu",
    "tie_word_embeddings": True,
}
_TOKEN_IDS = {
    "pad_token_id": "pad",
    "bos_token_id": "start",
    "eos_token_id": "end",
    "cls_token_id": "start",
    "sep_token_id": "end",
}
_ATTENTION = ["query_key_value", "attention_output"]


def _arguments(config):
    biases = _ATTENTION if config["attention_bias"] else []
    biases = biases + (["feed_forward"] if config["mlp_bias"] else [])
    return {
        "vocabulary_size": config["vocab_size"],
        "num_layers": config["num_hidden_layers"],
        "num_heads": config["num_attention_heads"],
        "hidden_dim": config["hidden_size"],
        "intermediate_dim": config["intermediate_size"],
        "max_sequence_length": config["max_position_embeddings"],
        # Nothing is dropped of what sublayers add, but of attention's.
        "dropout": 0.0,
        "feed_forward_dropout": config["mlp_dropout"],
        "attention_dropout": config["attention_dropout"],
        "embedding_dropout": config["embedding_dropout"],
        "activation": configs.activation(
            config["hidden_activation"], gated=True
        ),
        "positions": "rotary",
        "num_segments": 0,
        "normalize_embedding": True,
        "normalize_first": True,
        "normalize_first_block": False,
        "normalization": normalization(config),
        "epsilon": config["norm_eps"],
        "use_bias": {0: False, 3: True}.get(len(biases), biases),
        "initializer_range": config["initializer_range"],
        **read_window(config),
    }


def _has_biases(arguments):
    """Whether attention and whether feed-forward networks add biases."""
    biases = arguments["use_bias"]
    if isinstance(biases, bool):
        biases = [*_ATTENTION, "feed_forward"] if biases else []
    attention = [name for name in _ATTENTION if name in biases]
    require(attention in ([], _ATTENTION), f"use_bias={biases}")
    return bool(attention), "feed_forward" in biases


def _check_config(arguments):
    check_fixed(
        arguments,
        (
            "use_bias",
            "sliding_window",
            "global_attention_every",
            "rotary_max_wavelength",
            "local_rotary_max_wavelength",
        ),
        positions="rotary",
        normalize_embedding=True,
        normalize_first=True,
        normalize_first_block=False,
        normalization={"layer_norm", "layer_norm_without_bias"},
    )
    ours = arguments["activation"]
    require(
        configs.is_gated(ours) and configs.activation_name(ours),
        f"activation={ours!r} (it has a gated one)",
    )


def _config(arguments):
    _check_config(arguments)
    ours = arguments["activation"]
    attention_bias, mlp_bias = _has_biases(arguments)
    embedding_dropout = arguments["embedding_dropout"]
    return {
        "vocab_size": arguments["vocabulary_size"],
        "hidden_size": arguments["hidden_dim"],
        "intermediate_size": arguments["intermediate_dim"],
        "num_hidden_layers": arguments["num_layers"],
        "num_attention_heads": arguments["num_heads"],
        "hidden_activation": configs.activation_name(ours),
        "max_position_embeddings": arguments["max_sequence_length"],
        "initializer_range": arguments["initializer_range"] or 0.02,
        "norm_eps": arguments["epsilon"],
        "norm_bias": arguments["normalization"] == "layer_norm",
        "attention_bias": attention_bias,
        "attention_dropout": arguments["attention_dropout"],
        "embedding_dropout": encoders.first(
            embedding_dropout, arguments["dropout"]
        ),
        # Those that transformers takes are of a large vocabulary.
        **dict.fromkeys(_TOKEN_IDS),
        "mlp_bias": mlp_bias,
        "mlp_dropout": arguments.get("feed_forward_dropout", 0.0),
        **write_window(arguments),
    }


def _rows(arguments):
    shifts = arguments["normalization"] == "layer_norm"
    return [
        *embedding("embeddings.tok_embeddings", "embedding/tokens"),
        *layer_norm("embeddings.norm", "embedding_norm", shifts),
        *(
            row
            for i in range(arguments["num_layers"])
            for row in _block_rows(i, arguments, shifts)
        ),
        *layer_norm("final_norm", "final_norm", shifts),
    ]


def _block_rows(i, arguments, shifts):
    attention_bias, mlp_bias = _has_biases(arguments)
    name, path = f"layers.{i}", f"block_{i}"
    attention, network = f"{path}/self_attention", f"{path}/feed_forward"
    first_norm = layer_norm(
        f"{name}.attn_norm", f"{path}/self_attention_norm", shifts
    )
    return [
        *(first_norm if i else []),
        *_stacked(
            f"{name}.attn.Wqkv",
            [f"{attention}/{part}" for part in ("query", "key", "value")],
            attention_bias,
        ),
        *dense(
            f"{name}.attn.Wo", f"{attention}/output_projection", attention_bias
        ),
        *layer_norm(f"{name}.mlp_norm", f"{path}/feed_forward_norm", shifts),
        *_stacked(
            f"{name}.mlp.Wi", [f"{network}/gate", f"{network}/inner"], mlp_bias
        ),
        *dense(f"{name}.mlp.Wo", f"{network}/outer", mlp_bias),
    ]


def _stacked(name, paths, bias):
    """Rows of a `Linear` layer that is several dense ones."""
    kernels = tuple(f"{path}/kernel" for path in paths)
    biases = tuple(f"{path}/bias" for path in paths)
    rows = [Row(f"{name}.weight", kernels, SPLIT_ROWS)]
    return rows + ([Row(f"{name}.bias", biases, SPLIT_ROWS)] if bias else [])


MODERNBERT = Family(
    model_types=("modernbert",),
    kind="Encoder",
    base_architecture="ModernBertModel",
    prefix="model",
    arguments=_arguments,
    config=_config,
    rows=_rows,
    defaults=_DEFAULTS,
    heads=HEADS,
    buffers=("*inv_freq",),
    others=("head.*", "decoder.*", "classifier.*"),
    token_ids=_TOKEN_IDS,
)
