"""Models with a head, that take strings and give answers."""

from keras_transformer.tasks.causal_lm import CausalLM
from keras_transformer.tasks.loading import load
from keras_transformer.tasks.masked_lm import MaskedLM
from keras_transformer.tasks.question_answerer import QuestionAnswerer
from keras_transformer.tasks.sentence_encoder import SentenceEncoder
from keras_transformer.tasks.seq2seq_lm import Seq2SeqLM
from keras_transformer.tasks.task import Task
from keras_transformer.tasks.text_classifier import TextClassifier
from keras_transformer.tasks.token_classifier import TokenClassifier

__all__ = [
    "CausalLM",
    "MaskedLM",
    "QuestionAnswerer",
    "SentenceEncoder",
    "Seq2SeqLM",
    "Task",
    "TextClassifier",
    "TokenClassifier",
    "load",
]
