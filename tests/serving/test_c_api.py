"""A SavedModel, asked by a program in C: no Python, nothing but TensorFlow."""

import os
import pathlib
import shutil
import subprocess

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_text

from tests.serving.test_operations import meta_graphs
from tests.serving.toys import TOYS
from tests.tasks.generators import LANGUAGES

SOURCE = pathlib.Path(__file__).parent / "c_api" / "ask.c"
COMPILER = shutil.which("cc")
LIBRARY = pathlib.Path(tf.sysconfig.get_lib()) / "libtensorflow_cc.so.2"

pytestmark = [
    pytest.mark.skipif(COMPILER is None, reason="there is no C compiler"),
    pytest.mark.skipif(
        not LIBRARY.exists(), reason=f"TensorFlow brought no {LIBRARY.name}"
    ),
]
# Operations of text that models use; a server has them linked in.
TEXT = [
    path
    for name in ("fast_wordpiece", "fast_sentencepiece", "sentencepiece")
    for path in pathlib.Path(tensorflow_text.__file__).parent.rglob(
        f"_{name}_tokenizer.so"
    )
]
STRINGS = ["w1 fox", "", "w2\t🙂 e\u0301"]


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    """The compiled program, which finds TensorFlow where pip put it."""
    made = tmp_path_factory.mktemp("c_api") / "ask"
    folder = LIBRARY.parent
    subprocess.run(
        [
            COMPILER,
            "-Wall",
            "-Werror",
            str(SOURCE),
            f"-I{tf.sysconfig.get_include()}",
            str(LIBRARY),
            str(folder / "libtensorflow_framework.so.2"),
            f"-Wl,-rpath,{folder}",
            "-o",
            str(made),
        ],
        check=True,
    )
    return made


def ask(program, folder, signature, strings):
    """Answer a dict of lists of strings; a dict of arrays by name."""
    (graph,) = meta_graphs(folder)
    tensors = graph.signature_def[signature]
    inputs, outputs = tensors.inputs, tensors.outputs
    lines = []
    for name, texts in strings.items():
        lines.append(f"{inputs[name].name} {len(texts)}")
        lines += [text.encode().hex() for text in texts]
    printed = subprocess.run(
        [
            str(program),
            str(folder),
            ",".join(tensor.name for tensor in outputs.values()),
            *map(str, TEXT),
        ],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=True,
        env={"TF_CPP_MIN_LOG_LEVEL": "2", "PATH": os.environ["PATH"]},
    ).stdout
    return dict(zip(outputs, arrays(printed.split("\n")), strict=True))


def arrays(lines):
    """Read what the program prints."""
    while lines and lines[0]:
        number, rank, *shape = map(int, lines.pop(0).split())
        assert rank == len(shape)
        dtype = tf.as_dtype(number)
        count = int(np.prod(shape))
        values, lines = lines[:count], lines[count:]
        if dtype == tf.string:
            values = [bytes.fromhex(value) for value in values]
        dtype = object if dtype == tf.string else dtype.as_numpy_dtype
        yield np.array(values, dtype).reshape(shape)


@pytest.mark.parametrize("kind", TOYS)
def test_it_answers_as_it_does_in_python(kind, served, program):
    toy = served(kind)
    strings = {name: STRINGS for name in toy.task.string_inputs}
    if kind == "masks":
        strings = {"text": [f"{text} [MASK]" for text in STRINGS]}
    if "target_language" in strings:
        strings["target_language"] = [*LANGUAGES, *LANGUAGES][: len(STRINGS)]
    for name in set(toy.model.signatures) - {"tokens", "score"}:
        there = ask(program, toy.folder, name, strings)
        here = toy.ask(strings, name)
        assert set(there) == set(here)
        for output, values in here.items():
            found, expected = there[output], values.numpy()
            assert found.shape == expected.shape
            if values.dtype.is_floating:
                np.testing.assert_allclose(found, expected, atol=1e-5)
            else:
                np.testing.assert_array_equal(found, expected)


def test_what_a_model_refuses_is_an_error_here_too(served, program):
    toy = served("masks")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        ask(program, toy.folder, "serving_default", {"text": ["no mask"]})
    assert "[MASK]" in caught.value.stderr
