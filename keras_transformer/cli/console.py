"""What the commands say to people: on stderr, so that stdout stays data."""

import sys
import warnings


def say(message=""):
    """Print a line for people."""
    print(message, file=sys.stderr, flush=True)


def say_warnings_plainly():
    """Print warnings as our words, each once, without the code around."""
    warnings.simplefilter("once", UserWarning)

    def show(message, category, filename, lineno, file=None, line=None):
        say(f"note: {message}")

    warnings.showwarning = show
