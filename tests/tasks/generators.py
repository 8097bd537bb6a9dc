"""Small tasks that write tokens, and the same done plainly."""

import functools

import numpy as np
from keras import ops

from keras_transformer.tasks import CausalLM, Seq2SeqLM
from tests.layers.checks import randomize, to_numpy
from tests.models.checks import VARIANTS, small

PAD, END, START = 0, 1, 2
KINDS = ("causal", "seq2seq")
SPECIAL = {
    "start_token_id": START,
    "end_token_id": END,
    "pad_token_id": PAD,
}
PROMPTS = [[2, 7, 9, 4], [2], [2, 5, 3]]
SOURCES = [[3, 8], [6, 5, 10, 4, 1], [9, 7, 1]]


@functools.cache
def make_task(kind, variant):
    """A task of a variant with random weights, made once.

    Its head is a matrix of its own: with the token table, small random models
    say the token that they read again and again.
    """
    layers = 2 if (kind, variant) == ("causal", "learned") else 1
    arguments = {"num_layers": layers, **VARIANTS[variant]}
    return randomize(make_small(kind, tie_weights=False, **arguments))


def make_small(kind, tie_weights=True, **arguments):
    """A task with random weights."""
    arguments = {"num_layers": 1, **arguments}
    options = {"tie_weights": tie_weights, **SPECIAL}
    if kind == "causal":
        return CausalLM(small("decoder", **arguments), **options)
    return Seq2SeqLM(small("encoder_decoder", **arguments), **options)


def pad(rows, where="right", more=0, seed=3):
    """Ids and mask of rows, with anything in the padding."""
    width = max(map(len, rows)) + more
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, 4, (len(rows), width)).astype("int32")
    mask = np.zeros(ids.shape, bool)
    for i, row in enumerate(rows):
        places = np.arange(len(row))
        if where == "left":
            places += width - len(row)
        elif where == "middle":
            places = np.sort(rng.permutation(width)[: len(row)])
        ids[i, places] = row
        mask[i, places] = True
    return ids, mask


def prompts_for(kind, rows=(0, 1, 2), prompts=PROMPTS, **padding):
    """Inputs of `generate_tokens`: of some rows, padded somehow.

    `where` may be a list, for a batch with all rows padded in each way.
    """
    ways = padding.get("where", "right")
    if isinstance(ways, list):
        parts = [
            prompts_for(kind, rows, prompts, **{**padding, "where": way})
            for way in ways
        ]
        return {
            name: np.concatenate([part[name] for part in parts])
            for name in parts[0]
        }
    names = {"token_ids": prompts}
    if kind == "seq2seq":
        names = {"encoder_token_ids": SOURCES, "decoder_token_ids": prompts}
    inputs = {}
    for name, values in names.items():
        ids, mask = pad([values[i] for i in rows], **padding)
        inputs[name] = ids
        inputs[name.replace("token_ids", "padding_mask")] = mask
    return inputs


def log_probabilities(task, rows, sources):
    """What the whole model says at each place, float64, one pass for all."""
    names = {"token_ids": rows}
    if isinstance(task, Seq2SeqLM):
        names = {"encoder_token_ids": sources, "decoder_token_ids": rows}
    inputs = {}
    for name, values in names.items():
        ids, mask = pad(values)
        inputs[name] = ids
        inputs[name.replace("token_ids", "padding_mask")] = mask
    logits = to_numpy(task(inputs)).astype("float64")
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def plain_greedy(task, most, prompts=PROMPTS, sources=SOURCES):
    """Take the likeliest token, after a whole pass for each.

    Returns:
        For each prompt a list of one pair, as `answers_of`.
    """
    written, scores = [[] for _ in prompts], [0.0] * len(prompts)
    for _ in range(max(most)):
        rows = [
            p + w if len(w) < m else p
            for p, w, m in zip(prompts, written, most, strict=True)
        ]
        said = log_probabilities(task, rows, sources)
        for i, row in enumerate(rows):
            if len(written[i]) < most[i] and END not in written[i]:
                last = said[i, len(row) - 1]
                written[i].append(int(last.argmax()))
                scores[i] += last.max()
    return [[answer] for answer in zip(written, scores, strict=True)]


def plain_score(task, prompt, written, source):
    """The log-probability of tokens behind a prompt, from one whole pass."""
    row = [*prompt, *written[:-1]]
    said = log_probabilities(task, [row], [source])[0]
    places = np.arange(len(prompt) - 1, len(row))
    return float(said[places, list(written)].sum())


def answers_of(result):
    """For each row a list of (tokens, score)."""
    result = to_numpy(dict(result))
    rows = []
    for ids, mask, scores in zip(
        result["token_ids"],
        result["padding_mask"],
        result["score"],
        strict=True,
    ):
        assert (ids[~mask] == PAD).all()
        rows.append(
            [
                (i[m].tolist(), float(s))
                for i, m, s in zip(ids, mask, scores, strict=True)
            ]
        )
    return rows


def assert_same_answers(found, wanted, tolerance=1e-5):
    for one, other in zip(found, wanted, strict=True):
        assert [tokens for tokens, _ in one] == [tokens for tokens, _ in other]
        np.testing.assert_allclose(
            [score for _, score in one],
            [score for _, score in other],
            atol=tolerance,
        )


def plain_loss(task, inputs, labels, weights, smoothing=0.0):
    """The weighted mean of the loss of all positions, from plain logits."""
    weights = ops.convert_to_tensor(weights)
    said = ops.log_softmax(task(inputs), axis=-1)
    chosen = ops.take_along_axis(said, labels[:, :, None], axis=-1)[:, :, 0]
    losses = -(1 - smoothing) * chosen - smoothing * ops.mean(said, axis=-1)
    return ops.sum(losses * weights) / ops.sum(weights)


TOKENS = "abcd "
TEXTS = ["abcd abc", "a", "", "dcb a", "abab ab", "cd cd cd", "b b", "ddd"]
TARGETS = ["cba", "aa bb", "d", "", "abcd", "c c", "bb", "a"]
LANGUAGES = ["de", "fr"]


def make_causal_lm(longest=12, add_start=True, positions="learned", **options):
    """A language model of characters."""
    import keras_transformer as kt

    preprocessor = kt.text.DecoderPreprocessor(
        kt.text.CharacterTokenizer(TOKENS), longest, add_start
    )
    model = small_for(
        preprocessor,
        "decoder",
        positions=positions,
        max_sequence_length=longest,
    )
    return randomize(kt.tasks.CausalLM(model, preprocessor, **options))


def make_seq2seq_lm(
    languages=(),
    longest=10,
    positions="sinusoidal",
    positions_limit=None,
    **options,
):
    """A model from characters to characters, in several languages or none."""
    import keras_transformer as kt

    preprocessor = kt.text.Seq2SeqPreprocessor(
        kt.text.CharacterTokenizer(
            TOKENS, special_tokens=[f"<2{name}>" for name in languages]
        ),
        max_source_length=longest,
        max_target_length=longest - 2,
        target_languages=languages,
    )
    model = small_for(
        preprocessor,
        "encoder_decoder",
        positions=positions,
        max_sequence_length=positions_limit or longest,
    )
    return randomize(kt.tasks.Seq2SeqLM(model, preprocessor, **options))


def small_for(preprocessor, model, **arguments):
    """A model of one block with random weights, for a vocabulary."""
    return small(
        model,
        num_layers=1,
        vocabulary_size=preprocessor.vocabulary_size,
        dropout=0.0,
        **arguments,
    )
