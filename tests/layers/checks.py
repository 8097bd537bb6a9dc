"""What tests of layers and models share: data, gradients, a layer's contract.

Nothing here knows a backend, except `gradients` and `compiled`.
"""

import json

import keras
import numpy as np
import pytest
from keras import ops


def features(*shape, seed=0):
    """Random float32 features of a shape."""
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def to_numpy(structure):
    """NumPy arrays of tensors; floats in float32, whatever they were."""

    def convert(x):
        kind = keras.backend.standardize_dtype(x.dtype)
        return ops.convert_to_numpy(
            ops.cast(x, "float32") if "float" in kind else x
        )

    return keras.tree.map_structure(convert, structure)


def randomize(layer, seed=7):
    """Give all weights random values, biases and gammas too."""
    rng = np.random.default_rng(seed)
    layer.set_weights(
        [
            0.4 * rng.normal(size=w.shape) + (0.9 if "gamma" in w.path else 0)
            for w in layer.weights
        ]
    )
    return layer


def assert_close(actual, desired, tolerance=2e-5):
    """Compare two structures of tensors or arrays."""
    for a, d in zip(
        keras.tree.flatten(actual), keras.tree.flatten(desired), strict=True
    ):
        np.testing.assert_allclose(
            np.asarray(to_numpy(a), "float64"),
            np.asarray(to_numpy(d), "float64"),
            rtol=tolerance,
            atol=tolerance,
        )


def assert_finite(structure):
    for array in keras.tree.flatten(to_numpy(structure)):
        assert np.isfinite(array).all()


def gradients(variables, loss):
    """Gradients of `loss()` by Keras variables, as NumPy arrays."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        values = [v.value for v in variables]
        with tf.GradientTape() as tape:
            value = loss()
        found = tape.gradient(value, values)
    elif keras.backend.backend() == "jax":
        import jax

        def of_values(values):
            pairs = list(zip(variables, values, strict=True))
            with keras.StatelessScope(state_mapping=pairs):
                return loss()

        found = jax.grad(of_values)([v.value for v in variables])
    else:
        for variable in variables:
            variable.value.grad = None
        loss().backward()
        found = [v.value.grad for v in variables]
    assert all(gradient is not None for gradient in found)
    return [to_numpy(ops.convert_to_tensor(gradient)) for gradient in found]


def compiled(function):
    """Compile a function of tensors, or skip where there is no way to."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(function)
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    pytest.skip("only TensorFlow and JAX compile a function as a whole")


def symbolic(inputs):
    """A `keras.Input` for each array; batch and length are left open."""
    return {
        name: keras.Input(
            (None, *array.shape[2:]), dtype=str(array.dtype), name=name
        )
        for name, array in inputs.items()
    }


def check_layer(make, inputs, folder, output_dtype=None, **options):
    """Check what every layer promises.

    Args:
        make: Function that makes the layer; takes `dtype` and the like.
        inputs: Dict of arrays `(batch, length, ...)` by call argument.
        folder: Where a model may be saved.
        output_dtype: Data type of outputs. Default: the compute dtype.
        **options: Further call arguments, not tensors.
    """
    layer = make()
    layer(**inputs, **options)
    randomize(layer)
    outputs = layer(**inputs, **options)
    _check_config(layer, inputs, options, outputs)
    _check_graph_and_saving(layer, inputs, options, outputs, folder)
    for policy in ("mixed_bfloat16", "mixed_float16"):
        layer = make(dtype=policy)
        half = layer(**inputs, **options)
        assert_finite(half)
        for x in keras.tree.flatten(half):
            dtype = keras.backend.standardize_dtype(x.dtype)
            assert dtype == (output_dtype or layer.compute_dtype)
        for weight in layer.weights:
            assert weight.dtype == "float32"


def config_of(layer):
    """What is saved of a layer or model, less the numbers of shared objects."""

    def without_ids(x):
        if isinstance(x, list):
            return [without_ids(y) for y in x]
        if isinstance(x, dict):
            return {
                name: without_ids(y)
                for name, y in x.items()
                if name != "shared_object_id"
            }
        return x

    config = keras.saving.serialize_keras_object(layer)
    return without_ids(json.loads(json.dumps(config)))


def _check_config(layer, inputs, options, outputs):
    config = config_of(layer)
    twin = keras.saving.deserialize_keras_object(config)
    assert twin is not layer
    twin(**inputs, **options)  # sublayers say in their config whether built
    assert config_of(twin) == config
    twin.set_weights(layer.get_weights())
    assert_close(twin(**inputs, **options), outputs)


def _check_graph_and_saving(layer, inputs, options, outputs, folder):
    tensors = symbolic(inputs)
    graph = layer(**tensors, **options)
    for open_one, real in zip(
        keras.tree.flatten(graph), keras.tree.flatten(outputs), strict=True
    ):
        assert len(open_one.shape) == len(real.shape)
        for a, b in zip(open_one.shape, real.shape, strict=True):
            assert a in (None, b)
        assert open_one.shape[-1] is None or open_one.shape[-1] > 0
        assert open_one.dtype == keras.backend.standardize_dtype(real.dtype)
    model = keras.Model(tensors, graph)
    assert_close(model(inputs), outputs)
    path = str(folder / "layer.keras")
    model.save(path)
    assert_close(keras.saving.load_model(path)(inputs), outputs)
