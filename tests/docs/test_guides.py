"""Every block of the guides runs."""

import pytest

from tests.docs.blocks import GUIDES, run_document


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_a_guide_runs_from_top_to_bottom(path, tmp_path):
    run_document(path, tmp_path)
