"""Transformers as functional Keras models."""

from keras_transformer.models.decoder import Decoder
from keras_transformer.models.encoder import Encoder
from keras_transformer.models.encoder_decoder import EncoderDecoder
from keras_transformer.models.sizes import SIZES

__all__ = ["SIZES", "Decoder", "Encoder", "EncoderDecoder"]
