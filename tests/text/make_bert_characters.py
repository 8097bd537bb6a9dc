"""Write `keras_transformer/text/bert_characters.json`, what BERT does to
each Unicode character, by asking Hugging Face `tokenizers` about all of them.

BERT's tokenizer mixes several Unicode versions (categories of one, lower case
of another, decompositions of a third), so no Unicode table at hand says what
it does; asking it does. The answer depends on the version of `tokenizers` and
on nothing else. Run `python -m tests.text.make_bert_characters`.
"""

import bisect
import json
import pathlib

from tokenizers import normalizers, pre_tokenizers

import keras_transformer

PATH = (
    pathlib.Path(keras_transformer.__file__).parent
    / "text"
    / "bert_characters.json"
)
SURROGATES = range(0xD800, 0xE000)
HANGUL = range(0xAC00, 0xD7A4)
PAGE = 256


def bert_step(**step):
    """One step of BERT's normalization, a function from str to str."""
    steps = {
        "clean_text": False,
        "handle_chinese_chars": False,
        "strip_accents": False,
        "lowercase": False,
    }
    return normalizers.BertNormalizer(**{**steps, **step}).normalize_str


def changes(function):
    """All characters that a str function changes, with what they become."""
    changed = {}
    for first in range(0, 0x110000, PAGE):
        if first in SURROGATES:
            continue
        page = "x".join(map(chr, range(first, first + PAGE)))
        # Most pages pass unchanged: one call instead of 256.
        if function(page) != page:
            for code_point in range(first, first + PAGE):
                text = f"x{chr(code_point)}x"
                result = function(text)
                if result != text:
                    changed[code_point] = result[1:-1]
    return changed


def mark_punctuation(text):
    """Double each character at which BERT's pre-tokenizer splits."""
    pieces = pre_tokenizers.BertPreTokenizer().pre_tokenize_str(text)
    alone = {
        start: piece
        for piece, (start, end) in pieces
        if end == start + 1 and piece != "x"
    }
    return "".join(
        character * 2 if index in alone else character
        for index, character in enumerate(text)
    )


def combining_ranks(decompose):
    """Rank the characters that canonical ordering moves, from 1 up.

    Two marks stand in a different order after decomposition if and only if the
    first has the higher combining class. Comparing each character with one mark
    of each class found so far gives the order of the classes.
    """

    def swaps(first, second):
        text = "x" + chr(first) + chr(second)
        return decompose(text) != text

    classes = []  # one list of code points for each class, lowest first
    for mark in marks_that_move(decompose):
        position = bisect.bisect_left(
            classes, True, key=lambda members: not swaps(mark, members[0])
        )
        is_new = position == len(classes) or swaps(classes[position][0], mark)
        if is_new:
            classes.insert(position, [])
        classes[position].append(mark)
    return {
        str(rank + 1): ranges(members) for rank, members in enumerate(classes)
    }


def marks_that_move(decompose):
    """All characters of a combining class other than zero.

    A mark of the highest class and one of the lowest change places when a mark
    stands between them, and stay where they are when anything else does.
    """
    low, high = 0x0334, 0x0345
    moved = []
    for first in range(0, 0x110000, PAGE):
        if first in SURROGATES:
            continue
        page = range(first, first + PAGE)
        texts = [f"x{chr(high)}{chr(c)}{chr(low)}x" for c in page]
        if decompose("".join(texts)) == "".join(texts):
            continue
        for code_point, text in zip(page, texts, strict=True):
            is_mark = decompose(chr(code_point)) == chr(code_point)
            if is_mark and decompose(text) != text:
                moved.append(code_point)
    return moved


def ranges(code_points):
    """Sorted code points as `first-last` in hexadecimal."""
    spans = []
    for code_point in sorted(code_points):
        if spans and spans[-1][1] == code_point - 1:
            spans[-1][1] = code_point
        else:
            spans.append([code_point, code_point])
    return " ".join(
        f"{first:x}" if first == last else f"{first:x}-{last:x}"
        for first, last in spans
    )


def mapping(changed):
    """Code point to the code points it becomes, in hexadecimal."""
    return {
        f"{code_point:x}": " ".join(f"{ord(c):x}" for c in result)
        for code_point, result in changed.items()
    }


def make_bert_characters():
    """Ask `tokenizers` about every character.

    Returns:
        The text of `bert_characters.json`.
    """
    cleaned = changes(bert_step(clean_text=True))
    padded = changes(bert_step(handle_chinese_chars=True))
    decompose = normalizers.NFD().normalize_str
    decomposed = {
        code_point: result
        for code_point, result in changes(decompose).items()
        if code_point not in HANGUL
    }
    stripped = changes(bert_step(strip_accents=True))
    spaces = {c for c, result in cleaned.items() if result == " "}
    table = {
        "removed": ranges(c for c, result in cleaned.items() if not result),
        "space": ranges(spaces | {0x20}),
        "ideograph": ranges(padded),
        "punctuation": ranges(changes(mark_punctuation)),
        "stripped_mark": ranges(c for c, text in stripped.items() if not text),
        "combining_rank": combining_ranks(decompose),
        "decomposition": mapping(decomposed),
        "lowercase": mapping(changes(bert_step(lowercase=True))),
    }
    return json.dumps(table, indent=0) + "\n"


if __name__ == "__main__":
    PATH.write_text(make_bert_characters(), encoding="ascii")
