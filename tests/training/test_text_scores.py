import sys

import numpy as np
import pytest

from keras_transformer.training import bleu, chrf, exact_match, rouge

HYPOTHESES = [
    "The cat sat on the mat.",
    "there is a Cat, on the mat",
    "A dog barks at night .",
]
REFERENCES = [
    "The cat sat on a mat.",
    "There is a cat on the mat.",
    "At night, a dog barks loudly.",
]


def test_bleu_and_chrf_are_those_of_sacrebleu():
    sacrebleu = pytest.importorskip("sacrebleu")
    found = bleu(HYPOTHESES, REFERENCES)
    theirs = sacrebleu.corpus_bleu(HYPOTHESES, [REFERENCES])
    assert found["bleu"] == pytest.approx(theirs.score)
    assert found["bleu_signature"].startswith(
        "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:"
    )
    found = chrf(HYPOTHESES, REFERENCES)
    theirs = sacrebleu.corpus_chrf(HYPOTHESES, [REFERENCES])
    assert found["chrf"] == pytest.approx(theirs.score)
    assert found["chrf_signature"].startswith(
        "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:"
    )


def test_bleu_computed_by_hand():
    pytest.importorskip("sacrebleu")
    # 6 of 7 words, 4 of 6 pairs, 3 of 5 triples, 2 of 4 quadruples match.
    found = bleu(["a b c d e x g"], ["a b c d e f g"])["bleu"]
    expected = 100 * (6 / 7 * 4 / 6 * 3 / 5 * 2 / 4) ** 0.25
    assert found == pytest.approx(expected)


def test_texts_may_have_different_numbers_of_references():
    pytest.importorskip("sacrebleu")
    references = [REFERENCES[0], ["nothing alike", REFERENCES[1]], ["x y"]]
    found = bleu(HYPOTHESES, references)
    assert found["bleu_signature"].startswith("nrefs:var|")
    # A first and a second reference; a repeated one changes no match.
    import sacrebleu

    streams = [
        [REFERENCES[0], "nothing alike", "x y"],
        [REFERENCES[0], REFERENCES[1], "x y"],
    ]
    theirs = sacrebleu.corpus_bleu(HYPOTHESES, streams).score
    assert found["bleu"] == pytest.approx(theirs)
    assert found["bleu"] > bleu(HYPOTHESES, streams[0])["bleu"]
    assert chrf(HYPOTHESES, references)["chrf"] == pytest.approx(
        sacrebleu.corpus_chrf(HYPOTHESES, streams).score
    )


def test_rouge_computed_by_hand():
    pytest.importorskip("rouge_score")
    found = rouge(["The cat sat here", "x"], ["the cat, sat down today", "y"])
    # 3 of 4 and 3 of 5 words; 2 of 3 and 2 of 4 pairs; nothing in row two.
    assert found["rouge1"] == pytest.approx(2 * 3 / (4 + 5) / 2)
    assert found["rouge2"] == pytest.approx(2 * 2 / (3 + 4) / 2)
    assert found["rougeL"] == pytest.approx(2 * 3 / (4 + 5) / 2)


def test_each_rouge_takes_the_reference_that_is_best_for_it():
    pytest.importorskip("rouge_score")
    text, same_words, same_pair = "a b c d", "d c b a", "c d x y z"
    both = rouge([text], [[same_words, same_pair]])
    assert both["rouge1"] == pytest.approx(1.0)
    assert both["rouge2"] == rouge([text], [same_pair])["rouge2"] > 0
    assert rouge([text], [same_words])["rouge2"] == 0


def test_rouge_may_ignore_endings():
    pytest.importorskip("rouge_score")
    assert rouge(["he walked"], ["he walks"])["rouge1"] == 0.5
    stemmed = rouge(["he walked"], ["he walks"], use_stemmer=True)
    assert stemmed["rouge1"] == 1.0


def test_exact_matches_are_counted_but_for_white_space():
    found = exact_match(
        ["a ", "B", "c", "d"], ["a", "b", ["x", "\tc\n"], ["", "dd"]]
    )
    assert found == {"exact_match": 0.5}


def test_all_scores_take_arrays_and_agree_on_perfect_texts():
    pytest.importorskip("sacrebleu")
    pytest.importorskip("rouge_score")
    texts = np.array(REFERENCES)
    assert bleu(texts, texts)["bleu"] == pytest.approx(100)
    assert chrf(texts, texts)["chrf"] == pytest.approx(100)
    assert set(rouge(texts, texts).values()) == {1.0}
    assert exact_match(texts, texts)["exact_match"] == 1.0


@pytest.mark.parametrize("score", [bleu, chrf, rouge, exact_match])
@pytest.mark.parametrize(
    ("hypotheses", "references", "words"),
    [
        (["a", "b"], ["a"], "2 hypotheses and 1 references"),
        ([], [], "at least one. Received: 0 hypotheses"),
        ("a", ["a"], "`hypotheses` must be a list.*type str"),
        (["a"], iter(["a"]), "`references` must be a list.*iterator"),
        ([b"a"], ["a"], r"hypotheses\[0\] of type bytes, b'a'.*decode"),
        (["a", "b"], ["a", None], r"references\[1\] of type NoneType"),
        (["a", "b"], ["a", b"b"], r"references\[1\] of type bytes"),
        (["a", "b"], [["a"], ["b", 3]], r"references\[1\] of type int, 3"),
        (["a", "b"], [["a"], []], r"references\[1\]=\[\].*Drop"),
    ],
)
def test_texts_that_cannot_be_scored_are_refused(
    score, hypotheses, references, words
):
    with pytest.raises(ValueError, match=words):
        score(hypotheses, references)


@pytest.mark.parametrize(
    ("score", "module", "package"),
    [
        (bleu, "sacrebleu.metrics", "sacrebleu"),
        (chrf, "sacrebleu.metrics", "sacrebleu"),
        (rouge, "rouge_score.rouge_scorer", "rouge-score"),
    ],
)
def test_a_missing_package_is_named_with_its_remedy(
    monkeypatch, score, module, package
):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=f"pip install {package}"):
        score(["a"], ["a"])
