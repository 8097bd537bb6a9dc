"""The graph operations of the SentencePiece tokenizer."""

import functools

import tensorflow as tf
import tensorflow_text as tf_text

from keras_transformer.text.byte_offsets import to_characters
from keras_transformer.text.tracing import trace

SPACE = "\u2581"
TEXTS = tf.TensorSpec([None], tf.string)
IDS = tf.RaggedTensorSpec([None, None], tf.int32)


class SentencePieceGraph:
    """Functions from texts to ids and back, each traced at first use.

    Args:
        model: Bytes of a SentencePiece model.
        tokens: Its pieces, a list of str.
        byte_values: List of int, the byte that each piece stands for, -1 for
            a piece that stands for characters.
        is_hidden: List of bool, whether `detokenize` leaves a piece out.
        marker_id: Id of a piece that detokenizes to `marker`, bytes, wherever
            it stands, if the model keeps the spaces at the begin of a text.
            None if it drops them.
        marker: Bytes.
    """

    resources = ()

    def __init__(
        self, model, tokens, byte_values, is_hidden, marker_id, marker
    ):
        self.model = model
        self.marker_id = marker_id
        self.marker = marker
        # Out of any function being traced: the constants belong to all.
        with tf.init_scope(), tf.device("CPU:0"):
            self.byte_values = tf.constant(byte_values, tf.int32)
            self.is_hidden = tf.constant(is_hidden, tf.bool)
            self.begins_with_space = tf.constant(
                [int(token.startswith(SPACE)) for token in tokens], tf.int32
            )

    @functools.cached_property
    def tokenize(self):
        """From texts to ids."""
        return trace(self._tokenize, TEXTS)

    @functools.cached_property
    def tokenize_with_offsets(self):
        """From texts to ids, starts and ends."""
        return trace(self._tokenize_with_offsets, TEXTS)

    @functools.cached_property
    def detokenize(self):
        """From ids to texts."""
        return trace(self._detokenize, IDS)

    def _pieces(self):
        """Load the model, as an operation of the function being traced.

        Loaded outside, it would be a resource that dies with the cache of
        kernels: `keras.utils.set_random_seed` and `clear_session` empty that.
        Here it is loaded at the first call of the function, once.
        """
        return tf_text.SentencepieceTokenizer(self.model, tf.int32)

    def _tokenize(self, texts):
        with tf.device("CPU:0"):
            return self._pieces().tokenize(_valid(texts))

    def _tokenize_with_offsets(self, texts):
        with tf.device("CPU:0"):
            texts = _valid(texts)
            ids, starts, ends = self._pieces().tokenize_with_offsets(texts)
            values = self._whole_characters(
                ids.values, starts.values, ends.values
            )
            starts, ends = to_characters(texts, ids.row_splits, *values)
            return ids, ids.with_values(starts), ids.with_values(ends)

    def _whole_characters(self, ids, starts, ends):
        """Let each byte of a character stand where the character stands."""
        byte_values = tf.gather(self.byte_values, ids)
        continues = (byte_values >= 0x80) & (byte_values < 0xC0)
        character = tf.cumsum(tf.cast(~continues, tf.int32)) - 1
        count = tf.size(ids)
        first = tf.math.unsorted_segment_min(starts, character, count)
        last = tf.math.unsorted_segment_max(ends, character, count)
        return tf.gather(first, character), tf.gather(last, character)

    def _detokenize(self, ids):
        with tf.device("CPU:0"):
            is_shown = ~tf.gather(self.is_hidden, ids.values)
            shown = tf.ragged.boolean_mask(ids, ids.with_values(is_shown))
            if self.marker_id is None:
                return self._pieces().detokenize(shown)
            # The operation drops all spaces before the first other piece, and
            # not only the one that the model put before the text.
            markers = tf.fill([shown.nrows(), 1], self.marker_id)
            marked = tf.concat([markers, shown], axis=1)
            texts = self._pieces().detokenize(marked)
            spaces = tf.ragged.map_flat_values(
                tf.gather, self.begins_with_space, shown[:, :1]
            )
            before = len(self.marker) + tf.reduce_sum(spaces, axis=1)
            rest = tf.fill(tf.shape(before), 2**31 - 1)
            return tf.strings.substr(texts, before, rest)


def _valid(texts):
    """Replace what is not UTF-8 by U+FFFD, as everywhere else."""
    return tf.strings.unicode_transcode(
        texts, "UTF-8", "UTF-8", errors="replace"
    )
