"""Models with a head, that take strings and give answers."""

from keras_transformer.tasks.causal_lm import CausalLM
from keras_transformer.tasks.loading import load
from keras_transformer.tasks.seq2seq_lm import Seq2SeqLM
from keras_transformer.tasks.task import Task
from keras_transformer.tasks.text_classifier import TextClassifier

__all__ = ["CausalLM", "Seq2SeqLM", "Task", "TextClassifier", "load"]
