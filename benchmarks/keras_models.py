"""Models of this package and of KerasHub, of the shapes of a workload."""

_SHAPE = (
    "vocabulary_size",
    "num_layers",
    "num_heads",
    "hidden_dim",
    "intermediate_dim",
    "max_sequence_length",
    "dropout",
)
# Enough words to read the sentences that an export is tried on.
_VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "the"]


def make_task(workload, policy, **options):
    """A task of this package with random weights.

    Args:
        workload: Dict, a `workloads.Workload`.
        policy: Of the dtypes.
        **options: More arguments of its model.

    Returns:
        A `TextClassifier`, in encoding a `SentenceEncoder` with a small
        tokenizer; a `Seq2SeqLM`; or a `CausalLM`.
    """
    from keras_transformer import models, tasks

    arguments = {
        **_shape(workload),
        "attention_dropout": workload["dropout"],
        "dtype": policy,
        **options,
    }
    if workload["kind"] == "encoder":
        encoder = models.Encoder(**arguments)
        if workload["work"] == "encode":
            return tasks.SentenceEncoder(encoder, _preprocessor(workload))
        return tasks.TextClassifier(encoder, classes=["no", "yes"])
    ids = {"start_token_id": 1, "end_token_id": 2, "pad_token_id": 0}
    if workload["kind"] == "seq2seq":
        return tasks.Seq2SeqLM(models.EncoderDecoder(**arguments), **ids)
    return tasks.CausalLM(models.Decoder(**arguments), **ids)


def make_keras_hub_backbone(workload):
    """A backbone of KerasHub with random weights."""
    from keras_hub import models

    kinds = {
        "encoder": models.BertBackbone,
        "seq2seq": models.BartBackbone,
        "causal": models.GPT2Backbone,
    }
    return kinds[workload["kind"]](**_shape(workload))


def make_keras_hub_task(workload, backbone):
    """A task of KerasHub around a backbone, without a preprocessor."""
    from keras_hub import models

    if workload["kind"] == "encoder":
        return models.BertTextClassifier(
            backbone, num_classes=2, dropout=workload["dropout"]
        )
    if workload["kind"] == "seq2seq":
        return models.BartSeq2SeqLM(backbone=backbone, preprocessor=None)
    return models.GPT2CausalLM(backbone=backbone, preprocessor=None)


def _shape(workload):
    return {name: workload[name] for name in _SHAPE}


def _preprocessor(workload):
    from keras_transformer import text

    return text.EncoderPreprocessor(
        text.WordPieceTokenizer(_VOCABULARY),
        max_length=workload["max_sequence_length"],
    )
