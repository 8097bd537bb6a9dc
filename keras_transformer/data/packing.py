"""Documents packed into full blocks, for language models."""

import dataclasses

import numpy as np
import tensorflow as tf


@dataclasses.dataclass(frozen=True, eq=False)
class PackingPlan:
    """Which piece of which document lies where in which block.

    Args:
        block_length: Length of all blocks.
        num_blocks: How many blocks there are.
        document: For each piece, the number of its document. Pieces are in the
            order of the documents, and of their tokens.
        length: For each piece, how many tokens it has.
        block: For each piece, the number of its block.
        offset: For each piece, its first place in the block.
        segment: For each piece, its number inside the block, from 1.
    """

    block_length: int
    num_blocks: int
    document: np.ndarray
    length: np.ndarray
    block: np.ndarray
    offset: np.ndarray
    segment: np.ndarray

    @property
    def fill_share(self) -> float:
        """Which part of all places in the blocks holds a token."""
        return float(self.length.sum() / (self.num_blocks * self.block_length))


def plan_packing(lengths, block_length: int) -> PackingPlan:
    """Assign documents to blocks so that few places stay empty.

    A document that is longer than a block is cut into full pieces and a rest.
    Pieces are packed by best fit, longest first: each goes into the fullest
    block that has room. That needs at most 11/9 of the fewest blocks possible,
    and a few; on real documents hardly any place is left empty, without cutting
    those that fit ([Ding et al., 2024](https://arxiv.org/abs/2404.10830)).

    Args:
        lengths: The number of tokens of each document; those of 0 are left out.
        block_length: Length of the blocks.

    Returns:
        The plan. Blocks are in the order of their first documents.

    Raises:
        ValueError: There is nothing to pack, or an argument makes no sense.
    """
    lengths = _checked_lengths(lengths)
    if (
        isinstance(block_length, bool)
        or not isinstance(block_length, int | np.integer)
        or block_length < 1
    ):
        raise ValueError(
            "`block_length` must be a whole number from 1. Received: "
            f"block_length={block_length!r}."
        )
    document, length = _pieces(lengths, int(block_length))
    block = _in_order_of_use(_best_fit_decreasing(length, int(block_length)))
    offset, segment = _places(block, length)
    return PackingPlan(
        int(block_length),
        int(block.max()) + 1,
        document,
        length,
        block,
        offset,
        segment,
    )


def pack(rows, targets=None, *, block_length: int) -> dict[str, np.ndarray]:
    """Pack rows of tokens into blocks, as `plan_packing` assigns them.

    A model must keep the documents of a block apart: position `i` may look at
    `j` only where `segment_ids[:, i] == segment_ids[:, j]`, and its positions
    must start at 0 again with each segment. Then a packed document gives the
    logits it gives alone. The pieces of a document that was cut are segments of
    their own too.

    Args:
        rows: Token ids, a `tf.RaggedTensor` `(documents, None)` or a list of
            lists.
        targets: For each token its target, in rows of the same lengths; for a
            language model, the token that follows in the document.
        block_length: Length of the blocks.

    Returns:
        A dict of arrays `(blocks, block_length)`: `token_ids` int32 with 0 for
        padding; `padding_mask` bool, true where a token is real, so that its
        mean is the share of the places that is filled; `segment_ids` int32,
        the number of the document inside the block from 1, and 0 for padding;
        and, given `targets`, `targets` int32 and `weights` float32, 1 where a
        token is real.

    Raises:
        ValueError: There is nothing to pack, rows and targets differ in their
            lengths, or an argument makes no sense.
    """
    tokens, lengths = _flat("rows", rows)
    plan = plan_packing(lengths, block_length)
    # Pieces lie in the order of the tokens: shift each to where it begins.
    starts = np.cumsum(plan.length) - plan.length
    shifts = plan.block * plan.block_length + plan.offset - starts
    places = np.arange(len(tokens)) + np.repeat(shifts, plan.length)
    shape = (plan.num_blocks, plan.block_length)

    def placed(values, dtype):
        blocks = np.zeros(shape, dtype)
        blocks.reshape(-1)[places] = values
        return blocks

    packed = {
        "token_ids": placed(tokens, "int32"),
        "padding_mask": placed(True, "bool"),
        "segment_ids": placed(np.repeat(plan.segment, plan.length), "int32"),
    }
    if targets is not None:
        values, target_lengths = _flat("targets", targets)
        _check_same_lengths(lengths, target_lengths)
        packed["targets"] = placed(values, "int32")
        packed["weights"] = placed(1.0, "float32")
    return packed


def _pieces(lengths, block_length):
    """Cut documents that are too long; leave out those that are empty."""
    counts = -(-lengths // block_length)
    document = np.repeat(np.arange(len(lengths)), counts)
    length = np.full(len(document), block_length)
    last = np.cumsum(counts)[counts > 0] - 1
    full = (counts[counts > 0] - 1) * block_length
    length[last] = lengths[counts > 0] - full
    return document, length


def _best_fit_decreasing(lengths, block_length):
    """Find the block of each piece.

    Pieces of one length are placed together. The block with the least room that
    fits one of them is, less that piece, again the one with the least room that
    fits: so it takes as many as it can, before the next block takes any.
    """
    order = np.argsort(-lengths, kind="stable")
    block = np.empty(len(lengths), np.int64)
    blocks_of_room = [[] for _ in range(block_length + 1)]
    has_blocks = bytearray(block_length + 1)
    num_blocks = 0
    sizes, counts = np.unique(lengths, return_counts=True)
    first = 0
    for size, count in zip(
        sizes[::-1].tolist(), counts[::-1].tolist(), strict=True
    ):
        last = first + count
        while first < last:
            room = has_blocks.find(1, size)
            if room < 0:
                room = block_length
                needed = -(-(last - first) // (room // size))
                blocks_of_room[room] = list(
                    range(num_blocks, num_blocks + needed)
                )
                num_blocks += needed
            blocks = blocks_of_room[room]
            each = min(room // size, last - first)
            taken = min(len(blocks), (last - first) // each)
            used = blocks[-taken:]
            del blocks[-taken:]
            has_blocks[room] = bool(blocks)
            block[order[first : first + taken * each]] = np.repeat(used, each)
            blocks_of_room[room - each * size] += used
            has_blocks[room - each * size] = 1
            first += taken * each
    return block


def _in_order_of_use(block):
    """Number blocks anew, by the first piece in each."""
    _, first, inverse = np.unique(block, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def _places(block, length):
    """Lay the pieces of a block side by side, in their order."""
    order = np.argsort(block, kind="stable")
    ends = np.cumsum(length[order])
    firsts = np.flatnonzero(np.diff(block[order], prepend=-1))
    pieces = np.diff(np.append(firsts, len(block)))
    starts = ends - length[order]
    offset, segment = np.empty_like(length), np.empty_like(length)
    offset[order] = starts - np.repeat(starts[firsts], pieces)
    segment[order] = np.arange(len(block)) - np.repeat(firsts, pieces) + 1
    return offset, segment


def _flat(name, rows):
    """Join rows to one array, with the length of each."""
    if isinstance(rows, tf.RaggedTensor):
        if rows.ragged_rank != 1 or rows.flat_values.shape.rank != 1:
            raise ValueError(
                f"`{name}` must be rows of single numbers. Received: {name} of "
                f"shape {rows.shape}."
            )
        values, lengths = rows.values.numpy(), rows.row_lengths().numpy()
    else:
        arrays = [np.asarray(row) for row in rows]
        filled = [array for array in arrays if array.size]
        values = np.concatenate(filled) if filled else np.zeros(0, int)
        lengths = np.array([array.size for array in arrays], np.int64)
    if values.ndim != 1 or not np.issubdtype(values.dtype, np.integer):
        raise ValueError(
            f"`{name}` must be rows of integers. Received: {name} of "
            f"{values.ndim} axes inside a row, dtype {values.dtype}."
        )
    return values, lengths


def _checked_lengths(lengths):
    lengths = np.asarray(lengths)
    if (
        lengths.ndim != 1
        or not np.issubdtype(lengths.dtype, np.integer)
        or lengths.size == 0
        or lengths.min() < 0
        or lengths.max() == 0
    ):
        raise ValueError(
            "`lengths` must hold an integer from 0 for each document, and not "
            f"all 0. Received: lengths of shape {lengths.shape} and dtype "
            f"{lengths.dtype}: {lengths[:5]}."
        )
    return lengths.astype(np.int64)


def _check_same_lengths(lengths, others):
    if len(lengths) != len(others):
        raise ValueError(
            "`targets` must have as many rows as `rows`. Received: "
            f"{len(others)} targets for {len(lengths)} rows."
        )
    if (lengths != others).any():
        row = int(np.argmax(lengths != others))
        raise ValueError(
            "Each row of `targets` must be as long as that of `rows`. Received: "
            f"row {row} of {lengths[row]} tokens with {others[row]} targets."
        )
