"""WordPiece, the tokenizer of BERT, in graph operations."""

import keras
import tensorflow as tf

from keras_transformer.text.special_tokens import special_token_table
from keras_transformer.text.strings import to_string_tensor
from keras_transformer.text.token_ids import to_ragged_ids
from keras_transformer.text.vocabulary import load_vocabulary, save_vocabulary
from keras_transformer.text.word_piece_graph import (
    WordPieceGraph,
    check_token_lengths,
)


@keras.saving.register_keras_serializable(package="keras_transformer")
class WordPieceTokenizer:
    """Split texts into word pieces, as BERT does.

    Ids and offsets are those of `tokenizers.BertWordPieceTokenizer`, for any
    Unicode text: cleaning, accents, lower case, ideographs and punctuation that
    stand alone, `[UNK]` for a word of more than 100 characters. One difference
    is known: where one of some eighty rare combining marks (musical symbols,
    Balinese, Glagolitic, ...) follows an accent that is dropped, and canonical
    ordering moves it, its offset stays its own and not that of the accent.

    All work is done by TensorFlow operations, the same whether called from
    Python, in a `tf.data` pipeline or in a SavedModel.

    Args:
        vocabulary: List of tokens, or path of a file with one token a line.
            The index of a token is its id; pieces inside a word begin with
            `##`.
        lowercase: Whether to make letters lower case.
        strip_accents: Whether to drop accents. By default, as `lowercase`.
        special_tokens_in_text: Whether a special token written in the text
            ("a [MASK] b") counts as that token. If not, it is split like any
            other text.
        unknown_token: Token for a word that the pieces cannot spell.
        padding_token: Token that fills up shorter rows.
        start_token: Token before the first text.
        end_token: Token after each text.
        mask_token: Token that hides another; it may be missing from the
            vocabulary.

    Example:

    ```python
    tokenizer = WordPieceTokenizer(
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "play", "##ing"]
    )
    tokenizer.tokenize(["Playing", "play"])  # ragged [[5, 6], [5]]
    ```
    """

    def __init__(
        self,
        vocabulary,
        lowercase: bool = True,
        strip_accents: bool | None = None,
        special_tokens_in_text: bool = True,
        unknown_token: str = "[UNK]",
        padding_token: str = "[PAD]",
        start_token: str = "[CLS]",
        end_token: str = "[SEP]",
        mask_token: str = "[MASK]",
    ):
        self._tokens = load_vocabulary(vocabulary)
        self._ids = {token: id for id, token in enumerate(self._tokens)}
        self.lowercase = bool(lowercase)
        self.strip_accents = strip_accents
        self.special_tokens_in_text = bool(special_tokens_in_text)
        self.unknown_token = unknown_token
        self.padding_token = padding_token
        self.start_token = start_token
        self.end_token = end_token
        self.mask_token = mask_token
        self._check_special_tokens()
        check_token_lengths(self._tokens)
        self._lazy_graph = None

    def _check_special_tokens(self):
        names = ("unknown_token", "padding_token", "start_token", "end_token")
        missing = {
            name: getattr(self, name)
            for name in names
            if getattr(self, name) not in self._ids
        }
        if missing:
            received = ", ".join(
                f"{name}={token!r}" for name, token in missing.items()
            )
            raise ValueError(
                "The special tokens must stand in the vocabulary, so that they "
                f"have ids. Received: {received}, which are not among its "
                f"{len(self._tokens)} tokens ({self._tokens[:5]}, ...). Add "
                "them to the vocabulary or pass the names it has for them."
            )
        if self.special_tokens_in_text:
            special_token_table(self.special_tokens)

    @property
    def special_tokens(self) -> list[str]:
        """The special tokens that the vocabulary has."""
        tokens = [
            self.padding_token,
            self.unknown_token,
            self.start_token,
            self.end_token,
            self.mask_token,
        ]
        return [token for token in dict.fromkeys(tokens) if token in self._ids]

    @property
    def vocabulary(self) -> list[str]:
        """All tokens; the index of each is its id."""
        return list(self._tokens)

    @property
    def vocabulary_size(self) -> int:
        """Number of tokens."""
        return len(self._tokens)

    @property
    def unknown_token_id(self) -> int:
        """Id of the token for what the pieces cannot spell."""
        return self._ids[self.unknown_token]

    @property
    def pad_token_id(self) -> int:
        """Id of the token that fills up shorter rows."""
        return self._ids[self.padding_token]

    @property
    def start_token_id(self) -> int:
        """Id of the token before the first text."""
        return self._ids[self.start_token]

    @property
    def end_token_id(self) -> int:
        """Id of the token after each text."""
        return self._ids[self.end_token]

    @property
    def mask_token_id(self) -> int | None:
        """Id of the token that hides another, None if there is none."""
        return self._ids.get(self.mask_token)

    def token_to_id(self, token: str) -> int:
        """Look up the id of one token.

        Args:
            token: A token as it stands in the vocabulary.

        Returns:
            Its id.

        Raises:
            KeyError: If the vocabulary does not have it.
        """
        if token not in self._ids:
            raise KeyError(
                f"The vocabulary of {len(self._tokens)} tokens has no token "
                f"{token!r}. Words are split by `tokenize`."
            )
        return self._ids[token]

    def id_to_token(self, id: int) -> str:
        """Look up the token of one id.

        Args:
            id: From 0 up to `vocabulary_size`, exclusive.

        Returns:
            The token.

        Raises:
            ValueError: If no token has that id.
        """
        if not 0 <= id < len(self._tokens):
            raise ValueError(
                f"`id` must be from 0 to {len(self._tokens) - 1}, the last one "
                f"of the vocabulary. Received: id={id}"
            )
        return self._tokens[id]

    def tokenize(self, texts) -> tf.RaggedTensor:
        """Turn texts into token ids.

        Args:
            texts: List or array of str, or string tensor, `(batch,)`; or one
                text.

        Returns:
            int32 RaggedTensor `(batch, tokens)`; for one text a tensor
            `(tokens,)`. No start or end token is added.

        Raises:
            ValueError: If something in `texts` is not a string.
        """
        return self._on_batch(self._graph.tokenize, texts)

    def tokenize_with_offsets(self, texts):
        """Turn texts into token ids and say where the tokens stand.

        Args:
            texts: As for `tokenize`.

        Returns:
            Tuple of `tokenize(texts)`, and the start and the end (exclusive)
            of each token, counted in characters of the original text:
            `text[start:end]` in Python. All of one shape.

        Raises:
            ValueError: If something in `texts` is not a string.
        """
        return self._on_batch(self._graph.tokenize_with_offsets, texts)

    def detokenize(self, ids) -> tf.Tensor:
        """Join tokens to texts.

        Words are joined by a space, pieces inside a word by nothing. Padding,
        start and end tokens are left out.

        Args:
            ids: Integer RaggedTensor `(batch, tokens)`, or tensor, array or
                list of any rank from 1; the last axis is joined.

        Returns:
            String tensor of the shape of `ids` without its last axis.

        Raises:
            ValueError: If an id is not in the vocabulary (within a graph, an
                error of TensorFlow).
        """
        rows, shape = to_ragged_ids(ids, len(self._tokens))
        return tf.reshape(self._graph.detokenize(rows), shape)

    def save_vocabulary(self, path):
        """Write the vocabulary to a file, one token a line.

        Args:
            path: Where to write. The file appears whole or not at all.
        """
        save_vocabulary(self._tokens, path)

    def get_config(self):
        return {
            "vocabulary": self.vocabulary,
            "lowercase": self.lowercase,
            "strip_accents": self.strip_accents,
            "special_tokens_in_text": self.special_tokens_in_text,
            "unknown_token": self.unknown_token,
            "padding_token": self.padding_token,
            "start_token": self.start_token,
            "end_token": self.end_token,
            "mask_token": self.mask_token,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __getstate__(self):
        # Traced functions cannot be copied or pickled; they are made again.
        return {**self.__dict__, "_lazy_graph": None}

    @property
    def _graph(self):
        if self._lazy_graph is None:
            strip_accents = self.strip_accents
            if strip_accents is None:
                strip_accents = self.lowercase
            self._lazy_graph = WordPieceGraph(
                self._tokens,
                self.lowercase,
                bool(strip_accents),
                self.unknown_token,
                self.special_tokens if self.special_tokens_in_text else [],
                [self.padding_token, self.start_token, self.end_token],
            )
        return self._lazy_graph

    def _on_batch(self, function, texts):
        texts = to_string_tensor(texts)
        if texts.shape.rank:
            return function(texts)
        result = function(texts[None])
        return tf.nest.map_structure(lambda ragged: ragged[0], result)
