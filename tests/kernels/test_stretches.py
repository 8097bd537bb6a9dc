"""A kernel is the function it was made of, and so are its slopes."""

import keras
import numpy as np
import pytest

from keras_transformer.kernels import stretches
from keras_transformer.kernels.stretches import runs_fused, stretch

tf = pytest.importorskip("tensorflow")

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="kernels are TensorFlow's"
)


@stretch
def example(x, factor, mask, shift, *, power):
    """A function with an int, a bool, and perhaps nothing among its inputs."""
    x = keras.ops.where(mask, x * factor, 0.0)
    x = x if shift is None else x + keras.ops.cast(shift, x.dtype)
    return keras.ops.exp(-(x**power))


def inputs(dtype="float32", batch=3):
    rng = np.random.default_rng(batch)
    x, factor = rng.normal(size=(batch, 4)), rng.normal(size=4)
    mask = rng.random((batch, 4)) < 0.6
    return (
        tf.constant(x, dtype),
        tf.constant(factor, dtype),
        tf.constant(mask),
        tf.constant([0, 1, 0, 2]),
    )


def value_and_slopes(function, x, factor, *others):
    with tf.GradientTape() as tape:
        tape.watch([x, factor])
        output = function(x, factor, *others, power=2)
        loss = tf.reduce_sum(tf.cast(output, "float32") ** 2)
    zero = tf.UnconnectedGradients.ZERO
    slopes = tape.gradient(loss, [x, factor], unconnected_gradients=zero)
    return output, *slopes


def assert_equal(actual, desired, tolerance=1e-6):
    for a, d in zip(actual, desired, strict=True):
        assert a.dtype == d.dtype
        np.testing.assert_allclose(
            np.asarray(a, "float32"),
            np.asarray(d, "float32"),
            rtol=tolerance,
            atol=tolerance,
        )


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("shifted", [True, False])
def test_value_and_slopes_are_those_of_the_function(dtype, shifted):
    *given, shift = inputs(dtype)
    given.append(shift if shifted else None)
    tolerance = 1e-6 if dtype == "float32" else 0.05
    assert_equal(
        value_and_slopes(example, *given),
        value_and_slopes(example.uncompiled, *given),
        tolerance,
    )


def test_shapes_may_be_open_in_a_graph():
    @tf.function(
        input_signature=[
            tf.TensorSpec((None, None)),
            tf.TensorSpec((None,)),
            tf.TensorSpec((None, None), tf.bool),
            tf.TensorSpec((None,), tf.int32),
        ]
    )
    def in_graph(*given):
        return value_and_slopes(example, *given)

    for batch in (2, 5):
        given = inputs(batch=batch)
        wanted = value_and_slopes(example.uncompiled, *given)
        assert_equal(in_graph(*given), wanted)


@pytest.mark.parametrize("taken", [True, False])
def test_a_condition_may_decide_about_a_kernel(taken):
    def either(x, *others, power):
        # What goes into the kernel is made within the branch.
        return tf.cond(
            tf.shape(x)[0] == (3 if taken else 4),
            lambda: example(tf.sin(x), *others, power=power),
            lambda: 0.5 * x,
        )

    def wanted(x, *others, power):
        if not taken:
            return 0.5 * x
        return example.uncompiled(tf.sin(x), *others, power=power)

    given = inputs()
    in_graph = tf.function(lambda *given: value_and_slopes(either, *given))
    assert_equal(in_graph(*given), value_and_slopes(wanted, *given))


def test_a_kernel_is_one_operation_for_all_that_call_it():
    given = inputs()

    @tf.function
    def twice(*given):
        first = example(*given, power=2)
        return example(first, *given[1:], power=2)

    graph = twice.get_concrete_function(*given).graph
    called = [
        op.get_attr("f").name
        for op in graph.get_operations()
        if "PartitionedCall" in op.type
    ]
    assert len(called) == 2 and len(set(called)) == 1


@pytest.mark.parametrize(
    ("width", "training", "switch", "wanted"),
    [
        (stretches.MIN_WIDTH, True, None, True),
        (stretches.MIN_WIDTH, True, "1", True),
        (stretches.MIN_WIDTH, True, "0", False),
        (stretches.MIN_WIDTH - 1, True, None, False),
        (stretches.MIN_WIDTH, False, None, False),
        (stretches.MIN_WIDTH, None, None, False),
    ],
)
def test_wide_models_run_fused_in_training(
    monkeypatch, width, training, switch, wanted
):
    monkeypatch.delenv("KERAS_TRANSFORMER_FUSED", raising=False)
    if switch:
        monkeypatch.setenv("KERAS_TRANSFORMER_FUSED", switch)
    assert runs_fused(width, training) is wanted
