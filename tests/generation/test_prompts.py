"""Rows of different lengths, side by side."""

import hypothesis
import numpy as np
from hypothesis import strategies as st

from keras_transformer.generation import align_left, align_right
from tests.layers.checks import to_numpy

few = hypothesis.settings(max_examples=20, deadline=None, derandomize=True)
masks = st.integers(0, 6).flatmap(
    lambda width: st.lists(
        st.lists(st.booleans(), min_size=width, max_size=width),
        min_size=1,
        max_size=3,
    )
)


@few
@hypothesis.given(mask=masks)
def test_real_tokens_stand_together_in_their_order(mask):
    mask = np.array(mask, bool)
    ids = np.arange(mask.size, dtype="int32").reshape(mask.shape) + 1
    rows = [row[real].tolist() for row, real in zip(ids, mask, strict=True)]
    longest = max(1, *map(len, rows))
    right, right_mask, positions = map(to_numpy, align_right(ids, mask))
    left, left_mask = map(to_numpy, align_left(ids, mask))
    assert right.shape == left.shape == (len(rows), longest)
    assert right_mask.dtype == left_mask.dtype == bool
    for i, row in enumerate(rows):
        rest = longest - len(row)
        assert right_mask[i].tolist() == [False] * rest + [True] * len(row)
        assert left_mask[i].tolist() == [True] * len(row) + [False] * rest
        assert right[i, rest:].tolist() == left[i, : len(row)].tolist() == row
        assert positions[i].tolist() == [0] * rest + list(range(len(row)))
