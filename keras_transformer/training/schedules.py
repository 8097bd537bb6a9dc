"""Learning rates that rise first and fall afterwards."""

import math
import numbers

import keras
from keras import ops

_PACKAGE = "keras_transformer"


class _WarmupDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Rise along a line to the peak, then fall as a subclass says."""

    def __init__(
        self,
        peak: float,
        warmup_steps: int,
        total_steps: int,
        final: float = 0.0,
        name: str | None = None,
    ):
        super().__init__()
        _check_rate("peak", peak)
        _check_steps("warmup_steps", warmup_steps, least=0)
        _check_steps("total_steps", total_steps, least=1)
        if warmup_steps >= total_steps:
            raise ValueError(
                "`warmup_steps` must be less than `total_steps`, so that steps "
                "are left in which the rate falls. Received: warmup_steps="
                f"{warmup_steps}, total_steps={total_steps}. A tenth of "
                "the steps is a usual warm-up."
            )
        if not 0 <= final <= peak:
            raise ValueError(
                "`final` must be a rate between 0 and `peak`. Received: "
                f"final={final}, peak={peak}."
            )
        self.peak = float(peak)
        self.warmup_steps = int(warmup_steps)
        self.total_steps = int(total_steps)
        self.final = float(final)
        self.name = name

    def __call__(self, step):
        step = ops.cast(step, "float32")
        # The first update happens at step 0: it counts as 1, or is wasted.
        rising = self.peak * (step + 1.0) / max(self.warmup_steps, 1)
        steps = self.total_steps - self.warmup_steps
        progress = ops.clip((step - self.warmup_steps) / steps, 0.0, 1.0)
        falling = self.final + (self.peak - self.final) * self.decay(progress)
        return ops.where(step < self.warmup_steps, rising, falling)

    def decay(self, progress):
        """Map progress, from 0 to 1, to a share of the peak, from 1 to 0."""
        raise NotImplementedError

    def get_config(self):
        return {
            "peak": self.peak,
            "warmup_steps": self.warmup_steps,
            "total_steps": self.total_steps,
            "final": self.final,
            "name": self.name,
        }


@keras.saving.register_keras_serializable(package=_PACKAGE)
class WarmupLinearDecay(_WarmupDecay):
    """Rise along a line to the peak, then fall along a line.

    Update `i`, counted from 0, is made at the rate `peak * (i + 1) /
    warmup_steps` before `warmup_steps`, and at `peak * (total_steps - i) /
    (total_steps - warmup_steps)` from there on. The schedule of [Devlin et al.,
    2018](https://arxiv.org/abs/1810.04805), without its idle first update.

    Args:
        peak: The highest rate.
        warmup_steps: How many updates the rise takes; 0 starts at the peak.
        total_steps: How many updates there are; later ones are made at `final`.
        final: The rate after the last update.
        name: Kept in the config.
    """

    def decay(self, progress):
        return 1.0 - progress


@keras.saving.register_keras_serializable(package=_PACKAGE)
class WarmupCosineDecay(_WarmupDecay):
    """Rise along a line to the peak, then fall along half a cosine.

    As `WarmupLinearDecay`, but slow at first and at last: the share of the peak
    is `(1 + cos(pi * progress)) / 2`, as in [Loshchilov and Hutter,
    2016](https://arxiv.org/abs/1608.03983).

    Args:
        peak: The highest rate.
        warmup_steps: How many updates the rise takes; 0 starts at the peak.
        total_steps: How many updates there are; later ones are made at `final`.
        final: The rate after the last update.
        name: Kept in the config.
    """

    def decay(self, progress):
        return 0.5 * (1.0 + ops.cos(math.pi * progress))


@keras.saving.register_keras_serializable(package=_PACKAGE)
class WarmupInverseSquareRoot(keras.optimizers.schedules.LearningRateSchedule):
    """Rise along a line, then fall as one over the root of the step.

    Equation 3 of [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762):
    `rate = factor * hidden_dim**-0.5 * min(step**-0.5, step *
    warmup_steps**-1.5)`. Its steps count from 1, so the first update, step 0 of
    Keras, is made at the rate of step 1.

    Args:
        hidden_dim: Width of a position, `d_model` in the paper.
        warmup_steps: How many updates the rise takes, from 1.
        factor: Multiplies all rates.
        peak: The highest rate, if it is to be this one; `hidden_dim` and
            `factor` are then without effect.
        name: Kept in the config.
    """

    def __init__(
        self,
        hidden_dim: int = 512,
        warmup_steps: int = 4000,
        factor: float = 1.0,
        peak: float | None = None,
        name: str | None = None,
    ):
        super().__init__()
        _check_steps("hidden_dim", hidden_dim, least=1)
        _check_steps("warmup_steps", warmup_steps, least=1)
        _check_rate("factor", factor)
        if peak is not None:
            _check_rate("peak", peak)
        self.hidden_dim = int(hidden_dim)
        self.warmup_steps = int(warmup_steps)
        self.factor = float(factor)
        self.peak = None if peak is None else float(peak)
        self.name = name

    def __call__(self, step):
        step = ops.cast(step, "float32") + 1.0
        if self.peak is None:
            scale = self.factor * self.hidden_dim**-0.5
        else:
            scale = self.peak * self.warmup_steps**0.5
        return scale * ops.minimum(
            ops.rsqrt(step), step * self.warmup_steps**-1.5
        )

    def get_config(self):
        return {
            "hidden_dim": self.hidden_dim,
            "warmup_steps": self.warmup_steps,
            "factor": self.factor,
            "peak": self.peak,
            "name": self.name,
        }


def _check_rate(name, value):
    is_number = isinstance(value, numbers.Real)
    if not is_number or not math.isfinite(value) or value <= 0:
        raise ValueError(
            f"`{name}` must be a finite number above 0. Received: "
            f"{name}={value!r}."
        )


def _check_steps(name, value, least):
    is_whole = isinstance(value, numbers.Real) and value % 1 == 0
    if not is_whole or value < least:
        raise ValueError(
            f"`{name}` must be a whole number from {least}. Received: "
            f"{name}={value!r}."
        )
