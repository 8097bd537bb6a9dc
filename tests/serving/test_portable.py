"""Models in onnxruntime and LiteRT compute what they compute in Keras."""

import json

import keras
import numpy as np
import pytest

import keras_transformer as kt
from keras_transformer.serving import portable_functions
from tests.layers.checks import randomize
from tests.models.checks import VARIANTS
from tests.serving.toys import TOYS
from tests.tasks.generators import make_task
from tests.tasks.toys import make_classifier

onnxruntime = pytest.importorskip("onnxruntime", reason="reads ONNX")
litert = pytest.importorskip(
    "ai_edge_litert.interpreter", reason="reads LiteRT"
)
pytest.importorskip("tf2onnx", reason="writes ONNX")

READING = sorted(set(TOYS) - {"writer", "summarizer", "translator"})
WRITING = [("causal", variant) for variant in VARIANTS]
WRITING += [("seq2seq", variant) for variant in ("sinusoidal", "t5")]


class Onnx:
    """The files that `export_onnx` wrote."""

    write = staticmethod(kt.serving.export_onnx)

    def __init__(self, folder):
        self.sessions = {
            file.stem: onnxruntime.InferenceSession(str(file))
            for file in folder.glob("*.onnx")
        }

    def run(self, name, inputs):
        session = self.sessions[name]
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, inputs), strict=True))


class LiteRt:
    """The file that `export_litert` wrote, with its own operations alone."""

    write = staticmethod(kt.serving.export_litert)

    def __init__(self, folder):
        self.interpreter = litert.Interpreter(str(folder / "model.tflite"))

    def run(self, name, inputs):
        return self.interpreter.get_signature_runner(name)(**inputs)


RUNTIMES = [Onnx, LiteRt]


def ids_like(task, batch, length, seed):
    """Ids and masks of a task, some padding in the last row."""
    rng = np.random.default_rng(seed)
    values = {}
    for name, tensor in task.input.items():
        if name.endswith("mask"):
            mask = np.ones((batch, length), bool)
            mask[-1, (length + 1) // 2 :] = False
            values[name] = mask
        else:
            high = 2 if name == "segment_ids" else 5
            ids = rng.integers(0, high, (batch, length))
            values[name] = ids.astype(tensor.dtype)
    return values


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("kind", READING)
def test_logits_of_any_batch_and_length_are_the_same(kind, runtime, tmp_path):
    task = randomize(TOYS[kind]())
    model = runtime(runtime.write(task, tmp_path / "model"))
    for batch, length in ((3, 8), (1, 1), (2, 5)):
        inputs = ids_like(task, batch, length, seed=length)
        (found,) = model.run("model", inputs).values()
        np.testing.assert_allclose(
            found, task(inputs, training=False), atol=1e-5
        )


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("kind, variant", WRITING)
def test_steps_give_the_logits_of_the_whole(kind, variant, runtime, tmp_path):
    task = make_task(kind, variant)
    folder = runtime.write(task, tmp_path / "model")
    model = runtime(folder)
    told = json.loads((folder / "signature.json").read_text("utf-8"))
    specs = told["signatures"]["step"]["inputs"]
    inputs = ids_like(task, 2, 6, seed=1)
    side = "" if kind == "causal" else "decoder_"
    tokens, mask = (inputs[side + x] for x in ("token_ids", "padding_mask"))
    mask[:] = True
    slots = 7  # one more than there are tokens
    parts = {
        name: np.zeros(
            [2, spec["shape"][1], slots, spec["shape"][3]], "float32"
        )
        for name, spec in specs.items()
        if name.startswith("cache_")
    }
    if kind == "seq2seq":
        sides = {k: v for k, v in inputs.items() if k.startswith("encoder_")}
        parts.update(model.run("source", sides))
    found = []
    for begin, end in ((0, 3), (3, 4), (4, 6)):
        places = np.arange(begin, end, dtype="int32")
        answer = model.run(
            "step",
            {
                "token_ids": tokens[:, begin:end],
                "positions": np.stack([places, places]),
                "padding_mask": np.ones((2, slots), bool),
                "index": places[:1],
                **parts,
            },
        )
        found.append(answer.pop("logits"))
        parts.update({k.removeprefix("new_"): v for k, v in answer.items()})
    whole = task(inputs, training=False)
    np.testing.assert_allclose(np.concatenate(found, 1), whole, atol=2e-5)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_adapters_are_merged(runtime, tmp_path):
    task = make_classifier()
    task.enable_lora(2)
    task = randomize(task)
    model = runtime(runtime.write(task, tmp_path / "model"))
    inputs = ids_like(task, 2, 4, seed=0)
    (found,) = model.run("model", inputs).values()
    np.testing.assert_allclose(found, task(inputs, training=False), atol=1e-5)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_folder_is_replaced_if_asked_to(runtime, tmp_path):
    path = tmp_path / "new" / "model"
    runtime.write(make_classifier(), path)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        runtime.write(make_classifier(), path)
    runtime.write(make_classifier(), path, overwrite=True)
    assert [p.name for p in path.parent.iterdir()] == ["model"]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_folder_of_something_else_is_never_replaced(runtime, tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "signature.json").write_text("{}", "utf-8")
    (tmp_path / "file").write_text("mine", "utf-8")
    for path in (tmp_path, tmp_path / "file"):
        with pytest.raises(FileExistsError, match="is not replaced"):
            runtime.write(make_classifier(), path, overwrite=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "1",
        "file",
        "signature.json",
    ]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_half_precision_is_refused_and_leaves_nothing(runtime, tmp_path):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        task = make_classifier()
    finally:
        keras.config.set_dtype_policy(policy)
    with pytest.raises(ValueError, match="computes in bfloat16"):
        runtime.write(task, tmp_path / "models" / "model")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_what_is_too_large_for_one_file_is_refused(
    runtime, tmp_path, monkeypatch
):
    monkeypatch.setattr(portable_functions, "_MOST_BYTES", 100)
    with pytest.raises(ValueError, match="at most 2 GiB"):
        runtime.write(make_classifier(), tmp_path / "model")
    assert not list(tmp_path.iterdir())
