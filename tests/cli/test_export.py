"""`export`, from a saved model to what a server is started with."""

import json

import pytest
import tensorflow as tf

from keras_transformer.cli.main import main
from tests.tasks.masked_toys import make_masked_lm
from tests.tasks.toys import make_classifier

CARD = """\
# sentiment

Trained on a day.

## Scores

All of them.
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder as `train` writes it."""
    folder = tmp_path_factory.mktemp("trained")
    make_classifier().save(folder / "model.keras")
    (folder / "model_card.md").write_text(CARD, "utf-8")
    return folder


def export(model, to, *flags):
    return main(["export", str(model), "--to", str(to), *map(str, flags)])


def test_one_command_writes_all_that_a_server_needs(trained, tmp_path, capsys):
    models = tmp_path / "models"
    texts = tmp_path / "texts.txt"
    texts.write_text('dull\n{"text": "great fun"}\n', "utf-8")
    flags = ["--warm-up", 4, 2, "--dtype", "bfloat16", "--server-files"]
    flags += ["--examples", texts]
    assert export(trained, models / "toy", *flags) == 0
    said = capsys.readouterr()
    assert said.out == f"{models / 'toy' / '1'}\n"
    assert f"docker compose -f {models / 'compose.yaml'} up" in said.err
    assert sorted(p.name for p in models.iterdir()) == [
        "batching.config",
        "compose.yaml",
        "models.config",
        "toy",
    ]
    assert '"/models/toy"' in (models / "models.config").read_text("utf-8")
    extra = models / "toy" / "1" / "assets.extra"
    records = tf.data.TFRecordDataset(str(extra / "tf_serving_warmup_requests"))
    assert len(list(records)) == 4  # two signatures, two batch sizes
    told = json.loads((models / "toy" / "signature.json").read_text("utf-8"))
    shown = told["signatures"]["serving_default"]["example"]
    assert shown["request"] == {"instances": ["dull"]}
    card = (models / "toy" / "model_card.md").read_text("utf-8")
    assert "batches of 2, 4." in card and "stored in bfloat16" in card
    assert "## How it came to be\n\nTrained on a day.\n\n### Scores\n" in card


def test_a_version_is_replaced_only_with_overwrite(trained, tmp_path, capsys):
    flags = ["--version", 3, "--warm-up"]
    assert export(trained, tmp_path / "toy", *flags) == 0
    version = tmp_path / "toy" / "3"
    assert not (
        version / "assets.extra" / "tf_serving_warmup_requests"
    ).exists()
    before = version.stat().st_ino
    assert export(trained, tmp_path / "toy", *flags) == 2
    assert "Version 3 is there already" in capsys.readouterr().err
    assert version.stat().st_ino == before
    assert export(trained, tmp_path / "toy", *flags, "--overwrite") == 0
    assert version.stat().st_ino != before


def test_a_file_of_a_model_is_exported_without_a_card(tmp_path, capsys):
    file = tmp_path / "words.keras"
    make_masked_lm().save(file)
    assert export(file, tmp_path / "words") == 0
    told = json.loads((tmp_path / "words" / "signature.json").read_text())
    (text,) = told["signatures"]["serving_default"]["example"]["request"][
        "instances"
    ]
    assert "[MASK]" in text
    card = (tmp_path / "words" / "model_card.md").read_text("utf-8")
    assert "How it came to be" not in card


@pytest.mark.parametrize(
    "flags", [["--warm-up", "0"], ["--dtype", "int4"], ["--version", "x"]]
)
def test_bad_flags_exit_with_2(flags, tmp_path):
    with pytest.raises(SystemExit) as exit:
        export(tmp_path / "none", tmp_path / "toy", *flags)
    assert exit.value.code == 2


def test_other_formats_are_folders_of_their_own(trained, tmp_path, capsys):
    to = tmp_path / "toy"
    assert export(trained, to, "--format", "litert") == 0
    assert capsys.readouterr().out == f"{to}\n"
    assert {p.name for p in to.iterdir()} == {"model.tflite", "signature.json"}
    assert export(trained, to, "--format", "litert") == 2
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    "flags", [["--warm-up", 4], ["--server-files"], ["--version", 1]]
)
def test_other_formats_have_no_use_for_a_servers_flags(
    flags, trained, tmp_path, capsys
):
    to = tmp_path / "toy"
    assert export(trained, to, "--format", "onnx", *flags) == 2
    assert f"Received: {flags[0]}." in capsys.readouterr().err
    assert not to.exists()
