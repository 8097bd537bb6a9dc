"""How all contenders train."""

import math

RATE = 5e-4
DECAY = 0.01
LONGEST_GRADIENT = 1.0
# Of an encoder-decoder alone.
LABEL_SMOOTHING = 0.1


def checked_lengths(loss, case):
    """The lengths of a case, if it gave a loss that is one.

    Raises:
        ValueError: If the loss is not finite.
    """
    if not math.isfinite(loss):
        raise ValueError(f"Training went wrong. Received: loss={loss}.")
    return case["lengths"]
