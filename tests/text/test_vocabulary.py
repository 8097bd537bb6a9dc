import os
import stat

import pytest

from keras_transformer.text import WordPieceTokenizer
from keras_transformer.text.vocabulary import load_vocabulary, save_vocabulary

TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "##\u00e9", "\u2028", "\x85"]


def write(path, content):
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_a_vocabulary_file_comes_back_as_it_was(tmp_path, kind):
    path = tmp_path / "new" / "vocab.txt"
    WordPieceTokenizer(TOKENS).save_vocabulary(kind(path))
    assert path.read_bytes() == "\n".join([*TOKENS, ""]).encode()
    assert load_vocabulary(kind(path)) == TOKENS
    assert os.listdir(path.parent) == ["vocab.txt"]
    assert stat.S_IMODE(path.stat().st_mode) & stat.S_IRUSR


@pytest.mark.parametrize(
    "content",
    [b"a\nb\n", b"a\nb", b"a\r\nb\r\n", b"\xef\xbb\xbfa\nb\n"],
)
def test_line_ends_and_byte_order_marks_do_not_matter(tmp_path, content):
    assert load_vocabulary(write(tmp_path / "v", content)) == ["a", "b"]


def test_saving_leaves_nothing_half_written(tmp_path):
    path = write(tmp_path / "vocab.txt", b"old\n")
    with pytest.raises(ValueError, match="line break"):
        save_vocabulary(["a", "b\nc"], path)
    with pytest.raises(UnicodeEncodeError):
        save_vocabulary(["a", "\ud800"], path)
    assert path.read_bytes() == b"old\n"
    assert os.listdir(tmp_path) == ["vocab.txt"]


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "must have at least one token"),
        (b"a\n\nb\n", "empty token at line 2"),
        (b"a\nb\nc\nb\n", "'b' at line 2 and 4"),
        (b"a\nb\n\xff\xfe\n", r"must be UTF-8.* on line 3"),
    ],
)
def test_a_broken_file_is_refused_with_the_line(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        load_vocabulary(write(tmp_path / "vocab.txt", content))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"at: vocabulary=.*none\.txt"):
        load_vocabulary(tmp_path / "none.txt")


@pytest.mark.parametrize(
    "tokens, message",
    [
        ([], "at least one token"),
        (["a", ""], "empty token at index 1"),
        (["a", "b", "a"], "'a' at index 0 and 2"),
        (["a", 1], r"vocabulary\[1\]=1, of type int"),
    ],
)
def test_a_broken_list_is_refused_with_the_index(tokens, message):
    with pytest.raises(ValueError, match=message):
        load_vocabulary(tokens)
