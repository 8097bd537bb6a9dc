"""Which tokens go on with a word, and which begin something new."""

import unicodedata

# Scripts that put no spaces between words: there, a character is a word.
_WITHOUT_SPACES = (
    "CJK",
    "HIRAGANA",
    "KATAKANA",
    "KHMER",
    "LAO",
    "MYANMAR",
    "THAI",
)
# First byte, in UTF-8, from which characters are mostly of such scripts.
_THREE_BYTES = 0xE0


def goes_on_with_word(content: bytes) -> bool:
    """Say whether a token that stands behind a word can belong to it.

    Letters, digits and marks do; spaces and punctuation do not, nor does what
    begins with a space, nor a character of a script without spaces.

    Args:
        content: What the token stands for, UTF-8 or a part of a character.

    Returns:
        Whether it goes on with the word.
    """
    first = content.decode("utf-8", "replace")[:1]
    if first == "\ufffd":
        return content[0] < _THREE_BYTES
    if not first or unicodedata.category(first)[0] not in "LMN":
        return False
    return not unicodedata.name(first, "").startswith(_WITHOUT_SPACES)
