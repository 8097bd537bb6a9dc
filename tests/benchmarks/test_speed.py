import pytest

from benchmarks import speed
from tests.benchmarks.commands import run_command


def test_training_is_measured_next_to_a_peer_and_drawn(tmp_path):
    pytest.importorskip("torch", reason="the peer of this test is torch")
    pytest.importorskip("matplotlib", reason="which draws")
    picture = tmp_path / "speed.svg"
    table, written = run_command(
        "benchmarks",
        tmp_path / "speed.json",
        *["--cases", "W1", "--contenders", "keras_transformer", "torch"],
        *["--precision", "bfloat16", "--plot", str(picture)],
    )
    own, peer = written["rows"]
    assert own["ratio_to_best_peer"] == pytest.approx(
        own["median_ms"] / peer["median_ms"]
    )
    assert peer["ratio_to_any_peer"] == 1
    assert set(written["limits"]) == {"float32", "bfloat16", "memory"}
    for row in written["rows"]:
        assert (row["case"], row["precision"]) == ("w1-32", "bfloat16")
        assert row["share_of_limit"] > 0
        assert 50 < row["peak_megabytes"] < 5000
    assert "limit: float32: torch" in table
    assert "keras_transformer bfloat16" in picture.read_text(encoding="utf-8")


def test_cases_and_contenders_are_checked(capsys):
    for flags in (["--cases", "w9"], ["--contenders", "nobody"]):
        with pytest.raises(SystemExit):
            speed.main(flags)
        assert "invalid choice" in capsys.readouterr().err


def test_drawing_without_matplotlib_is_refused_at_once(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SystemExit):
        speed.main(["--plot", "speed.png"])
    assert "pip install matplotlib" in capsys.readouterr().err
