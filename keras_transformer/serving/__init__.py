"""Tasks as SavedModels, for TensorFlow Serving and for TensorFlow alone."""

from keras_transformer.serving.portable import export_litert, export_onnx
from keras_transformer.serving.saved_model import export
from keras_transformer.serving.server_files import write_server_files

__all__ = ["export", "export_litert", "export_onnx", "write_server_files"]
