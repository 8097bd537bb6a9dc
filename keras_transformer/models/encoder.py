"""A stack of encoder blocks: every token sees every other."""

import keras

from keras_transformer.layers.encoder_block import EncoderBlock
from keras_transformer.models.transformer import (
    Transformer,
    make_blocks,
    make_embedding,
    make_embedding_dropout,
    make_norm,
    make_position_encoding,
    run_blocks,
    token_inputs,
)


@keras.saving.register_keras_serializable(package="keras_transformer")
class Encoder(Transformer):
    """Map token ids to hidden states that know their context.

    The encoder of [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762);
    its defaults are those of BERT
    ([Devlin et al., 2019](https://arxiv.org/abs/1810.04805)). It is called on
    a dict of `token_ids`, int `(batch, length)`, `padding_mask`, bool of that
    shape and `True` where a token is real, and, with `num_segments`,
    `segment_ids`, int of that shape. It returns `sequence_output`, float
    `(batch, length, hidden_dim)`.

    Args:
        vocabulary_size: Rows of the token table.
        num_layers: Number of blocks, `N` in the paper.
        num_heads: Heads of an attention, `h`.
        hidden_dim: Width of a position, `d_model`.
        intermediate_dim: Inner width of the feed-forward networks, `d_ff`.
        max_sequence_length: Most positions, for learned ones.
        dropout: Share dropped of what sublayers add.
        attention_dropout: Share dropped of the attention scores.
        embedding_dropout: Share dropped of the embeddings. Default:
            `dropout`.
        activation: Of the feed-forward networks, see `layers.FeedForward`.
        positions: `"learned"`, `"sinusoidal"`, `"rotary"`, `"relative"` or
            `"none"`.
        num_segments: Rows of the segment table, 0 for none.
        normalize_embedding: Whether embeddings are normalised, as in BERT.
        scale_embedding: Whether they are multiplied by `sqrt(hidden_dim)`.
        normalize_first: Pre-norm if true, and a normalisation at the end.
        normalization: `"layer_norm"` or `"rms_norm"`.
        epsilon: Number added to the variance in a normalisation.
        use_bias: Whether projections add a bias.
        key_dim: Width of a head. Default: `hidden_dim / num_heads`.
        num_key_value_heads: Heads of keys and values. Default: `num_heads`.
        sliding_window: Distance from which keys are out of sight, or `None`.
        rotary_max_wavelength: Base of the angles of rotary positions.
        initializer_range: Standard deviation of the first kernels, before
            they are cut at two of them; `None` for Glorot's
            ([2010](https://proceedings.mlr.press/v9/glorot10a.html)).
        **kwargs: `dtype`, a policy for all layers, and `name`.
    """

    def __init__(
        self,
        *,
        vocabulary_size: int,
        num_layers: int,
        num_heads: int,
        hidden_dim: int,
        intermediate_dim: int,
        max_sequence_length: int = 512,
        dropout: float = 0.1,
        attention_dropout: float = 0.0,
        embedding_dropout: float | None = None,
        activation: str = "gelu",
        positions: str = "learned",
        num_segments: int = 2,
        normalize_embedding: bool = True,
        scale_embedding: bool = False,
        normalize_first: bool = False,
        normalization: str = "layer_norm",
        epsilon: float = 1e-6,
        use_bias: bool = True,
        key_dim: int | None = None,
        num_key_value_heads: int | None = None,
        sliding_window: int | None = None,
        rotary_max_wavelength: float = 10_000.0,
        initializer_range: float | None = 0.02,
        **kwargs,
    ):
        arguments = dict(locals())
        for name in ("self", "kwargs", "__class__"):
            del arguments[name]
        names = ["token_ids", "padding_mask"]
        names += ["segment_ids"] if num_segments else []
        super().__init__(arguments, token_inputs(*names), **kwargs)

    def make_layers(self, arguments, dtype):
        position_encoding = make_position_encoding(
            arguments, dtype, bidirectional=True
        )
        return {
            "embedding": make_embedding(arguments, dtype),
            "embedding_norm": make_norm(arguments, dtype, "embedding_norm")
            if arguments["normalize_embedding"]
            else None,
            "dropout_of_embedding": make_embedding_dropout(arguments, dtype),
            "blocks": make_blocks(
                EncoderBlock, arguments, dtype, position_encoding
            ),
            "final_norm": make_norm(arguments, dtype, "final_norm")
            if arguments["normalize_first"]
            else None,
        }

    def run(
        self,
        token_ids,
        padding_mask=None,
        segment_ids=None,
        return_attention_scores=False,
        training=None,
    ):
        """Send tokens through the layers.

        Args:
            token_ids: Int tensor `(batch, length)`.
            padding_mask: Bool tensor `(batch, length)`, `True` = real.
            segment_ids: Int tensor `(batch, length)`, with `num_segments`.
            return_attention_scores: Whether to return the scores as well.
            training: Whether to drop.

        Returns:
            Float tensor `(batch, length, hidden_dim)`; with
            `return_attention_scores` a pair of it and a list of scores
            `(batch, num_heads, length, length)`, one a block.
        """
        x = self.embedding(token_ids, segment_ids=segment_ids)
        if self.embedding_norm is not None:
            x = self.embedding_norm(x)
        x = self.dropout_of_embedding(x, training=training)
        x, *scores = run_blocks(
            self.blocks,
            x,
            padding_mask=padding_mask,
            return_attention_scores=return_attention_scores,
            training=training,
        )
        if self.final_norm is not None:
            x = self.final_norm(x)
        return (x, *scores) if scores else x
