"""Learn a WordPiece vocabulary from texts."""

import collections
import itertools

import tensorflow as tf
import tokenizers

from keras_transformer.text.characters import (
    ALONE,
    CharacterTables,
    character_classes,
    character_tables,
)
from keras_transformer.text.special_tokens import special_token_table
from keras_transformer.text.strings import require_iterable, to_string_tensor
from keras_transformer.text.tracing import trace
from keras_transformer.text.word_piece_graph import (
    CONTINUATION,
    MAX_CHARACTERS_PER_WORD,
)
from keras_transformer.text.words import split_words

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
BATCH_SIZE = 1024
# Longer words are hardly words: links, runs of one letter.
MAX_TOKEN_LENGTH = 50


def train_word_piece_vocabulary(
    texts,
    vocabulary_size: int,
    lowercase: bool = True,
    strip_accents: bool | None = None,
    min_frequency: int = 2,
    special_tokens=SPECIAL_TOKENS,
) -> list[str]:
    """Learn a vocabulary for `WordPieceTokenizer`.

    Words are counted as the tokenizer would cut them; the pieces are learned
    bottom-up by Hugging Face `tokenizers`, which joins the most frequent pair
    of pieces again and again. Equal texts give an equal vocabulary.

    Args:
        texts: Iterable of str; it is read once.
        vocabulary_size: Most tokens, special ones included. Fewer come out
            where the texts do not give as many.
        lowercase: As for the tokenizer.
        strip_accents: As for the tokenizer.
        min_frequency: Characters and pairs of pieces seen less often are left
            out. All other characters are in the vocabulary.
        special_tokens: Tokens to begin with; the first has id 0.

    Returns:
        List of tokens: the special ones, the characters, and the pieces in
        the order in which they were learned, frequent ones first.

    Raises:
        ValueError: If `texts` holds no word or something that is not a string,
            or if the characters alone need more than `vocabulary_size` tokens.
    """
    special_tokens = list(special_tokens)
    lowercase = bool(lowercase)
    strip_accents = lowercase if strip_accents is None else bool(strip_accents)
    _check_arguments(texts, vocabulary_size, min_frequency, special_tokens)
    words = _count_words(texts, lowercase, strip_accents, special_tokens)
    words, characters = _frequent(words, min_frequency)
    required = special_tokens + _character_tokens(
        characters, lowercase, strip_accents
    )
    if len(required) > vocabulary_size:
        raise ValueError(
            "`vocabulary_size` must leave room for the special tokens and for "
            "each character, alone and inside a word. Received: "
            f"vocabulary_size={vocabulary_size}, but {len(characters)} "
            f"characters need {len(required)}. Raise it, or raise "
            f"min_frequency={min_frequency} to leave out rare characters."
        )
    return _learn(words, vocabulary_size, required, min_frequency)


def _check_arguments(texts, vocabulary_size, min_frequency, special_tokens):
    require_iterable(texts)
    for name, value in (
        ("vocabulary_size", vocabulary_size),
        ("min_frequency", min_frequency),
    ):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(
                f"`{name}` must be a positive integer. Received: "
                f"{name}={value!r}"
            )
    if len(set(special_tokens)) < len(special_tokens):
        raise ValueError(
            "`special_tokens` must all differ. Received: "
            f"special_tokens={special_tokens}"
        )


def _count_words(texts, lowercase, strip_accents, special_tokens):
    """Count the words of all texts, batch by batch in the graph.

    Returns:
        Dict from str to int, without special tokens and overlong words.

    Raises:
        ValueError: If there is none.
    """
    counter = collections.Counter()
    number_of_texts = 0
    in_text = special_token_table(special_tokens) if special_tokens else None
    with tf.device("CPU:0"):
        tables = CharacterTables(
            *map(tf.constant, character_tables(lowercase, strip_accents))
        )

        def count(batch):
            words = split_words(batch, tables, in_text).strings()
            unique, _, counts = tf.unique_with_counts(words)
            return unique, counts

        count = trace(count, tf.TensorSpec([None], tf.string))
        remaining = iter(texts)
        while batch := list(itertools.islice(remaining, BATCH_SIZE)):
            unique, counts = (x.numpy() for x in count(to_string_tensor(batch)))
            counter.update(dict(zip(unique, counts.tolist(), strict=True)))
            number_of_texts += len(batch)
    words = {word.decode("utf-8"): number for word, number in counter.items()}
    for word in list(words):
        if len(word) > MAX_CHARACTERS_PER_WORD or word in special_tokens:
            del words[word]
    if not words:
        raise ValueError(
            "`texts` must hold words to learn from. Received: "
            f"{number_of_texts} texts without any."
        )
    return words


def _frequent(words, min_frequency):
    """Leave out rare characters, and the words that hold them.

    Returns:
        The words, a dict from str to int, and the set of their characters.

    Raises:
        ValueError: If none is left.
    """
    counter = collections.Counter()
    for word, number in words.items():
        for character in word:
            counter[character] += number
    frequent = {c for c, number in counter.items() if number >= min_frequency}
    if not frequent:
        raise ValueError(
            "`texts` must hold some character at least `min_frequency` times. "
            f"Received: min_frequency={min_frequency}, and the most frequent "
            f"one stands there {max(counter.values())} times."
        )
    return {w: n for w, n in words.items() if frequent.issuperset(w)}, frequent


def _character_tokens(characters, lowercase, strip_accents):
    """The characters as tokens; those of words also as they continue one."""
    characters = sorted(characters)
    classes = character_classes(lowercase, strip_accents)
    inside = [c for c in characters if classes[ord(c)] != ALONE]
    return characters + [CONTINUATION + c for c in inside]


def _learn(words, size, required, min_frequency):
    """Learn pieces on top of the required tokens.

    Args:
        words: Dict from str to int.
        size: Most tokens, required ones included.
        required: Tokens that the vocabulary begins with.
        min_frequency: The lowest frequency of a pair of pieces to join.

    Returns:
        List of str: the required tokens, then pieces in the order in which
        they were joined, the most frequent first.
    """
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    trainer = tokenizers.trainers.WordPieceTrainer(
        vocab_size=size,
        min_frequency=min_frequency,
        special_tokens=required,
        continuing_subword_prefix=CONTINUATION,
        show_progress=False,
    )
    # Sorted, so that the order of the texts decides nothing.
    tokenizer.train_from_iterator(
        (
            f"{word} " * count
            for word, count in sorted(words.items())
            if len(word) <= MAX_TOKEN_LENGTH
        ),
        trainer,
    )
    ids = tokenizer.get_vocab()
    return sorted(ids, key=ids.get)
