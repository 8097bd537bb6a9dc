"""Strings to token ids and back, in TensorFlow graph operations."""

from keras_transformer.text.batches import (
    answer_in_batches,
    encode_all,
    string_function,
)
from keras_transformer.text.labels import LabelNames
from keras_transformer.text.preprocessor import EncoderPreprocessor
from keras_transformer.text.vocabulary_training import (
    train_word_piece_vocabulary,
)
from keras_transformer.text.word_piece import WordPieceTokenizer

__all__ = [
    "EncoderPreprocessor",
    "LabelNames",
    "WordPieceTokenizer",
    "answer_in_batches",
    "encode_all",
    "string_function",
    "train_word_piece_vocabulary",
]
