"""Labels and weights in the shape of what they belong to."""

from keras import ops


def spread_over(values, shape):
    """Drop trailing axes of 1, or repeat values over the axes they lack.

    Args:
        values: Tensor `(batch, …)`, with fewer axes than `shape`, as many, or
            more that are 1.
        shape: The shape wanted, of numbers or tensors.

    Returns:
        The values in that shape.
    """
    while len(values.shape) > len(shape):
        values = ops.squeeze(values, -1)
    while len(values.shape) < len(shape):
        values = ops.expand_dims(values, -1)
    return ops.broadcast_to(values, shape)
