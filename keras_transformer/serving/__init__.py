"""Tasks as SavedModels, for TensorFlow Serving and for TensorFlow alone."""

from keras_transformer.serving.saved_model import export

__all__ = ["export"]
