"""Models of Hugging Face transformers with random weights, nothing loaded."""


def make_transformers_model(workload):
    """A transformers model with random weights, ready to write."""
    import torch
    import transformers

    torch.manual_seed(0)
    layers, heads = workload["num_layers"], workload["num_heads"]
    size, positions = workload["vocabulary_size"], "max_sequence_length"
    ids = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
    if workload["kind"] == "seq2seq":
        config = transformers.BartConfig(
            vocab_size=size,
            max_position_embeddings=workload[positions],
            d_model=workload["hidden_dim"],
            encoder_layers=layers,
            decoder_layers=layers,
            encoder_attention_heads=heads,
            decoder_attention_heads=heads,
            encoder_ffn_dim=workload["intermediate_dim"],
            decoder_ffn_dim=workload["intermediate_dim"],
            activation_function="relu",
            decoder_start_token_id=2,
            forced_bos_token_id=None,
            forced_eos_token_id=None,
            normalize_before=False,  # read by the converter of CTranslate2
            **ids,
        )
        model = transformers.BartForConditionalGeneration(config)
    else:
        config = transformers.GPT2Config(
            vocab_size=size,
            n_positions=workload[positions],
            n_embd=workload["hidden_dim"],
            n_layer=layers,
            n_head=heads,
            n_inner=workload["intermediate_dim"],
            **ids,
        )
        model = transformers.GPT2LMHeadModel(config)
    return model.float().eval()


def make_tokenizer(workload):
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
