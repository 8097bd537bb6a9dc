"""The `keras-transformer` command, before TensorFlow is awake.

This stands outside of the package because it has to run before it: to keep
TensorFlow's start-up messages away, to ask it for the faster matrix products,
and to notice that another project of the same import name stands in the way.
"""

import contextlib
import importlib.util
import os
import pathlib
import sys
import tempfile

SHADOWED = """\
keras-transformer: error: another package named `keras_transformer` is in the \
way of this one: {found}
It belongs to the distribution `keras-transformer`, an older project. To mend:
  pip uninstall keras-transformer
  pip install --force-reinstall --no-deps transformer-for-keras
(in a checkout: pip install -e .)"""

# What TensorFlow's libraries say on machines without a GPU, or without AVX-512.
_NOISE = (
    "cudart_stub.cc",
    "cuda_platform.cc",
    "All log messages before absl::InitializeLog()",
    "oneDNN custom operations are on",
    "oneDNN supports DT_INT64 only",
)


def main():
    """Run the command; returns its exit status."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # TensorFlow leaves oneDNN off on some processors where it trains twice as
    # fast, AMD's with AVX-512 among them.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    found = shadowing_package()
    if found is not None:
        print(SHADOWED.format(found=found), file=sys.stderr)
        return 2
    with without_noise():
        import keras

        from keras_transformer.cli import main as command

        keras.distribution.list_devices()  # wakes the drivers, or fails to
        # Here oneDNN says, once, which numbers it leaves to others.
        keras.ops.transpose(keras.ops.ones((1, 1), dtype="int64"))
    return command.main()


def shadowing_package():
    """The folder of another `keras_transformer`, `None` if it is ours."""
    spec = importlib.util.find_spec("keras_transformer")
    if spec is None or spec.origin is None:
        return "no package at all"
    folder = pathlib.Path(spec.origin).parent
    return None if (folder / "layers" / "masks.py").exists() else folder


@contextlib.contextmanager
def without_noise():
    """Hold back what native libraries write to stderr; repeat what counts."""
    sys.stderr.flush()
    original = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(original, 2)
            os.close(original)
            held.seek(0)
            for line in held.read().decode("utf-8", "replace").splitlines():
                if not any(noise in line for noise in _NOISE):
                    print(line, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
