"""Who learns: this package, and the peers it is compared with.

Each does a step of training: forward and backward with dropout, gradients cut
to a length of 1, and AdamW. What is timed is one step on a batch of tensors
that are there already, until its loss is a number of Python.
"""

from benchmarks import torch_contenders
from benchmarks.contender import Contender
from benchmarks.keras_models import (
    make_keras_hub_backbone,
    make_keras_hub_task,
    make_task,
)
from benchmarks.rows import keras_inputs, training_rows
from benchmarks.training_recipe import (
    DECAY,
    LABEL_SMOOTHING,
    LONGEST_GRADIENT,
    RATE,
    checked_lengths,
)


class KerasContender(Contender):
    """A model of Keras with `train_on_batch`."""

    def prepare(self, case):
        from keras import ops

        rows = training_rows(self.workload, case["batch"])
        inputs = {
            name: ops.convert_to_tensor(array)
            for name, array in keras_inputs(self.workload, rows).items()
        }
        targets = ops.convert_to_tensor(rows["targets"])

        def step():
            logs = self.model.train_on_batch(inputs, targets, return_dict=True)
            return checked_lengths(float(logs["loss"]), case)

        return step


class KerasTransformer(KerasContender):
    """A task of this package, compiled with its own defaults."""

    packages = ("tensorflow", "keras")
    is_own = True
    # More arguments of the model.
    options = {}

    def load(self):
        self.set_up_keras()
        self.model = make_task(self.workload, self.keras_policy, **self.options)
        self.model.compile()


class KerasTransformerPlain(KerasTransformer):
    """The same, with no stretch of layers fused."""

    by_default = False
    environment = {"KERAS_TRANSFORMER_FUSED": "0"}


class KerasTransformerFit(KerasTransformer):
    """The same steps in `fit`, over batches of a `tf.data.Dataset`."""

    by_default = False
    repeats = 20

    def load(self):
        super().load()
        from keras_transformer.training import AdamW

        # The default makes a new schedule, and a new graph, in each `fit`.
        self.model.compile(AdamW(RATE))

    def prepare(self, case):
        import tensorflow as tf

        rows = training_rows(self.workload, case["batch"] * self.repeats)
        inputs = keras_inputs(self.workload, rows)
        examples = (inputs, rows["targets"])
        batches = tf.data.Dataset.from_tensor_slices(examples)
        batches = batches.batch(case["batch"])

        def epoch():
            history = self.model.fit(batches, verbose=0).history
            return checked_lengths(history["loss"][0], case)

        return epoch


class KerasTransformerCheckpointing(KerasTransformer):
    """The same, blocks computed once more for the gradient."""

    by_default = False
    options = {"gradient_checkpointing": True}


class KerasTransformerJax(KerasTransformer):
    """The same on JAX."""

    packages = ("jax", "keras")
    by_default = False
    environment = {"KERAS_BACKEND": "jax"}


class KerasTransformerTorch(KerasTransformer):
    """The same on torch."""

    packages = ("torch", "keras")
    by_default = False
    environment = {"KERAS_BACKEND": "torch"}


class KerasHub(KerasContender):
    """A task of KerasHub on TensorFlow, without XLA, which slows it down."""

    packages = ("keras_hub", "tensorflow", "keras")

    def load(self):
        self.set_up_keras()
        import keras

        keras.config.set_dtype_policy(self.keras_policy)
        self.model = make_keras_hub_task(
            self.workload, make_keras_hub_backbone(self.workload)
        )
        metrics = "weighted_metrics"
        if self.workload["kind"] == "encoder":
            metrics = "metrics"
        self.model.compile(
            optimizer=keras.optimizers.AdamW(
                RATE,
                weight_decay=DECAY,
                global_clipnorm=LONGEST_GRADIENT,
            ),
            loss=_keras_hub_loss(self.workload["kind"]),
            jit_compile=False,
            **{metrics: None},
        )


def _keras_hub_loss(kind):
    import keras
    from keras import ops

    plain = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    if kind != "seq2seq":
        return plain

    def smoothed(targets, logits):
        logits = ops.cast(logits, "float32")
        # For all tokens alike, the mean of what they would cost.
        spread = ops.logsumexp(logits, axis=-1) - ops.mean(logits, axis=-1)
        share = LABEL_SMOOTHING
        return (1 - share) * plain(targets, logits) + share * ops.mean(spread)

    return smoothed


CONTENDERS = {
    "keras_transformer": KerasTransformer,
    "keras_transformer_plain": KerasTransformerPlain,
    "keras_transformer_fit": KerasTransformerFit,
    "keras_transformer_checkpointing": KerasTransformerCheckpointing,
    "keras_transformer_jax": KerasTransformerJax,
    "keras_transformer_torch": KerasTransformerTorch,
    "keras_hub": KerasHub,
    **torch_contenders.CONTENDERS,
}
