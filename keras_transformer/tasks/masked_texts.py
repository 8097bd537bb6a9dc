"""Texts on their way to a model that learns to name hidden tokens."""

from keras_transformer.tasks.language_model import LanguageModel, refuse_targets
from keras_transformer.tasks.strings import is_dataset_of_strings


class MaskedTexts(LanguageModel):
    """A `LanguageModel` of which batches hide some tokens, to be predicted.

    A subclass has `mask_rate`, `mask_token_rate`, `random_token_rate` and
    `whole_words`, see `data.TokenMasker`, and a `masker` from `make_masker`;
    and gives what `LanguageModel` needs.
    """

    target_mask_name = "target_mask"
    instead_of_predict = (
        "Use `answer` to fill in masks, `evaluate` to score; or give ids."
    )

    def make_masker(self):
        """Make what hides tokens, of `mask_rate` and the like."""
        from keras_transformer import data

        return data.TokenMasker(
            self.preprocessor.tokenizer,
            self.mask_rate,
            self.mask_token_rate,
            self.random_token_rate,
            self.whole_words,
        )

    def batches(
        self,
        x,
        y=None,
        sample_weight=None,
        *,
        shuffle=False,
        seed=None,
        fresh_masks=None,
        **how,
    ):
        """Tokenize texts, make batches of similar length, and hide tokens.

        Args:
            x: Texts, as `fit` takes them.
            y: `None`.
            sample_weight: Weights of the texts, or `None`.
            shuffle: Whether to shuffle anew in every epoch.
            seed: Makes shuffling and hiding repeatable.
            fresh_masks: Whether each epoch hides other tokens; default: as
                `shuffle`.
            **how: The rest of what `fit` says of batches.

        Returns:
            A `tf.data.Dataset` of known length, for `keras.Model.fit`.
        """
        refuse_targets(y)
        batches = super().batches(
            x, None, sample_weight, shuffle=shuffle, seed=seed, **how
        )
        fresh = shuffle if fresh_masks is None else fresh_masks
        return self._with_masks(batches, fresh, seed)

    def training_batches(self, *examples, **how):
        return self.batches(*examples, fresh_masks=True, **how)

    def training_dataset(self, x, seed):
        return self._encoded_dataset(x, fresh=True, seed=seed)

    def _encoded_dataset(self, x, fresh=False, seed=None):
        if not is_dataset_of_strings(x):
            return x
        return self._with_masks(super()._encoded_dataset(x), fresh, seed)

    def _with_masks(self, batches, fresh, seed):
        from keras_transformer import data

        return data.mask_batches(batches, self.masker, fresh=fresh, seed=seed)

    def encode_examples(self, strings, y=None, sample_weight=None):
        refuse_targets(y)
        from keras_transformer import text

        tokenizer = self.preprocessor.tokenizer
        tokens = text.encode_all(
            self.preprocessor,
            strings,
            lambda text: {"token_ids": tokenizer.tokenize(text)},
        )["token_ids"]
        room = self.preprocessor.max_length - 2  # between start and end
        rows, number = self.masker.rows_to_learn_from(tokens, room)
        if not len(number):
            raise ValueError(
                "A text to learn from must hold a token that can be hidden, "
                "one that is known and not special. Received: "
                f"{len(strings['text'])} texts without any."
            )
        encoded = text.with_ends(rows, tokenizer)
        inputs = {k: v for k, v in encoded.items() if k in self.input_names}
        if sample_weight is not None:
            sample_weight = sample_weight[number]
        return inputs, encoded["token_ids"], sample_weight

    def is_perhaps_cut(self, lengths):
        return False

    def encode_batch(self, x, y=None):
        refuse_targets(y)
        inputs = self.preprocess(self._named_tensors(x))
        return inputs, inputs["token_ids"]
