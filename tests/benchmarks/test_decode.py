import json
import pathlib
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def test_the_command_writes_a_table_and_json(tmp_path):
    output = tmp_path / "results" / "decode.json"
    command = [sys.executable, "-m", "benchmarks.decode", "--small"]
    command += ["--rounds", "1", "--contenders", "keras_transformer"]
    result = subprocess.run(
        [*command, "--output", str(output)],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    written = json.loads(output.read_text(encoding="utf-8"))
    assert [row["case"] for row in written["rows"]] == [
        "w5-greedy-1",
        "w5-greedy-32",
        "w5-beam4-1",
        "w5-beam4-32",
        "w6-greedy-1",
        "w6-greedy-8",
    ]
    for row in written["rows"]:
        assert row["contender"] == "keras_transformer"
        assert row["tokens_per_second"] > 0
        assert row["min_ms"] <= row["median_ms"] <= row["max_ms"]
        assert len(row["seconds"]) == 1
        assert row["ratio_to_best_peer"] is None
        assert row["case"] in result.stdout
    assert written["failed"] == []
    assert written["missing"] == {}
    assert written["machine"]["cores"] >= 1
    assert written["versions"]["tensorflow"]
