"""Notice another project that installs the same import name."""

import importlib.metadata
import warnings

OTHER = "keras-transformer"


def warn_if_shadowed():
    """Warn if the distribution `keras-transformer` is installed as well.

    It is an older project, whose files lie in a folder of the same name: with
    both installed, Python finds one or the other, or a mixture.
    """
    try:
        other = importlib.metadata.distribution(OTHER)
    except importlib.metadata.PackageNotFoundError:
        return
    warnings.warn(
        f"The distribution {OTHER!r} {other.version} is installed too. It is "
        "another project with the same import name, `keras_transformer`, and "
        "its files get in the way of this one. To mend: `pip uninstall "
        f"{OTHER}`, then `pip install --force-reinstall --no-deps "
        "transformer-for-keras` (in a checkout: `pip install -e .`).",
        stacklevel=2,
    )
