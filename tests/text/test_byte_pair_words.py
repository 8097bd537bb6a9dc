import numpy as np
import tensorflow as tf
from tokenizers import pre_tokenizers

from keras_transformer.text.byte_pair_vocabulary import byte_characters
from keras_transformer.text.byte_pair_words import character_pages, split_words
from tests.text.make_byte_pair_characters import (
    PATH,
    make_byte_pair_characters,
)
from tests.text.reference import every_character


def test_the_table_is_what_the_reference_says():
    assert PATH.read_text(encoding="ascii") == make_byte_pair_characters()


def test_bytes_are_shown_as_the_reference_shows_them():
    splitter = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    assert sorted(byte_characters()) == sorted(splitter.alphabet())
    for text in (" \n\x00\x7f", "".join(map(chr, range(0x80, 0x100)))):
        ((shown, _),) = splitter.pre_tokenize_str(text)
        characters = byte_characters()
        assert shown == "".join(characters[byte] for byte in text.encode())


def test_every_character_is_split_as_the_reference_does():
    splitter = pre_tokenizers.ByteLevel(add_prefix_space=False)
    text = "".join(f"x{chr(c)}1{chr(c)} {chr(c)}!" for c in every_character())
    words = split_words([text], [tf.constant(x) for x in character_pages()])
    lengths = tf.strings.length(words.strings, "UTF8_CHAR").numpy()
    ends = np.cumsum(lengths)
    expected = [span for _, span in splitter.pre_tokenize_str(text)]
    starts = (ends - lengths).tolist()
    assert list(zip(starts, ends.tolist(), strict=True)) == expected
