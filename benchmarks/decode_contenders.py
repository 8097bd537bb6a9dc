"""Who writes tokens: this package, and the peers it is compared with.

All build the same shapes with random weights in float32. `prepare` makes the
inputs of a case and returns a function that writes, and that returns how many
tokens each row got; that function is what is timed, from NumPy ids to Python
or NumPy ids.
"""

import tempfile

import numpy as np

from benchmarks.transformers_models import (
    make_tokenizer,
    make_transformers_model,
)

# Below these all ids are special in one package or another.
_FIRST_ORDINARY_ID = 10


def random_ids(workload, batch):
    """Token ids without padding, int32 `(batch, prompt_length)`."""
    shape = (batch, workload["prompt_length"])
    ids = np.random.default_rng(0).integers(
        _FIRST_ORDINARY_ID, workload["vocabulary_size"], shape
    )
    return ids.astype("int32")


class Contender:
    """A package that writes tokens.

    Args:
        workload: Dict, a `decode.Workload`.
        threads: Most threads it may use.
    """

    # Top-level modules that must be there, and the distributions to name.
    packages = ()

    def __init__(self, workload, threads):
        self.workload = workload
        self.threads = threads
        self.new_tokens = workload["new_tokens"]
        self.is_seq2seq = workload["kind"] == "seq2seq"
        self.device = "cpu"
        self.load()

    @property
    def description(self):
        return {"device": self.device}

    def load(self):
        """Build the model."""
        raise NotImplementedError

    def prepare(self, case):
        """Return the function that does a case."""
        raise NotImplementedError

    def _set_up_tensorflow(self):
        import keras
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(self.threads)
        tf.config.threading.set_inter_op_parallelism_threads(self.threads)
        # On a graphics card, float32 shall be what its name says.
        tf.config.experimental.enable_tensor_float_32_execution(False)
        if tf.config.list_physical_devices("GPU"):
            self.device = "gpu"
        keras.utils.set_random_seed(0)

    def _keras_shape(self):
        names = ("vocabulary_size", "num_layers", "num_heads")
        names += ("hidden_dim", "intermediate_dim", "max_sequence_length")
        return {name: self.workload[name] for name in names}


class KerasTransformer(Contender):
    """`generate_tokens` of this package."""

    packages = ("tensorflow", "keras")

    def load(self):
        self._set_up_tensorflow()
        from keras_transformer import models, tasks

        ids = {"start_token_id": 1, "end_token_id": 2, "pad_token_id": 0}
        if self.is_seq2seq:
            model = models.EncoderDecoder(**self._keras_shape())
            self.task = tasks.Seq2SeqLM(model, **ids)
        else:
            model = models.Decoder(**self._keras_shape())
            self.task = tasks.CausalLM(model, **ids)

    def prepare(self, case):
        from keras_transformer.generation import BeamSearch, Greedy

        options = {"min_length": self.new_tokens}
        if case["beam_size"] == 1:
            search = Greedy(**options)
        else:
            search = BeamSearch(
                case["beam_size"],
                length_penalty=1.0,
                early_stopping=False,
                **options,
            )
        ids = random_ids(self.workload, case["batch"])
        max_length = self.new_tokens
        if self.is_seq2seq:
            inputs = {"encoder_token_ids": ids}
        else:
            inputs = {"token_ids": ids}
            max_length += ids.shape[1]

        def write():
            written = self.task.generate_tokens(inputs, search, max_length)
            np.asarray(written["token_ids"])
            return np.asarray(written["padding_mask"])[:, 0].sum(axis=1)

        return write


class Transformers(Contender):
    """`generate` of Hugging Face transformers with torch."""

    packages = ("transformers", "torch")

    def load(self):
        import torch

        torch.set_num_threads(self.threads)
        if torch.cuda.is_available():
            self.device = "cuda"
        self.model = make_transformers_model(self.workload).to(self.device)

    def prepare(self, case):
        import torch

        rows = random_ids(self.workload, case["batch"])
        start = 1 if self.is_seq2seq else rows.shape[1]

        def write():
            ids = torch.from_numpy(rows).long().to(self.device)
            with torch.no_grad():
                written = self.model.generate(
                    input_ids=ids,
                    attention_mask=torch.ones_like(ids),
                    use_cache=True,
                    do_sample=False,
                    num_beams=case["beam_size"],
                    early_stopping=False,
                    min_new_tokens=self.new_tokens,
                    max_new_tokens=self.new_tokens,
                )
            return [len(row) - start for row in written.tolist()]

        return write


class CTranslate2(Contender):
    """CTranslate2, on what its converter makes of a transformers model."""

    packages = ("ctranslate2", "transformers", "torch", "tokenizers")

    def load(self):
        import ctranslate2
        import torch

        torch.set_num_threads(self.threads)
        if ctranslate2.get_cuda_device_count():
            self.device = "cuda"
        kind = ctranslate2.Translator
        if not self.is_seq2seq:
            kind = ctranslate2.Generator
        with tempfile.TemporaryDirectory() as folder:
            # Its converter reads from a folder, a tokenizer among the rest.
            source, target = f"{folder}/source", f"{folder}/target"
            make_transformers_model(self.workload).save_pretrained(source)
            make_tokenizer(self.workload).save_pretrained(source)
            converter = ctranslate2.converters.TransformersConverter(source)
            converter.convert(target, quantization="float32")
            self.model = kind(
                target,
                device=self.device,
                compute_type="float32",
                inter_threads=1,
                intra_threads=self.threads,
            )

    def prepare(self, case):
        rows = random_ids(self.workload, case["batch"]).tolist()
        tokens = [[f"token_{id}" for id in row] for row in rows]
        options = {"beam_size": case["beam_size"], "length_penalty": 1.0}

        def translate():
            results = self.model.translate_batch(
                tokens,
                min_decoding_length=self.new_tokens,
                max_decoding_length=self.new_tokens,
                **options,
            )
            return [len(result.hypotheses[0]) for result in results]

        def go_on():
            results = self.model.generate_batch(
                tokens,
                min_length=self.new_tokens,
                max_length=self.new_tokens,
                include_prompt_in_result=False,
                **options,
            )
            return [len(result.sequences[0]) for result in results]

        return translate if self.is_seq2seq else go_on


class KerasHub(Contender):
    """`generate` of KerasHub with TensorFlow, without a preprocessor."""

    packages = ("keras_hub", "tensorflow", "keras")

    def load(self):
        self._set_up_tensorflow()
        from keras_hub import models

        if self.is_seq2seq:
            backbone = models.BartBackbone(**self._keras_shape())
            kind = models.BartSeq2SeqLM
        else:
            backbone = models.GPT2Backbone(**self._keras_shape())
            kind = models.GPT2CausalLM
        self.make_model = lambda: kind(backbone=backbone, preprocessor=None)
        self.models = {}

    def prepare(self, case):
        from keras_hub import samplers

        size = case["beam_size"]
        if size not in self.models:
            self.models[size] = self.make_model()
            self.models[size].compile(
                sampler=samplers.GreedySampler()
                if size == 1
                else samplers.BeamSampler(num_beams=size)
            )
        model = self.models[size]
        ids = random_ids(self.workload, case["batch"])
        if self.is_seq2seq:
            prefix, prompt = "decoder_", np.full((len(ids), 1), 2, "int32")
            inputs = {
                "encoder_token_ids": ids,
                "encoder_padding_mask": np.ones(ids.shape, "bool"),
            }
        else:
            prefix, prompt, inputs = "", ids, {}
        room = ((0, 0), (0, self.new_tokens))
        inputs[f"{prefix}token_ids"] = np.pad(prompt, room)
        mask = np.pad(np.ones(prompt.shape, "bool"), room)
        inputs[f"{prefix}padding_mask"] = mask

        def write():
            written = model.generate(inputs, stop_token_ids=None)
            np.asarray(written[f"{prefix}token_ids"])
            mask = np.asarray(written[f"{prefix}padding_mask"])
            return mask.sum(axis=1) - prompt.shape[1]

        return write


CONTENDERS = {
    "keras_transformer": KerasTransformer,
    "transformers": Transformers,
    "ctranslate2": CTranslate2,
    "keras_hub": KerasHub,
}
