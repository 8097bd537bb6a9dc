"""Learn the vocabulary and the merges of a byte pair tokenizer."""

import json

import tokenizers

from keras_transformer.text.strings import require_iterable, to_bytes

SPECIAL_TOKENS = ("<pad>", "<unk>", "<s>", "</s>", "<mask>")


def train_byte_pair(
    texts,
    vocabulary_size: int,
    special_tokens=SPECIAL_TOKENS,
    min_frequency: int = 2,
) -> tuple[dict[str, int], list[str]]:
    """Learn what `BytePairTokenizer` takes, with Hugging Face `tokenizers`.

    Equal texts give an equal result.

    Args:
        texts: Iterable of str; it is read once.
        vocabulary_size: Most tokens, special ones included. Fewer come out
            where the texts do not give as many.
        special_tokens: Tokens to begin with; the first has id 0. After them
            come the 256 bytes.
        min_frequency: Pairs seen less often are not joined.

    Returns:
        Tuple of the vocabulary, a dict from token to id, and the merges, a
        list of str "left right".

    Raises:
        ValueError: If `texts` is empty or holds something that is not a
            string, or if `vocabulary_size` is too small for the bytes.
    """
    special_tokens = list(special_tokens)
    require_iterable(texts)
    _check_arguments(vocabulary_size, special_tokens, min_frequency)
    sentences = _Sentences(texts)
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    splitter = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = splitter
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        min_frequency=min_frequency,
        special_tokens=special_tokens,
        initial_alphabet=splitter.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(iter(sentences), trainer)
    if not sentences.characters:
        raise ValueError(
            "`texts` must hold characters to learn from. Received: "
            f"{sentences.count} texts without any."
        )
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], [" ".join(pair) for pair in model["merges"]]


def _check_arguments(vocabulary_size, special_tokens, min_frequency):
    if len(set(special_tokens)) < len(special_tokens):
        raise ValueError(
            "`special_tokens` must all differ. Received: "
            f"special_tokens={special_tokens}"
        )
    least = 256 + len(special_tokens)
    if not isinstance(vocabulary_size, int) or vocabulary_size < least:
        raise ValueError(
            "`vocabulary_size` must be an integer that leaves room for 256 "
            f"bytes and {len(special_tokens)} special tokens. Received: "
            f"vocabulary_size={vocabulary_size!r}. The least that would do is "
            f"{least}."
        )
    if not isinstance(min_frequency, int) or min_frequency < 1:
        raise ValueError(
            "`min_frequency` must be a positive integer. Received: "
            f"min_frequency={min_frequency!r}"
        )


class _Sentences:
    """The texts, counted while they are read.

    Args:
        texts: Iterable of str.
    """

    def __init__(self, texts):
        self.texts = texts
        self.count = 0
        self.characters = 0

    def __iter__(self):
        for row, text in enumerate(self.texts):
            text = to_bytes(text, row).decode("utf-8", "replace")
            self.count += 1
            self.characters += len(text)
            yield text
