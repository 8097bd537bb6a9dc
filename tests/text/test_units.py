"""What carries a label, against plain Python, and cut out of real strings."""

import itertools
import random
import sys
import unicodedata

import numpy as np
import pytest
import tensorflow as tf

from keras_transformer.text import (
    BytePairTokenizer,
    CharacterTokenizer,
    SentencePieceTokenizer,
    WordPieceTokenizer,
    train_byte_pair,
    train_sentence_piece,
)
from keras_transformer.text.unit_chains import entities_in_texts
from keras_transformer.text.units import (
    IS_SPACE,
    SPACES,
    find_units,
    read_characters,
)
from tests.text.conftest import CORPUS
from tests.text.reference import HAND_PICKED, generated_strings

# Letters, marks, symbols, spaces and scripts without spaces, all old enough for
# every version of Unicode.
ALPHABET = "abÉ\u0301\u0308.,('@$\u20ac\U0001f600\u200d\ufe0f\t \u3000中のカไ1"


def is_mark(text):
    return all(
        unicodedata.category(c)[0] == "M" or unicodedata.category(c) == "Cf"
        for c in text
    )


def is_symbol(text):
    return unicodedata.category(text[0])[0] in "PS" and all(
        unicodedata.category(c)[0] in "PS" or is_mark(c) for c in text
    )


def is_unspaced(text):
    return any(c in "中のカไ" for c in text)


def units_in_python(text, tokens):
    """Units of a text as (first token, word, start, end)."""
    words = np.cumsum(
        [
            not c.isspace() and (i == 0 or text[i - 1].isspace())
            for i, c in enumerate(text)
        ]
    )
    pieces = {}
    for number, (start, end) in enumerate(tokens):
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        if start < end and not is_mark(text[start:end]):
            word = int(words[start]) - 1
            pieces.setdefault(word, []).append((number, start, end))
    units = []
    for word, of_word in pieces.items():
        symbols = [is_symbol(text[s:e]) for _, s, e in of_word]
        was_single = True
        for place, (number, start, end) in enumerate(of_word):
            is_single = (
                all(symbols[: place + 1])
                or all(symbols[place:])
                or is_unspaced(text[start:end])
            )
            if place == 0 or is_single or was_single:
                units.append([number, word, start, end])
            units[-1][3] = max(units[-1][3], end)
            was_single = is_single
    limits = [*(unit[2] for unit in units), len(text)][1:]
    for unit, limit in zip(units, limits, strict=False):
        while unit[3] < limit and (
            unicodedata.category(text[unit[3]])[0] == "M"
            or text[unit[3]] == "\u200d"
        ):
            unit[3] += 1
    return units


def random_tokens(text, generator):
    """Parts of a text in its order, some of which are left out."""
    cuts = sorted(
        {0, len(text)}
        | {i for i in range(len(text)) if generator.random() < 0.5}
    )
    spans = itertools.pairwise(cuts)
    return [span for span in spans if generator.random() < 0.9]


def one_line(units):
    return np.stack(
        [units.tokens, units.words, units.start, units.end], axis=1
    ).tolist()


def test_units_are_those_of_plain_python():
    generator = random.Random(0)
    texts = [
        "".join(generator.choices(ALPHABET, k=generator.choice((0, 1, 5, 30))))
        for _ in range(3000)
    ]
    tokens = [random_tokens(text, generator) for text in texts]
    units = find_units(
        tf.constant(texts),
        *(
            tf.RaggedTensor.from_row_lengths(
                tf.constant([span[side] for row in tokens for span in row]),
                [len(row) for row in tokens],
            )
            for side in (0, 1)
        ),
    )
    wanted, first_token, first_word, counts = [], 0, 0, []
    for text, row in zip(texts, tokens, strict=True):
        of_text = units_in_python(text, row)
        counts.append(len(of_text))
        wanted += [
            [first_token + number, first_word + word, start, end]
            for number, word, start, end in of_text
        ]
        first_token += len(row)
        first_word += len(text.split())
    assert one_line(units) == wanted
    np.testing.assert_array_equal(np.diff(units.splits), counts)
    np.testing.assert_array_equal(
        np.diff(units.word_splits), [len(text.split()) for text in texts]
    )


def test_spaces_are_those_of_python():
    spaces = [c for c in range(sys.maxunicode + 1) if chr(c).isspace()]
    assert list(SPACES) == spaces
    assert not IS_SPACE[-1]


def test_words_are_those_of_split():
    texts = [*HAND_PICKED, *generated_strings(500, seed=5), "", " a  b\t"]
    characters = read_characters(tf.constant(texts))
    np.testing.assert_array_equal(
        np.diff(characters.word_splits), [len(text.split()) for text in texts]
    )
    np.testing.assert_array_equal(
        np.diff(characters.splits), [len(text) for text in texts]
    )


# Of each text the units that any tokenizer should see.
EXAMPLES = {
    "Ada Lovelace lived.": ["Ada", "Lovelace", "lived", "."],
    "(O'Neill)!?": ["(", "O'Neill", ")", "!", "?"],
    "@ada #love $5 e-mail": ["@", "ada", "#", "love", "$", "5", "e-mail"],
    "New  York\tCity ": ["New", "York", "City"],
    "東京、京都 iPhone版": ["東", "京", "、", "京", "都", "iPhone", "版"],
    "cafe\u0301 \u0301 na\u00efve": ["cafe\u0301", "na\u00efve"],
    "zoe\u0308.": ["zoe\u0308", "."],
    "ok \U0001f44d\U0001f3fd": ["ok", "\U0001f44d\U0001f3fd"],
    " ": [],
    "": [],
    "\ufeffAda": ["Ada"],
}


@pytest.fixture(scope="module")
def tokenizers(vocabularies):
    """One of each kind, as narrow as they may be."""
    texts = CORPUS * 3 + list(EXAMPLES)
    return {
        "uncased": WordPieceTokenizer(vocabularies[True, True]),
        "cased": WordPieceTokenizer(
            vocabularies[False, False], lowercase=False, strip_accents=False
        ),
        "byte pairs": BytePairTokenizer(*train_byte_pair(texts, 400)),
        "pieces": SentencePieceTokenizer(train_sentence_piece(texts, 500)),
        "characters": CharacterTokenizer.from_texts(texts),
    }


KINDS = ["uncased", "cased", "byte pairs", "pieces", "characters"]


def units_of(tokenizer, texts):
    texts = tf.constant(texts)
    return find_units(texts, *tokenizer.tokenize_with_offsets(texts)[1:])


@pytest.mark.parametrize("kind", KINDS)
def test_names_are_whole_and_punctuation_is_apart(tokenizers, kind):
    units = units_of(tokenizers[kind], list(EXAMPLES))
    splits = units.splits.numpy()
    for row, (text, wanted) in enumerate(EXAMPLES.items()):
        here = slice(splits[row], splits[row + 1])
        found = [
            text[start:end]
            for start, end in zip(
                units.start.numpy()[here], units.end.numpy()[here], strict=True
            )
        ]
        if "\U0001f44d" in text:  # each tokenizer cuts emoji in its own way
            assert "".join(found) == text.replace(" ", "")
        else:
            assert found == wanted, text


@pytest.mark.parametrize("kind", KINDS)
def test_thousands_of_strings_are_cut_at_their_characters(tokenizers, kind):
    texts = [*HAND_PICKED, *generated_strings(3000, seed=7)]
    units = units_of(tokenizers[kind], texts)
    number = len(units.start)
    assert number > len(texts)
    found = entities_in_texts(
        tf.constant(texts),
        units,
        tf.zeros(number, tf.int32),
        tf.ones(number, tf.bool),
        tf.ones(number),
        ["unit"],
    )
    columns = [found[name].numpy() for name in ("start", "end", "entity")]
    for text, *row in zip(texts, *columns, strict=True):
        place = 0
        for start, end, entity in zip(*row, strict=True):
            if start < 0:
                assert entity == b""
                continue
            cut = text[start:end]
            assert place <= start < end and cut == cut.strip()
            assert entity.decode("utf-8") == cut
            place = end


def test_bytes_that_are_no_utf8_count_as_characters(tokenizers):
    texts = [b"Ada \xff\xfe Lovelace", b"\x80\x80abc \xe4\xb8", b"\xf0\x9f\x98"]
    for kind in KINDS:
        units = units_of(tokenizers[kind], texts)
        decoded = tf.strings.unicode_decode(texts, "UTF-8").to_list()
        for row in range(len(texts)):
            here = slice(units.splits[row], units.splits[row + 1])
            assert (units.end.numpy()[here] <= len(decoded[row])).all()
        assert units.start.numpy()[0] == 0 and units.end.numpy()[0] == 3
