"""Tokens hidden at random, for a model that learns to name them."""

import numpy as np
import tensorflow as tf

# Scores are compared across epochs and models, so they share one draw.
_SEED_OF_SCORES = 20_190_524
_PREFETCHED_BATCHES = 2


class TokenMasker:
    """Hide tokens at random, as BERT learns from them.

    Section 3.1, task 1, of
    [Devlin et al., 2019](https://arxiv.org/abs/1810.04805): some tokens are to
    be predicted; of these, most are replaced by the mask token, some by a
    random one, and the rest stays. Special tokens, the unknown one included,
    and padding are never chosen, and no random token is special. Each row in
    which there is another token has at least one that is chosen.

    Args:
        tokenizer: A tokenizer whose vocabulary has a mask token.
        mask_rate: Share of the tokens to predict; of the words, with
            `whole_words`.
        mask_token_rate: Share of these that the mask token replaces.
        random_token_rate: Share of these that a random token replaces.
        whole_words: Whether all pieces of a word are chosen together: a first
            piece and those behind it for which `tokenizer.continues_word`.

    Raises:
        ValueError: If the tokenizer has no mask token, or none that is not
            special, or a share is out of range.
    """

    def __init__(
        self,
        tokenizer,
        mask_rate: float = 0.15,
        mask_token_rate: float = 0.8,
        random_token_rate: float = 0.1,
        whole_words: bool = False,
    ):
        _check_rates(mask_rate, mask_token_rate, random_token_rate)
        if tokenizer.mask_token_id is None:
            raise ValueError(
                "Tokens are hidden by the mask token, so the vocabulary must "
                f"have it. Received: mask_token={tokenizer.mask_token!r}, "
                f"which is not among its {tokenizer.vocabulary_size} tokens. "
                "Name the one that it has, or learn a vocabulary with it."
            )
        self.mask_token_id = tokenizer.mask_token_id
        self.mask_rate = mask_rate
        self.mask_token_rate = mask_token_rate
        self.random_token_rate = random_token_rate
        self.whole_words = bool(whole_words)
        self.is_special = np.zeros(tokenizer.vocabulary_size, bool)
        for token in tokenizer.special_tokens:
            self.is_special[tokenizer.token_to_id(token)] = True
        self.ordinary_ids = np.flatnonzero(~self.is_special).astype("int32")
        if not len(self.ordinary_ids):
            raise ValueError(
                "The vocabulary must have tokens that are not special, to hide "
                f"and to predict. Received: {tokenizer.special_tokens} alone."
            )
        self.continues_word = np.zeros(len(self.is_special), bool)
        if self.whole_words:
            self.continues_word[:] = tokenizer.continues_word

    def __call__(self, token_ids, padding_mask, seed):
        """Choose tokens and hide them.

        Args:
            token_ids: int32 tensor `(batch, length)`.
            padding_mask: Bool tensor `(batch, length)`, `True` = real.
            seed: Integer tensor `(2,)`; the same one draws the same.

        Returns:
            Tuple of the ids in which some are replaced, int32 `(batch,
            length)`, and a bool tensor of that shape, `True` where the token
            that was there is to be predicted.
        """
        with tf.device("CPU:0"):
            seeds = tf.random.experimental.stateless_split(seed, 3)
            chosen = self._choose(token_ids, padding_mask, seeds[0])
            shape = tf.shape(token_ids)
            kind = tf.random.stateless_uniform(shape, seeds[1])
            place = tf.random.stateless_uniform(
                shape, seeds[2], 0, len(self.ordinary_ids), tf.int32
            )
            random_ids = tf.gather(self.ordinary_ids, place)
            replaced = tf.where(
                kind < self.mask_token_rate,
                self.mask_token_id,
                tf.where(
                    kind < self.mask_token_rate + self.random_token_rate,
                    random_ids,
                    token_ids,
                ),
            )
            return tf.where(chosen, replaced, token_ids), chosen

    def rows_to_learn_from(self, tokens, longest):
        """Cut texts into rows, and leave out those with nothing to predict.

        A text that is too long becomes several rows of consecutive tokens, all
        of them full but the last.

        Args:
            tokens: int32 RaggedTensor `(texts, tokens)`.
            longest: Most tokens of a row.

        Returns:
            Tuple of an int32 RaggedTensor `(rows, tokens)`, and an int array
            `(rows,)`, the number of the text that each row comes from.
        """
        with tf.device("CPU:0"):
            lengths = tokens.row_lengths().numpy()
            counts = -(-lengths // longest)
            text = np.repeat(np.arange(len(lengths)), counts)
            first = np.cumsum(counts) - counts  # row of each text
            place = np.arange(len(text)) - first[text]
            size = np.minimum(longest, lengths[text] - place * longest)
            rows = tf.RaggedTensor.from_row_lengths(tokens.values, size)
            ordinary = ~tf.gather(self.is_special, rows.values)
            kept = tf.reduce_any(rows.with_values(ordinary), axis=1)
            return tf.ragged.boolean_mask(rows, kept), text[kept.numpy()]

    def _choose(self, token_ids, padding_mask, seed):
        """Draw which tokens are to be predicted, bool `(batch, length)`."""
        may_be = padding_mask & ~tf.gather(self.is_special, token_ids)
        drawn = tf.random.stateless_uniform(tf.shape(token_ids), seed)
        if self.whole_words:
            # All pieces of a word share what its first one drew.
            follows = tf.pad(may_be[:, :-1], [[0, 0], [1, 0]])
            goes_on = tf.gather(self.continues_word, token_ids) & follows
            begins = tf.cast(~(goes_on & may_be), tf.int32)
            word = tf.cumsum(begins, axis=1) - 1
            drawn = tf.gather(drawn, word, batch_dims=1)
        drawn = tf.where(may_be, drawn, 1.0)
        least = tf.reduce_min(drawn, axis=1, keepdims=True)
        return may_be & ((drawn < self.mask_rate) | (drawn == least))


def mask_batches(dataset, masker, *, fresh=True, seed=None):
    """Hide tokens of batches of ids.

    Args:
        dataset: A `tf.data.Dataset` of tuples whose first part is a dict with
            `token_ids` and `padding_mask`, `(batch, length)`.
        masker: A `TokenMasker`.
        fresh: Whether other tokens are hidden each time the dataset is
            iterated over. If not, they are always the same.
        seed: Makes fresh draws repeatable. They follow from it and from
            `keras.utils.set_random_seed`.

    Returns:
        A dataset of such tuples, with other `token_ids`, and with
        `target_mask`, bool `(batch, length)`, `True` where a token is to be
        predicted.
    """
    if fresh:
        numbers = tf.data.Dataset.random(seed, rerandomize_each_iteration=True)
        seeds = numbers.batch(2, drop_remainder=True)
    else:
        numbers = tf.data.Dataset.counter()
        seeds = numbers.map(lambda number: tf.stack([_SEED_OF_SCORES, number]))

    def mask(seed, batch):
        inputs, *rest = batch
        token_ids, target_mask = masker(
            inputs["token_ids"], inputs["padding_mask"], seed
        )
        masked = {"token_ids": token_ids, "target_mask": target_mask}
        return ({**inputs, **masked}, *rest)

    masked = tf.data.Dataset.zip(seeds, dataset).map(mask)
    return masked.prefetch(_PREFETCHED_BATCHES)


def _check_rates(mask_rate, mask_token_rate, random_token_rate):
    if not 0 < mask_rate <= 1:
        raise ValueError(
            "`mask_rate` must be above 0 and at most 1. Received: "
            f"mask_rate={mask_rate}. BERT takes 0.15."
        )
    both = mask_token_rate + random_token_rate
    if min(mask_token_rate, random_token_rate) < 0 or both > 1:
        raise ValueError(
            "`mask_token_rate` and `random_token_rate` must be at least 0, and "
            "at most 1 together. Received: "
            f"mask_token_rate={mask_token_rate}, "
            f"random_token_rate={random_token_rate}. BERT takes 0.8 and 0.1."
        )
