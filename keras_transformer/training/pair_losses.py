"""Losses of examples of two texts, computed from the embeddings of both."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_transformer")
class CosineRegression(keras.losses.Loss):
    """Squared distance of the cosine of two embeddings from a score.

    `(cos(u, v) - score)^2`, the regression objective of section 3 of [Reimers
    and Gurevych, 2019](https://arxiv.org/abs/1908.10084).

    Args:
        reduction: As in `keras.losses.Loss`.
        name: Name of the loss.

    Call arguments:
        y_true: Scores `(batch,)`, from 0 for texts that have nothing in common
            to 1 for texts that mean the same, or any others from -1 to 1.
        y_pred: Embeddings `(batch, 2, dim)` of the texts of each example.
        sample_weight: Weights `(batch,)`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "cosine_regression",
    ):
        super().__init__(name=name, reduction=reduction, dtype="float32")

    def call(self, y_true, y_pred):
        check_embeddings(y_pred)
        if not are_scores(y_true) or y_pred.shape[1] != 2:
            raise ValueError(
                "`y_true` must hold one score for each pair of texts. "
                f"Received: y_true of shape {tuple(y_true.shape)}, y_pred of "
                f"shape {tuple(y_pred.shape)}. To learn from pairs without "
                "scores, compile with `MultipleNegativesRanking()`."
            )
        first, second = (ops.normalize(y_pred[:, i]) for i in range(2))
        cosines = ops.sum(first * second, axis=-1)  # (batch,)
        return ops.square(cosines - ops.reshape(y_true, (-1,)))


@keras.saving.register_keras_serializable(package="keras_transformer")
class MultipleNegativesRanking(keras.losses.Loss):
    """Choose the second text of each pair among those of the whole batch.

    `-log softmax(scale * cos(u_i, v_j))` at `j = i`, over all `j`: the multiple
    negatives of [Henderson et al., 2017](https://arxiv.org/abs/1705.00652), with
    the scaled cosine of sentence-transformers. The more pairs a batch has, the
    more there is to learn from each.

    A text of another pair is left out where it cannot be wrong: where it equals
    the own second text or the first, or goes with the same first text.
    Examples may have third texts, hard negatives, which all first texts of the
    batch get to choose from as well. A pair of weight 0 still lends its texts
    to the others. Under `tf.distribute` each replica has its own batch.

    Args:
        scale: What cosines are multiplied with, one over the temperature.
        symmetric: Whether the first text is also chosen by the second, and the
            mean of both losses taken.
        reduction: As in `keras.losses.Loss`.
        name: Name of the loss.

    Call arguments:
        y_true: Numbers of the texts, `(batch, texts)`, below 2**24: equal where
            texts are.
        y_pred: Embeddings `(batch, texts, dim)`, from two texts on.
        sample_weight: Weights `(batch,)`.
    """

    def __init__(
        self,
        scale: float = 20.0,
        symmetric: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str = "multiple_negatives_ranking",
    ):
        super().__init__(name=name, reduction=reduction, dtype="float32")
        self.scale = check_scale(scale)
        self.symmetric = symmetric

    def call(self, y_true, y_pred):
        check_embeddings(y_pred)
        if tuple(y_true.shape)[1:] != tuple(y_pred.shape)[1:2]:
            raise ValueError(
                "`y_true` must hold a number for each text, equal where texts "
                f"are. Received: y_true of shape {tuple(y_true.shape)}, y_pred "
                f"of shape {tuple(y_pred.shape)}. To learn from scores, "
                "compile with `CosineRegression()`."
            )
        vectors = ops.normalize(y_pred)
        first, others = vectors[:, 0], in_one_row(vectors[:, 1:])
        logits = self.scale * ops.matmul(first, ops.transpose(others))
        queries, answers = y_true[:, 0], y_true[:, 1]
        candidates = in_one_row(y_true[:, 1:])
        nobody = [ops.zeros_like(queries) - 1] * (y_true.shape[1] - 2)
        askers = ops.concatenate([queries, *nobody])
        losses = _choice_losses(logits, queries, answers, candidates, askers)
        if not self.symmetric:
            return losses
        # Of the candidates, the second texts come first.
        backwards = ops.transpose(logits[:, : ops.shape(logits)[0]])
        of_backwards = _choice_losses(
            backwards, answers, queries, queries, answers
        )
        return (losses + of_backwards) / 2

    def get_config(self):
        return {
            **super().get_config(),
            "scale": self.scale,
            "symmetric": self.symmetric,
        }


@keras.saving.register_keras_serializable(package="keras_transformer")
class PairLoss(keras.losses.Loss):
    """The loss that fits the targets, for models that learn from both kinds.

    `CosineRegression` where `y_true` holds scores, `(batch,)`, and
    `MultipleNegativesRanking` where it holds numbers of texts, `(batch,
    texts)`.

    Args:
        scale: See `MultipleNegativesRanking`.
        reduction: As in `keras.losses.Loss`.
        name: Name of the loss.

    Call arguments:
        y_true: Scores or numbers of texts.
        y_pred: Embeddings `(batch, texts, dim)`.
        sample_weight: Weights `(batch,)`.
    """

    def __init__(
        self,
        scale: float = 20.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "pair_loss",
    ):
        super().__init__(name=name, reduction=reduction, dtype="float32")
        self.scale = check_scale(scale)
        self.of_scores = CosineRegression()
        self.of_texts = MultipleNegativesRanking(scale)

    def call(self, y_true, y_pred):
        loss = self.of_scores if are_scores(y_true) else self.of_texts
        return loss.call(y_true, y_pred)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


def are_scores(y_true):
    """Whether targets are scores of pairs, and not numbers of texts."""
    return len(y_true.shape) == 1 or y_true.shape[-1] == 1


def check_scale(scale):
    """Check what cosines are multiplied with, and return it.

    Raises:
        ValueError: If it is not above 0.
    """
    if not scale > 0:
        raise ValueError(
            "`scale` must be above 0, since likelier texts are to have larger "
            f"cosines. Received: scale={scale}. The usual one is 20."
        )
    return scale


def check_embeddings(y_pred):
    """Check that a model gave the embeddings of several texts an example.

    Raises:
        ValueError: If it did not.
    """
    if len(y_pred.shape) != 3 or y_pred.shape[1] < 2:
        raise ValueError(
            "`y_pred` must hold the embeddings of two texts an example, or of "
            "more, (batch, texts, dim). Received: y_pred of shape "
            f"{tuple(y_pred.shape)}. `tasks.SentenceEncoder` gives them for "
            "ids of the shape (batch, texts, length)."
        )


def in_one_row(values):
    """Turn `(batch, texts, ...)` into `(texts * batch, ...)`, by texts."""
    by_text = ops.swapaxes(values, 0, 1)
    return ops.reshape(by_text, (-1, *values.shape[2:]))


def _choice_losses(logits, queries, answers, candidates, askers):
    """Cross-entropy of choosing the own answer, `(batch,)`.

    Args:
        logits: Float tensor `(batch, candidates)`; the answer of query `i` is
            candidate `i`.
        queries: Numbers of the texts that choose, `(batch,)`.
        answers: Numbers of the texts to be chosen, `(batch,)`.
        candidates: Numbers of the texts that may be chosen, `(candidates,)`.
        askers: Numbers of the texts whose answer each candidate is, likewise;
            -1 where it is none.
    """
    rows, columns = ops.shape(logits)[0], ops.shape(logits)[1]
    places = ops.arange(columns, dtype="int32")
    is_own = places[None, :] == ops.arange(rows, dtype="int32")[:, None]
    is_right = ops.logical_or(
        ops.equal(askers[None, :], queries[:, None]),
        ops.logical_or(
            ops.equal(candidates[None, :], answers[:, None]),
            ops.equal(candidates[None, :], queries[:, None]),
        ),
    )
    is_left_out = ops.logical_and(is_right, ops.logical_not(is_own))
    own = ops.sum(ops.where(is_own, logits, 0.0), axis=1)
    return ops.logsumexp(ops.where(is_left_out, -1e9, logits), axis=1) - own
