"""Exact match and F1, against values computed by hand from the definition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_transformer.training import squad_scores
from keras_transformer.training.answer_scores import answer_words


def scores_of(prediction, *references):
    found = squad_scores([prediction], [list(references)])
    return found["exact_match"], pytest.approx(found["f1"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The  Cat,\tand a dog!", ["cat", "and", "dog"]),
        ("An apple a day", ["apple", "day"]),
        ("U.S.A.", ["usa"]),
        ("rock'n'roll", ["rocknroll"]),
        # Punctuation goes first, so what it parted becomes one word.
        ("a-b The-End", ["ab", "theend"]),
        ("$5.50 (approx.)", ["550", "approx"]),
        # Articles are whole words alone; underscores are punctuation.
        ("Theatre anaconda a_the", ["theatre", "anaconda", "athe"]),
        # Punctuation that is not ASCII stays, and divides words from articles.
        ("«a» \u2013 the—end", ["«", "»", "\u2013", "—end"]),
        ("Ünïcode ÉTÉ", ["ünïcode", "été"]),
        ("The a an THE", []),
        ("...", []),
        ("", []),
    ],
)
def test_words_are_those_that_the_official_script_compares(text, words):
    assert answer_words(text) == words


@pytest.mark.parametrize(
    ("prediction", "references", "exact_match", "f1"),
    [
        ("the Broncos", ["Denver Broncos", "Broncos!"], 1, 1),
        ("Denver Broncos team", ["Denver Broncos"], 0, 0.8),
        ("Broncos", ["Carolina Panthers"], 0, 0),
        # Words count as often as both have them: 2 shared of 3 and 2.
        ("no no no", ["no no yes"], 0, 2 * 2 / 6),
        ("x x", ["x"], 0, 2 / 3),
        # Of all references the best, for each score by itself.
        ("a b c d", ["b c", "b c d e", "z"], 0, 2 * 3 / 7),
        # No answer is right only where there is none.
        ("", [], 1, 1),
        ("", [""], 1, 1),
        ("the.", [], 1, 1),
        ("", ["Ada"], 0, 0),
        ("Ada", [], 0, 0),
        ("Ada", ["the", "Ada"], 1, 1),
        ("", ["the", "Ada"], 0, 0),
    ],
)
def test_scores_are_those_of_the_official_script(
    prediction, references, exact_match, f1
):
    assert scores_of(prediction, *references) == (exact_match, f1)


def test_scores_of_many_are_means():
    found = squad_scores(["x y", "q", ""], [["x"], "q", []])
    assert found["exact_match"] == pytest.approx(2 / 3)
    assert found["f1"] == pytest.approx((2 / 3 + 1 + 1) / 3)


texts = st.text("ab the.,", max_size=12)


@given(texts, st.lists(texts, max_size=3))
def test_an_exact_match_shares_all_words_and_order_alone_parts_the_two(
    prediction, references
):
    found = squad_scores([prediction], [references])
    assert 0 <= found["exact_match"] <= found["f1"] <= 1
    is_same = sorted(answer_words(prediction)) in [
        sorted(answer_words(text)) for text in references if answer_words(text)
    ]
    if answer_words(prediction):
        assert (found["f1"] == 1) == is_same


@pytest.mark.parametrize(
    ("predictions", "references", "words"),
    [
        ("Ada", ["Ada"], "list with a row"),
        ([], [], "at least one"),
        (["a", "b"], ["a"], "2 predictions and 1 references"),
        ([b"Ada"], ["Ada"], r"predictions\[0\] of type bytes"),
        (["Ada"], [[None]], r"references\[0\]\[0\] of type NoneType"),
        (["Ada"], [{"text": ["Ada"]}], r'answer\["text"\]'),
        (["Ada"], [None], r"references\[0\]"),
    ],
)
def test_what_are_no_answers_is_refused(predictions, references, words):
    with pytest.raises(ValueError, match=words):
        squad_scores(predictions, references)
