"""Texts to tokenize, vocabularies, and how much of a batch is real."""

import pathlib
import random

_SYLLABLES = ["ba", "den", "ko", "li", "mor", "ne", "ro", "sta", "ti", "wen"]
_USUAL_BATCH = 32


def write_sample(path, lines):
    """Write lines of invented words, some of them frequent, as in a language.

    Args:
        path: Where to.
        lines: How many.
    """
    draw = random.Random(0)
    words = [
        "".join(draw.choices(_SYLLABLES, k=draw.randint(1, 4)))
        for _ in range(5000)
    ]
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    text = []
    for _ in range(lines):
        chosen = draw.choices(words, weights, k=draw.randint(4, 40))
        text.append(" ".join(chosen).capitalize() + ".\n")
    pathlib.Path(path).write_text("".join(text), "utf-8")


def learn_vocabulary(source, size, target):
    """Learn a WordPiece vocabulary of a file of lines, and write it.

    Args:
        source: The file.
        size: Most tokens.
        target: Where to write them, one a line.
    """
    from benchmarks.text_contenders import read_lines
    from keras_transformer import text

    learned = text.train_word_piece_vocabulary(read_lines(source), size)
    pathlib.Path(target).write_text("\n".join(learned) + "\n", "utf-8")


def real_token_shares(paths, vocabulary_size, batch_tokens):
    """Which part of all positions is not padding, in the batches of `fit`.

    Args:
        paths: A TSV, CSV or JSON Lines file of texts, of pairs of texts or of
            sources and targets; or two files of parallel lines.
        vocabulary_size: Most tokens of the vocabulary that is learned of it.
        batch_tokens: Most positions of a batch.

    Returns:
        Dict of `examples`; `batches`; `bucketed`, the share; and `usual`, that
        of batches of 32 rows in any order, padded to their longest.
    """
    from keras_transformer import data, text

    sides = _read_sides(paths)
    every = [line for lines in sides for line in lines]
    preprocessor = text.EncoderPreprocessor(
        text.WordPieceTokenizer(
            text.train_word_piece_vocabulary(every, vocabulary_size)
        )
    )
    lengths = {}
    for number, lines in enumerate(sides):
        rows = text.encode_all(preprocessor, {"text": lines})["token_ids"]
        lengths[f"side_{number}"] = rows.row_lengths().numpy()
    plan = data.plan_batches(
        lengths if len(sides) > 1 else lengths["side_0"], batch_tokens
    )
    return {
        "examples": len(sides[0]),
        "batches": plan.num_batches,
        "bucketed": plan.real_token_share,
        "usual": _usual_share(list(lengths.values())),
    }


def _read_sides(paths):
    from keras_transformer import data

    if len(paths) > 1:
        texts = data.read_parallel(*paths)
        return [texts.sources, texts.targets]
    try:
        texts = data.read_parallel(*paths)
    except data.DataError:
        rows = data.read_labelled_texts(*paths, labels_required=False)
        if rows.pairs is None:
            return [rows.texts]
        both = zip(rows.texts, rows.pairs, strict=True)
        return [[f"{first} {second}" for first, second in both]]
    return [texts.sources, texts.targets]


def _usual_share(sides):
    import numpy as np

    order = np.random.default_rng(0).permutation(len(sides[0]))
    padded = 0
    for start in range(0, len(order), _USUAL_BATCH):
        rows = order[start : start + _USUAL_BATCH]
        padded += sum(len(rows) * lengths[rows].max() for lengths in sides)
    return float(sum(lengths.sum() for lengths in sides) / padded)
