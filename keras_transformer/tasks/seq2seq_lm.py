"""Translation, summarization: a text for a text."""

import keras
from keras import ops

from keras_transformer.generation.beam_search import BeamSearch
from keras_transformer.generation.prompts import align_left
from keras_transformer.tasks.requests import check_targets, check_two_sides
from keras_transformer.tasks.text_generator import TextGenerator
from keras_transformer.tasks.vocabulary_head import (
    make_output_bias,
    make_vocabulary_head,
    output_vocabulary_size,
    project_to_vocabulary,
)


@keras.saving.register_keras_serializable(package="keras_transformer")
class Seq2SeqLM(TextGenerator):
    """Read one text and write another: translation, summarization.

    An encoder-decoder and the way from its states to the vocabulary. Called
    on a dict of `encoder_token_ids`, `encoder_padding_mask`,
    `decoder_token_ids` and `decoder_padding_mask` it returns logits, float
    `(batch, decoder_length, vocabulary_size)`. `fit` takes source texts as `x`
    and target texts as `y`.

    `answer` takes strings and returns `generated_text`, string `(batch,
    answers)`, and `score`, float `(batch, answers)`, the log-probability of
    each text, its end included; `generate` returns the texts themselves. With
    several target languages an example also has its `target_language`.
    `max_length` counts the tokens of an answer, end token included.

    Args:
        encoder_decoder: A `models.EncoderDecoder`.
        preprocessor: A `text.Seq2SeqPreprocessor`, or `None` for ids only.
        search: How `answer` searches; default: `BeamSearch(4)`.
        max_length: Most tokens of an answer; default: `max_target_length` of
            the preprocessor, else the number of positions.
        label_smoothing: Share of the probability that the default loss spreads
            over the vocabulary.
        tie_weights: Whether the token table of the decoder also maps states to
            the vocabulary; if not, a matrix of its own does.
        use_output_bias: Whether a number is added to the logit of each token, as
            in BART and Marian.
        output_scale: What states are multiplied with before they are mapped
            to the vocabulary; `hidden_dim ** -0.5` in T5, by default nothing.
        start_token_id: Id that writing starts with, where there is no
            preprocessor to tell.
        end_token_id: Id that ends an answer, or several that each do,
            likewise.
        pad_token_id: Id that fills up shorter rows, likewise; default: 0.
        forced_first_token_id: Id that all answers begin with, as the language
            in some models of many; the score takes it as written.
        suppressed_token_ids: Ids that no answer holds.
        force_end: Whether an answer that is as long as may be ends with the
            end token, whatever the model would have said.
        **kwargs: `name` and the rest of `keras.Model`.

    Raises:
        ValueError: If the tokenizer has more tokens than the model, or lets
            longer texts pass than the model has positions for; or if an id is
            not in the vocabulary.
    """

    generation_inputs = ("encoder_token_ids", "decoder_token_ids")
    target_mask_name = "decoder_padding_mask"
    learning_rate = 1e-3
    has_source = True

    def __init__(
        self,
        encoder_decoder,
        preprocessor=None,
        *,
        search=None,
        max_length: int | None = None,
        label_smoothing: float = 0.1,
        tie_weights: bool = True,
        use_output_bias: bool = False,
        output_scale: float | None = None,
        **kwargs,
    ):
        check_two_sides(encoder_decoder, preprocessor)
        inputs = {
            name: keras.Input((None,), dtype=tensor.dtype, name=name)
            for name, tensor in encoder_decoder.input.items()
        }
        head = make_vocabulary_head(encoder_decoder, tie_weights)
        output_bias = make_output_bias(encoder_decoder, use_output_bias)
        logits = project_to_vocabulary(
            encoder_decoder.decoder_embedding,
            head,
            encoder_decoder(inputs),
            output_bias,
            output_scale,
        )
        super().__init__(
            inputs,
            logits,
            preprocessor,
            search=BeamSearch(4) if search is None else search,
            max_length=max_length,
            **kwargs,
        )
        self.encoder_decoder = encoder_decoder
        self.head = head
        self.label_smoothing = label_smoothing
        self.tie_weights = tie_weights
        self.output_bias = output_bias
        self.output_scale = output_scale
        self._checked_length(None)
        self.check_answer_tokens()

    @property
    def vocabulary_size(self):
        """Tokens that there are logits for."""
        return output_vocabulary_size(self.encoder_decoder)

    @property
    def string_inputs(self):
        if self.preprocessor is None:
            return ("text",)
        return self.preprocessor.string_inputs

    @property
    def most_new_tokens(self):
        if self.max_length is not None:
            return self.max_length
        if self.preprocessor is not None:
            return self.preprocessor.max_target_length
        return self.encoder_decoder.max_sequence_length

    @property
    def positions_limit(self):
        has_table = self.encoder_decoder.positions == "learned"
        return self.encoder_decoder.max_sequence_length if has_table else None

    def translate(
        self, texts, source_language=None, target_language=None, **options
    ):
        """Translate texts.

        Args:
            texts: List, array or tensor of strings.
            source_language: Name of their language, to be checked; `None` if
                it is not to be.
            target_language: Name of the language to write; needed where the
                model writes several.
            **options: `search`, `max_length`, `batch_size` and `seed` of
                `generate`.

        Returns:
            As `generate`.

        Raises:
            ValueError: If the model was not trained with a language, and as
                `generate`.
        """
        names = self.strings_by_name({k: texts for k in self.string_inputs})
        self.preprocessor.check_languages(source_language, target_language)
        if "target_language" in names:
            names["target_language"] = [target_language] * len(texts)
        return self.generate({**names, "text": texts}, **options)

    def encode_examples(self, strings, y=None, sample_weight=None):
        check_targets(y)
        from keras_transformer import text

        encoded = text.encode_all(self.preprocessor, {**strings, "target": y})
        return encoded, encoded.pop("labels"), sample_weight

    def encode_batch(self, x, y=None):
        from keras_transformer import text

        check_targets(y)
        encoded = self.preprocessor(**self._named_tensors(x), target=y)
        labels = encoded.pop("labels")
        weights = text.weigh_tokens(encoded["decoder_padding_mask"])
        return encoded, labels, weights

    def lengths_of(self, inputs):
        return {
            side: inputs[f"{side}_token_ids"].row_lengths().numpy()
            for side in ("encoder", "decoder")
        }

    def is_perhaps_cut(self, lengths):
        return (
            lengths["encoder"].max() >= self.preprocessor.max_source_length
            or lengths["decoder"].max() >= self.preprocessor.max_target_length
        )

    def count_cut(self, strings, y=None):
        return self.preprocessor.count_truncated(**strings, target=y)

    @property
    def length_limits(self):
        return (
            f"max_source_length={self.preprocessor.max_source_length} or "
            f"max_target_length={self.preprocessor.max_target_length}"
        )

    def preprocess(self, strings):
        return self.preprocessor(**strings)

    def hidden_states(self, inputs, training=None):
        return self.encoder_decoder(inputs, training=training)

    @property
    def vocabulary_layers(self):
        return {
            "embedding": self.encoder_decoder.decoder_embedding,
            "head": self.head,
            "output_bias": self.output_bias,
            "output_scale": self.output_scale,
        }

    def prompt_of(self, inputs):
        if "decoder_token_ids" in inputs:
            token_ids = inputs["decoder_token_ids"]
            return token_ids, inputs["decoder_padding_mask"], 1
        batch = ops.shape(inputs["encoder_token_ids"])[0]
        start = self.needed_id("start_token_id")
        return (
            ops.full((batch, 1), start, dtype="int32"),
            ops.ones((batch, 1), dtype="bool"),
            1,
        )

    def empty_state(self, inputs, slots):
        model = self.encoder_decoder
        # Positions of the source count from the first place of a row.
        source_ids, source_mask = align_left(
            inputs["encoder_token_ids"], inputs["encoder_padding_mask"]
        )
        source = model.encode(source_ids, source_mask, training=False)
        cache = model.empty_cache(ops.shape(source_ids)[0], slots, source)
        fixed = {
            "source_mask": source_mask,
            "source": [block["source_attention"] for block in cache],
        }
        return [block["self_attention"] for block in cache], fixed

    def next_states(self, tokens, slots_mask, positions, slot, state, fixed):
        cache = [
            {"self_attention": own, "source_attention": of_source}
            for own, of_source in zip(state, fixed["source"], strict=True)
        ]
        states, cache = self.encoder_decoder.decode(
            tokens,
            slots_mask,
            encoder_padding_mask=fixed["source_mask"],
            positions=positions,
            cache=cache,
            cache_index=slot,
            training=False,
        )
        return states, [block["self_attention"] for block in cache]

    def text_of(self, inputs, written):
        return self.preprocessor.decode(
            written["token_ids"], self.text_mask(written)
        )

    def score_inputs(self, strings):
        encoded = self.preprocessor(**strings)
        labels = encoded.pop("labels")
        return encoded, labels, encoded["decoder_padding_mask"]

    def cannot_score(self, inputs, labels, is_target):
        end = self.preprocessor.end_token_id
        is_end = ops.logical_and(labels == end, is_target)
        longest = self.preprocessor.max_target_length
        return ops.logical_not(ops.any(is_end, axis=1)), (
            "A target that is scored can have at most "
            f"max_target_length={longest} tokens, its end included."
        )

    def get_config(self):
        return {
            **super().get_config(),
            "encoder_decoder": keras.saving.serialize_keras_object(
                self.encoder_decoder
            ),
            "label_smoothing": self.label_smoothing,
            "tie_weights": self.tie_weights,
            "use_output_bias": self.output_bias is not None,
            "output_scale": self.output_scale,
        }
