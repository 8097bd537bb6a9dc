"""SentencePiece, the tokenizer of T5 and ALBERT, in graph operations."""

import base64
import binascii
import os
import pathlib

import keras
import sentencepiece

from keras_transformer.text.sentence_piece_graph import (
    SPACE,
    SentencePieceGraph,
)
from keras_transformer.text.tokenizer import Tokenizer
from keras_transformer.text.vocabulary import write_whole
from keras_transformer.text.word_parts import goes_on_with_word

HOW_TO_MEND = (
    "Train a model that has them with `keras_transformer.text."
    "train_sentence_piece`, or with `sentencepiece` and pad_id=0, unk_id=1, "
    "bos_id=2, eos_id=3; or pass the names of other pieces (for T5, which has "
    'no start: start_token="<pad>").'
)
# The first field of a serialized model: its pieces.
FIRST_BYTE = b"\x0a"


@keras.saving.register_keras_serializable(package="keras_transformer")
class SentencePieceTokenizer(Tokenizer):
    """Split texts into the pieces of a SentencePiece model.

    Ids are those of the Python package `sentencepiece`, for unigram and BPE
    models and any Unicode text, but for a unigram model in a run of one letter:
    of "II", "I" and "I", "II", which are equally likely, it may take the other
    one. Offsets are the same too, with one difference: of a character that the
    model spells in bytes, each byte has the whole character as its place, where
    `sentencepiece` gives it to the last byte alone. As there, a token covers
    the space before its word.

    All work is done by TensorFlow operations, the same whether called from
    Python, in a `tf.data` pipeline or in a SavedModel.

    Args:
        model: A SentencePiece model: the path of a file, its bytes, or these
            as a base64 str.
        padding_token: Piece that fills up shorter rows. This and the next two
            are by default those that the model names.
        start_token: Piece before the first text.
        end_token: Piece after each text.
        mask_token: Piece that hides another; the model may lack it.

    Example:

    ```python
    model = train_sentence_piece(texts, vocabulary_size=8000)
    tokenizer = SentencePieceTokenizer(model)
    tokenizer.detokenize(tokenizer.tokenize(["A text."]))  # [b"A text."]
    ```
    """

    def __init__(
        self,
        model,
        padding_token: str | None = None,
        start_token: str | None = None,
        end_token: str | None = None,
        mask_token: str = "[MASK]",
    ):
        self._model = _read(model)
        pieces = _load(self._model, model)
        super().__init__(map(pieces.id_to_piece, range(len(pieces))))
        self.unknown_token = pieces.id_to_piece(pieces.unk_id())
        self.padding_token = padding_token or _named(pieces, pieces.pad_id())
        self.start_token = start_token or _named(pieces, pieces.bos_id())
        self.end_token = end_token or _named(pieces, pieces.eos_id())
        self.mask_token = mask_token
        self.check_special_tokens(HOW_TO_MEND)
        self._byte_values = [
            int(token[1:-1], 16) if pieces.is_byte(id) else -1
            for id, token in enumerate(self._tokens)
        ]
        named = {self.padding_token, self.start_token, self.end_token}
        self._is_hidden = [
            pieces.is_control(id) or token in named
            for id, token in enumerate(self._tokens)
        ]
        self._finds_mask = self.mask_token_id in pieces.encode(mask_token)
        self._marker = None, b""
        if pieces.normalize(" a").startswith(2 * SPACE):
            unknown = pieces.unk_id()
            self._marker = unknown, pieces.decode([unknown]).encode()

    @property
    def space_token_id(self) -> int | None:
        """Id of the piece of a space alone, None if there is none."""
        return self._ids.get(SPACE)

    @property
    def finds_mask_token(self) -> bool:
        """Whether the model keeps the mask token whole in a text."""
        return self._finds_mask

    @property
    def continues_word(self) -> list[bool]:
        """Whether each piece goes on with the word before it, by id."""
        special = self.special_tokens
        return [
            token not in special
            and goes_on_with_word(
                token.replace(SPACE, " ").encode()
                if byte < 0
                else bytes([byte])
            )
            for token, byte in zip(self._tokens, self._byte_values, strict=True)
        ]

    def make_graph(self):
        return SentencePieceGraph(
            self._model,
            self._tokens,
            self._byte_values,
            self._is_hidden,
            *self._marker,
        )

    def save_model(self, path):
        """Write the SentencePiece model, which other programs can read.

        Args:
            path: Where to write. The file appears whole or not at all.
        """
        write_whole(path, self._model)

    def get_config(self):
        return {
            "model": base64.b64encode(self._model).decode("ascii"),
            "padding_token": self.padding_token,
            "start_token": self.start_token,
            "end_token": self.end_token,
            "mask_token": self.mask_token,
        }


def _read(model):
    """Take the bytes of a model, from a file or from base64 if need be."""
    if isinstance(model, bytes):
        return model
    if not isinstance(model, (str, os.PathLike)):
        raise ValueError(
            "`model` must be the path of a SentencePiece model, its bytes, or "
            f"these in base64. Received: model={model!r}, of type "
            f"{type(model).__name__}"
        )
    if os.path.isfile(model):
        return pathlib.Path(model).read_bytes()
    if isinstance(model, str):
        try:
            decoded = base64.b64decode(model, validate=True)
        except (binascii.Error, ValueError):
            decoded = b""
        if decoded.startswith(FIRST_BYTE):
            return decoded
    raise FileNotFoundError(
        "A SentencePiece model is a binary file, often named `spiece.model` or "
        f"`sentencepiece.bpe.model`. There is none at: {_shown(model)}. Check "
        "the path, or train one with "
        "`keras_transformer.text.train_sentence_piece`."
    )


def _load(model, origin):
    """Parse a model.

    Args:
        model: Its bytes.
        origin: What the user passed, for the error.

    Returns:
        A `sentencepiece.SentencePieceProcessor`.
    """
    pieces = sentencepiece.SentencePieceProcessor()
    try:
        pieces.LoadFromSerializedProto(model)
    except RuntimeError as error:
        raise ValueError(
            "`model` must be a SentencePiece model, as "
            "`keras_transformer.text.train_sentence_piece` or `sentencepiece` "
            f"write it. Received: {_shown(origin)}, {len(model)} bytes that "
            f"begin with {model[:20]!r}, which cannot be read as one ({error})."
            " Fetch or copy the file again, as binary; a file of a few lines "
            "of text may be a Git LFS pointer."
        ) from error
    return pieces


def _named(pieces, id):
    return pieces.id_to_piece(id) if id >= 0 else None


def _shown(model):
    if isinstance(model, bytes):
        return "model=<bytes>"
    text = str(model)
    return f"model={text if len(text) <= 200 else text[:60] + '...'}"
