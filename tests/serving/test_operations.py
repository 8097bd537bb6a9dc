"""A model uses operations that the stock model server links, and no others.

The server links all kernels of TensorFlow and `tensorflow_text:ops_lib` (see
`tensorflow_serving/model_servers/BUILD`). The lists are shorter than that: what
is not on them has to be thought about, and added by hand.
"""

import pathlib
import re

import pytest
import tensorflow_text
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.framework import kernels

from tests.serving.toys import TOYS

_CORE = """
    Abs AddV2 All Any ArgMax Assert AssignVariableOp BatchMatMulV2 BiasAdd
    Bitcast BitwiseAnd BroadcastTo Cast ConcatV2 Const Cos Cumsum DecodeRaw
    DenseBincount DisableCopyOnRead EnsureShape Equal Erfc Exp ExpandDims Fill
    FloorDiv FloorMod GatherNd GatherV2 Greater GreaterEqual Identity If
    IsFinite Less LessEqual Log LogSoftmax LogicalAnd LogicalNot LogicalOr
    LowerBound MatMul Max Maximum Mean MergeV2Checkpoints Minimum Mul Neg NoOp
    NotEqual OnesLike Pack Pad PadV2 PartitionedCall Placeholder Pow Prod
    RaggedGather RaggedRange RaggedTensorToTensor RandomUniform Range
    ReadVariableOp RealDiv ReduceJoin Relu Reshape RestoreV2 ReverseV2
    RightShift Rsqrt SaveV2 Select SelectV2 Shape ShardedFilename Sin Size
    Softmax SparseSoftmaxCrossEntropyWithLogits Split Square SquaredDifference
    Squeeze StatefulPartitionedCall StatelessIf StatelessRandomGetKeyCounter
    StatelessRandomUniformV2 StatelessWhile StaticRegexFullMatch
    StaticRegexReplace StopGradient StridedSlice StringJoin StringLength Sub Sum
    TensorListConcatV2 TensorListFromTensor TensorListGetItem TensorListReserve
    TensorListSetItem TensorListStack TensorScatterUpdate
    TensorStridedSliceUpdate Tile TopKV2 Transpose UnicodeDecode UnicodeEncode
    UnicodeTranscode Unique UnsortedSegmentJoin UnsortedSegmentMax
    UnsortedSegmentMin UnsortedSegmentSum UpperBound VarHandleOp
    VarIsInitializedOp Where While ZerosLike
"""
_TEXT = """
    FastWordpieceTokenizeWithOffsets SentencepieceDetokenizeOp SentencepieceOp
    SentencepieceTokenizeOp
"""
CORE, TEXT = set(_CORE.split()), set(_TEXT.split())
# What would need files, tables, Python or other machines beside the model.
# Resources of TensorFlow are variables alone.
BARRED = re.compile(
    "Table|PyFunc|Dataset|Iterator|TensorArray|Queue|Collective|Send"
    "|Recv|TPU|Xla|Summary|Barrier|Print|Stage|(Read|Write)File"
)


def meta_graphs(folder):
    """The graphs of a SavedModel and their signatures, as on the disk."""
    return saved_model_pb2.SavedModel.FromString(
        (folder / "saved_model.pb").read_bytes()
    ).meta_graphs


def operations_in(folder):
    """Names of all operations of a SavedModel, those in functions included."""
    found, functions = set(), set()
    for graph in (meta.graph_def for meta in meta_graphs(folder)):
        found |= {node.op for node in graph.node}
        for function in graph.library.function:
            functions.add(function.signature.name)
            found |= {node.op for node in function.node_def}
    return found - functions  # a function may stand where an operation may


@pytest.mark.parametrize("kind", TOYS)
def test_all_operations_are_linked_by_the_stock_server(kind, served):
    unknown = operations_in(served(kind).folder) - CORE - TEXT
    assert not unknown


@pytest.mark.parametrize("kind", TOYS)
def test_nothing_has_to_be_found_beside_the_model(kind, served):
    folder = served(kind).folder
    operations = operations_in(folder)
    assert not [name for name in operations if BARRED.search(name)]
    kept = {name for name in operations if name.endswith("HandleOp")}
    assert kept <= {"VarHandleOp"}
    assets = folder / "assets"
    assert not assets.exists() or not list(assets.iterdir())


def test_the_lists_name_operations_that_run_on_a_cpu():
    for name in CORE | TEXT:
        found = kernels.get_registered_kernels_for_op(name).kernel
        devices = {kernel.device_type for kernel in found}
        assert devices & {"CPU", "DEFAULT"}, name


def test_operations_of_text_are_those_of_tensorflow_text():
    libraries = pathlib.Path(tensorflow_text.__file__).parent.rglob("*.so")
    content = [library.read_bytes() for library in libraries]
    for name in TEXT:
        assert any(name.encode() in part for part in content), name
