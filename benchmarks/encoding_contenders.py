"""Who encodes: this package, and the peers it is compared with.

What is timed is the way from NumPy ids to NumPy floats. What a package serves
from (a SavedModel, an ONNX file, converted weights) is written by another
process, which does not count into the memory.
"""

import pathlib
import tempfile

import numpy as np

from benchmarks.contender import Contender
from benchmarks.ctranslate2_contender import CTranslate2Contender
from benchmarks.elsewhere import run_elsewhere
from benchmarks.keras_models import make_keras_hub_backbone, make_task
from benchmarks.rows import keras_inputs, random_ids
from benchmarks.transformers_models import (
    export_to_onnx,
    make_transformers_model,
)


class SavedModel(Contender):
    """A SavedModel that TensorFlow loads; a subclass says how it is written.

    `write`, which runs in another process, is a function of the workload, the
    policy and a folder.
    """

    write = None

    def load(self):
        self.set_up_keras()
        import tensorflow as tf
        import tensorflow_text  # noqa: F401 registers its operations

        with tempfile.TemporaryDirectory() as folder:
            run_elsewhere(
                type(self).write, self.workload, self.keras_policy, folder
            )
            self.model = tf.saved_model.load(str(self.find(folder)))

    def find(self, folder):
        """Where the SavedModel is."""
        return folder

    def function(self, inputs):
        """Call it on a dict of tensors."""
        raise NotImplementedError

    def prepare(self, case):
        import tensorflow as tf

        ids = random_ids(self.workload, case["batch"])
        arrays = keras_inputs(self.workload, {"source": ids})

        def encode():
            inputs = {k: tf.constant(v) for k, v in arrays.items()}
            output = np.asarray(self.function(inputs))
            return [ids.shape[1]] * len(output)

        return encode


def write_own(workload, policy, folder):
    """Export a sentence encoder of this package."""
    from keras_transformer import serving

    task = make_task(workload, policy)
    serving.export(task, f"{folder}/encoder", warm_up=())


def write_keras_hub(workload, policy, folder):
    """Export an encoder of KerasHub."""
    import keras

    keras.config.set_dtype_policy(policy)
    backbone = make_keras_hub_backbone(workload)
    backbone.export(f"{folder}/encoder", verbose=False)


class KerasTransformer(SavedModel):
    """`serving.export` of a `SentenceEncoder`: its signature `tokens`."""

    packages = ("tensorflow", "tensorflow_text", "keras")
    is_own = True
    write = staticmethod(write_own)

    def find(self, folder):
        return pathlib.Path(folder, "encoder", "1")

    def function(self, inputs):
        return self.model.signatures["tokens"](**inputs)["logits"]


class KerasTransformerPlain(KerasTransformer):
    """The same, with no stretch of layers fused."""

    by_default = False
    environment = {"KERAS_TRANSFORMER_FUSED": "0"}


class KerasHub(SavedModel):
    """`export` of a `BertBackbone`."""

    packages = ("keras_hub", "tensorflow", "tensorflow_text", "keras")
    write = staticmethod(write_keras_hub)

    def find(self, folder):
        return pathlib.Path(folder, "encoder")

    def function(self, inputs):
        import tensorflow as tf

        mask = inputs["padding_mask"]
        inputs = {**inputs, "padding_mask": tf.cast(mask, tf.int32)}
        return self.model.serve(inputs)["sequence_output"]


class Transformers(Contender):
    """`BertModel` of Hugging Face transformers with torch."""

    packages = ("transformers", "torch")

    def load(self):
        self.set_up_torch()
        import torch

        dtype = getattr(torch, self.precision)
        self.model = make_transformers_model(self.workload)
        self.model.to(self.device, dtype)

    def prepare(self, case):
        import torch

        rows = random_ids(self.workload, case["batch"])

        def encode():
            ids = torch.from_numpy(rows).long().to(self.device)
            with torch.inference_mode():
                output = self.model(
                    input_ids=ids,
                    attention_mask=torch.ones_like(ids),
                    token_type_ids=torch.zeros_like(ids),
                ).last_hidden_state
            output = output.float().cpu().numpy()
            return [output.shape[1]] * len(output)

        return encode


class CTranslate2(CTranslate2Contender):
    """`Encoder` of CTranslate2."""

    loader = "Encoder"

    def prepare(self, case):
        import ctranslate2

        ids = random_ids(self.workload, case["batch"]).tolist()

        def encode():
            output = self.model.forward_batch(ids).last_hidden_state
            output = output.to(ctranslate2.DataType.float32)
            output = np.array(output.to_device(ctranslate2.Device.cpu))
            return [output.shape[1]] * len(output)

        return encode


class OnnxRuntime(Contender):
    """onnxruntime, on what torch makes of a transformers model."""

    packages = ("onnxruntime", "onnx", "onnxscript", "transformers", "torch")
    precisions = ("float32", "int8")

    def load(self):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "encoder.onnx")
            run_elsewhere(export_to_onnx, self.workload, self.precision, path)
            self.model = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )

    def prepare(self, case):
        ids = random_ids(self.workload, case["batch"]).astype("int64")
        inputs = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        names = {entry.name for entry in self.model.get_inputs()}
        inputs = {k: v for k, v in inputs.items() if k in names}

        def encode():
            (output,) = self.model.run(None, inputs)
            return [output.shape[1]] * len(output)

        return encode


CONTENDERS = {
    "keras_transformer": KerasTransformer,
    "keras_transformer_plain": KerasTransformerPlain,
    "keras_hub": KerasHub,
    "transformers": Transformers,
    "ctranslate2": CTranslate2,
    "onnxruntime": OnnxRuntime,
}
