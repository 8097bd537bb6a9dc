"""What all contenders share: a model, a precision, threads."""

from benchmarks import runner


class Contender:
    """A package that does the work.

    A subclass gives `load` and `prepare`.

    Args:
        workload: Dict, a `workloads.Workload`.
        precision: One of `precisions`.
        threads: Most threads it may use.
    """

    # Top-level modules that must be there.
    packages = ()
    # What it can compute in.
    precisions = ("float32", "bfloat16")
    # Whether it is of this package, so no peer.
    is_own = False
    # Whether it takes part without being named.
    by_default = True
    # Variables of the environment that are set before it is made.
    environment = {}
    # How often the function that does a case does it.
    repeats = 1

    def __init__(self, workload, precision, threads):
        self.workload = workload
        self.precision = precision
        self.threads = threads
        self.device = "cpu"
        self.load()

    @classmethod
    def missing(cls):
        """Names of what would have to be installed."""
        return runner.missing_packages(cls.packages)

    @property
    def description(self):
        return {"device": self.device}

    def load(self):
        """Build the model."""
        raise NotImplementedError

    def prepare(self, case):
        """Return the function that does a case, and returns its lengths."""
        raise NotImplementedError

    @property
    def keras_policy(self):
        """The policy of Keras: weights that are trained stay in float32."""
        if self.precision != "float32" and self.workload["work"] == "train":
            return f"mixed_{self.precision}"
        return self.precision

    def set_up_keras(self):
        """Bring Keras, and TensorFlow if it runs on it, into its state."""
        import keras

        if keras.backend.backend() == "tensorflow":
            self._set_up_tensorflow()
        elif keras.backend.backend() == "torch":
            self.set_up_torch()
        keras.utils.set_random_seed(0)

    def set_up_torch(self):
        """Bring torch into its state."""
        import torch

        torch.manual_seed(0)
        torch.set_num_threads(self.threads)
        if torch.cuda.is_available():
            self.device = "cuda"

    def _set_up_tensorflow(self):
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(self.threads)
        tf.config.threading.set_inter_op_parallelism_threads(self.threads)
        # On a graphics card, float32 shall be what its name says.
        tf.config.experimental.enable_tensor_float_32_execution(False)
        if tf.config.list_physical_devices("GPU"):
            self.device = "gpu"
