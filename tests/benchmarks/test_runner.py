import os

import pytest

from benchmarks import command, report, runner
from benchmarks.decode_contenders import CONTENDERS
from benchmarks.runner import Entrant

MODULE = "tests.benchmarks.fake_contenders"
CASE = {"name": "w-1", "lengths": [3, 3]}


def say(line):
    """Progress is of no interest here."""


def entrant(name):
    return Entrant(name, "float32")


@pytest.fixture
def started():
    """All workers that can be loaded, and why the others cannot."""
    names = ["honest", "short", "dying", "large", "repeating", "unloadable"]
    workers, reasons = runner.start_workers(
        MODULE, [entrant(name) for name in names], {"name": "w"}, 2, False, say
    )
    yield workers, reasons
    runner.close_all(workers)


def test_each_failure_is_named_and_stops_nobody_else(started):
    workers, reasons = started
    assert reasons == {entrant("unloadable"): "ImportError: no such library"}
    done, reasons = runner.measure(workers, CASE, 2, say)
    assert list(done) == [entrant(n) for n in ("honest", "large", "repeating")]
    honest = done[entrant("honest")]
    assert len(honest["seconds"]) == 2
    assert len(honest["cpu_seconds"]) == 2
    assert "lengths=[2, 2]" in reasons[entrant("short")]
    reason = "ended with status 9: out of memory"
    assert reasons[entrant("dying")] == reason


def test_what_is_done_many_times_counts_as_one_of_them(started):
    done, _ = runner.measure(started[0], CASE, 1, say)
    (seconds,) = done[entrant("repeating")]["seconds"]
    assert 0.01 <= seconds < 0.1


def test_peak_memory_is_that_of_the_worker_while_it_worked(started):
    done, _ = runner.measure(started[0], CASE, 1, say)
    honest, large = (
        done[entrant(name)]["peak_megabytes"] for name in ("honest", "large")
    )
    assert 95 < large - honest < 110
    assert honest < 50


def test_a_worker_knows_its_precision_and_has_its_own_environment(started):
    description = started[0][entrant("honest")].description
    assert description["precision"] == "float32"
    assert description["only_here"] == "yes"
    assert "ONLY_HERE" not in os.environ


def test_workers_do_not_see_graphics_cards_unless_asked(started, monkeypatch):
    assert started[0][entrant("honest")].description["device"] == ""
    monkeypatch.setitem(os.environ, "CUDA_VISIBLE_DEVICES", "3")
    environment = runner.worker_environment(2, use_gpu=True)
    assert environment["CUDA_VISIBLE_DEVICES"] == "3"


def test_a_peer_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr(
        CONTENDERS["ctranslate2"], "packages", ("json", "no_such_package")
    )
    chosen = command.choose_contenders(
        ["keras_transformer", "ctranslate2", "keras_transformer"], CONTENDERS
    )
    assert chosen == (
        ["keras_transformer"],
        {"ctranslate2": "not installed: no_such_package"},
    )


def times(*seconds):
    return {
        "first_call_seconds": 9.0,
        "peak_megabytes": 7.0,
        "seconds": list(seconds),
        "cpu_seconds": [1.0, 1.0, 1.0],
    }


def test_ratios_are_to_the_fastest_peer_of_the_precision_and_of_all():
    measured = {
        Entrant("own", "float32"): times(0.5, 0.4, 0.6),
        Entrant("own", "bfloat16"): times(0.1, 0.1, 0.1),
        Entrant("slow", "float32"): times(8.0, 2.0, 2.0),
        Entrant("fast", "float32"): times(1.0, 1.0, 1.0),
        Entrant("fast", "bfloat16"): times(0.2, 0.2, 0.2),
    }
    rows = report.summarize(CASE, measured, ("own",), {"float32": 0.25})
    own, own_half, slow, fast, fast_half = rows
    assert own["tokens_per_second"] == pytest.approx(12.0)
    assert [row["ratio_to_best_peer"] for row in rows] == pytest.approx(
        [0.5, 0.5, 2.0, 1.0, 1.0]
    )
    assert own["ratio_to_any_peer"] == pytest.approx(2.5)
    assert own_half["ratio_to_any_peer"] == pytest.approx(0.5)
    assert (slow["min_ms"], slow["max_ms"]) == (2000.0, 8000.0)
    assert fast["cores_used"] == pytest.approx(1.0)
    assert own["share_of_limit"] == pytest.approx(0.5)
    assert fast_half["share_of_limit"] is None
    table = report.format_table(rows).splitlines()
    assert len(table) == 7  # titles, a blank line, five rows
    assert len({len(line) for line in table if line}) == 1


def test_without_a_peer_there_is_no_ratio():
    measured = {Entrant("own", "float32"): times(1.0, 1.0, 1.0)}
    (row,) = report.summarize(CASE, measured, ("own",))
    assert row["ratio_to_best_peer"] is None
    assert row["ratio_to_any_peer"] is None
