"""From seconds to a table and a JSON file."""

import json
import pathlib
import statistics

_COLUMNS = (
    ("case", "", "case"),
    ("contender", "", "contender"),
    ("tokens/s", ".1f", "tokens_per_second"),
    ("median ms", ".1f", "median_ms"),
    ("min ms", ".1f", "min_ms"),
    ("max ms", ".1f", "max_ms"),
    ("cores", ".2f", "cores_used"),
    ("first s", ".1f", "first_call_seconds"),
    ("to best peer", ".2f", "ratio_to_best_peer"),
)


def summarize(case, measured, own):
    """What was measured of a case, as rows.

    Args:
        case: Dict with `name` and `lengths`.
        measured: Dict by contender, as from `runner.measure`.
        own: Name of the contender that is no peer.

    Returns:
        List of dicts with the measurements, `tokens_per_second`, `median_ms`,
        `min_ms`, `max_ms`, `cores_used`, and `ratio_to_best_peer`: tokens per
        second over those of the fastest peer, `None` where there is none.
    """
    rows = []
    for name, times in measured.items():
        seconds = times["seconds"]
        median = statistics.median(seconds)
        rows.append(
            {
                "case": case["name"],
                "contender": name,
                "tokens_per_second": sum(case["lengths"]) / median,
                "median_ms": 1000 * median,
                "min_ms": 1000 * min(seconds),
                "max_ms": 1000 * max(seconds),
                "cores_used": sum(times["cpu_seconds"]) / sum(seconds),
                **times,
            }
        )
    speeds = [r["tokens_per_second"] for r in rows if r["contender"] != own]
    for row in rows:
        row["ratio_to_best_peer"] = (
            row["tokens_per_second"] / max(speeds) if speeds else None
        )
    return rows


def format_table(rows):
    """Rows as text, columns aligned, a blank line between cases."""
    lines = [[title for title, _, _ in _COLUMNS]]
    for row in rows:
        lines.append(
            [
                "-" if row[key] is None else format(row[key], how)
                for _, how, key in _COLUMNS
            ]
        )
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text, last = [], None
    for cells in lines:
        if last not in (None, cells[0]):
            text.append("")
        last = cells[0]
        text.append(
            "  ".join(
                cell.ljust(width) if place < 2 else cell.rjust(width)
                for place, (cell, width) in enumerate(
                    zip(cells, widths, strict=True)
                )
            ).rstrip()
        )
    return "\n".join(text)


def write_json(path, report):
    """Write a report, whole or not at all."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)
