"""What all tokenizers have in common."""

import tensorflow as tf

from keras_transformer.text.strings import to_string_tensor
from keras_transformer.text.token_ids import to_ragged_ids


class Tokenizer:
    """Base of the tokenizers.

    A subclass keeps its special tokens as `unknown_token`, `padding_token`,
    `start_token`, `end_token` and `mask_token` (the last one may be missing
    from the vocabulary) and writes `make_graph` and `get_config`.

    Args:
        tokens: List of str, the index of each is its id.
    """

    def __init__(self, tokens):
        self._tokens = list(tokens)
        self._ids = {token: id for id, token in enumerate(self._tokens)}
        self._lazy_graph = None

    def make_graph(self):
        """Build the graph functions; called when they are first needed.

        Returns:
            An object with the functions `tokenize`, `tokenize_with_offsets`
            and `detokenize`, each for a batch, and a list `resources`.
        """
        raise NotImplementedError

    def check_special_tokens(self, how_to_mend):
        """Refuse special tokens that have no id.

        Args:
            how_to_mend: The last sentences of the error.

        Raises:
            ValueError: If the vocabulary lacks one that it must have.
        """
        names = ("unknown_token", "padding_token", "start_token", "end_token")
        missing = [
            f"{name}={getattr(self, name)!r}"
            for name in names
            if getattr(self, name) not in self._ids
        ]
        if missing:
            raise ValueError(
                "The special tokens must stand in the vocabulary, so that they "
                f"have ids. Received: {', '.join(missing)}, which are not "
                f"among its {len(self._tokens)} tokens ({self._tokens[:5]}, "
                f"...). {how_to_mend}"
            )

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
        """Id of the token for what the vocabulary cannot spell."""
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

    @property
    def space_token_id(self) -> int | None:
        """Id of the token of a space alone, where tokens cover spaces.

        A mask that stands for a whole word also covers the space before it.
        None where a space is no token, or one like any other character.
        """
        return None

    @property
    def finds_mask_token(self) -> bool:
        """Whether a mask token that is written in a text becomes its id."""
        return getattr(self, "special_tokens_in_text", False)

    @property
    def continues_word(self) -> list[bool]:
        """Whether each token goes on with the word before it, by id.

        What does not, a word's first piece or punctuation, begins a word.
        """
        raise NotImplementedError

    @property
    def resources(self) -> list:
        """What an exported model must track to hold the tokenizer.

        Pass each to `keras.export.ExportArchive.track`, or make it an
        attribute of the `tf.Module` that is saved.
        """
        return list(self._graph.resources)

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

        Padding, start and end tokens are left out.

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

    def get_config(self):
        raise NotImplementedError

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __getstate__(self):
        # Traced functions cannot be copied or pickled; they are made again.
        return {**self.__dict__, "_lazy_graph": None}

    @property
    def _graph(self):
        if self._lazy_graph is None:
            self._lazy_graph = self.make_graph()
        return self._lazy_graph

    def _on_batch(self, function, texts):
        texts = to_string_tensor(texts)
        if texts.shape.rank:
            return function(texts)
        result = function(texts[None])
        return tf.nest.map_structure(lambda ragged: ragged[0], result)
