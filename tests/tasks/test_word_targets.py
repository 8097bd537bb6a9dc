"""Words, labels and spans, as users give them."""

import numpy as np
import pytest

from keras_transformer.tasks.entity_labels import EntityLabels
from keras_transformer.tasks.word_targets import join_words, read_targets

LABELS = EntityLabels(["O", "B-a", "I-a", "B-b", "I-b"])


def test_words_become_texts_and_texts_stay():
    joined = ["ada love", "a  b", "", "x"]
    given = [["ada", "love"], "a  b", [], ("x",)]
    assert join_words(given) == joined
    assert join_words(np.array(given, object)) == joined
    assert join_words(np.array([["a", "b"], ["c", "d"]])) == ["a b", "c d"]
    texts = np.array(["a b", "c"])
    assert list(join_words(texts)) == ["a b", "c"]
    assert join_words(joined) is joined


@pytest.mark.parametrize("word", ["", "a b", "a\u00a0", "\t", 3, None])
def test_what_is_no_word_is_refused_with_its_place(word):
    with pytest.raises(ValueError, match="row 1, at place 2"):
        join_words(["a", ["b", "c", word]])


def read(y, words=(3, 0, 1), characters=(9, 0, 1)):
    return read_targets(y, LABELS, np.array(words), np.array(characters))


def test_labels_of_words_become_types_and_beginnings():
    found = read([["B-b", "I-b", "O"], [], np.array(["B-a"])])
    assert found.types.tolist() == [1, 1, -1, 0]
    assert found.begins.tolist() == [True, False, False, True]


def test_spans_are_put_in_order():
    spans = [[(4, 6, "b"), {"start": 0, "end": 4, "label": "a"}], [], []]
    found = read(spans)
    assert found.starts.tolist() == [0, 4]
    assert found.ends.tolist() == [4, 6]
    assert found.types.tolist() == [0, 1]
    assert found.splits.tolist() == [0, 2, 2, 2]


def test_no_entities_at_all_are_spans_or_labels_of_no_words():
    assert read([[], [], []]).splits.tolist() == [0, 0, 0, 0]
    assert read([[]], words=[0], characters=[0]).types.tolist() == []


def test_labels_without_beginning_are_counted():
    with pytest.warns(UserWarning, match="3 labels with `I-`"):
        read([["I-b", "I-a", "I-a"], [], ["I-a"]])


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([["O", "O"], [], ["O"]], "row 0: 2 labels for 3 words"),
        ([["O"] * 3, ["O"], ["O"]], "row 1: 1 labels for 0 words"),
        ([["O"] * 3, [], ["B-c"]], "row 2: 'B-c' of word 0"),
        (["O O O", [], []], "row 0: 'O O O'"),
        ([[(0, 4, "c")], [], []], "among .*row 0: 'c'"),
        ([[(0, 10, "a")], [], []], "text of 9 characters"),
        ([[(3, 3, "a")], [], []], "row 0"),
        ([[(0, 4, "a"), (3, 5, "a")], [], []], "of which 4 are behind"),
        ([[(0, "4", "a")], [], []], "A span is a start"),
        ([[(0, 4)], [], []], "A span is a start"),
    ],
)
def test_bad_targets_are_refused_with_their_row(y, words):
    with pytest.raises(ValueError, match=words):
        read(y)
