"""What the README says is true."""

import configparser
import re

import numpy as np
import pytest

import keras_transformer as kt
from tests.docs.blocks import README, REPOSITORY, run_document
from tests.tasks.toys import LABELS, TEXTS, make_preprocessor

TEXT = README.read_text("utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the README is run; it takes a checkpoint in it for granted."""
    folder = tmp_path_factory.mktemp("readme")
    preprocessor = make_preprocessor()
    encoder = kt.models.Encoder.from_size(
        "tiny", preprocessor.vocabulary_size, max_sequence_length=12
    )
    kt.tasks.TextClassifier(
        encoder,
        preprocessor,
        ["dull", "fine"],
        pooling="first",
        head_dim=encoder.hidden_dim,
    ).save_pretrained(folder / "path/to/checkpoint")
    return folder


@pytest.fixture(scope="module")
def examples(folder):
    """What the examples of the README defined, once all of them have run."""
    return run_document(README, folder, texts=TEXTS * 4, labels=LABELS * 4)


def the_one_with(name, examples):
    """The first example that defines a name."""
    return next(scope for scope in examples if name in scope)


def test_the_classifier_of_the_readme_learns(examples, folder):
    classifier = the_one_with("classifier", examples)["classifier"]
    answer = classifier.answer(["a joy", "what a bore"])
    assert [n.decode() for n in answer["label"].numpy()] == ["good", "bad"]
    assert (folder / "reviews.keras").is_file()
    assert (folder / "saved_models/reviews/1/saved_model.pb").is_file()


def test_the_translator_of_the_readme_learns(examples, folder):
    translator = the_one_with("translator", examples)["translator"]
    written = translator.translate(["four and one", "two and two"], "en", "de")
    assert written == ["vier und eins", "zwei und zwei"]
    assert (folder / "saved_models/numbers/1/saved_model.pb").is_file()


def test_the_checkpoint_of_the_readme_is_trained_and_written(examples, folder):
    *_, trained = (s["classifier"] for s in examples if "classifier" in s)
    assert trained.classes == ["bad", "good"]
    written = kt.load(folder / "for-transformers")
    np.testing.assert_allclose(
        written.answer(TEXTS)["scores"],
        trained.answer(TEXTS)["scores"],
        atol=1e-5,
    )
    first = kt.models.Encoder.from_pretrained(folder / "path/to/checkpoint")
    for kept, before in zip(
        written.encoder.get_layer("embedding").get_weights(),
        first.get_layer("embedding").get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(kept, before)


def test_the_rooms_in_the_readme_are_those_of_the_package():
    rooms = set(re.findall(r"^\| \d \| `(\w+)/`", TEXT, re.MULTILINE))
    package = REPOSITORY / "keras_transformer"
    assert rooms == {p.parent.name for p in package.glob("*/__init__.py")}


def test_the_commands_of_the_readme_are_those_of_ci():
    assert '    pip install -e ".[test]" && pytest\n' in TEXT
    script = (REPOSITORY / ".ci" / "run").read_text("utf-8")
    assert 'pip install -q -e ".[test]"\n' in script
    assert "\npytest\n" in script


def test_tensorflow_and_its_text_are_pinned_to_one_minor():
    config = configparser.ConfigParser()
    config.read(REPOSITORY / "setup.cfg")
    needed = config["options"]["install_requires"].split()
    pins = dict(re.match(r"([\w-]+)(.*)", line).groups() for line in needed)
    assert pins["tensorflow"] == pins["tensorflow-text"]
    assert set(pins) == {
        "tensorflow",
        "tensorflow-text",
        "keras",
        "keras-nlp",
        "tokenizers",
        "sentencepiece",
        "sacrebleu",
        "rouge-score",
        "safetensors",
    }
