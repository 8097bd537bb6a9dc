"""Opening what is no saved task, or was damaged."""

import pytest

import keras_transformer as kt
from tests.tasks.toys import make_classifier


def test_what_is_not_there_is_said_with_its_path(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.keras"):
        kt.load(tmp_path / "nowhere.keras")
    with pytest.raises(FileNotFoundError, match=r"model\.keras"):
        kt.load(tmp_path)


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    path = tmp_path / "model.keras"
    path.write_text("not a model")
    with pytest.raises(ValueError, match=r"not a `\.keras` file"):
        kt.load(path)


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_file_is_refused(tmp_path, share):
    path = tmp_path / "model.keras"
    make_classifier().save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ValueError, match=r"model\.keras"):
        kt.load(path)


def test_flipped_bytes_are_noticed(tmp_path):
    path = tmp_path / "model.keras"
    make_classifier().save(path)
    content = bytearray(path.read_bytes())
    for place in range(len(content) // 2, len(content) // 2 + 200):
        content[place] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(ValueError, match=r"model\.keras"):
        kt.load(path)


def test_a_folder_with_a_model_is_opened(tmp_path):
    make_classifier().save(tmp_path / "model.keras")
    assert isinstance(kt.load(tmp_path), kt.tasks.TextClassifier)


def test_a_task_is_only_saved_as_a_keras_file(tmp_path):
    with pytest.raises(ValueError, match=r"serving\.export"):
        make_classifier().save(tmp_path / "model")
    make_classifier().save(tmp_path / "model.keras")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        make_classifier().save(tmp_path / "model.keras", overwrite=False)
