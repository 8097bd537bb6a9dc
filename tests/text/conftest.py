"""A vocabulary of many scripts, for all tests of tokenizers."""

import pytest

from keras_transformer.text import train_word_piece_vocabulary
from tests.text.reference import HAND_PICKED

CORPUS = [
    "The quick brown fox jumps over the lazy dog, and nothing else happens.",
    "A Caf\u00e9 in \u0141\u00f3d\u017a: na\u00efve people drink \u00e9lan.",
    "\u4e2d\u6587\u548c\u6c49\u5b57 \u65e5\u672c\u8a9e\u306e\u30c6\u30ad",
    "\ud55c\uad6d\uc5b4 \uac00\uac01 \u0928\u092e\u0938\u094d\u0924\u0947",
    "\u043f\u0440\u0438\u0432\u0435\u0442 \u03ba\u03cc\u03c3\u03bc\u03b5",
    "\U0001f600 \U0001f468\u200d\U0001f469 1 2 3 45 678 \u00bd \u20ac",
    "playing played player play singing sings sang sing",
]


@pytest.fixture(scope="session")
def vocabularies():
    """A vocabulary for each choice of `lowercase` and `strip_accents`."""
    texts = CORPUS * 3 + HAND_PICKED * 3
    return {
        (lowercase, strip): train_word_piece_vocabulary(
            texts, 1500, lowercase, strip
        )
        for lowercase in (True, False)
        for strip in (True, False)
    }


@pytest.fixture(scope="session")
def vocabulary(vocabularies):
    """The vocabulary for the default options."""
    return vocabularies[True, True]
