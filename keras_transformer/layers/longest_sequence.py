"""How long sequences can be at most, where a model knows."""

import contextlib
import contextvars

_longest = contextvars.ContextVar("longest", default=None)


@contextlib.contextmanager
def longest_sequence(length):
    """Tell all layers called within how long sequences can be at most.

    Graphs that leave lengths open decide, each time they run, whether
    attention is computed in blocks. Where no sequence can be as long as that
    is for, they need no second way, and are made in less time.

    Args:
        length: Most positions, or `None` where there is no limit.
    """
    before = _longest.set(length)
    try:
        yield
    finally:
        _longest.reset(before)


def known_longest():
    """What `longest_sequence` said last, or `None`."""
    return _longest.get()
