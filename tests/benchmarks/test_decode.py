from tests.benchmarks.commands import run_command


def test_the_command_writes_a_table_and_json(tmp_path):
    table, written = run_command(
        "benchmarks.decode",
        tmp_path / "results" / "decode.json",
        *["--contenders", "keras_transformer", "--without-limits"],
        *["--precision", "float32"],
        *["--cases", "w5-greedy-32", "w5-beam4-1", "w6-greedy-8"],
    )
    assert [row["case"] for row in written["rows"]] == [
        "w5-greedy-32",
        "w5-beam4-1",
        "w6-greedy-8",
    ]
    for row in written["rows"]:
        assert row["contender"] == "keras_transformer"
        assert row["tokens_per_second"] > 0
        assert row["min_ms"] <= row["median_ms"] <= row["max_ms"]
        assert len(row["seconds"]) == 1
        assert row["ratio_to_best_peer"] is None
        assert row["share_of_limit"] is None
        assert row["case"] in table
    assert written["failed"] == []
    assert written["missing"] == {}
    assert written["limits"] == {}
    assert written["machine"]["cores"] >= 1
    assert written["versions"]["tensorflow"]
