"""Write `keras_transformer/text/byte_pair_characters.json`, the classes of
characters at which GPT-2's tokenizer splits, by asking Hugging Face
`tokenizers` about all of them. Run
`python -m tests.text.make_byte_pair_characters`.
"""

import json
import pathlib

from tokenizers import pre_tokenizers

import keras_transformer
from tests.text.make_bert_characters import SURROGATES, ranges

PATH = (
    pathlib.Path(keras_transformer.__file__).parent
    / "text"
    / "byte_pair_characters.json"
)
# A character is of the class of the one with which it makes one word.
COMPANIONS = {"other": "!", "letter": "a", "number": "1"}


def make_byte_pair_characters():
    """Ask about each character and write down the answers as JSON."""
    splitter = pre_tokenizers.ByteLevel(add_prefix_space=False)
    found = {"letter": [], "number": [], "other": [], "space": []}
    for code_point in range(0x110000):
        if code_point in SURROGATES:
            continue
        for name, companion in COMPANIONS.items():
            text = companion + chr(code_point)
            if len(splitter.pre_tokenize_str(text)) == 1:
                found[name].append(code_point)
                break
        else:
            found["space"].append(code_point)
    del found["other"]
    table = {name: ranges(entry) for name, entry in found.items()}
    return json.dumps(table, indent=0) + "\n"


if __name__ == "__main__":
    PATH.write_text(make_byte_pair_characters(), encoding="ascii")
