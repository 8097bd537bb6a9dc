"""Texts to the inputs of an encoder and a decoder, and ids back to texts."""

import keras
import tensorflow as tf

from keras_transformer.text.padding import keep_real, pad_ids
from keras_transformer.text.preprocessor import (
    COUNT_BATCH_SIZE,
    TEXTS,
    check_tokenizer,
)
from keras_transformer.text.strings import require_batch, to_string_tensor
from keras_transformer.text.teacher_forcing import teacher_forcing
from keras_transformer.text.tracing import trace


def language_token(language: str) -> str:
    """The token that asks for a target language, `"<2de>"` for `"de"`."""
    return f"<2{language}>"


@keras.saving.register_keras_serializable(package="keras_transformer")
class Seq2SeqPreprocessor:
    """Make the inputs of a model that reads one text and writes another.

    The source becomes `text [end]`, the target what `teacher_forcing` makes of
    it. With several target languages the source begins with the token of the
    one that is wanted, as in
    [Johnson et al., 2017](https://arxiv.org/abs/1611.04558).

    Args:
        tokenizer: Tokenizer of the sources, and of the targets if they have
            none of their own.
        target_tokenizer: Tokenizer of the targets.
        max_source_length: Most tokens of a source, special ones included; what
            is beyond is cut.
        max_target_length: Most tokens of a target, likewise.
        source_languages: Names of the languages of sources, such as `["en"]`,
            if they are to be checked.
        target_languages: Names of the languages of targets. Of more than one,
            each has a token `"<2name>"` in the vocabulary of the sources.

    Raises:
        ValueError: If a length is too small, or a language has no token.
    """

    def __init__(
        self,
        tokenizer,
        target_tokenizer=None,
        max_source_length: int = 512,
        max_target_length: int = 512,
        source_languages=(),
        target_languages=(),
    ):
        check_tokenizer(tokenizer, "tokenizer")
        if target_tokenizer is not None:
            check_tokenizer(target_tokenizer, "target_tokenizer")
        for name, value in (
            ("max_source_length", max_source_length),
            ("max_target_length", max_target_length),
        ):
            if isinstance(value, bool) or not isinstance(value, int):
                value = 0
            if value < 3:
                raise ValueError(
                    f"`{name}` must be an integer of at least 3, so that a "
                    "token fits between the special ones. Received: "
                    f"{name}={value!r}."
                )
        self.tokenizer = tokenizer
        self.target_tokenizer = target_tokenizer
        self.max_source_length = max_source_length
        self.max_target_length = max_target_length
        self.source_languages = list(source_languages)
        self.target_languages = list(target_languages)
        self._language_ids = self._find_language_ids()
        self._functions = {}

    def _find_language_ids(self):
        if not self.has_language_tokens:
            return []
        missing = []
        for language in self.target_languages:
            try:
                self.tokenizer.token_to_id(language_token(language))
            except (KeyError, ValueError):
                missing.append(language_token(language))
        if missing:
            raise ValueError(
                "Each of several target languages needs a token in the "
                f"vocabulary of the sources. Received: target_languages="
                f"{self.target_languages}, but there is no {missing}. Train "
                f"the tokenizer with special_tokens={missing}."
            )
        return [
            self.tokenizer.token_to_id(language_token(language))
            for language in self.target_languages
        ]

    @property
    def has_language_tokens(self) -> bool:
        """Whether a source says which language is wanted."""
        return len(self.target_languages) > 1

    @property
    def string_inputs(self) -> tuple:
        """Names of the strings of one source."""
        if self.has_language_tokens:
            return ("text", "target_language")
        return ("text",)

    @property
    def output_tokenizer(self):
        """The tokenizer of the targets."""
        return self.target_tokenizer or self.tokenizer

    @property
    def vocabulary_size(self) -> int:
        """Number of tokens of the tokenizer that has more."""
        return max(
            self.tokenizer.vocabulary_size,
            self.output_tokenizer.vocabulary_size,
        )

    @property
    def start_token_id(self) -> int:
        """Id of the token that a target begins with."""
        return self.output_tokenizer.start_token_id

    @property
    def end_token_id(self) -> int:
        """Id of the token that ends a target."""
        return self.output_tokenizer.end_token_id

    @property
    def pad_token_id(self) -> int:
        """Id of the token that fills up shorter targets."""
        return self.output_tokenizer.pad_token_id

    @property
    def max_length(self) -> int:
        """Most tokens of a source."""
        return self.max_source_length

    @property
    def resources(self) -> list:
        """TensorFlow resources that an exported graph has to track."""
        return [
            *self.tokenizer.resources,
            *(self.target_tokenizer or _Bare).resources,
        ]

    def check_languages(self, source_language=None, target_language=None):
        """Check the names of languages.

        Args:
            source_language: Name, or `None` if it is not told.
            target_language: Likewise; needed where there are several.

        Raises:
            ValueError: If one is unknown, or missing.
        """
        for role, name, known in (
            ("source", source_language, self.source_languages),
            ("target", target_language, self.target_languages),
        ):
            if name is not None and name not in known:
                raise ValueError(
                    f"`{role}_language` must be one that the model was "
                    f"trained with: {known or 'it was not told any'}. "
                    f"Received: {role}_language={name!r}."
                )
        if target_language is None and self.has_language_tokens:
            raise ValueError(
                "`target_language` must be one of "
                f"{self.target_languages}, since the model writes all of "
                "them. Received: target_language=None."
            )

    def encode(self, text, target=None, target_language=None):
        """Turn texts into rows of ids, as long as the texts are.

        Args:
            text: List or array of str, or string tensor, `(batch,)`.
            target: The texts to be written, likewise, or `None`.
            target_language: The languages to write, likewise, where there are
                several.

        Returns:
            Dict of int32 RaggedTensors `(batch, length)`:
            "encoder_token_ids", and of targets "decoder_token_ids" and
            "labels", which the decoder is to say at each position.

        Raises:
            ValueError: If something is not a string, or there are not as many
                of each, or a language is unknown.
        """
        strings = self._to_tensors(text, target, target_language)
        return self._traced(self._encode, strings)(**strings)

    def __call__(self, text, target=None, target_language=None):
        """Turn texts into padded model inputs: `pad(encode(...))`."""
        return self.pad(self.encode(text, target, target_language))

    def pad(self, encoded):
        """Fill rows up to one length on each side.

        Args:
            encoded: Dict as from `encode`.

        Returns:
            Dict of int32 "encoder_token_ids", bool "encoder_padding_mask" and,
            of targets, the same of the "decoder" and int32 "labels", all
            `(batch, length)`.
        """
        padded = pad_ids(
            encoded["encoder_token_ids"],
            self.tokenizer.pad_token_id,
            "encoder_",
        )
        if "labels" in encoded:
            padded |= pad_ids(
                encoded["decoder_token_ids"], self.pad_token_id, "decoder_"
            )
            padded["labels"] = encoded["labels"].to_tensor(self.pad_token_id)
        return padded

    def decode(self, token_ids, padding_mask):
        """Turn what a model wrote into texts.

        Args:
            token_ids: int32 tensor `(batch, length)`.
            padding_mask: Bool tensor `(batch, length)`, `True` = real.

        Returns:
            String tensor `(batch,)`.
        """
        rows = keep_real(token_ids, padding_mask)
        return self.output_tokenizer.detokenize(rows)

    def count_truncated(self, text, target=None, target_language=None) -> int:
        """Count the rows of which a limit would cut one side or both.

        Args:
            text: As for `encode`.
            target: As for `encode`.
            target_language: As for `encode`.

        Returns:
            How many rows lose tokens.
        """
        strings = self._to_tensors(text, target, target_language)
        count = self._traced(self._count_truncated, strings)
        rows = int(tf.size(strings["text"]))
        return sum(
            int(
                count(
                    **{
                        name: part[i : i + COUNT_BATCH_SIZE]
                        for name, part in strings.items()
                    }
                )
            )
            for i in range(0, rows, COUNT_BATCH_SIZE)
        )

    def get_config(self):
        return {
            "tokenizer": keras.saving.serialize_keras_object(self.tokenizer),
            "target_tokenizer": keras.saving.serialize_keras_object(
                self.target_tokenizer
            ),
            "max_source_length": self.max_source_length,
            "max_target_length": self.max_target_length,
            "source_languages": self.source_languages,
            "target_languages": self.target_languages,
        }

    @classmethod
    def from_config(cls, config):
        tokenizers = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("tokenizer", "target_tokenizer")
            if isinstance(config[name], dict)
        }
        return cls(**{**config, **tokenizers})

    def __getstate__(self):
        # Traced functions cannot be copied or pickled; they are made again.
        return {**self.__dict__, "_functions": {}}

    def _traced(self, function, strings):
        key = (function.__name__, *strings)
        if key not in self._functions:
            names = list(strings)

            def of_names(*tensors):
                return function(**dict(zip(names, tensors, strict=True)))

            traced = trace(of_names, *[TEXTS] * len(names))
            self._functions[key] = lambda **given: traced(
                *(given[name] for name in names)
            )
        return self._functions[key]

    def _to_tensors(self, text, target, target_language):
        given = {
            "text": text,
            "target": target,
            "target_language": target_language,
        }
        given = {k: v for k, v in given.items() if v is not None}
        for name, strings in given.items():
            require_batch(strings, name)
        given = {k: to_string_tensor(v, k) for k, v in given.items()}
        counts = {name: part.shape[0] for name, part in given.items()}
        if len(set(counts.values()) - {None}) > 1:
            raise ValueError(
                "All strings of an example must be there, so that there are "
                f"equally many of each. Received: {counts}."
            )
        if self.has_language_tokens != ("target_language" in given):
            raise ValueError(
                "`target_language` is needed where a model writes several "
                "languages, and only there. Received: "
                f"target_language={target_language!r}, "
                f"target_languages={self.target_languages}."
            )
        if "target_language" in given and tf.executing_eagerly():
            for name in set(given["target_language"].numpy().tolist()):
                self.check_languages(None, name.decode("utf-8"))
        return given

    def _encode(self, text, target=None, target_language=None):
        with tf.device("CPU:0"):
            source = self.tokenizer.tokenize(text)
            front = self._language_column(target_language)
            room = self.max_source_length - 1 - len(front)
            end = tf.fill([source.nrows(), 1], self.tokenizer.end_token_id)
            encoded = {
                "encoder_token_ids": tf.concat(
                    [*front, source[:, :room], end], axis=1
                )
            }
            if target is not None:
                inputs, labels = teacher_forcing(
                    self.output_tokenizer.tokenize(target),
                    self.start_token_id,
                    self.end_token_id,
                    self.max_target_length,
                )
                encoded["decoder_token_ids"] = inputs
                encoded["labels"] = labels
            return encoded

    def _language_column(self, target_language):
        """The tokens of the wanted languages, `[(batch, 1)]` or nothing."""
        if target_language is None:
            return []
        known = tf.constant(self.target_languages)
        is_it = target_language[:, None] == known[None]
        check = tf.debugging.assert_equal(
            tf.reduce_any(is_it, axis=1),
            True,
            f"`target_language` must be one of {self.target_languages}.",
        )
        with tf.control_dependencies([check]):
            place = tf.argmax(tf.cast(is_it, tf.int32), axis=1)
            return [tf.gather(self._language_ids, place)[:, None]]

    def _count_truncated(self, text, target=None, target_language=None):
        extra = 1 if target_language is None else 2
        lengths = self.tokenizer.tokenize(text).row_lengths()
        is_cut = lengths + extra > self.max_source_length
        if target is not None:
            lengths = self.output_tokenizer.tokenize(target).row_lengths()
            is_cut |= lengths + 1 > self.max_target_length
        return tf.reduce_sum(tf.cast(is_cut, tf.int32))


class _Bare:
    resources = ()
