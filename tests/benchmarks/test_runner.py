import os

import pytest

from benchmarks import report, runner
from benchmarks.decode import choose_contenders
from benchmarks.decode_contenders import CONTENDERS

MODULE = "tests.benchmarks.fake_contenders"
CASE = {"name": "w-1", "lengths": [3, 3]}


def say(line):
    """Progress is of no interest here."""


@pytest.fixture
def started():
    """All workers that can be loaded, and why the others cannot."""
    names = ["honest", "short", "dying", "unloadable"]
    workers, reasons = runner.start_workers(
        MODULE, names, {"name": "w"}, 2, False, say
    )
    yield workers, reasons
    runner.close_all(workers)


def test_each_failure_is_named_and_stops_nobody_else(started):
    workers, reasons = started
    assert reasons == {"unloadable": "ImportError: no such library"}
    done, reasons = runner.measure(workers, CASE, 2, say)
    assert list(done) == ["honest"]
    assert len(done["honest"]["seconds"]) == 2
    assert len(done["honest"]["cpu_seconds"]) == 2
    assert "lengths=[2, 2]" in reasons["short"]
    assert reasons["dying"] == "ended with status 9: out of memory"


def test_workers_do_not_see_graphics_cards_unless_asked(started, monkeypatch):
    assert started[0]["honest"].description["device"] == ""
    monkeypatch.setitem(os.environ, "CUDA_VISIBLE_DEVICES", "3")
    environment = runner.worker_environment(2, use_gpu=True)
    assert environment["CUDA_VISIBLE_DEVICES"] == "3"


def test_a_peer_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr(
        CONTENDERS["ctranslate2"], "packages", ("json", "no_such_package")
    )
    assert choose_contenders(["keras_transformer", "ctranslate2"]) == (
        ["keras_transformer"],
        {"ctranslate2": "not installed: no_such_package"},
    )


def test_ratios_are_to_the_fastest_peer():
    measured = {
        name: {
            "first_call_seconds": 9.0,
            "seconds": seconds,
            "cpu_seconds": [1.0, 1.0, 1.0],
        }
        for name, seconds in {
            "own": [0.5, 0.4, 0.6],
            "slow": [8.0, 2.0, 2.0],
            "fast": [1.0, 1.0, 1.0],
        }.items()
    }
    rows = report.summarize(CASE, measured, own="own")
    own, slow, fast = rows
    assert own["tokens_per_second"] == pytest.approx(12.0)
    assert own["ratio_to_best_peer"] == pytest.approx(2.0)
    assert slow["ratio_to_best_peer"] == pytest.approx(0.5)
    assert fast["ratio_to_best_peer"] == pytest.approx(1.0)
    assert (slow["min_ms"], slow["max_ms"]) == (2000.0, 8000.0)
    assert fast["cores_used"] == pytest.approx(1.0)
    assert len(report.format_table(rows).splitlines()) == 5
