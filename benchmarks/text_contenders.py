"""Who tokenizes: this package, and the peers it is compared with.

All have one WordPiece vocabulary and read the same lines. `tokenize` gives the
ids of all lines without special tokens; `preprocess` gives batches of padded
ids and masks. The ids agree but for rare characters; `tokens` in the
description says how many there were.
"""

import gzip
import pathlib

import numpy as np

from benchmarks.contender import Contender

# Lines in a call that tokenizes.
_CHUNK = 4096


class TextContender(Contender):
    """A tokenizer. A subclass gives `load_tokenizer` and the two cases."""

    precisions = ("text",)

    def load(self):
        self.lines = read_lines(self.workload["file"])
        self.vocabulary = read_lines(self.workload["vocabulary"])
        self.pipelines = {}
        self.load_tokenizer()
        self.tokens = self.tokenize()

    @property
    def description(self):
        return {**super().description, "tokens": self.tokens}

    def prepare(self, case):
        def work():
            if case["work"] == "tokenize":
                self.tokenize()
            else:
                self.preprocess(case["batch"])
            return case["lengths"]

        return work

    def load_tokenizer(self):
        """Build the tokenizer."""
        raise NotImplementedError

    def tokenize(self):
        """Tokenize all lines; return the number of tokens."""
        raise NotImplementedError

    def preprocess(self, batch):
        """Make inputs of all lines, so many at a time."""
        raise NotImplementedError

    def chunks(self, size):
        """The lines, so many at a time."""
        for start in range(0, len(self.lines), size):
            yield self.lines[start : start + size]

    def pipeline(self, function, batch):
        """What a function makes of batches of lines, in `tf.data`.

        It is traced once for each size of batches.
        """
        if batch not in self.pipelines:
            import tensorflow as tf

            lines = tf.data.Dataset.from_tensor_slices(self.lines)
            self.pipelines[batch] = lines.batch(batch).map(
                function, num_parallel_calls=self.threads
            )
        return self.pipelines[batch]


class KerasTransformer(TextContender):
    """`WordPieceTokenizer` and `EncoderPreprocessor` of this package."""

    packages = ("tensorflow", "tensorflow_text", "keras")
    is_own = True

    def load_tokenizer(self):
        self.set_up_keras()
        from keras_transformer import text

        tokenizer = text.WordPieceTokenizer(self.vocabulary)
        self.preprocessor = text.EncoderPreprocessor(
            tokenizer, max_length=self.workload["max_length"]
        )

    def tokenize(self):
        tokenize = self.preprocessor.tokenizer.tokenize
        return sum(
            int(tokenize(lines).values.shape[0])
            for lines in self.chunks(_CHUNK)
        )

    def preprocess(self, batch):
        for _ in self.pipeline(self.preprocessor, batch):
            pass


class Tokenizers(TextContender):
    """Hugging Face tokenizers, on all threads."""

    packages = ("tokenizers",)
    environment = {"TOKENIZERS_PARALLELISM": "true"}

    def load_tokenizer(self):
        import tokenizers
        from tokenizers import models, normalizers, pre_tokenizers, processors

        ids = {token: id for id, token in enumerate(self.vocabulary)}
        self.tokenizer = tokenizers.Tokenizer(
            models.WordPiece(ids, unk_token="[UNK]")
        )
        self.tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        self.tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        self.tokenizer.post_processor = processors.BertProcessing(
            ("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"])
        )

    def tokenize(self):
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        return sum(
            len(row.ids)
            for lines in self.chunks(_CHUNK)
            for row in self.tokenizer.encode_batch_fast(
                lines, add_special_tokens=False
            )
        )

    def preprocess(self, batch):
        self.tokenizer.enable_padding()
        self.tokenizer.enable_truncation(self.workload["max_length"])
        for lines in self.chunks(batch):
            rows = self.tokenizer.encode_batch_fast(lines)
            np.array([row.ids for row in rows], "int32")
            np.array([row.attention_mask for row in rows], "bool")


class KerasHub(TextContender):
    """`BertTokenizer` and `BertTextClassifierPreprocessor` of KerasHub."""

    packages = ("keras_hub", "tensorflow", "tensorflow_text", "keras")

    def load_tokenizer(self):
        self.set_up_keras()
        from keras_hub import models

        self.tokenizer = models.BertTokenizer(self.vocabulary, lowercase=True)
        self.preprocessor = models.BertTextClassifierPreprocessor(
            self.tokenizer, sequence_length=self.workload["max_length"]
        )

    def tokenize(self):
        rows = self.pipeline(self.tokenizer, _CHUNK)
        return sum(int(ids.values.shape[0]) for ids in rows)

    def preprocess(self, batch):
        for _ in self.pipeline(self.preprocessor, batch):
            pass


CONTENDERS = {
    "keras_transformer": KerasTransformer,
    "tokenizers": Tokenizers,
    "keras_hub": KerasHub,
}


def read_lines(path):
    """Lines of a file, gzip or not, without those that are blank."""
    content = pathlib.Path(path).read_bytes()
    if str(path).endswith(".gz"):
        content = gzip.decompress(content)
    lines = content.decode("utf-8").split("\n")
    return [line for line in lines if line.strip()]
