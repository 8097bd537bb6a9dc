"""What the commands say to people: on stderr, so that stdout stays data."""

import sys
import warnings


def say(message=""):
    """Print a line for people."""
    print(message, file=sys.stderr, flush=True)


def say_warnings_plainly():
    """Print what users are warned of in our words, without the code around.

    Other kinds of warnings are for those who write libraries.
    """
    warnings.simplefilter("once", UserWarning)

    def show(message, category, filename, lineno, file=None, line=None):
        if issubclass(category, UserWarning):
            say(f"note: {message}")

    warnings.showwarning = show
