"""Who writes tokens: this package, and the peers it is compared with.

All build the same shapes with random weights. `prepare` makes the inputs of a
case and returns a function that writes, and that returns how many tokens each
row got; that function is what is timed, from NumPy ids to Python or NumPy ids.
"""

import numpy as np

from benchmarks.contender import Contender
from benchmarks.ctranslate2_contender import CTranslate2Contender
from benchmarks.keras_models import (
    make_keras_hub_backbone,
    make_keras_hub_task,
    make_task,
)
from benchmarks.rows import random_ids
from benchmarks.transformers_models import (
    make_transformers_model,
)


class Writer(Contender):
    """A contender that writes tokens."""

    @property
    def new_tokens(self):
        """Tokens that each row gets."""
        return self.workload["target_length"]

    @property
    def is_seq2seq(self):
        """Whether there is a source, and not a prompt."""
        return self.workload["kind"] == "seq2seq"


class KerasTransformer(Writer):
    """`generate_tokens` of this package."""

    packages = ("tensorflow", "keras")
    is_own = True

    def load(self):
        self.set_up_keras()
        self.task = make_task(self.workload, self.keras_policy)

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


class Transformers(Writer):
    """`generate` of Hugging Face transformers with torch."""

    packages = ("transformers", "torch")

    def load(self):
        self.set_up_torch()
        import torch

        self.model = make_transformers_model(self.workload)
        self.model.to(self.device, getattr(torch, self.precision))

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


class CTranslate2(Writer, CTranslate2Contender):
    """`Translator` and `Generator` of CTranslate2."""

    @property
    def loader(self):
        return "Translator" if self.is_seq2seq else "Generator"

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


class KerasHub(Writer):
    """`generate` of KerasHub with TensorFlow, without a preprocessor."""

    packages = ("keras_hub", "tensorflow", "keras")

    def load(self):
        self.set_up_keras()
        import keras

        keras.config.set_dtype_policy(self.keras_policy)
        self.backbone = make_keras_hub_backbone(self.workload)
        self.models = {}

    def prepare(self, case):
        from keras_hub import samplers

        size = case["beam_size"]
        if size not in self.models:
            self.models[size] = make_keras_hub_task(
                self.workload, self.backbone
            )
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
