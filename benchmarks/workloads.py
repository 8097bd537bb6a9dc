"""What is done: shapes of models, and how much they read and write."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Workload:
    """A model, and what is done with it.

    Args:
        name: Name, such as `"w1"`.
        work: `"train"`, `"encode"` or `"decode"`.
        kind: `"encoder"` (in training, with two classes on top), `"seq2seq"`
            or `"causal"`.
        num_layers: Blocks, of an encoder and a decoder each.
        hidden_dim: Width of a position.
        num_heads: Heads of an attention.
        intermediate_dim: Inner width of the feed-forward networks.
        vocabulary_size: Rows of the token table, which also is the way back
            to the vocabulary where there is one.
        max_sequence_length: Rows of the table of positions.
        length: Tokens of a row that are read.
        target_length: Tokens of a row that are written, or are learned to be.
        batches: Rows of a batch, one case each.
        beam_sizes: Beams, 1 for greedy, one case each.
        dropout: Share dropped in training, of attention scores as well.
    """

    name: str
    work: str
    kind: str
    num_layers: int
    hidden_dim: int
    num_heads: int
    intermediate_dim: int
    vocabulary_size: int
    max_sequence_length: int
    length: int
    target_length: int = 0
    batches: tuple = (1,)
    beam_sizes: tuple = (1,)
    dropout: float = 0.1

    def cases(self):
        """The cases by name: dicts of `name`, `batch`, `beam_size`, `lengths`.

        `lengths` are the tokens of the rows by which speed is counted: those
        written in decoding, else all of them.
        """
        found = {}
        for beam_size in self.beam_sizes:
            for batch in self.batches:
                case = self._case(beam_size, batch)
                found[case["name"]] = case
        return found

    def _case(self, beam_size, batch):
        parts = [self.name]
        length = self.length + self.target_length
        if self.work == "decode":
            parts.append("greedy" if beam_size == 1 else f"beam{beam_size}")
            length = self.target_length
        return {
            "name": "-".join([*parts, str(batch)]),
            "beam_size": beam_size,
            "batch": batch,
            "lengths": [length] * batch,
        }


def make_small(workload):
    """The same cases of a model that takes milliseconds."""
    return dataclasses.replace(
        workload,
        num_layers=1,
        hidden_dim=32,
        num_heads=4,
        intermediate_dim=48,
        vocabulary_size=101,
        max_sequence_length=64,
        length=5,
        target_length=7 if workload.target_length else 0,
    )


_W1 = Workload(
    name="w1",
    work="train",
    kind="encoder",
    num_layers=4,
    hidden_dim=256,
    num_heads=4,
    intermediate_dim=1024,
    vocabulary_size=30_522,
    max_sequence_length=512,
    length=128,
    batches=(32,),
)
_W2 = Workload(
    name="w2",
    work="train",
    kind="seq2seq",
    num_layers=3,
    hidden_dim=256,
    num_heads=4,
    intermediate_dim=1024,
    vocabulary_size=8_000,
    max_sequence_length=512,
    length=32,
    target_length=32,
    batches=(64,),
)
_W3 = Workload(
    name="w3",
    work="train",
    kind="causal",
    num_layers=6,
    hidden_dim=384,
    num_heads=6,
    intermediate_dim=1536,
    vocabulary_size=65,
    max_sequence_length=256,
    length=256,
    batches=(12,),
)
_W4 = Workload(
    name="w4",
    work="encode",
    kind="encoder",
    num_layers=6,
    hidden_dim=384,
    num_heads=12,
    intermediate_dim=1536,
    vocabulary_size=30_522,
    max_sequence_length=512,
    length=128,
    batches=(1, 32),
)
_W5 = Workload(
    name="w5",
    work="decode",
    kind="seq2seq",
    num_layers=6,
    hidden_dim=512,
    num_heads=8,
    intermediate_dim=2048,
    vocabulary_size=32_000,
    max_sequence_length=512,
    length=32,
    target_length=64,
    batches=(1, 32),
    beam_sizes=(1, 4),
)
_W6 = Workload(
    name="w6",
    work="decode",
    kind="causal",
    num_layers=12,
    hidden_dim=768,
    num_heads=12,
    intermediate_dim=3072,
    vocabulary_size=50_257,
    max_sequence_length=1024,
    length=32,
    target_length=128,
    batches=(1, 8),
)


def _other(workload, name, width, heads, **changes):
    return dataclasses.replace(
        workload,
        name=name,
        hidden_dim=width,
        num_heads=heads,
        intermediate_dim=4 * width,
        **changes,
    )


# Two more shapes of each, so that nothing is tuned to one.
FURTHER = (
    _other(_W1, "w1b", 384, 6, num_layers=6, length=256, batches=(8,)),
    _other(_W1, "w1c", 128, 2, num_layers=2, length=48, batches=(64,)),
    _other(_W2, "w2b", 512, 8, length=48, target_length=40, batches=(24,)),
    _other(_W2, "w2c", 128, 4, length=20, target_length=24, batches=(128,)),
    _other(
        _W3,
        "w3b",
        256,
        4,
        max_sequence_length=512,
        length=512,
        batches=(6,),
        vocabulary_size=8_000,
    ),
    _other(_W3, "w3c", 512, 8, num_layers=4, length=128, batches=(16,)),
    _other(_W4, "w4b", 768, 12, num_layers=12, length=64, batches=(1, 8)),
    _other(_W4, "w4c", 256, 4, num_layers=4, length=256, batches=(1, 16)),
    _other(
        _W5,
        "w5b",
        256,
        4,
        num_layers=3,
        length=24,
        target_length=32,
        batches=(1, 16),
        vocabulary_size=8_000,
    ),
    _other(_W5, "w5c", 512, 8, length=256, target_length=48, batches=(1, 8)),
    _other(_W6, "w6b", 512, 8, num_layers=6, length=128, target_length=64),
    _other(
        _W6,
        "w6c",
        256,
        4,
        num_layers=4,
        length=16,
        target_length=256,
        batches=(1, 16),
        vocabulary_size=8_000,
    ),
)
WORKLOADS = (_W1, _W2, _W3, _W4, _W5, _W6)
