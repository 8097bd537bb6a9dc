"""Language modelling: texts that go on."""

import keras
import numpy as np
from keras import ops

from keras_transformer.tasks.language_model import refuse_targets
from keras_transformer.tasks.task import check_vocabulary
from keras_transformer.tasks.text_generator import TextGenerator
from keras_transformer.tasks.vocabulary_head import (
    make_vocabulary_head,
    project_to_vocabulary,
)


@keras.saving.register_keras_serializable(package="keras_transformer")
class CausalLM(TextGenerator):
    """Say what comes next, and write on from a prompt.

    A decoder and the way from its states to the vocabulary. Called on a dict
    of `token_ids` and `padding_mask` it returns logits, float `(batch, length,
    vocabulary_size)`; with `segment_ids` several documents may stand in a row.
    `fit` takes texts as `x`, and no `y`.

    `answer` takes strings and returns `generated_text`, string `(batch,)`, the
    prompt and what was written, and `score`, float `(batch,)`, the
    log-probability of what was written; with a search that returns several
    answers both are `(batch, answers)`. `max_length` counts the tokens of
    prompt and answer, start and end token included. `score_texts` gives the
    log-probability that a text begins so behind a prompt, its end left open.

    Args:
        decoder: A `models.Decoder`.
        preprocessor: A `text.DecoderPreprocessor`, or `None` for ids only.
        search: How `answer` searches; default: `Greedy()`.
        max_length: Most tokens of prompt and answer; default: those of the
            preprocessor, else the number of positions.
        pack: Whether training puts texts into full blocks of the
            preprocessor's `max_length`, longer texts cut into several; if
            not, or in a `tf.data.Dataset` of strings, a text is a row, and
            what is beyond is cut off.
        tie_weights: Whether the token table also maps states to the
            vocabulary; if not, a matrix of its own does.
        **kwargs: What tokens mean, where no preprocessor tells, and what
            answers have to keep to: `start_token_id`, `end_token_id` (one or
            several), `pad_token_id`, `forced_first_token_id`,
            `suppressed_token_ids`, `force_end`, as in `Seq2SeqLM`; `name` and
            the rest of `keras.Model`.

    Raises:
        ValueError: If the tokenizer has more tokens than the model, or lets
            longer texts pass than the model has positions for; or if an id is
            not in the vocabulary.
    """

    learning_rate = 1e-3

    def __init__(
        self,
        decoder,
        preprocessor=None,
        *,
        search=None,
        max_length: int | None = None,
        pack: bool = True,
        tie_weights: bool = True,
        **kwargs,
    ):
        check_vocabulary(decoder, preprocessor)
        inputs = {
            name: keras.Input((None,), dtype=tensor.dtype, name=name)
            for name, tensor in decoder.input.items()
        }
        head = make_vocabulary_head(decoder, tie_weights)
        logits = project_to_vocabulary(decoder.embedding, head, decoder(inputs))
        super().__init__(
            inputs,
            logits,
            preprocessor,
            search=search,
            max_length=max_length,
            **kwargs,
        )
        self.decoder = decoder
        self.head = head
        self.pack = pack
        self.tie_weights = tie_weights
        self._checked_length(None)
        self.check_answer_tokens()

    @property
    def vocabulary_size(self):
        """Tokens that there are logits for."""
        return self.decoder.vocabulary_size

    @property
    def most_new_tokens(self):
        if self.max_length is not None:
            return self.max_length
        if self.preprocessor is not None:
            return self.preprocessor.max_length
        return self.decoder.max_sequence_length

    @property
    def positions_limit(self):
        has_table = self.decoder.positions == "learned"
        return self.decoder.max_sequence_length if has_table else None

    def encode_examples(self, strings, y=None, sample_weight=None):
        refuse_targets(y)
        from keras_transformer import data, text

        if not self.pack:
            encoded = text.encode_all(self.preprocessor, strings)
            return encoded, encoded.pop("labels"), sample_weight
        encoded = text.encode_all(
            self.preprocessor, strings, self.preprocessor.encode_whole
        )
        rows, length = encoded["token_ids"], self.preprocessor.max_length
        if sample_weight is not None:
            # Where a token lies, there lies the number of its text.
            numbers = rows.with_values(rows.value_rowids())
            numbers = data.pack(rows, numbers, block_length=length)["targets"]
            sample_weight = sample_weight[numbers]
        packed = data.pack(rows, encoded["labels"], block_length=length)
        targets = packed.pop("targets")
        del packed["weights"]  # the padding mask says the same
        return packed, targets, sample_weight

    def lengths_of(self, inputs):
        if not self.pack:
            return super().lengths_of(inputs)
        blocks, length = inputs["token_ids"].shape
        return np.full(blocks, length)

    def is_perhaps_cut(self, lengths):
        return not self.pack and super().is_perhaps_cut(lengths)

    def encode_batch(self, x, y=None):
        from keras_transformer import text

        refuse_targets(y)
        encoded = self.preprocessor(**self._named_tensors(x))
        labels = encoded.pop("labels")
        return encoded, labels, text.weigh_tokens(encoded["padding_mask"])

    def preprocess(self, strings):
        return self.preprocessor.prompt(**strings)

    def hidden_states(self, inputs, training=None):
        return self.decoder(inputs, training=training)

    @property
    def vocabulary_layers(self):
        return {"embedding": self.decoder.embedding, "head": self.head}

    def prompt_of(self, inputs):
        return inputs["token_ids"], inputs["padding_mask"], 0

    def empty_state(self, inputs, slots):
        batch = ops.shape(inputs["token_ids"])[0]
        return self.decoder.empty_cache(batch, slots), {}

    def next_states(self, tokens, slots_mask, positions, slot, state, fixed):
        return self.decoder.run(
            tokens,
            slots_mask,
            positions=positions,
            cache=state,
            cache_index=slot,
            training=False,
        )

    def text_of(self, inputs, written):
        answers = ops.shape(written["token_ids"])[1]
        written = {**written, "padding_mask": self.text_mask(written)}

        def whole(name):
            prompt = ops.repeat(inputs[name][:, None], answers, axis=1)
            return ops.concatenate([prompt, written[name]], axis=2)

        return self.preprocessor.decode(
            whole("token_ids"), whole("padding_mask")
        )

    def postprocess(self, inputs, written):
        answer = super().postprocess(inputs, written)
        if written["token_ids"].shape[1] == 1:
            answer = {name: rows[:, 0] for name, rows in answer.items()}
        return answer

    def score_inputs(self, strings):
        return self.preprocessor.score_inputs(**strings)

    def cannot_score(self, inputs, labels, is_target):
        lengths = ops.sum(ops.cast(inputs["padding_mask"], "int32"), axis=1)
        limit = self.positions_limit
        longest = 2**31 - 1 if limit is None else limit
        return lengths > longest, (
            "A prompt and a target that is scored behind it must fit the "
            f"positions of the model: max_sequence_length={limit}."
        )

    def get_config(self):
        return {
            **super().get_config(),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
            "pack": self.pack,
            "tie_weights": self.tie_weights,
        }
