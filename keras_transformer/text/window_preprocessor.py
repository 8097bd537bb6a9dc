"""Long texts to windows of an encoder's inputs, with offsets of characters."""

import keras
import tensorflow as tf

from keras_transformer.text.preprocessor import (
    ROOM_FOR_A_TOKEN,
    check_limit,
    check_tokenizer,
)
from keras_transformer.text.strings import to_string_columns
from keras_transformer.text.tracing import trace
from keras_transformer.text.windows import cut_windows

TEXTS = tf.TensorSpec([None], tf.string)


@keras.saving.register_keras_serializable(package="keras_transformer")
class WindowPreprocessor:
    """Make the inputs of an encoder of texts of any length.

    A text that is too long for one row becomes several, which overlap: each
    is `[CLS] tokens [SEP]`. Nothing is cut.

    Args:
        tokenizer: A `WordPieceTokenizer`, or another with its methods.
        max_length: Most tokens of a row, special ones included.
        overlap: How many tokens neighbouring rows of a text share. Default: a
            quarter of `max_length`.

    Example:

    ```python
    preprocessor = WindowPreprocessor(tokenizer, max_length=128)
    windows = preprocessor(["Ada Lovelace was born in London."])
    windows["token_ids"]  # int32 (windows, length)
    windows["row"]  # int64 (windows,): the text that a window is of
    ```
    """

    # What comes before the tokens of a window, and after.
    special_tokens_per_row = 2

    def __init__(
        self, tokenizer, max_length: int = 256, overlap: int | None = None
    ):
        check_tokenizer(tokenizer, "tokenizer")
        least = self.special_tokens_per_row + 1
        check_limit("max_length", max_length, least, ROOM_FOR_A_TOKEN)
        if overlap is not None:
            check_limit("overlap", overlap, 0, "a number of tokens")
            room = max_length - self.special_tokens_per_row
            if overlap >= room:
                raise ValueError(
                    "`overlap` must be below the tokens of a row that are not "
                    "special ones, so that each row goes further than the one "
                    f"before. Received: overlap={overlap}, max_length="
                    f"{max_length}. Set it to at most {room - 1}."
                )
        self.tokenizer = tokenizer
        self.max_length = max_length
        self.overlap = overlap
        self._functions = {}

    @property
    def vocabulary_size(self) -> int:
        """Number of tokens of the tokenizer."""
        return self.tokenizer.vocabulary_size

    @property
    def pad_token_id(self) -> int:
        """Id of the token that fills up shorter rows."""
        return self.tokenizer.pad_token_id

    def __call__(self, text):
        """Turn texts into padded windows: `pad(encode(text))`.

        Args:
            text: List or array of str, or string tensor, `(batch,)`.

        Returns:
            Dict as from `pad`.

        Raises:
            ValueError: As `encode`.
        """
        return self.pad(self.encode(text))

    def encode(self, text):
        """Turn texts into windows, as long as the texts are.

        Args:
            text: List or array of str, or string tensor, `(batch,)`.

        Returns:
            Dict of "row", int64 `(windows,)`, the number of the text that a
            window is of, and of RaggedTensors `(windows, length)`:

            - "token_ids", int32, with special tokens;
            - "segment_ids", int32, 0 for the first of two texts, 1 for the
              second, see `QuestionPreprocessor`;
            - "start" and "end", int32: `text[start:end]` is what a token
              stands for, in Python; -1 for tokens that are not of the text;
            - "keeps", bool: whether this window answers for the token. Each
              token of the text is kept once.

        Raises:
            ValueError: If something is not a string, or a single string is
                given.
        """
        return self._call_traced(self._encode, text=text)

    def pad(self, encoded):
        """Fill windows up to the longest.

        Args:
            encoded: Dict, as from `encode`.

        Returns:
            Dict of "row", and of tensors `(windows, length)`: as from
            `encode`, and bool "padding_mask", `True` for real tokens.
        """
        fillers = {
            "token_ids": self.pad_token_id,
            "segment_ids": 0,
            "start": -1,
            "end": -1,
            "keeps": False,
        }
        with tf.device("CPU:0"):
            padded = {
                name: encoded[name].to_tensor(value)
                for name, value in fillers.items()
            }
            mask = tf.sequence_mask(
                encoded["token_ids"].row_lengths(),
                tf.shape(padded["token_ids"])[1],
            )
            return {
                "row": encoded["row"],
                "padding_mask": mask,
                **padded,
            }

    def count_truncated(self, text) -> int:
        """Count the texts of which something is cut: none ever is.

        Args:
            text: As for `encode`.

        Returns:
            0.
        """
        return 0

    @property
    def resources(self) -> list:
        """TensorFlow resources that an exported graph has to track."""
        return list(self.tokenizer.resources)

    def get_config(self):
        return {
            "tokenizer": keras.saving.serialize_keras_object(self.tokenizer),
            "max_length": self.max_length,
            "overlap": self.overlap,
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

    def _call_traced(self, function, **texts):
        """Call a method of string tensors, traced at its first use."""
        tensors = to_string_columns(texts)
        name = function.__name__
        if name not in self._functions:
            self._functions[name] = trace(function, *[TEXTS] * len(tensors))
        return self._functions[name](*tensors.values())

    def _encode(self, text):
        with tf.device("CPU:0"):
            rows = tf.size(text)
            start = tf.fill([rows, 1], self.tokenizer.start_token_id)
            before = tf.RaggedTensor.from_tensor(start)
            return self._windows(text, before, segment=0)

    def _windows(self, text, before, segment):
        """Cut texts into windows.

        Args:
            text: String tensor `(batch,)`.
            before: int32 RaggedTensor `(batch, tokens)`, the tokens before
                each window of a text.
            segment: The segment of the text's tokens.

        Returns:
            Dict, as from `encode`.
        """
        parts = self.tokenizer.tokenize_with_offsets(text)
        room = self.max_length - 1 - before.row_lengths()
        overlap = self.max_length // 4 if self.overlap is None else self.overlap
        windows = cut_windows(
            parts[0].row_splits,
            room,
            tf.minimum(tf.cast(overlap, room.dtype), room - 1),
        )
        before = tf.gather(before, windows.row)
        last = tf.ones_like(windows.row)[:, None]

        def joined(first, middle, end):
            end = tf.cast(last * end, middle.dtype)
            return tf.concat([first, middle, end], axis=1)

        def of_text(part, filler):
            values = tf.gather(part.values, windows.tokens.values)
            filled = tf.fill(tf.shape(before.values), filler)
            return (
                before.with_values(tf.cast(filled, values.dtype)),
                windows.tokens.with_values(values),
            )

        token_ids, start, end = parts
        middle = of_text(token_ids, 0)[1]
        segments = tf.fill(tf.shape(middle.values), segment)
        return {
            "row": windows.row,
            "token_ids": joined(before, middle, self.tokenizer.end_token_id),
            "segment_ids": joined(
                of_text(token_ids, 0)[0], middle.with_values(segments), segment
            ),
            "start": joined(*of_text(start, -1), -1),
            "end": joined(*of_text(end, -1), -1),
            "keeps": tf.concat(
                [
                    before.with_values(tf.zeros_like(before.values, tf.bool)),
                    windows.keeps,
                    last < 0,
                ],
                axis=1,
            ),
        }
