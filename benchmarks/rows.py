"""Random rows that all contenders read, equal for all of them."""

import numpy as np

# Below these all ids are special in one package or another.
_FIRST_ORDINARY_ID = 10


def random_ids(workload, batch, length=None, seed=0):
    """Token ids without padding, int32 `(batch, length)`.

    Args:
        workload: Dict with `vocabulary_size` and `length`.
        batch: Rows.
        length: Tokens of a row. Default: the workload's.
        seed: Another one gives other ids.
    """
    shape = (batch, workload["length"] if length is None else length)
    ids = np.random.default_rng(seed).integers(
        _FIRST_ORDINARY_ID, workload["vocabulary_size"], shape
    )
    return ids.astype("int32")


def training_rows(workload, batch):
    """What a batch is learned from.

    Returns:
        Dict of int32 arrays: `source`, `(batch, length)`; `targets`,
        `(batch,)` classes of an encoder, else the token to predict at each
        position; for two stacks also `written`, the target as the decoder
        reads it.
    """
    source = random_ids(workload, batch)
    if workload["kind"] == "encoder":
        classes = np.random.default_rng(1).integers(0, 2, batch)
        return {"source": source, "targets": classes.astype("int32")}
    if workload["kind"] == "causal":
        rows = random_ids(workload, batch, workload["length"] + 1)
        return {"source": rows[:, :-1], "targets": rows[:, 1:]}
    rows = random_ids(workload, batch, workload["target_length"] + 1, seed=1)
    return {"source": source, "written": rows[:, :-1], "targets": rows[:, 1:]}


def keras_inputs(workload, rows):
    """Rows under the names that models of Keras have for them.

    Args:
        workload: Dict, a `workloads.Workload`.
        rows: Dict with `source` and, for two stacks, `written`.

    Returns:
        Dict of int32 ids and bool masks `(batch, length)`.
    """
    if workload["kind"] == "seq2seq":
        sides = {"encoder_": rows["source"], "decoder_": rows["written"]}
    else:
        sides = {"": rows["source"]}
    inputs = {}
    for prefix, ids in sides.items():
        inputs[f"{prefix}token_ids"] = ids
        inputs[f"{prefix}padding_mask"] = np.ones(ids.shape, "bool")
    if workload["kind"] == "encoder":
        inputs["segment_ids"] = np.zeros(rows["source"].shape, "int32")
    return inputs
