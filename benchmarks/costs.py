"""How long a case would take at least: arithmetic, and reading of weights."""

_BYTES = {"float32": 4, "bfloat16": 2}


def least_seconds(workload, case, precision, limits):
    """Seconds that a case takes if nothing but its limits held it up.

    Counted are the products of matrices, twice more for gradients, all
    positions of a causal attention as well; in decoding, each step also reads
    all weights of the decoder once.

    Args:
        workload: A `Workload`.
        case: One of its cases.
        precision: `"float32"` or another.
        limits: Dict of operations a second by precision, and bytes a second
            as `"memory"`.

    Returns:
        Seconds, or `None` where the limits of the precision are not known.
    """
    rate = limits.get(precision)
    if rate is None:
        return None
    if workload.work == "train":
        return 3 * _forward(workload, case) / rate
    if workload.work == "encode":
        return _forward(workload, case) / rate
    if "memory" not in limits:
        return None
    size = _BYTES[precision] * _weights_of_a_step(workload)
    step = max(
        _step(workload, case) / rate,
        size / limits["memory"],
    )
    return _reading(workload, case) / rate + workload.target_length * step


def _block(workload, keys):
    """Operations of a block for one position that sees so many keys."""
    width = workload.hidden_dim
    inner = workload.intermediate_dim
    return 2 * (4 * width**2 + 2 * width * inner) + 4 * keys * width


def _cross_attention(workload, keys):
    """Operations of an attention to the source, its keys apart."""
    width = workload.hidden_dim
    return 2 * 2 * width**2 + 4 * keys * width


def _source(workload):
    """Operations for one position of the source, cross keys included."""
    cost = _block(workload, workload.length)
    if workload.kind == "seq2seq":
        cost += 2 * 2 * workload.hidden_dim**2
    return workload.num_layers * cost


def _target(workload, keys):
    """Operations for one position that sees so many before it."""
    cost = _block(workload, keys)
    if workload.kind == "seq2seq":
        cost += _cross_attention(workload, workload.length)
    cost *= workload.num_layers
    return cost + 2 * workload.hidden_dim * workload.vocabulary_size


def _forward(workload, case):
    """Operations of one pass over all positions at once."""
    if workload.kind == "encoder":
        row = workload.length * _source(workload)
    elif workload.kind == "causal":
        row = workload.length * _target(workload, workload.length)
    else:
        length = workload.target_length
        row = workload.length * _source(workload)
        row += length * _target(workload, length)
    return case["batch"] * row


def _reading(workload, case):
    """Operations before the first step of writing."""
    return case["batch"] * workload.length * _source(workload)


def _step(workload, case):
    """Operations of a step of writing in the middle of the way."""
    keys = workload.target_length / 2
    if workload.kind == "causal":
        keys += workload.length
    rows = case["batch"] * case["beam_size"]
    return rows * _target(workload, keys)


def _weights_of_a_step(workload):
    """Weights that each step of writing reads."""
    width = workload.hidden_dim
    block = 4 * width**2 + 2 * width * workload.intermediate_dim
    if workload.kind == "seq2seq":
        block += 2 * width**2  # queries and outputs of the cross-attention
    return workload.num_layers * block + width * workload.vocabulary_size
