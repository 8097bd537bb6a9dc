"""Which tokens are hidden, how many, and what stands in their place."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_transformer.data import TokenMasker, mask_batches
from keras_transformer.text import CharacterTokenizer, WordPieceTokenizer

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PIECES = ["play", "##ing", "##ed", "a", ",", "joy", "##ful", "##ly"]
MASK, FIRST = 4, 5
FEW = settings(deadline=None, max_examples=60, derandomize=True)


def make_masker(words=0, **options):
    """A masker for the pieces above and as many more words as asked for."""
    more = [f"word{number}" for number in range(words)]
    return TokenMasker(
        WordPieceTokenizer([*SPECIAL, *PIECES, *more]), **options
    )


def hide(masker, rows, mask=None, seed=(1, 2)):
    """Masked ids and target mask of rows of equal length, as arrays."""
    rows = np.asarray(rows, "int32")
    mask = np.ones(rows.shape, bool) if mask is None else np.asarray(mask)
    hidden = masker(tf.constant(rows), tf.constant(mask), tf.constant(seed))
    return tuple(x.numpy() for x in hidden)


def assert_share(found, number, share):
    """Five standard deviations of a binomial distribution at most."""
    deviation = np.sqrt(number * share * (1 - share))
    assert abs(found - number * share) <= 5 * deviation


@pytest.mark.parametrize("whole_words", [False, True])
@pytest.mark.parametrize(
    "shares", [(0.15, 0.8, 0.1), (0.4, 0.5, 0.5), (0.3, 0.0, 0.2)]
)
def test_shares_are_those_that_were_asked_for(shares, whole_words):
    masker = make_masker(400, whole_words=whole_words, **rates(shares))
    rows = np.random.default_rng(0).integers(FIRST, 413, (300, 200))
    hidden, chosen = hide(masker, rows)
    rate, masked, random = shares
    if whole_words:
        # Few of these pieces go on with a word, but those share its fate.
        assert abs(chosen.mean() - rate) < 0.01
    else:
        assert_share(chosen.sum(), rows.size, rate)
    number, ordinary = chosen.sum(), 408
    assert_share((hidden == MASK).sum(), number, masked)
    same = (hidden == rows)[chosen].sum()
    assert_share(same, number, 1 - masked - random + random / ordinary)
    assert not (hidden != rows)[~chosen].any()


def rates(shares):
    names = ("mask_rate", "mask_token_rate", "random_token_rate")
    return dict(zip(names, shares, strict=True))


def test_random_tokens_are_all_that_are_not_special():
    masker = make_masker(**rates((1.0, 0.0, 1.0)))
    hidden, _ = hide(masker, np.full((40, 50), FIRST))
    assert set(hidden.ravel()) == set(range(FIRST, FIRST + len(PIECES)))


ROWS = st.integers(1, 9).flatmap(
    lambda length: st.lists(
        st.lists(
            st.tuples(st.integers(0, FIRST + len(PIECES) - 1), st.booleans()),
            min_size=length,
            max_size=length,
        ),
        min_size=1,
        max_size=6,
    )
)
SEEDS = st.tuples(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))


def words_of(ids, may_be):
    """Lists of the places of each word, by hand."""
    words = []
    for place, (id, allowed) in enumerate(zip(ids, may_be, strict=True)):
        if not allowed:
            continue
        goes_on = PIECES[id - FIRST].startswith("##")
        if goes_on and words and words[-1][-1] == place - 1:
            words[-1].append(place)
        else:
            words.append([place])
    return words


@FEW
@given(
    rows=ROWS,
    seed=SEEDS,
    rate=st.sampled_from([0.01, 0.15, 0.6, 1.0]),
    whole_words=st.booleans(),
)
def test_only_ordinary_tokens_are_hidden_and_one_at_least(
    rows, seed, rate, whole_words
):
    ids = np.array([[id for id, _ in row] for row in rows])
    real = np.array([[is_real for _, is_real in row] for row in rows])
    masker = make_masker(mask_rate=rate, whole_words=whole_words)
    hidden, chosen = hide(masker, ids, real, seed)
    may_be = real & (ids >= FIRST)
    assert not (chosen & ~may_be).any()
    np.testing.assert_array_equal(chosen.any(axis=1), may_be.any(axis=1))
    assert (hidden[~chosen] == ids[~chosen]).all()
    assert (hidden[chosen] >= MASK).all()
    if rate == 1.0:
        np.testing.assert_array_equal(chosen, may_be)
    if whole_words:
        for row in range(len(ids)):
            for word in words_of(ids[row], may_be[row]):
                assert len(set(chosen[row, word])) == 1
    again = hide(masker, ids, real, seed)
    np.testing.assert_array_equal(again, (hidden, chosen))


def test_whole_words_are_hidden_as_often_as_other_tokens():
    play, ing = FIRST, FIRST + 1
    masker = make_masker(whole_words=True, mask_rate=0.2)
    _, chosen = hide(masker, np.tile([play, ing, ing, play], (200, 30)))
    long, short = chosen[:, 0::4], chosen[:, 3::4]
    assert_share(long.sum(), long.size, 0.2)
    assert_share(short.sum(), short.size, 0.2)
    assert 0.1 < (long & short).sum() / long.sum() < 0.3


def test_letters_of_a_word_belong_together():
    tokenizer = CharacterTokenizer("ab ,", special_tokens=["[MASK]"])
    masker = TokenMasker(tokenizer, mask_rate=0.5, whole_words=True)
    ids = tokenizer.tokenize(["ab,ba ab"] * 50).to_tensor().numpy()
    _, chosen = hide(masker, ids)
    for word in ([0, 1], [2, 3, 4], [5, 6, 7]):
        assert (chosen[:, word].sum(axis=1) % len(word) == 0).all()
    assert (chosen[:, 0] != chosen[:, 2]).any()


def batches(number=5):
    rng = np.random.default_rng(3)
    ids = rng.integers(FIRST, FIRST + len(PIECES), (number, 4, 20))
    inputs = {
        "token_ids": ids.astype("int32"),
        "padding_mask": np.ones(ids.shape, bool),
        "segment_ids": np.zeros(ids.shape, "int32"),
    }
    return tf.data.Dataset.from_tensor_slices((inputs, ids, ids[:, :, 0]))


def epochs(number=2, **how):
    """The masked ids of some passes over a dataset."""
    masked = mask_batches(batches(), make_masker(), **how)
    assert len(masked) == 5
    return [
        np.stack([inputs["token_ids"] for inputs, *_ in masked])
        for _ in range(number)
    ]


def test_each_epoch_hides_others_and_a_seed_repeats_them_all():
    one, two = epochs(seed=7), epochs(seed=7)
    np.testing.assert_array_equal(one, two)
    assert (one[0] != one[1]).any()
    assert (one[0][0] != one[0][1]).any()
    assert (np.array(epochs(seed=8)) != one).any()
    assert (np.array(epochs()) != epochs()).any()


def test_what_scores_are_computed_on_is_always_the_same():
    keras.utils.set_random_seed(1)
    one = epochs(fresh=False)
    keras.utils.set_random_seed(2)
    two = epochs(fresh=False)
    for masked in (*one, *two):
        np.testing.assert_array_equal(masked, one[0])
    assert (one[0][0] != one[0][1]).any()


def test_all_else_in_a_batch_stays():
    masked = mask_batches(batches(), make_masker(), fresh=False)
    for before, after in zip(batches(), masked, strict=True):
        assert set(after[0]) == {*before[0], "target_mask"}
        for name in ("padding_mask", "segment_ids"):
            np.testing.assert_array_equal(before[0][name], after[0][name])
        for one, other in zip(before[1:], after[1:], strict=True):
            np.testing.assert_array_equal(one, other)
        changed = before[0]["token_ids"] != after[0]["token_ids"]
        assert not (changed & ~after[0]["target_mask"]).numpy().any()


@FEW
@given(
    texts=st.lists(
        st.lists(st.integers(0, FIRST + 3), max_size=9), min_size=1, max_size=6
    ),
    longest=st.integers(1, 5),
)
def test_texts_become_rows_of_which_nothing_is_lost(texts, longest):
    tokens = tf.RaggedTensor.from_row_lengths(
        tf.constant([id for text in texts for id in text], tf.int32),
        tf.constant([len(text) for text in texts], tf.int64),
    )
    rows, numbers = make_masker().rows_to_learn_from(tokens, longest)
    wanted = [
        (number, text[first : first + longest])
        for number, text in enumerate(texts)
        for first in range(0, len(text), longest)
    ]
    # But rows of special tokens alone, of which nothing can be learned.
    wanted = [(n, row) for n, row in wanted if max(row) >= FIRST]
    assert rows.to_list() == [row for _, row in wanted]
    assert numbers.tolist() == [number for number, _ in wanted]


@pytest.mark.parametrize(
    "options, words",
    [
        ({"mask_rate": 0.0}, "above 0 and at most 1. Received: mask_rate=0.0"),
        ({"mask_rate": 1.1}, "mask_rate=1.1"),
        (
            {"mask_token_rate": 0.95},
            "at most 1 together.*random_token_rate=0.1",
        ),
        ({"random_token_rate": -0.1}, "at least 0.*random_token_rate=-0.1"),
    ],
)
def test_shares_out_of_range_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        make_masker(**options)


def test_a_vocabulary_that_cannot_be_hidden_is_refused():
    with pytest.raises(ValueError, match=r"mask_token='\[MASK\]'.*6 tokens"):
        TokenMasker(CharacterTokenizer("ab"))
    with pytest.raises(ValueError, match="tokens that are not special"):
        TokenMasker(WordPieceTokenizer(SPECIAL))
