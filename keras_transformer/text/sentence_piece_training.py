"""Learn a SentencePiece model from texts."""

import io
import re

import sentencepiece

from keras_transformer.text.strings import require_iterable, to_bytes

MODEL_TYPES = ("unigram", "bpe")
NORMALIZATIONS = ("nmt_nfkc", "nfkc", "identity")
NAMED_TOKENS = ("<pad>", "<unk>", "<s>", "</s>")
# The trainer of `sentencepiece` passes over a text that holds this character,
# or a NUL, and over a text that is longer than a limit.
RESERVED = re.compile("\0|\u2585".encode())
MOST_BYTES = 2**30
# The result depends on it, so that it must not depend on the machine.
THREADS = 16


def train_sentence_piece(
    texts,
    vocabulary_size: int,
    model_type: str = "unigram",
    character_coverage: float = 1.0,
    special_tokens=(),
    tokens_in_text=(),
    lowercase: bool = False,
    normalization: str = "nmt_nfkc",
    byte_fallback: bool = True,
) -> bytes:
    """Learn a model for `SentencePieceTokenizer`.

    Ids 0 to 3 are `<pad>`, `<unk>`, `<s>` and `</s>`, then come
    `special_tokens`, `tokens_in_text` and, with `byte_fallback`, 256 bytes.
    Equal texts give an equal model.

    Args:
        texts: Iterable of str; it is read once.
        vocabulary_size: Most pieces, special ones included. Fewer come out
            where the texts do not give as many.
        model_type: "unigram", which keeps the pieces that make the texts most
            likely, or "bpe", which joins frequent pairs of pieces.
        character_coverage: Share of the characters of the texts that get a
            piece of their own, from 0.98 to 1; for Chinese or Japanese 0.9995.
        special_tokens: Pieces that no text gives, such as "<2de>" for a target
            language. Whoever builds the input puts them there by their ids.
        tokens_in_text: Pieces that are kept whole wherever a text has them,
            such as "[MASK]".
        lowercase: Whether to make letters lower case.
        normalization: What is done to a text: "nmt_nfkc" unifies forms of the
            same character and white space, "nfkc" does the former alone, and
            with "identity" a text comes back exactly as it was, but for
            U+2581, which becomes a space.
        byte_fallback: Whether a character without a piece is spelled in bytes
            and so comes back. If not, it is unknown.

    Returns:
        The model, bytes.

    Raises:
        ValueError: If `texts` holds nothing to learn from or something that is
            not a string, if `vocabulary_size` is too small for the characters,
            or if another argument is not as described.
    """
    special_tokens, tokens_in_text = list(special_tokens), list(tokens_in_text)
    _check_choice("model_type", model_type, MODEL_TYPES)
    _check_choice("normalization", normalization, NORMALIZATIONS)
    _check_arguments(texts, vocabulary_size, character_coverage)
    _check_tokens(special_tokens, tokens_in_text)
    if lowercase and normalization == "identity":
        raise ValueError(
            "`lowercase` is a part of the normalization. Received: "
            "lowercase=True with normalization='identity', which changes "
            'nothing. Pass normalization="nmt_nfkc" or "nfkc".'
        )
    return _train(
        _Sentences(texts),
        vocab_size=vocabulary_size,
        model_type=model_type,
        character_coverage=character_coverage,
        control_symbols=special_tokens,
        user_defined_symbols=tokens_in_text,
        byte_fallback=bool(byte_fallback),
        normalization_rule_name=normalization + "_cf" * bool(lowercase),
        remove_extra_whitespaces=normalization != "identity",
    )


class _Sentences:
    """The texts as the trainer takes them.

    Args:
        texts: Iterable of str.

    Attributes:
        count: How many were read.
        error: What reading them raised, or None. The trainer would make one
            exception of any, without its type.
    """

    def __init__(self, texts):
        self.texts = texts
        self.count = 0
        self.error = None

    def __iter__(self):
        try:
            for row, text in enumerate(self.texts):
                self.count += 1
                yield RESERVED.sub(b" ", to_bytes(text, row))
        except Exception as error:
            self.error = error


def _train(sentences, **options):
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences),
            model_writer=model,
            pad_id=0,
            unk_id=1,
            bos_id=2,
            eos_id=3,
            hard_vocab_limit=False,
            max_sentence_length=MOST_BYTES,
            num_threads=THREADS,
            minloglevel=2,
            **options,
        )
    except RuntimeError as error:
        if sentences.error is None:
            raise _explained(error, sentences.count, options) from error
    if sentences.error is not None:
        raise sentences.error
    return model.getvalue()


def _explained(error, count, options):
    """Say in our words what the trainer refused."""
    message = str(error)
    size = options["vocab_size"]
    if "sentences_.empty()" in message or "all_chars_count" in message:
        return ValueError(
            "`texts` must hold characters to learn from. Received: "
            f"{count} texts without any."
        )
    needed = re.search(rf"\b{size} vs (\d+)", message)
    if needed:
        return ValueError(
            "`vocabulary_size` must leave room for the special tokens, for "
            "each character and, with byte_fallback=True, for 256 bytes. "
            f"Received: vocabulary_size={size}. The least that would do is "
            f"{needed[1]}; or lower "
            f"character_coverage={options['character_coverage']} to leave out "
            "rare characters."
        )
    return ValueError(
        "`sentencepiece` cannot learn a model with these arguments. Received: "
        f"{options}, {count} texts. It says: {message}"
    )


def _check_choice(name, value, choices):
    if value not in choices:
        raise ValueError(
            f"`{name}` must be one of {', '.join(map(repr, choices))}. "
            f"Received: {name}={value!r}"
        )


def _check_arguments(texts, vocabulary_size, character_coverage):
    require_iterable(texts)
    if (
        isinstance(vocabulary_size, bool)
        or not isinstance(vocabulary_size, int)
        or vocabulary_size < 1
    ):
        raise ValueError(
            "`vocabulary_size` must be a positive integer. Received: "
            f"vocabulary_size={vocabulary_size!r}"
        )
    if not 0.98 <= character_coverage <= 1.0:
        raise ValueError(
            "`character_coverage` must be from 0.98 to 1. Received: "
            f"character_coverage={character_coverage}"
        )


def _check_tokens(special_tokens, tokens_in_text):
    tokens = [*NAMED_TOKENS, *special_tokens, *tokens_in_text]
    for token in tokens:
        if not isinstance(token, str) or not token:
            raise ValueError(
                "Special tokens must be strings that are not empty. Received: "
                f"special_tokens={special_tokens}, "
                f"tokens_in_text={tokens_in_text}"
            )
    doubled = sorted({token for token in tokens if tokens.count(token) > 1})
    if doubled:
        raise ValueError(
            "Special tokens must all differ, and "
            f"{', '.join(NAMED_TOKENS)} are there anyway. Received: "
            f"{doubled} more than once in special_tokens={special_tokens}, "
            f"tokens_in_text={tokens_in_text}"
        )
