"""One vector for a whole sequence."""

import keras
from keras import ops

_KINDS = ("first", "max", "mean")


@keras.saving.register_keras_serializable(package="keras_transformer")
class SequencePooling(keras.layers.Layer):
    """Summarise the real positions of a sequence in one vector.

    Args:
        kind: `"first"` for the first position (BERT's `[CLS]`), `"mean"` or
            `"max"` over the real ones.
        **kwargs: `name`, `dtype` and the rest of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `(batch, length, hidden_dim)`.
        padding_mask: Bool tensor `(batch, length)`, `True` = real. A row
            without any real position gives zeros for `"mean"` and `"max"`.

    Returns:
        Float tensor `(batch, hidden_dim)`.
    """

    def __init__(self, kind: str = "mean", **kwargs):
        super().__init__(**kwargs)
        if kind not in _KINDS:
            raise ValueError(
                f"`kind` must be one of {_KINDS}. Received: kind={kind!r}."
            )
        self.kind = kind

    def call(self, inputs, padding_mask=None):
        if self.kind == "first":
            return inputs[:, 0]
        if padding_mask is None:
            padding_mask = ops.ones(ops.shape(inputs)[:2], dtype="bool")
        real = ops.expand_dims(ops.cast(padding_mask, "bool"), -1)
        if self.kind == "max":
            lowest = ops.cast(float("-inf"), inputs.dtype)
            x = ops.max(ops.where(real, inputs, lowest), axis=1)
            return ops.where(ops.any(real, axis=1), x, ops.zeros_like(x))
        # In float32: a long sum loses digits in bfloat16.
        real = ops.cast(real, "float32")
        total = ops.sum(ops.cast(inputs, "float32") * real, axis=1)
        count = ops.maximum(ops.sum(real, axis=1), 1.0)
        return ops.cast(total / count, inputs.dtype)

    def get_config(self):
        return {**super().get_config(), "kind": self.kind}
