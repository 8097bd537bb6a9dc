"""Models of Hugging Face transformers with random weights, nothing loaded."""

_IDS = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}


def make_transformers_model(workload):
    """A transformers model with random weights in float32, for inference.

    Args:
        workload: Dict, a `workloads.Workload`.

    Returns:
        `BertForSequenceClassification`, in encoding a `BertModel`;
        `BartForConditionalGeneration`; or `GPT2LMHeadModel`.
    """
    import torch

    torch.manual_seed(0)
    make = {"encoder": _bert, "seq2seq": _bart, "causal": _gpt2}
    return make[workload["kind"]](workload).float().eval()


def _bert(workload):
    import transformers

    config = transformers.BertConfig(
        vocab_size=workload["vocabulary_size"],
        max_position_embeddings=workload["max_sequence_length"],
        hidden_size=workload["hidden_dim"],
        num_hidden_layers=workload["num_layers"],
        num_attention_heads=workload["num_heads"],
        intermediate_size=workload["intermediate_dim"],
        hidden_dropout_prob=workload["dropout"],
        attention_probs_dropout_prob=workload["dropout"],
        num_labels=2,
        position_embedding_type="absolute",  # for CTranslate2's converter
    )
    if workload["work"] == "train":
        return transformers.BertForSequenceClassification(config)
    return transformers.BertModel(config, add_pooling_layer=False)


def _bart(workload):
    import transformers

    layers, heads = workload["num_layers"], workload["num_heads"]
    config = transformers.BartConfig(
        vocab_size=workload["vocabulary_size"],
        max_position_embeddings=workload["max_sequence_length"],
        d_model=workload["hidden_dim"],
        encoder_layers=layers,
        decoder_layers=layers,
        encoder_attention_heads=heads,
        decoder_attention_heads=heads,
        encoder_ffn_dim=workload["intermediate_dim"],
        decoder_ffn_dim=workload["intermediate_dim"],
        dropout=workload["dropout"],
        attention_dropout=workload["dropout"],
        activation_function="relu",
        decoder_start_token_id=2,
        forced_bos_token_id=None,
        forced_eos_token_id=None,
        normalize_before=False,  # read by the converter of CTranslate2
        **_IDS,
    )
    return transformers.BartForConditionalGeneration(config)


def _gpt2(workload):
    import transformers

    config = transformers.GPT2Config(
        vocab_size=workload["vocabulary_size"],
        n_positions=workload["max_sequence_length"],
        n_embd=workload["hidden_dim"],
        n_layer=workload["num_layers"],
        n_head=workload["num_heads"],
        n_inner=workload["intermediate_dim"],
        embd_pdrop=workload["dropout"],
        resid_pdrop=workload["dropout"],
        attn_pdrop=workload["dropout"],
        **_IDS,
    )
    return transformers.GPT2LMHeadModel(config)


def export_to_onnx(workload, precision, path):
    """Write a random encoder of transformers for onnxruntime.

    Args:
        workload: Dict, a `workloads.Workload`.
        precision: `"float32"`, or `"int8"` for weights of 8 bits.
        path: Where to.
    """
    import torch

    class Plain(torch.nn.Module):
        """Tensors in, a tensor out."""

        def __init__(self, model):
            super().__init__()
            self.model = model

        def forward(self, input_ids, attention_mask, token_type_ids):
            return self.model(
                input_ids=input_ids,
                attention_mask=attention_mask,
                token_type_ids=token_type_ids,
            ).last_hidden_state

    ids = torch.ones((2, workload["length"]), dtype=torch.long)
    names = ["input_ids", "attention_mask", "token_type_ids"]
    sizes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("length")}
    torch.onnx.export(
        Plain(make_transformers_model(workload)).eval(),
        # Of one tensor given twice, the exporter would make one input.
        (ids, torch.ones_like(ids), torch.zeros_like(ids)),
        str(path),
        input_names=names,
        dynamic_shapes=dict.fromkeys(names, sizes),
        dynamo=True,
        external_data=False,
    )
    if precision == "int8":
        from onnxruntime import quantization

        quantization.quantize_dynamic(
            str(path), str(path), weight_type=quantization.QuantType.QInt8
        )
