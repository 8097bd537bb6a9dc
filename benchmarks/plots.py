"""The numbers as pictures; needs matplotlib."""

import pathlib


def draw_speed(rows, limits, path):
    """Draw medians as bars, a chart for each case.

    Args:
        rows: List of dicts from `report.summarize`.
        limits: Dict from `limits.measure_limits`; its products stand in the
            title.
        path: Where to, a `.png` or `.svg`.
    """
    plt = _pyplot()
    cases = list(dict.fromkeys(row["case"] for row in rows))
    height = 0.3 * len(rows) + 0.8 * len(cases) + 0.5
    figure, axes = plt.subplots(
        max(len(cases), 1), figsize=(8, height), squeeze=False
    )
    for axis, case in zip(axes[:, 0], cases, strict=False):
        of_case = [row for row in rows if row["case"] == case]
        names = [f"{row['contender']} {row['precision']}" for row in of_case]
        medians = [row["median_ms"] for row in of_case]
        spread = [
            [row["median_ms"] - row["min_ms"] for row in of_case],
            [row["max_ms"] - row["median_ms"] for row in of_case],
        ]
        colors = [_color(row["contender"]) for row in of_case]
        axis.barh(names, medians, xerr=spread, color=colors)
        axis.invert_yaxis()
        axis.set_title(f"{case}, ms", loc="left")
    products = ", ".join(
        f"{rate / 1e9:.0f} GFLOP/s {name}"
        for name, rate in limits.items()
        if name != "memory"
    )
    figure.suptitle(f"Lower is better. Products of matrices: {products}")
    _save(plt, figure, path)


def draw_memory(rows, path):
    """Draw the peak memory against the length, a line for each contender.

    Args:
        rows: List of dicts with `contender`, `precision`, `length` and
            `peak_megabytes`.
        path: Where to, a `.png` or `.svg`.
    """
    plt = _pyplot()
    figure, axis = plt.subplots(figsize=(8, 5))
    lines = {}
    for row in rows:
        name = f"{row['contender']} {row['precision']}"
        point = (row["length"], row["peak_megabytes"] / 1000)
        lines.setdefault(name, []).append(point)
    for name, points in lines.items():
        style = "-o" if name.startswith("keras_transformer") else "--s"
        axis.plot(*zip(*sorted(points), strict=True), style, label=name)
    axis.set_xscale("log", base=2)
    axis.set_yscale("log")
    axis.set_xlabel("tokens of a row")
    axis.set_ylabel("most memory in training, GB")
    axis.grid(which="both", alpha=0.3)
    if lines:
        axis.legend()
    _save(plt, figure, path)


def _color(contender):
    is_own = contender.startswith("keras_transformer")
    return "tab:blue" if is_own else "tab:gray"


def _pyplot():
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def _save(plt, figure, path):
    figure.tight_layout()
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    plt.close(figure)
