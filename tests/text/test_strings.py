import numpy as np
import pytest
import tensorflow as tf

from keras_transformer.text.strings import require_batch, to_string_tensor


@pytest.mark.parametrize(
    "texts",
    [
        ["a", "\u00e9\x00"],
        ("a", "\u00e9\x00"),
        np.array(["a", "\u00e9\x00"], object),
        [b"a", "\u00e9\x00".encode()],
        [np.str_("a"), tf.constant("\u00e9\x00")],
        iter(["a", "\u00e9\x00"]),
        tf.constant(["a", "\u00e9\x00"]),
    ],
)
def test_all_kinds_of_batches_are_taken(texts):
    tensor = to_string_tensor(texts)
    assert tensor.numpy().tolist() == [b"a", "\u00e9\x00".encode()]


def test_single_texts_and_empty_batches():
    for text in ("a", b"a", np.str_("a"), np.array("a"), tf.constant("a")):
        assert to_string_tensor(text).shape == ()
    for texts in ([], np.array([]), np.array([], object)):
        tensor = to_string_tensor(texts)
        assert tensor.shape == (0,)
        assert tensor.dtype == tf.string


def test_a_lone_surrogate_counts_as_one_character():
    (text,) = to_string_tensor(["a\ud800\U0001f600\udc00b"]).numpy()
    assert text.decode() == "a\ufffd\U0001f600\ufffdb"


@pytest.mark.parametrize(
    "texts, message",
    [
        (["a", None], r"`text` must hold strings.*text\[1\]=None.*NoneType"),
        (["a", "b", 3], r"text\[2\]=3, of type int"),
        ([float("nan")], r"text\[0\]=nan, of type float"),
        (np.array(["a", np.nan], object), r"text\[1\]=nan"),
        ([["a"], ["b"]], r"text\[0\]=\['a'\], of type list"),
        (None, "text=None"),
        (3, "text=3"),
        ({"text": "a"}, "a list, an array or a tensor"),
        (tf.constant([1]), "dtype=int32"),
        (tf.constant([["a"]]), r"shape=\(1, 1\)"),
        (tf.ragged.constant([["a"]]), "shape="),
    ],
)
def test_what_is_no_text_is_refused_with_its_row(texts, message):
    with pytest.raises(ValueError, match=message):
        to_string_tensor(texts, "text")


@pytest.mark.parametrize("text", ["a", b"a", tf.constant("a"), np.array("a")])
def test_a_single_text_is_not_a_batch(text):
    with pytest.raises(ValueError, match=r"Put it in a list: text=\[text\]"):
        require_batch(text, "text")
