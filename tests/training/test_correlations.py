import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_transformer.training import pearson, spearman


def test_correlations_computed_by_hand():
    # Ranks 1, 2.5, 2.5, 4 and 2, 1, 3, 4: deviations -1.5, 0, 0, 1.5 and
    # -0.5, -1.5, 0.5, 1.5.
    expected = (0.75 + 2.25) / np.sqrt(4.5 * 5.0)
    assert spearman([0.1, 7, 7, 9], [3, -2, 4, 100]) == pytest.approx(expected)
    assert pearson([1, 2, 3], [5, 7, 9]) == pytest.approx(1.0)
    assert pearson([1, 2, 3], [1, 3, 2]) == pytest.approx(0.5)


def test_equal_numbers_share_the_mean_of_their_ranks():
    assert spearman([1, 1, 1, 2], [5, 5, 5, 6]) == pytest.approx(1.0)
    # Broken ties, in either order, would give 1 and 0.5.
    assert spearman([1, 2, 3], [1, 2, 2]) == pytest.approx(np.sqrt(3) / 2)


@st.composite
def rows(draw):
    number = draw(st.integers(2, 25))
    numbers = st.one_of(
        st.integers(-3, 3).map(lambda n: n / 2), st.floats(-1, 1, width=16)
    )
    row = st.lists(numbers, min_size=number, max_size=number)
    return draw(row), draw(row)


@settings(deadline=None)
@given(rows())
def test_they_equal_those_of_scipy(case):
    stats = pytest.importorskip("scipy.stats")
    x, y = case
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert pearson(x, y) == spearman(x, y) == 0.0
        return
    found = pearson(x, y), spearman(x, y)
    expected = stats.pearsonr(x, y)[0], stats.spearmanr(x, y)[0]
    np.testing.assert_allclose(found, expected, atol=1e-9)


@settings(deadline=None)
@given(rows())
def test_only_the_order_matters_to_spearman(case):
    x, y = (np.asarray(row) for row in case)
    assert spearman(np.exp(x), y) == pytest.approx(spearman(x, y))
    assert spearman(-x, y) == pytest.approx(-spearman(x, y))


def test_sizes_of_numbers_do_not_matter():
    x, y = np.array([0.0, 1.0, 3.0]), np.array([2.0, 1.0, 5.0])
    expected = pearson(x, y)
    for factor in (1e-200, 1e200):
        assert pearson(x * factor, y) == pytest.approx(expected)
    assert pearson(x + 1e6, y) == pytest.approx(expected)


@pytest.mark.parametrize("correlation", [pearson, spearman])
@pytest.mark.parametrize(
    ("predictions", "scores", "words"),
    [
        ([1.0], [2.0], r"at least two finite.*predictions of shape \(1,\)"),
        ([1.0, np.nan], [1, 2], "`predictions` must.*1 of them not finite"),
        ([1, 2], [[1], [2]], r"scores of shape \(2, 1\)"),
        ([1, 2, 3], [1, 2], "3 predictions and 2 scores"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    correlation, predictions, scores, words
):
    with pytest.raises(ValueError, match=words):
        correlation(predictions, scores)
