import gzip

import pytest

from keras_transformer.data import DataError, read_texts


def written(path, content):
    path.write_bytes(content)
    return path


def test_lines_end_at_newlines_alone(tmp_path):
    lines = ["one\u2028still one", "", "a\x0bb\x0cc\x85d", "e\rf", "last"]
    path = written(tmp_path / "a.txt", "\n".join(lines).encode())
    assert read_texts(path) == lines


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_last_line_counts_once_with_and_without_its_end(tmp_path, end):
    path = written(tmp_path / "a.txt", f"one\r\ntwo{end}".encode())
    assert read_texts(path) == ["one", "two"]


def test_a_byte_order_mark_is_dropped_at_the_start_alone(tmp_path):
    path = written(tmp_path / "a.txt", "\ufeffone\n\ufefftwo".encode())
    assert read_texts(path) == ["one", "\ufefftwo"]


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
def test_gzip_is_told_from_the_content(tmp_path, name):
    plain = written(tmp_path / name, b"one\ntwo\n")
    assert read_texts(plain) == ["one", "two"]
    members = gzip.compress(b"one\n", mtime=0) + gzip.compress(
        b"two\n", mtime=0
    )
    assert read_texts(written(tmp_path / name, members)) == ["one", "two"]


def test_parallel_files_stay_parallel(shared_data):
    folder = shared_data / "multi30k_en_de"
    english, german = (
        read_texts(folder / f"train.{language}.gz") for language in ("en", "de")
    )
    assert len(english) == len(german) == 29_000
    assert english[0].startswith("Two young, White males")


def damaged(content, at):
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


PACKED = gzip.compress(b"text\n" * 1000, mtime=0)


@pytest.mark.parametrize(
    ("content", "words", "line"),
    [
        (b"", "Received: an empty file", None),
        (b"\n \r\n", "an empty file.*all of them blank", None),
        (b"\xef\xbb\xbf", "an empty file", None),
        (gzip.compress(b"", mtime=0), "an empty file", None),
        (b"one\ntwo \xe9t\xe9\n", "UTF-8.*byte 0xe9 at offset 8", 2),
        (b"one\n\xed\xa0\x80", "UTF-8.*byte 0xed at offset 4", 2),
        ("text".encode("utf-16"), "byte 0xff.*begins like UTF-16", 1),
        (b"one\ntwo\nth\0ree", "without NUL.*at character 10", 3),
        (b"PK\x03\x04\0\0", "begins like a zip archive", 1),
        (PACKED[:-9], "truncated or damaged", None),
        (PACKED[:12], "truncated or damaged", None),
        (b"\x1f\x8b", "truncated or damaged", None),
        (damaged(PACKED, -6), "truncated or damaged", None),
        (damaged(PACKED, 14), "truncated or damaged", None),
        (PACKED + b"rest", "truncated or damaged", None),
    ],
)
def test_damage_is_named_with_its_place(tmp_path, content, words, line):
    path = written(tmp_path / "bad.txt", content)
    with pytest.raises(DataError, match=words) as caught:
        read_texts(path)
    assert str(path) in str(caught.value)
    assert caught.value.line == line
    assert caught.value.path == path
    assert line is None or f"line {line}" in str(caught.value)


def test_what_is_no_file_is_named(tmp_path):
    with pytest.raises(DataError, match="none of this name; the working dir"):
        read_texts(tmp_path / "missing.txt")
    with pytest.raises(DataError, match=r"a directory\. Name one file in it"):
        read_texts(tmp_path)
    with pytest.raises(DataError, match="readable file"):
        read_texts(written(tmp_path / "a", b"x") / "below")
