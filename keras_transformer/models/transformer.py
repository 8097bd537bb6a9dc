"""What the three models share: their arguments, sizes and parts."""

import keras

from keras_transformer.layers.normalization import make_normalization
from keras_transformer.layers.positional_embedding import PositionalEmbedding
from keras_transformer.layers.relative_position_bias import (
    RelativePositionBias,
)
from keras_transformer.layers.rotary_embedding import RotaryEmbedding
from keras_transformer.models.sizes import size_arguments

# How `positions` of a model are told to embeddings; attention has the others.
_EMBEDDED = ("learned", "sinusoidal")
_POSITIONS = (*_EMBEDDED, "rotary", "relative", "none")

# What a token is should count for more at first than where it stands.
_TOKEN_STDDEV = 0.05
_POSITION_STDDEV = 0.01


class Transformer(keras.Model):
    """A functional model that can be rebuilt from plain arguments.

    A subclass makes its layers in `make_layers`, a dict by attribute, and
    says in `run` in which order tokens pass them: once for the functional
    graph, and for every cached step.

    Args:
        arguments: The constructor arguments of the subclass, by name.
        inputs: Dict of `keras.Input`s, the arguments of `run`.
        dtype: Data type policy of all layers. Default: the global one.
        name: Name of the model. Default: one that Keras makes.
        trainable: Whether its weights are trained.
    """

    def __init__(
        self, arguments, inputs, dtype=None, name=None, trainable=True
    ):
        check_arguments(arguments)
        policy = keras.dtype_policies.get(
            keras.config.dtype_policy() if dtype is None else dtype
        )
        # Past `__setattr__`, which wants a model that is made already; the
        # functional graph tracks them all.
        vars(self).update(self.make_layers(arguments, policy))
        super().__init__(
            inputs, self.run(**inputs), name=name, trainable=trainable
        )
        self.dtype_policy = policy
        self.arguments = arguments
        for name, value in arguments.items():
            setattr(self, name, value)

    @classmethod
    def from_size(cls, size, vocabulary_size, **arguments):
        """Build a model of a named size.

        Args:
            size: `"tiny"`, `"mini"`, `"small"`, `"base"`, or the paper's
                `"vaswani_base"` and `"vaswani_big"`.
            vocabulary_size: Rows of the token table.
            **arguments: Any constructor argument, to overrule the size's.

        Returns:
            A model with fresh weights.

        Raises:
            ValueError: If there is no such size.
        """
        arguments = {**size_arguments(size), **arguments}
        return cls(vocabulary_size=vocabulary_size, **arguments)

    def get_config(self):
        return {
            **self.arguments,
            "name": self.name,
            "trainable": self.trainable,
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        if isinstance(config.get("dtype"), dict):
            config["dtype"] = keras.dtype_policies.deserialize(config["dtype"])
        return cls(**config)


def check_arguments(arguments):
    """Check what the layers would only notice later, or not at all.

    Raises:
        ValueError: If a size is below 1, a rate not in [0, 1), or `positions`
            unknown.
    """
    sizes = ("vocabulary_size", "num_layers", "num_heads", "hidden_dim")
    for name in (*sizes, "num_decoder_layers"):
        value = arguments.get(name)  # None is for an argument with a default
        if value is not None and value < 1:
            raise ValueError(
                f"`{name}` must be at least 1. Received: {name}={value}."
            )
    for name in ("dropout", "attention_dropout", "embedding_dropout"):
        if arguments[name] is not None and not 0 <= arguments[name] < 1:
            raise ValueError(
                f"`{name}` must be at least 0 and below 1. Received: "
                f"{name}={arguments[name]}."
            )
    if arguments["positions"] not in _POSITIONS:
        raise ValueError(
            f"`positions` must be one of {_POSITIONS}. Received: "
            f"positions={arguments['positions']!r}."
        )


def make_embedding(arguments, dtype, name="embedding"):
    """Make the token embedding of a model from its arguments."""
    positions = arguments["positions"]
    return PositionalEmbedding(
        arguments["vocabulary_size"],
        arguments["hidden_dim"],
        arguments["max_sequence_length"],
        positions=positions if positions in _EMBEDDED else "none",
        num_segments=arguments.get("num_segments", 0),
        scale=arguments["scale_embedding"],
        embeddings_initializer=keras.initializers.RandomNormal(
            stddev=arguments["hidden_dim"] ** -0.5
            if arguments["scale_embedding"]
            else _TOKEN_STDDEV
        ),
        position_initializer=keras.initializers.RandomNormal(
            stddev=_POSITION_STDDEV
        ),
        dtype=dtype,
        name=name,
    )


def make_embedding_dropout(arguments, dtype):
    """Make the dropout behind the embedding."""
    rate = arguments["embedding_dropout"]
    return keras.layers.Dropout(
        arguments["dropout"] if rate is None else rate,
        dtype=dtype,
        name="dropout_of_embedding",
    )


def make_position_encoding(arguments, dtype, bidirectional):
    """Make what tells attention the positions; all blocks share it."""
    if arguments["positions"] == "rotary":
        return RotaryEmbedding(
            arguments["rotary_max_wavelength"], dtype=dtype, name="rotary"
        )
    if arguments["positions"] == "relative":
        return RelativePositionBias(
            arguments["num_heads"],
            bidirectional=bidirectional,
            dtype=dtype,
            name="relative_position_bias",
        )
    return None


def make_blocks(block, arguments, dtype, position_encoding, prefix="block"):
    """Make `num_layers` blocks of a class, or function, from arguments."""
    names = (
        "num_heads",
        "intermediate_dim",
        "activation",
        "dropout",
        "attention_dropout",
        "normalize_first",
        "normalization",
        "epsilon",
        "use_bias",
        "key_dim",
        "num_key_value_heads",
        "sliding_window",
    )
    options = {name: arguments[name] for name in names}
    stddev = arguments["initializer_range"]
    options["kernel_initializer"] = (
        keras.initializers.TruncatedNormal(stddev=stddev)
        if stddev
        else "glorot_uniform"
    )
    return [
        block(
            **options,
            position_encoding=position_encoding,
            dtype=dtype,
            name=f"{prefix}_{i}",
        )
        for i in range(arguments["num_layers"])
    ]


def make_norm(arguments, dtype, name):
    """Make a normalisation that stands outside of the blocks."""
    return make_normalization(
        arguments["normalization"],
        arguments["epsilon"],
        dtype=dtype,
        name=name,
    )


def token_inputs(*names):
    """Make the inputs of a functional model.

    Args:
        *names: Names of inputs; those that end in `mask` are bool, the
            others int32.

    Returns:
        Dict of `keras.Input`s `(batch, length)` by name.
    """
    return {
        name: keras.Input(
            (None,),
            dtype="bool" if name.endswith("mask") else "int32",
            name=name,
        )
        for name in names
    }


def run_blocks(
    blocks,
    x,
    cache=None,
    cache_index=0,
    return_attention_scores=False,
    **arguments,
):
    """Send `x` through blocks, each with its part of the cache.

    Args:
        blocks: The blocks, in order.
        x: Float tensor `(batch, length, hidden_dim)`.
        cache: List of the caches of decoder blocks, or `None`.
        cache_index: Slot of the first position in the cache.
        return_attention_scores: Whether to return the scores as well.
        **arguments: Further call arguments of all blocks.

    Returns:
        A tuple of the output and what was asked for: a list of scores, one
        a block (a pair with cross-attention), then the updated cache.
    """
    scores, updated = [], []
    for i, block in enumerate(blocks):
        past = {"cache": cache[i], "cache_index": cache_index} if cache else {}
        x = block(
            x,
            return_attention_scores=return_attention_scores,
            **past,
            **arguments,
        )
        x, *extras = x if isinstance(x, tuple) else (x,)
        if cache:
            updated.append(extras.pop())
        if return_attention_scores:
            scores.append(extras[0] if len(extras) == 1 else tuple(extras))
    output = (x, scores) if return_attention_scores else (x,)
    return (*output, updated) if cache else output
