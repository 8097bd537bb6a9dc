"""Who learns in torch: steps like those of `training_contenders`."""

import shutil

from benchmarks.contender import Contender
from benchmarks.rows import training_rows
from benchmarks.training_recipe import (
    DECAY,
    LABEL_SMOOTHING,
    LONGEST_GRADIENT,
    RATE,
    checked_lengths,
)
from benchmarks.transformers_models import make_transformers_model


class TorchContender(Contender):
    """A model of torch; in bfloat16 by `autocast`, weights in float32.

    A subclass gives `model`, and `logits` of a dict of ids.
    """

    packages = ("torch",)

    def prepare(self, case):
        import torch

        rows = training_rows(self.workload, case["batch"])
        rows = {
            name: torch.from_numpy(array).long().contiguous().to(self.device)
            for name, array in rows.items()
        }
        targets = rows.pop("targets")
        self.model.to(self.device).train()
        weights = list(self.model.parameters())
        optimizer = torch.optim.AdamW(weights, RATE, weight_decay=DECAY)

        def step():
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast(
                self.device,
                torch.bfloat16,
                enabled=self.precision == "bfloat16",
            ):
                logits = self.logits(rows)
            loss = self._loss(logits.float(), targets)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, LONGEST_GRADIENT)
            optimizer.step()
            return checked_lengths(loss.item(), case)

        return step

    def logits(self, rows):
        return self.model(**rows)

    def _loss(self, logits, targets):
        from torch.nn import functional

        is_seq2seq = self.workload["kind"] == "seq2seq"
        return functional.cross_entropy(
            logits.flatten(0, -2),
            targets.flatten(),
            label_smoothing=LABEL_SMOOTHING if is_seq2seq else 0.0,
        )


class Torch(TorchContender):
    """Plain torch, without a library."""

    recompute = False

    def load(self):
        self.set_up_torch()
        from benchmarks.torch_models import TorchModel

        self.model = TorchModel(self.workload, self.recompute)


class TorchCheckpointing(Torch):
    """The same, blocks computed once more for the gradient."""

    by_default = False
    recompute = True


class TorchCompiled(Torch):
    """The same under `torch.compile`."""

    environment = {"TORCHINDUCTOR_COMPILE_THREADS": "1"}

    @classmethod
    def missing(cls):
        has_compiler = any(map(shutil.which, ("g++", "clang++", "c++")))
        return super().missing() + ([] if has_compiler else ["a C++ compiler"])

    def load(self):
        super().load()
        import torch

        self.model = torch.compile(self.model)


class Transformers(TorchContender):
    """Hugging Face transformers with torch."""

    packages = ("transformers", "torch")

    def load(self):
        self.set_up_torch()
        self.model = make_transformers_model(self.workload)

    def logits(self, rows):
        import torch

        source = rows["source"]
        inputs = {
            "input_ids": source,
            "attention_mask": torch.ones_like(source),
        }
        if self.workload["kind"] == "encoder":
            inputs["token_type_ids"] = torch.zeros_like(source)
        elif self.workload["kind"] == "seq2seq":
            inputs["decoder_input_ids"] = rows["written"]
        return self.model(**inputs, use_cache=False).logits


class TransformersCheckpointing(Transformers):
    """The same, blocks computed once more for the gradient."""

    by_default = False

    def load(self):
        super().load()
        self.model.gradient_checkpointing_enable()


CONTENDERS = {
    "transformers": Transformers,
    "transformers_checkpointing": TransformersCheckpointing,
    "torch": Torch,
    "torch_checkpointing": TorchCheckpointing,
    "torch_compiled": TorchCompiled,
}
