"""Losses, learning rates, the optimizer, metrics and callbacks to train with."""

from keras_transformer.training.average_weights import AverageWeights
from keras_transformer.training.losses import LabelSmoothedCrossentropy
from keras_transformer.training.metrics import (
    F1Scores,
    MacroF1,
    accuracy,
    f1_scores,
)
from keras_transformer.training.optimizers import AdamW
from keras_transformer.training.perplexity import Perplexity
from keras_transformer.training.schedules import (
    WarmupCosineDecay,
    WarmupInverseSquareRoot,
    WarmupLinearDecay,
)
from keras_transformer.training.score_texts import ScoreTexts
from keras_transformer.training.text_scores import (
    bleu,
    chrf,
    exact_match,
    rouge,
)

__all__ = [
    "AdamW",
    "AverageWeights",
    "F1Scores",
    "LabelSmoothedCrossentropy",
    "MacroF1",
    "Perplexity",
    "ScoreTexts",
    "WarmupCosineDecay",
    "WarmupInverseSquareRoot",
    "WarmupLinearDecay",
    "accuracy",
    "bleu",
    "chrf",
    "exact_match",
    "f1_scores",
    "rouge",
]
