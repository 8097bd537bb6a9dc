"""What Hugging Face `tokenizers` says, and strings that are hard to split."""

import random

from tokenizers import (
    BertWordPieceTokenizer,
    PreTokenizedString,
    normalizers,
    pre_tokenizers,
)

from keras_transformer.text.characters import bert_characters

MODES = [
    (lowercase, strip_accents)
    for lowercase in (True, False)
    for strip_accents in (None, True, False)
]

HAND_PICKED = [
    "",
    " ",
    "\t\n\r \u00a0\u2003\u3000\u2028",
    "Hello, world!",
    "don't stop-me now... (really?)",
    "na\u00efve caf\u00e9 \u00c5ngstr\u00f6m \u0141\u00f3d\u017a",
    "cafe\u0301 e\u0301\u0301\u0301 \u0301 \u0301a",
    "\u4e2d\u6587abc\u6c49\u5b57",
    "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8",
    "\u304b\u3099\u304c \u30cf\u309a",
    "\ud55c\uad6d\uc5b4 \uac00\uac01 \u1100\u1161\u11a8",
    "\uf900\ufa38\U0002f800\u3007\u3005",
    "\U00020000\U0002a6df\U0002b820\U0002b91f\U0002b920\u4dc0",
    "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467\ufe0f\U0001f1e9",
    "a\x00b a\ufffdb \x01\x02 a\x0bb a\x85b a\u200bb \ufeffa",
    "a\u00adb \u2060 \ue000\U0010ffff\ufffe",
    "\u0130stanbul I\u0131 \u03a3\u03a3 \u1e9e\u00df \ufb01n \u01c5",
    "\u226e\u2260\u037e\u1fef \u00bd \u2126 \u212b",
    "\u1e0b\u0323 \u0344 \u0f73 \u1d5e \U0001d15e\U0001d1bd",
    "\u0928\u092e\u0938\u094d\u0924\u0947 \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
    "\u0645\u0631\u062d\u0628\u0627\u060c \u05e9\u05dc\u05d5\u05dd\u05c1",
    "1,234.56 $%&+<=>^`|~ \u20ac \u00a7 \u3001\u3002\uff01",
    "a" * 100,
    "a" * 101,
    "\u00e9" * 100,
    "\u00e9" * 101,
    "e\u0301" * 100,
    "a\u200d" * 100,
    "\U0001f600" * 100,
    "\U0001f600" * 101,
    "\uac01" * 33 + " " + "\uac01" * 34,
    "a" * 500 + " ab",
    "a [MASK] b",
    "[CLS]a[SEP] [UNK] [PAD]",
    "[MASK][MASK] [mask] [ MASK] [MASK",
    "[[MASK]] [MAS[MASK]K]",
    "\u0301[MASK]\u0301 \u4e2d[MASK]\u4e2d",
    "[MA\u0301SK] [MASK\u0301] [\u200dMASK]",
    "##a ## #a a##b",
]

# What SentencePiece treats in special ways.
HARD_PIECES = [
    *HAND_PICKED,
    "  two  spaces \t tab\nline\r\n ",
    "<s>a</s> <pad> <unk> <2de> <0x41>",
    "\u2581a \u2581\u2581 a\u2581b \u2047 \u2585",
    "the \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea fox",
    "\u202eabc\u202c \u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd \u0640",
    "\ufb03 \u00bd \u2460 \u3392 \uff21\uff42 \u1e9b\u0323 \u0345",
    "\x7f\x80\x9f\u200b\u2060\ufeff\ufffd\ufffe\uffff",
    "quick " * 3000,
    "z" * 5000,
]


def reference(vocabulary, lowercase=True, strip_accents=None):
    """Hugging Face's tokenizer of the same options."""
    return BertWordPieceTokenizer(
        {token: id for id, token in enumerate(vocabulary)},
        lowercase=lowercase,
        strip_accents=strip_accents,
    )


def reference_words(texts, lowercase, strip_accents):
    """The normalized words of each text, with their offsets."""
    normalizer = normalizers.BertNormalizer(
        lowercase=lowercase, strip_accents=strip_accents
    )
    splitter = pre_tokenizers.BertPreTokenizer()
    result = []
    for text in texts:
        parts = PreTokenizedString(text)
        parts.normalize(normalizer.normalize)
        splitter.pre_tokenize(parts)
        splits = parts.get_splits("original", "char")
        result.append([(word, offsets) for word, offsets, _ in splits])
    return result


def unstable_offsets():
    """Marks that are kept and yet moved, whose offsets differ by design."""
    characters = bert_characters()
    kept = {
        int(mark)
        for marks in characters["combining_rank"].values()
        for mark in marks
    } - {int(mark) for mark in characters["stripped_mark"]}
    holders = {
        code_point
        for code_point, parts in characters["decomposition"].items()
        if kept.intersection(parts)
    }
    return frozenset(map(chr, kept | holders))


def every_character():
    """All code points in use, and samples of the empty planes."""
    yield from range(0xD800)
    yield from range(0xE000, 0x33500)
    yield from range(0x33500, 0xE0000, 97)
    yield from range(0xE0000, 0xE0200)
    yield from range(0xE0200, 0x110000, 97)


def generated_strings(number, seed):
    """Strings that mix what is treated in special ways."""
    generator = random.Random(seed)
    everything = list(every_character())
    characters = bert_characters()
    special = [
        code_point
        for name, entry in characters.items()
        if name not in ("combining_rank", "ideograph")
        for code_point in map(int, entry)
        if code_point < 0xE000 or 0xF900 <= code_point < 0xF0000
    ]
    pools = [
        everything,
        special,
        special + list(range(32, 127)) * 40,
        [0x20, 0x41, 0xE9, 0x301, *range(0xAC00, 0xAD00)],
        [0x20, 0x2E, *range(0x4E00, 0x4E20), *range(0x3040, 0x3100)],
        range(0x20, 0x180),
        range(0x300, 0x2000),
        list(map(ord, "[MASK] [SEP]ab\u0301\u200d")),
    ]
    for _ in range(number):
        pool = generator.choice(pools)
        length = generator.choice((1, 2, 3, 5, 8, 20, 60))
        yield "".join(chr(generator.choice(pool)) for _ in range(length))
