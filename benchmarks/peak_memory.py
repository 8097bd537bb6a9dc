"""The memory of this process: what it has, and the most that it had."""

import contextlib
import resource
import sys


def peak_megabytes():
    """Most resident memory, in MB of a million bytes.

    Linux tells it of this program alone; elsewhere, what was there before the
    program was loaded into the process may count too.
    """
    known = _status("VmHWM")
    if known is not None:
        return known
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6


def resident_megabytes():
    """Resident memory right now; where that is not told, the most so far."""
    known = _status("VmRSS")
    return peak_megabytes() if known is None else known


def forget_peak():
    """Begin anew from what there is now, where the system can (Linux)."""
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as f:
        f.write("5")


def _status(name):
    with contextlib.suppress(OSError), open("/proc/self/status") as file:
        for line in file:
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024 / 1e6
    return None
