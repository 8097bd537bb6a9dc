import pytest

from benchmarks import memory
from tests.benchmarks.commands import run_command


def test_memory_is_measured_and_drawn_for_each_length(tmp_path):
    pytest.importorskip("torch", reason="the contender of this test")
    pytest.importorskip("matplotlib", reason="which draws")
    picture = tmp_path / "memory.svg"
    _, written = run_command(
        "benchmarks.memory",
        tmp_path / "memory.json",
        *["--contenders", "torch", "--lengths", "16", "1024"],
        *["--plot", str(picture)],
    )
    peaks = {}
    for row in written["rows"]:
        peaks[row["contender"], row["length"]] = row["peak_megabytes"]
        assert row["peak_megabytes"] > row["loaded_megabytes"] > 50
        assert row["memory_to_best_peer"] == 1
    assert list(peaks) == [("torch", 16), ("torch", 1024)]
    # Four heads' scores of 1,024 positions in float32 are 17 MB.
    assert peaks["torch", 1024] - peaks["torch", 16] > 17
    assert "torch float32" in picture.read_text("utf-8")


def test_memory_is_compared_with_the_leanest_peer_of_the_same_kind():
    def row(contender, length, peak, precision="float32"):
        return {
            "contender": contender,
            "precision": precision,
            "length": length,
            "peak_megabytes": peak,
        }

    rows = [
        row("keras_transformer", 16, 300.0),
        row("torch", 16, 200.0),
        row("torch_checkpointing", 16, 150.0),
        row("torch", 32, 100.0),
        row("torch", 16, 50.0, "bfloat16"),
    ]
    memory.add_ratios(rows)
    assert rows[0]["memory_to_best_peer"] == pytest.approx(2.0)
    memory.add_ratios(rows[:1])
    assert rows[0]["memory_to_best_peer"] is None
