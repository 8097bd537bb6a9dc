"""Texts to the inputs of an encoder: special tokens, truncation, padding."""

import keras
import tensorflow as tf

from keras_transformer.text.strings import require_batch, to_string_tensor
from keras_transformer.text.tracing import trace
from keras_transformer.text.truncation import keep_first, longest_first

TEXTS = tf.TensorSpec([None], tf.string)
COUNT_BATCH_SIZE = 4096
ROOM_FOR_A_TOKEN = "so that a token of the text fits between the special ones"


@keras.saving.register_keras_serializable(package="keras_transformer")
class EncoderPreprocessor:
    """Make the inputs of an encoder of one text or of two.

    One text becomes `[CLS] text [SEP]`, two `[CLS] text [SEP] pair [SEP]`. What
    is longer than `max_length` is cut at its end; of two texts, tokens are
    taken from the longer one until both are equally long, and then from both,
    as Hugging Face's `longest_first` does.

    Args:
        tokenizer: A `WordPieceTokenizer`, or another with its methods.
        max_length: Most tokens of a row, special ones included.

    Example:

    ```python
    preprocessor = EncoderPreprocessor(tokenizer, max_length=128)
    inputs = preprocessor(["a joy to watch", "dull"])
    inputs["token_ids"]  # int32 (2, 6)
    ```
    """

    def __init__(self, tokenizer, max_length: int = 512):
        check_tokenizer(tokenizer, "tokenizer")
        check_limit("max_length", max_length, 3, ROOM_FOR_A_TOKEN)
        self.tokenizer = tokenizer
        self.max_length = max_length
        self._functions = {}

    @property
    def vocabulary_size(self) -> int:
        """Number of tokens of the tokenizer."""
        return self.tokenizer.vocabulary_size

    @property
    def pad_token_id(self) -> int:
        """Id of the token that fills up shorter rows."""
        return self.tokenizer.pad_token_id

    def __call__(self, text, text_pair=None, length: int | None = None):
        """Turn texts into padded model inputs: `pad(encode(...))`.

        Args:
            text: List or array of str, or string tensor, `(batch,)`.
            text_pair: The second texts, `(batch,)`, or None.
            length: As for `pad`.

        Returns:
            Dict as from `pad`.

        Raises:
            ValueError: As `encode` and `pad`.
        """
        return self.pad(self.encode(text, text_pair), length)

    def encode(self, text, text_pair=None):
        """Turn texts into rows of ids, as long as the texts are.

        Args:
            text: List or array of str, or string tensor, `(batch,)`.
            text_pair: The second texts, `(batch,)`, or None.

        Returns:
            Dict of int32 RaggedTensors `(batch, length)`: "token_ids", with
            special tokens and at most `max_length`, and "segment_ids", 1 for
            the second text and the end token after it, and 0 before.

        Raises:
            ValueError: If something is not a string, if a single string is
                given, or if there are not as many second texts as first ones.
        """
        texts = self._to_tensors(text, text_pair)
        return self._traced(self._encode, texts)(*texts)

    def pad(self, encoded, length: int | None = None):
        """Fill rows up to one length.

        Args:
            encoded: Dict of RaggedTensors, as from `encode`.
            length: Length of all rows. By default that of the longest.

        Returns:
            Dict of tensors `(batch, length)`: int32 "token_ids", bool
            "padding_mask" (`True` for real tokens), int32 "segment_ids".

        Raises:
            ValueError: If a row is longer than `length` (within a graph, an
                error of TensorFlow).
        """
        token_ids = encoded["token_ids"]
        with tf.device("CPU:0"):
            lengths = token_ids.row_lengths()
            if length is not None:
                _check_length(lengths, length)
            shape = [None, length]
            padded = token_ids.to_tensor(self.pad_token_id, shape=shape)
            return {
                "token_ids": padded,
                "padding_mask": tf.sequence_mask(
                    lengths, length or tf.shape(padded)[1]
                ),
                "segment_ids": encoded["segment_ids"].to_tensor(0, shape=shape),
            }

    def count_truncated(self, text, text_pair=None) -> int:
        """Count the rows that `max_length` would cut.

        Args:
            text: As for `encode`.
            text_pair: As for `encode`.

        Returns:
            How many rows lose tokens.
        """
        texts = self._to_tensors(text, text_pair)
        count = self._traced(self._count_truncated, texts)
        return sum(
            int(count(*(part[i : i + COUNT_BATCH_SIZE] for part in texts)))
            for i in range(0, int(tf.size(texts[0])), COUNT_BATCH_SIZE)
        )

    @property
    def resources(self) -> list:
        """TensorFlow resources that an exported graph has to track."""
        return list(self.tokenizer.resources)

    def get_config(self):
        return {
            "tokenizer": keras.saving.serialize_keras_object(self.tokenizer),
            "max_length": self.max_length,
        }

    @classmethod
    def from_config(cls, config):
        tokenizer = config["tokenizer"]
        if isinstance(tokenizer, dict):
            tokenizer = keras.saving.deserialize_keras_object(tokenizer)
        return cls(**{**config, "tokenizer": tokenizer})

    def __getstate__(self):
        # Traced functions cannot be copied or pickled; they are made again.
        return {**self.__dict__, "_functions": {}}

    def _traced(self, function, texts):
        """Trace a method at its first use with so many texts."""
        key = (function.__name__, len(texts))
        if key not in self._functions:
            self._functions[key] = trace(function, *[TEXTS] * len(texts))
        return self._functions[key]

    def _to_tensors(self, text, text_pair):
        require_batch(text, "text")
        texts = [to_string_tensor(text, "text")]
        if text_pair is not None:
            require_batch(text_pair, "text_pair")
            texts.append(to_string_tensor(text_pair, "text_pair"))
            if not texts[0].shape.is_compatible_with(texts[1].shape):
                raise ValueError(
                    "`text` and `text_pair` must be equally many. Received: "
                    f"{texts[0].shape[0]} and {texts[1].shape[0]}"
                )
        return texts

    def _encode(self, *texts):
        with tf.device("CPU:0"):
            parts = [self.tokenizer.tokenize(text) for text in texts]
            room = self.max_length - 1 - len(parts)  # besides special tokens
            limits = longest_first([p.row_lengths() for p in parts], room)
            return self._with_special_tokens(
                [keep_first(*part) for part in zip(parts, limits, strict=True)]
            )

    def _with_special_tokens(self, parts):
        rows = parts[0].nrows()
        start = tf.fill([rows, 1], self.tokenizer.start_token_id)
        end = tf.fill([rows, 1], self.tokenizer.end_token_id)
        tokens, segments = [start], [tf.zeros_like(start)]
        for segment, part in enumerate(parts):
            tokens += [part, end]
            segments += [
                part.with_values(tf.fill(tf.shape(part.values), segment)),
                tf.fill([rows, 1], segment),
            ]
        return {
            "token_ids": tf.concat(tokens, axis=1),
            "segment_ids": tf.concat(segments, axis=1),
        }

    def _count_truncated(self, *texts):
        parts = [self.tokenizer.tokenize(text) for text in texts]
        lengths = sum(part.row_lengths() for part in parts)
        is_cut = lengths > self.max_length - 1 - len(parts)
        return tf.reduce_sum(tf.cast(is_cut, tf.int32))


def check_limit(name, value, least, why):
    """Check the most tokens of a row.

    Raises:
        ValueError: If it is no whole number, or below `least`.
    """
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < least:
        raise ValueError(
            f"`{name}` must be an integer of at least {least}, {why}. "
            f"Received: {name}={value!r}."
        )


def check_tokenizer(tokenizer, name):
    """Check that something is a tokenizer.

    Raises:
        ValueError: If it is not.
    """
    if not hasattr(tokenizer, "tokenize"):
        raise ValueError(
            f"`{name}` must be a tokenizer, such as WordPieceTokenizer. "
            f"Received: {name}={tokenizer!r}"
        )


def _check_length(lengths, length):
    """Refuse rows that a given length would cut a second time."""
    message = (
        f"`length` must be at least that of the longest row. Received: "
        f"length={length}. Make a preprocessor with max_length={length} to cut "
        "them there."
    )
    if not tf.executing_eagerly():
        tf.debugging.assert_less_equal(
            lengths, tf.cast(length, lengths.dtype), message
        )
    elif tf.reduce_any(lengths > length):
        raise ValueError(
            f"{message} The longest row has {int(tf.reduce_max(lengths))}."
        )
