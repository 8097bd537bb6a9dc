"""The flags that say how text is written."""

from keras_transformer.cli.flag_types import (
    any_float,
    natural_int,
    positive_float,
    positive_int,
    share,
)
from keras_transformer.generation.beam_search import BeamSearch
from keras_transformer.generation.greedy import Greedy
from keras_transformer.generation.sample import Sample
from keras_transformer.tasks.text_generator import TextGenerator

# From flag to the argument of a search, and the searches that have it.
_OF_BEAMS = ("beam_size", "length_penalty", "early_stopping")
_OF_SAMPLES = ("temperature", "top_k", "top_p", "min_p", "seed")
_OF_ALL = ("min_length", "repetition_penalty", "no_repeat_ngram_size")
_FLAGS = (*_OF_BEAMS, *_OF_SAMPLES, *_OF_ALL, "num_return_sequences")


def add_search_arguments(parser):
    """Add the flags of tasks that write text; all are left out by default."""
    group = parser.add_argument_group(
        "writing text (translation, summarization, causal-lm)",
        "Without these, the model searches as it was trained to: by a beam of "
        "4 for translation and summarization, greedily for causal-lm.",
    )
    _add_lengths(group)
    _add_beams(group)
    _add_samples(group)


def _add_lengths(group):
    group.add_argument(
        "--max-length",
        type=positive_int,
        metavar="N",
        help="most tokens: of an answer, or of prompt and answer for causal-lm",
    )
    group.add_argument(
        "--min-length",
        type=natural_int,
        metavar="N",
        help="fewest tokens before the end",
    )
    group.add_argument(
        "--repetition-penalty",
        type=positive_float,
        metavar="X",
        help="above 1: make tokens that were there before less likely",
    )
    group.add_argument(
        "--no-repeat-ngram-size",
        type=positive_int,
        metavar="N",
        help="sequences of N tokens occur at most once",
    )


def _add_beams(group):
    group.add_argument(
        "--beam-size",
        type=positive_int,
        metavar="N",
        help="follow N hypotheses; 1 takes the likeliest token each time",
    )
    group.add_argument(
        "--length-penalty",
        type=any_float,
        metavar="X",
        help="exponent; more favours longer answers (default: 0.6)",
    )
    group.add_argument(
        "--early-stopping",
        action="store_true",
        default=None,
        help="stop as soon as a full beam has ended",
    )
    group.add_argument(
        "--num-return-sequences",
        type=positive_int,
        metavar="N",
        help="answers to each text, best first, or drawn N times",
    )


def _add_samples(group):
    group.add_argument(
        "--temperature",
        type=positive_float,
        metavar="X",
        help="draw tokens at random; below 1 keeps to the likely ones",
    )
    group.add_argument(
        "--top-k",
        type=positive_int,
        metavar="N",
        help="draw among the N likeliest tokens",
    )
    group.add_argument(
        "--top-p",
        type=positive_float,
        metavar="SHARE",
        help="draw among the likeliest tokens that have this probability "
        "together",
    )
    group.add_argument(
        "--min-p",
        type=share,
        metavar="SHARE",
        help="draw among tokens with this share of the best one's probability",
    )
    group.add_argument(
        "--seed",
        type=natural_int,
        metavar="N",
        help="draw the same each time",
    )


def search_options(arguments, task):
    """Turn the flags into the arguments of `answer` and `generate`.

    Args:
        arguments: The parsed flags.
        task: The task.

    Returns:
        Dict of `search` and `max_length`, without those not asked for.

    Raises:
        ValueError: If flags do not go together, or the task writes no text.
    """
    given = {
        name: getattr(arguments, name)
        for name in _FLAGS
        if getattr(arguments, name) is not None
    }
    options = {}
    if arguments.max_length is not None:
        options["max_length"] = arguments.max_length
    if (given or options) and not isinstance(task, TextGenerator):
        raise ValueError(
            f"{_as_flags([*given, *options])}: for tasks that write text. "
            f"Received: a {type(task).__name__}."
        )
    if given:
        options["search"] = _search(given, task.search)
    return options


def _search(given, usual):
    beams = [name for name in given if name in _OF_BEAMS]
    samples = [name for name in given if name in _OF_SAMPLES]
    if beams == ["beam_size"] and given["beam_size"] == 1 and samples:
        beams = []  # `--beam-size 1` beside sampling says nothing else
    if beams and samples:
        raise ValueError(
            f"{_as_flags(beams)} search for the likeliest text, "
            f"{_as_flags(samples)} draw one at random. Choose one of the two."
        )
    if samples:
        given = {k: v for k, v in given.items() if k not in _OF_BEAMS}
        return Sample(**given)
    if given.get("beam_size") == 1 and "num_return_sequences" not in given:
        of_all = {k: v for k, v in given.items() if k in _OF_ALL}
        return Greedy(**of_all)
    if beams or "num_return_sequences" in given:
        few = given.get("num_return_sequences", 1)
        return BeamSearch(**{"beam_size": max(4, few), **given})
    return type(usual)(**{**usual.get_config(), **given})


def _as_flags(names):
    return ", ".join(f"--{name.replace('_', '-')}" for name in names)
