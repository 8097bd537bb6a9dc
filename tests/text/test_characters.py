import numpy as np
import pytest

from keras_transformer.text import characters
from tests.text.make_bert_characters import PATH, make_bert_characters


def test_the_committed_table_is_what_the_script_makes():
    assert PATH.read_text(encoding="ascii") == make_bert_characters()


@pytest.mark.parametrize("strip_accents", [True, False])
@pytest.mark.parametrize("lowercase", [True, False])
def test_tables_stay_small(lowercase, strip_accents):
    tables = characters.character_tables(lowercase, strip_accents)
    assert sum(table.nbytes for table in tables) < 350_000


@pytest.mark.parametrize("strip_accents", [True, False])
@pytest.mark.parametrize("lowercase", [True, False])
def test_a_character_that_expands_becomes_word_characters_only(
    lowercase, strip_accents
):
    # The graph gives all of an expansion the class of its source.
    classes = characters.character_classes(lowercase, strip_accents)
    plain = characters.character_classes(False, False)
    tables = characters.character_tables(lowercase, strip_accents)
    used = [
        row[:length]
        for row, length in zip(
            tables.expansions, tables.expansion_lengths, strict=True
        )
    ]
    assert len(used) == np.sum(classes == characters.EXPANDED)
    assert all(np.all(plain[row] == characters.INSIDE) for row in used)


def test_classes_of_known_characters():
    classes = characters.character_classes(True, True)
    expected = {
        "\x00": characters.REMOVED,
        "\u0301": characters.REMOVED,
        "\n": characters.SPACE,
        "\u00a0": characters.SPACE,
        ",": characters.ALONE,
        "\u4e2d": characters.ALONE,
        "\u226e": characters.ALONE,
        "a": characters.INSIDE,
        "\u00e9": characters.INSIDE,
        "\uac00": characters.EXPANDED,
    }
    found = {character: classes[ord(character)] for character in expected}
    assert found == expected
