"""Transformers in plain torch, as short as one writes them by hand.

Pre-norm blocks with one product for queries, keys and values,
`scaled_dot_product_attention`, and a tied output. There are no padding masks,
since no row is padded: these models have less to do than the others.
"""

import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint


class Attention(nn.Module):
    """Attention of rows to themselves, or to a source."""

    def __init__(self, width, heads, dropout, has_source=False):
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.has_source = has_source
        if has_source:
            self.query = nn.Linear(width, width)
            self.key_value = nn.Linear(width, 2 * width)
        else:
            self.query_key_value = nn.Linear(width, 3 * width)
        self.outer = nn.Linear(width, width)

    def forward(self, x, source=None, is_causal=False):
        if self.has_source:
            parts = [self.query(x), *self.key_value(source).chunk(2, -1)]
        else:
            parts = self.query_key_value(x).chunk(3, -1)
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in parts  # each (batch, heads, length, width of a head)
        )
        x = functional.scaled_dot_product_attention(
            query,
            key,
            value,
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=is_causal,
        )
        return self.outer(x.transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Self-attention, cross-attention if there is a source, two products."""

    def __init__(self, workload, is_causal=False, has_source=False):
        super().__init__()
        width, heads = workload["hidden_dim"], workload["num_heads"]
        dropout = workload["dropout"]
        self.is_causal = is_causal
        self.attention_norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads, dropout)
        if has_source:
            self.cross_norm = nn.LayerNorm(width)
            self.cross = Attention(width, heads, dropout, has_source=True)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, workload["intermediate_dim"]),
            nn.GELU(),
            nn.Linear(workload["intermediate_dim"], width),
        )
        self.drop = nn.Dropout(dropout)

    def forward(self, x, source=None):
        seen = self.attention(self.attention_norm(x), is_causal=self.is_causal)
        x = x + self.drop(seen)
        if source is not None:
            x = x + self.drop(self.cross(self.cross_norm(x), source))
        return x + self.drop(self.feed_forward(self.feed_forward_norm(x)))


class Stack(nn.Module):
    """Blocks, and a normalisation at the end."""

    def __init__(self, workload, recompute=False, **kind):
        super().__init__()
        self.recompute = recompute
        self.blocks = nn.ModuleList(
            Block(workload, **kind) for _ in range(workload["num_layers"])
        )
        self.norm = nn.LayerNorm(workload["hidden_dim"])

    def forward(self, x, source=None):
        for block in self.blocks:
            if self.recompute:
                x = checkpoint(block, x, source, use_reentrant=False)
            else:
                x = block(x, source)
        return self.norm(x)


class TorchModel(nn.Module):
    """The model of a workload: ids to logits.

    Args:
        workload: Dict, a `workloads.Workload`.
        recompute: Whether blocks are computed once more for the gradient.
    """

    def __init__(self, workload, recompute=False):
        super().__init__()
        width, kind = workload["hidden_dim"], workload["kind"]
        self.kind = kind
        self.tokens = nn.Embedding(workload["vocabulary_size"], width)
        self.positions = nn.Embedding(workload["max_sequence_length"], width)
        self.drop = nn.Dropout(workload["dropout"])
        if kind != "causal":
            self.encoder = Stack(workload, recompute)
        if kind == "encoder":
            self.head = nn.Linear(width, 2)
        else:
            self.decoder = Stack(
                workload,
                recompute,
                is_causal=True,
                has_source=kind == "seq2seq",
            )
        for table in (self.tokens, self.positions):
            nn.init.normal_(table.weight, std=0.02)

    def embed(self, ids):
        places = torch.arange(ids.shape[1], device=ids.device)
        return self.drop(self.tokens(ids) + self.positions(places))

    def forward(self, source, written=None):
        if self.kind == "causal":
            states = self.decoder(self.embed(source))
        else:
            states = self.encoder(self.embed(source))
        if self.kind == "encoder":
            return self.head(states.mean(1))
        if self.kind == "seq2seq":
            states = self.decoder(self.embed(written), states)
        return functional.linear(states, self.tokens.weight)
