"""CTranslate2, on what its converter makes of a transformers model."""

import tempfile

from benchmarks.contender import Contender
from benchmarks.elsewhere import run_elsewhere
from benchmarks.transformers_models import make_transformers_model


class CTranslate2Contender(Contender):
    """A model that CTranslate2 loads; a subclass says how."""

    packages = ("ctranslate2", "transformers", "torch", "tokenizers")
    precisions = ("float32", "int8")

    @property
    def loader(self):
        """Name of the class of CTranslate2."""
        raise NotImplementedError

    def load(self):
        import ctranslate2

        if ctranslate2.get_cuda_device_count():
            self.device = "cuda"
        with tempfile.TemporaryDirectory() as folder:
            run_elsewhere(convert, self.workload, self.precision, folder)
            self.model = getattr(ctranslate2, self.loader)(
                f"{folder}/converted",
                device=self.device,
                compute_type=self.precision,
                inter_threads=1,
                intra_threads=self.threads,
            )


def convert(workload, precision, folder):
    """Write a random transformers model as CTranslate2 reads it.

    Args:
        workload: Dict, a `workloads.Workload`.
        precision: What weights are stored in.
        folder: Where there is room; it is written into `converted` there.
    """
    import ctranslate2

    # Its converter reads from a folder, a tokenizer among the rest.
    source = f"{folder}/source"
    make_transformers_model(workload).save_pretrained(source)
    _make_tokenizer(workload).save_pretrained(source)
    converter = ctranslate2.converters.TransformersConverter(source)
    converter.convert(f"{folder}/converted", quantization=precision)


def _make_tokenizer(workload):
    """A tokenizer whose token of an id is `token_` and the id."""
    import tokenizers
    import transformers

    names = [f"token_{id}" for id in range(workload["vocabulary_size"])]
    names[:4] = ["<s>", "<pad>", "</s>", "<unk>"]
    model = tokenizers.models.WordLevel(
        {name: id for id, name in enumerate(names)}, unk_token="<unk>"
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizers.Tokenizer(model),
        bos_token="<s>",
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
    )
