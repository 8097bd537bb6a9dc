"""From seconds to a table and a JSON file."""

import json
import pathlib
import statistics

COLUMNS = (
    ("case", "", "case"),
    ("contender", "", "contender"),
    ("precision", "", "precision"),
    ("tokens/s", ".1f", "tokens_per_second"),
    ("median ms", ".1f", "median_ms"),
    ("min ms", ".1f", "min_ms"),
    ("max ms", ".1f", "max_ms"),
    ("of limit", ".0%", "share_of_limit"),
    ("peak MB", ".0f", "peak_megabytes"),
    ("cores", ".2f", "cores_used"),
    ("first s", ".1f", "first_call_seconds"),
    ("to peer", ".2f", "ratio_to_best_peer"),
    ("to any", ".2f", "ratio_to_any_peer"),
)


def summarize(case, measured, own, least_seconds=None):
    """What was measured of a case, as rows.

    Args:
        case: Dict with `name` and `lengths`.
        measured: Dict by `runner.Entrant`, as from `runner.measure`.
        own: Names of the contenders that are no peers.
        least_seconds: Dict by precision of the seconds that the case takes at
            the limit of the machine, where that is known.

    Returns:
        List of dicts with the measurements, `tokens_per_second`, `median_ms`,
        `min_ms`, `max_ms`, `cores_used`, `share_of_limit`, and the median over
        that of the fastest peer, below 1 for faster than it:
        `ratio_to_best_peer` among those of the same precision, and
        `ratio_to_any_peer` among all; `None` where there is none.
    """
    rows, medians = [], {}
    for entrant, times in measured.items():
        seconds = times["seconds"]
        median = statistics.median(seconds)
        least = (least_seconds or {}).get(entrant.precision)
        if entrant.contender not in own:
            medians[entrant] = median
        rows.append(
            {
                "case": case["name"],
                "contender": entrant.contender,
                "precision": entrant.precision,
                "tokens_per_second": sum(case["lengths"]) / median,
                "median_ms": 1000 * median,
                "min_ms": 1000 * min(seconds),
                "max_ms": 1000 * max(seconds),
                "cores_used": sum(times["cpu_seconds"]) / sum(seconds),
                "share_of_limit": None if least is None else least / median,
                **times,
            }
        )
    for row in rows:
        same = [
            m for e, m in medians.items() if e.precision == row["precision"]
        ]
        row["ratio_to_best_peer"] = _ratio(row, same)
        row["ratio_to_any_peer"] = _ratio(row, medians.values())
    return rows


def _ratio(row, medians):
    return row["median_ms"] / 1000 / min(medians) if medians else None


def format_table(rows, columns=COLUMNS):
    """Rows as text, columns aligned, a blank line between cases.

    Args:
        rows: List of dicts.
        columns: Triples of a title, a format, and the key of a row.
    """
    lines = [[title for title, _, _ in columns]]
    for row in rows:
        lines.append(
            [
                "-" if row[key] is None else format(row[key], how)
                for _, how, key in columns
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
                cell.rjust(width) if how else cell.ljust(width)
                for cell, width, (_, how, _) in zip(
                    cells, widths, columns, strict=True
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
