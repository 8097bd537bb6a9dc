"""Functions of TensorFlow as ONNX, by tf2onnx, and what that does not know."""

import contextlib

import numpy as np
import onnx
import tf2onnx.convert
import tf2onnx.optimizer

# From this version on there is all that models need.
OPSET = 18


def to_onnx(function):
    """Convert a function.

    Args:
        function: A `tf.function` with one input signature and no variables,
            which returns a dict of tensors.

    Returns:
        The bytes of an ONNX file, inputs and outputs named as those of the
        function.

    Raises:
        ValueError: If it uses an operation that ONNX does not have.
    """
    with _without_merged_reshapes():
        model, _ = tf2onnx.convert.from_function(
            function,
            function.input_signature,
            opset=OPSET,
            custom_op_handlers={
                "Erfc": (_erfc, []),
                "XlaDynamicUpdateSlice": (_slice_update, []),
            },
        )
    unknown = {node.op_type for node in model.graph.node} - _operations()
    if unknown:
        raise ValueError(
            "This task cannot be written as ONNX, which has no "
            f"{', '.join(sorted(unknown))}. Export it as a SavedModel instead."
        )
    return model.SerializeToString()


@contextlib.contextmanager
def _without_merged_reshapes():
    """Within it, tf2onnx leaves one `Reshape` behind another as they are.

    It makes one of two even if a size of the second is 0, which means "as in
    what is reshaped" (tf2onnx 1.17).
    """
    optimizers = tf2onnx.optimizer._get_optimizers()
    kept = dict(optimizers)
    del optimizers["remove_back_to_back"]
    try:
        yield
    finally:
        optimizers.clear()
        optimizers.update(kept)


def _operations():
    """Names of all operations of ONNX."""
    return {schema.name for schema in onnx.defs.get_all_schemas()}


class _Writer:
    """Puts nodes in the place of one of TensorFlow's.

    Args:
        graph: tf2onnx's graph.
        node: The node, which goes away.
    """

    def __init__(self, graph, node):
        self.graph, self.node = graph, node
        self.inputs, self.output = list(node.input), node.output[0]
        self.shape = graph.get_shape(self.output)
        self.dtype = graph.get_dtype(self.output)
        graph.remove_node(node.name)

    def constant(self, value, dtype):
        name = tf2onnx.utils.make_name(self.node.name)
        return self.graph.make_const(name, np.array(value, dtype)).output[0]

    def add(self, operation, *inputs, **attributes):
        made = self.graph.make_node(operation, list(inputs), attr=attributes)
        return made.output[0]

    def finish(self, operation, *inputs):
        self.graph.make_node(
            operation,
            list(inputs),
            outputs=[self.output],
            shapes=[self.shape],
            dtypes=[self.dtype],
            name=self.node.name,
        )


def _erfc(graph, node, name, args):
    """The complement of the error function, 1 - erf(x)."""
    writer = _Writer(graph, node)
    one = writer.constant(1, np.float32)
    writer.finish("Sub", one, writer.add("Erf", *writer.inputs))


def _slice_update(graph, node, name, args):
    """A tensor in which a part is another: both as large, one or the other."""
    writer = _Writer(graph, node)
    tensor, update, begin = writer.inputs
    begin = writer.add("Cast", begin, to=onnx.TensorProto.INT64)
    whole, part = writer.add("Shape", tensor), writer.add("Shape", update)
    # As XLA does, a part that reaches beyond the tensor is moved back.
    last = writer.add("Sub", whole, part)
    begin = writer.add("Min", begin, last)
    behind = writer.add("Sub", last, begin)
    pads = writer.add("Concat", begin, behind, axis=0)
    is_new = writer.add(
        "ConstantOfShape",
        part,
        value=onnx.helper.make_tensor("one", onnx.TensorProto.INT32, [1], [1]),
    )
    is_new = writer.add("Pad", is_new, pads)
    is_new = writer.add("Cast", is_new, to=onnx.TensorProto.BOOL)
    writer.finish("Where", is_new, writer.add("Pad", update, pads), tensor)
