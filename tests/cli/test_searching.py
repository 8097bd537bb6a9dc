"""From the flags of `predict` to a search."""

import argparse

import pytest

from keras_transformer.cli.searching import (
    add_search_arguments,
    search_options,
)
from keras_transformer.generation import BeamSearch, Greedy, Sample
from tests.tasks.toys import make_classifier


class Writer:
    """Stands for a task that writes by a beam of 4."""

    search = BeamSearch(4, length_penalty=0.9)


def options_of(words, task=None):
    parser = argparse.ArgumentParser()
    add_search_arguments(parser)
    return search_options(parser.parse_args(words.split()), task or Writer())


@pytest.fixture(autouse=True)
def writers_write(monkeypatch):
    monkeypatch.setattr("keras_transformer.cli.searching.TextGenerator", Writer)


@pytest.mark.parametrize(
    "words, search",
    [
        ("--beam-size 1", Greedy()),
        ("--beam-size 1 --min-length 2", Greedy(min_length=2)),
        ("--beam-size 3", BeamSearch(3)),
        ("--length-penalty 0", BeamSearch(4, 0)),
        ("--early-stopping", BeamSearch(4, early_stopping=True)),
        ("--num-return-sequences 6", BeamSearch(6, num_return_sequences=6)),
        ("--temperature 0.5", Sample(0.5)),
        ("--top-k 3 --top-p 0.5", Sample(top_k=3, top_p=0.5)),
        ("--min-p 0.1 --seed 4", Sample(min_p=0.1, seed=4)),
        ("--beam-size 1 --top-k 3", Sample(top_k=3)),
        (
            "--top-k 2 --num-return-sequences 3",
            Sample(top_k=2, num_return_sequences=3),
        ),
        (
            "--repetition-penalty 1.2",
            BeamSearch(4, 0.9, repetition_penalty=1.2),
        ),
        (
            "--no-repeat-ngram-size 3",
            BeamSearch(4, 0.9, no_repeat_ngram_size=3),
        ),
    ],
)
def test_flags_stand_for_a_search(words, search):
    assert options_of(words) == {"search": search}


def test_no_flags_leave_the_search_of_the_model():
    assert options_of("") == {}
    assert options_of("--max-length 5") == {"max_length": 5}


def test_beams_and_draws_do_not_go_together():
    with pytest.raises(ValueError, match=r"--beam-size.*--top-k.*Choose one"):
        options_of("--beam-size 4 --top-k 3")


def test_a_task_that_writes_nothing_has_no_search():
    with pytest.raises(ValueError, match="--beam-size: for tasks that write"):
        options_of("--beam-size 4", make_classifier())
