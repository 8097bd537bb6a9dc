"""Extractive question answering: the part of a text that answers a question."""

import keras
import numpy as np
from keras import ops

from keras_transformer.tasks.given_answers import given_answers
from keras_transformer.tasks.span_decoding import (
    check_answer_length,
    check_threshold,
    find_answers,
    mask_logits,
)
from keras_transformer.tasks.strings import (
    has_strings,
    is_dataset_of_strings,
    short,
)
from keras_transformer.tasks.task import Task, check_vocabulary
from keras_transformer.tasks.text_classifier import (
    make_token_dropout,
    small_kernel,
)
from keras_transformer.training.span_crossentropy import SpanCrossentropy


@keras.saving.register_keras_serializable(package="keras_transformer")
class QuestionAnswerer(Task):
    """Find the answer to a question in a context of any length.

    An encoder and a dense layer that gives each token a logit for being the
    first of the answer, and one for being the last, as in section 4.2 of
    [Devlin et al., 2019](https://arxiv.org/abs/1810.04805). A context that is
    too long for a row is read in overlapping windows, and the best span of all
    of them is the answer.

    Called on a dict of ids it returns logits, float32 `(batch, length, 2)`, of
    start and end: -1e9 at all positions that can be neither. These are all but
    the context's (`segment_ids` 1, without the last token of the row) and the
    first one, which stands for "the answer is not in this window".

    `answer` takes questions and contexts and returns `answer` (string), `start`
    and `end` (int32, `context[start:end]` is the answer, in characters) and
    `score`: the probability of the start times that of the end, in the window
    where this product is greatest. Without an answer they are "", -1, -1 and
    the probability of that.

    ```python
    answerer.fit(
        {"question": ["Who wrote it?"], "context": ["It is by Ada Byron."]},
        [{"text": "Ada Byron", "answer_start": 9}],
    )
    answerer.answer({"question": [...], "context": [...]})
    ```

    Targets are one answer an example: `{"text": ..., "answer_start": ...}`, or
    both as lists, of which the first is learned, as in SQuAD's files; `None` or
    empty lists where the context does not hold it, as in SQuAD 2.0. To see
    exact match and F1 after each epoch, give `fit` the callback
    `training.ScoreTexts(training.squad_scores, strings, references,
    answerer.answer_texts)`.

    In the graph that is served, a blank question, or a context without a token,
    has no answer and the score 0, and costs the others in the batch nothing; in
    Python, blank texts are an error.

    Args:
        encoder: A `models.Encoder`, best with `num_segments=2`.
        preprocessor: A `text.QuestionPreprocessor`, or `None` for ids only.
        max_answer_length: Most tokens of an answer.
        no_answer_threshold: Whether contexts may be said to hold no answer: if
            "not here" is likelier than the best span by more than this, as a
            difference of logarithms of probabilities, least over all windows,
            as in section 4.3 of the paper. `None` to answer always.
        dropout: Share dropped of the encoder's output in training.
        token_dropout: Share of tokens that training replaces by the unknown
            one, see `layers.TokenDropout`; needs a preprocessor.
        **kwargs: `name` and the rest of `keras.Model`.

    Raises:
        ValueError: If the preprocessor is of another kind, a number makes no
            sense, or the tokenizer has more tokens than the encoder.
    """

    def __init__(
        self,
        encoder,
        preprocessor=None,
        *,
        max_answer_length: int = 30,
        no_answer_threshold: float | None = None,
        dropout: float = 0.1,
        token_dropout: float = 0.0,
        **kwargs,
    ):
        check_preprocessor(preprocessor)
        check_vocabulary(encoder, preprocessor)
        inputs = {
            name: keras.Input((None,), dtype=tensor.dtype, name=name)
            for name, tensor in encoder.input.items()
        }
        seen = dict(inputs)
        if "segment_ids" not in inputs:  # they say where the context is
            inputs["segment_ids"] = keras.Input(
                (None,), dtype="int32", name="segment_ids"
            )
        if token_dropout:
            hide = make_token_dropout(token_dropout, preprocessor)
            seen["token_ids"] = hide(inputs["token_ids"])
        x = encoder(seen)  # (batch, length, hidden_dim)
        x = keras.layers.Dropout(
            dropout, dtype=encoder.dtype_policy, name="dropout"
        )(x)
        logits = keras.layers.Dense(
            2, kernel_initializer=small_kernel(), dtype="float32", name="logits"
        )(x)
        logits = mask_logits(
            logits, inputs["segment_ids"], inputs["padding_mask"]
        )
        super().__init__(inputs, logits, preprocessor, **kwargs)
        self.encoder = encoder
        self.max_answer_length = check_answer_length(max_answer_length)
        self.no_answer_threshold = check_threshold(no_answer_threshold)
        self.dropout = dropout
        self.token_dropout = token_dropout

    @property
    def string_inputs(self):
        return ("question", "context")

    @property
    def length_limits(self):
        return f"max_question_length={self.preprocessor.question_limit}"

    def default_loss(self):
        return SpanCrossentropy()

    def default_metrics(self):
        return []

    def encode_examples(self, strings, y=None, sample_weight=None):
        from keras_transformer import text

        strings = text.refuse_blank(strings)
        encoded = text.encode_all(self.preprocessor, strings)
        inputs = {k: v for k, v in encoded.items() if k in self.input_names}
        targets = None
        if y is not None:
            spans = text.character_spans(strings["context"], **given_answers(y))
            targets = text.token_spans(encoded, *spans)
        if sample_weight is not None:
            sample_weight = sample_weight[encoded["row"].numpy()]
        return inputs, targets, sample_weight

    def is_perhaps_cut(self, lengths):
        return True  # Questions may be, in rows of any length.

    def encode_batch(self, x, y=None):
        """Encode a batch of questions and contexts in a graph.

        Args:
            x: Dict of string tensors `(batch,)`, "question" and "context".
            y: Dict of "text", string `(batch,)` and "" for no answer;
                "answer_start", int `(batch,)`; and perhaps "weight".

        Returns:
            Inputs of the model, or a tuple of them, targets and perhaps
            weights, with one row a window.
        """
        from keras_transformer import text

        if not isinstance(x, dict) or set(x) != set(self.string_inputs):
            raise ValueError(
                f"A batch is a dict of {list(self.string_inputs)}. Received: "
                f"{short(x)}."
            )
        encoded = self.preprocessor.encode(**x)
        padded = self.preprocessor.pad(encoded)
        inputs = {name: padded[name] for name in self.input_names}
        if y is None:
            return inputs
        spans = text.character_spans(x["context"], y["text"], y["answer_start"])
        targets = text.token_spans(encoded, *spans)
        if "weight" not in y:
            return inputs, targets
        return inputs, targets, text.pick(y["weight"], encoded["row"])

    def _encoded_dataset(self, x):
        spec = getattr(x, "element_spec", None)
        if is_dataset_of_strings(x) and len(spec) == 3:
            # An example has several windows, each of which gets its weight.
            x = x.map(lambda strings, y, w: (strings, {**y, "weight": w}))
        return super()._encoded_dataset(x)

    def predict(self, x, batch_size=None, **kwargs):
        """Logits of ids; see `keras.Model.predict`.

        Raises:
            ValueError: If `x` holds strings, whose windows have as many logits
                as tokens: use `answer`.
        """
        if has_strings(x) or is_dataset_of_strings(x):
            raise ValueError(
                "There are logits for each token of each window, and contexts "
                f"differ in the number of both. Received: x={short(x)}. Use "
                "`answer`; or give ids."
            )
        return super().predict(x, batch_size, **kwargs)

    @property
    def settings(self):
        """What decides between spans, and may be changed after training."""
        return {
            "max_answer_length": self.max_answer_length,
            "no_answer_threshold": self.no_answer_threshold,
        }

    def respond(self, strings, **settings):
        from keras_transformer import text

        windows = self.preprocessor(**strings)
        best, score = find_answers(
            lambda ids: self(ids, training=False),
            {name: windows[name] for name in self.input_names},
            windows["row"],
            ops.shape(strings["context"])[0],
            **(settings or self.settings),
        )
        return text.answers_at(strings, windows, best, score)

    def answer(self, x, batch_size=64):
        """Answer questions.

        Args:
            x: Dict of "question" and "context", each a list, array or tensor
                of strings; or a list of pairs of them.
            batch_size: Most questions that are worked on at a time.

        Returns:
            Dict of TensorFlow tensors `(questions,)`: string "answer", int32
            "start" and "end", float32 "score".

        Raises:
            ValueError: If `x` is not what the task takes, or a question or a
                context is blank.
        """
        from keras_transformer import text

        strings = text.refuse_blank(self.strings_by_name(x))
        # Contexts of similar lengths together, since all are padded.
        order = text.sort_by_length(strings["context"])
        answers = text.answer_in_batches(
            self._answer_function(**self.settings),
            {name: text.pick(rows, order) for name, rows in strings.items()},
            batch_size,
        )
        places = np.argsort(order)
        return {k: text.pick(rows, places) for k, rows in answers.items()}

    def answer_texts(self, x, batch_size=64):
        """Answer questions, with the texts of the answers alone.

        Args:
            x: As for `answer`.
            batch_size: As for `answer`.

        Returns:
            List of str, "" where there is no answer.

        Raises:
            ValueError: As `answer`.
        """
        answers = self.answer(x, batch_size)["answer"].numpy()
        return [answer.decode("utf-8") for answer in answers]

    def get_config(self):
        return {
            **super().get_config(),
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            **self.settings,
            "dropout": self.dropout,
            "token_dropout": self.token_dropout,
        }


def check_preprocessor(preprocessor):
    """Check that a preprocessor makes windows of contexts.

    Raises:
        ValueError: If it does not.
    """
    if preprocessor is None:
        return
    from keras_transformer import text

    if not isinstance(preprocessor, text.QuestionPreprocessor):
        raise ValueError(
            "`preprocessor` must be a `text.QuestionPreprocessor`, which cuts "
            f"contexts into windows. Received: preprocessor={preprocessor!r}. "
            "Make one of its tokenizer: `text.QuestionPreprocessor("
            "preprocessor.tokenizer)`."
        )
