"""Learning rates, the optimizer and metrics to train with."""

from keras_transformer.training.metrics import (
    F1Scores,
    MacroF1,
    accuracy,
    f1_scores,
)
from keras_transformer.training.optimizers import AdamW
from keras_transformer.training.schedules import (
    WarmupCosineDecay,
    WarmupInverseSquareRoot,
    WarmupLinearDecay,
)

__all__ = [
    "AdamW",
    "F1Scores",
    "MacroF1",
    "WarmupCosineDecay",
    "WarmupInverseSquareRoot",
    "WarmupLinearDecay",
    "accuracy",
    "f1_scores",
]
