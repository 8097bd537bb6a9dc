"""The graph operations of the byte pair tokenizer, and their constants."""

import functools

import tensorflow as tf

from keras_transformer.text.byte_offsets import byte_widths
from keras_transformer.text.byte_pair_merging import (
    MergeTable,
    Symbols,
    join_pairs,
    merge_table,
)
from keras_transformer.text.byte_pair_words import character_pages, split_words
from keras_transformer.text.special_tokens import special_token_table
from keras_transformer.text.tracing import trace
from keras_transformer.text.words import part_of_each

TEXTS = tf.TensorSpec([None], tf.string)
IDS = tf.RaggedTensorSpec([None, None], tf.int32)


class BytePairGraph:
    """Functions from texts to ids and back, each traced at first use.

    They hold constants only, no tables that TensorFlow counts as resources, so
    that any function which calls them can be exported as it is.

    Args:
        contents: List of bytes, what each token stands for.
        byte_ids: List of 256 int, the id of each byte.
        pairs: List of (left, right, joined) ids, in the order of the merges.
        tokens_in_text: Dict of the special tokens to recognise in the text,
            from str to id.
        hidden_ids: Ids that `detokenize` leaves out.
    """

    resources = ()

    def __init__(self, contents, byte_ids, pairs, tokens_in_text, hidden_ids):
        self.special_tokens = None
        self.tokens_in_text = tokens_in_text
        if tokens_in_text:
            self.special_tokens = special_token_table(tokens_in_text)
        printed = [
            b"" if id in hidden_ids else content
            for id, content in enumerate(contents)
        ]
        table = merge_table(pairs, len(contents))
        # Out of any function being traced: the constants belong to all.
        with tf.init_scope(), tf.device("CPU:0"):
            self.pages = [tf.constant(x) for x in character_pages()]
            self.byte_ids = tf.constant(byte_ids, tf.int32)
            self.table = MergeTable(*map(tf.constant, table))
            self.lengths = tf.constant(list(map(len, contents)), tf.int64)
            self.printed = tf.constant(printed)

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

    def _tokenize(self, texts):
        with tf.device("CPU:0"):
            return self._ids(self._words(texts))

    def _words(self, texts):
        return split_words(texts, self.pages, self.special_tokens)

    def _ids(self, words):
        unique, index = tf.unique(words.strings)
        tokens = tf.gather(self._encode(unique), index)
        splits = tf.gather(tokens.row_splits, words.text_word_splits)
        return tf.RaggedTensor.from_row_splits(
            tokens.values, splits, validate=False
        )

    def _encode(self, words):
        """Turn words, string `(words,)`, into a RaggedTensor of ids."""
        lengths = tf.cast(tf.strings.length(words), tf.int64)
        splits = tf.concat([[0], tf.cumsum(lengths)], axis=0)
        values = tf.io.decode_raw(tf.strings.reduce_join(words), tf.uint8)
        ids = tf.gather(self.byte_ids, tf.cast(values, tf.int32))
        word = part_of_each(splits)
        place = tf.range(splits[-1])
        special = tf.fill(tf.shape(words), -1)
        for token, id in self.tokens_in_text.items():
            special = tf.where(words == token, id, special)
        special = tf.gather(special, word)
        kept = (special < 0) | (place == tf.gather(splits, word))
        symbols = Symbols(tf.where(special < 0, ids, special), word, place)
        symbols = Symbols(*(tf.boolean_mask(x, kept) for x in symbols))
        count = tf.size(words, out_type=tf.int64)
        symbols = join_pairs(symbols, count, self.table)
        return tf.RaggedTensor.from_value_rowids(
            symbols.ids, symbols.words, count, validate=False
        )

    def _tokenize_with_offsets(self, texts):
        with tf.device("CPU:0"):
            words = self._words(texts)
            ids = self._ids(words)
            # Joined, the tokens are the texts, so that their lengths add up.
            ends = tf.cumsum(tf.gather(self.lengths, ids.values))
            starts = ends - tf.gather(self.lengths, ids.values)
            widths = byte_widths(words.code_points)
            character = part_of_each(
                tf.concat([[0], tf.cumsum(widths)], axis=0)
            )  # of each byte
            text = part_of_each(ids.row_splits)  # of each token
            origin = tf.gather(words.text_splits, text)
            starts = tf.gather(character, starts) - origin
            ends = tf.gather(character, ends - 1) - origin + 1
            return tuple(
                ids.with_values(tf.cast(values, tf.int32))
                for values in (ids.values, starts, ends)
            )

    def _detokenize(self, ids):
        with tf.device("CPU:0"):
            printed = ids.with_values(tf.gather(self.printed, ids.values))
            texts = tf.strings.reduce_join(printed, axis=-1)
            # Single bytes of a character are no UTF-8.
            return tf.strings.unicode_transcode(
                texts, "UTF-8", "UTF-8", errors="replace"
            )
