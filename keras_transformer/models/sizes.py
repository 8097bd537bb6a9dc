"""Named sizes, so that nobody has to remember five numbers."""


def _size(num_layers, hidden_dim, num_heads, intermediate_dim, **others):
    return {
        "num_layers": num_layers,
        "hidden_dim": hidden_dim,
        "num_heads": num_heads,
        "intermediate_dim": intermediate_dim,
        **others,
    }


# Vaswani et al., 2017: post-norm, ReLU, sines, scaled embeddings.
_VASWANI = {
    "activation": "relu",
    "positions": "sinusoidal",
    "scale_embedding": True,
    "normalize_first": False,
    "initializer_range": None,
}

# The small ones are those of Turc et al., 2019, arXiv:1908.08962.
SIZES = {
    "tiny": _size(2, 128, 2, 512),
    "mini": _size(4, 256, 4, 1024),
    "small": _size(4, 512, 8, 2048),
    "base": _size(12, 768, 12, 3072),
    "vaswani_base": _size(6, 512, 8, 2048, dropout=0.1, **_VASWANI),
    "vaswani_big": _size(6, 1024, 16, 4096, dropout=0.3, **_VASWANI),
}


def size_arguments(size):
    """Constructor arguments of a named size.

    Args:
        size: One of the names in `SIZES`.

    Returns:
        Dict of arguments that all three models take.

    Raises:
        ValueError: If there is no such size.
    """
    if size not in SIZES:
        raise ValueError(
            f"`size` must be one of {list(SIZES)}. Received: size={size!r}."
        )
    return dict(SIZES[size])
