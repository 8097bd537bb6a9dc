"""Writing text token by token: greedy, sampled, or by beam search."""

from keras_transformer.generation.beam_search import BeamSearch
from keras_transformer.generation.greedy import Greedy
from keras_transformer.generation.prompts import (
    align_left,
    align_right,
)
from keras_transformer.generation.sample import Sample
from keras_transformer.generation.search import Decoding, Search

__all__ = [
    "BeamSearch",
    "Decoding",
    "Greedy",
    "Sample",
    "Search",
    "align_left",
    "align_right",
]
