"""The one error that all readers of files raise."""

import os


class DataError(ValueError):
    """A file that cannot be read as asked, and where in it that shows.

    Args:
        problem: What was expected, what came, and how to mend it.
        path: The file.
        line: Number of the line, counted from 1.
        column: Name of the column.
    """

    def __init__(
        self,
        problem: str,
        path: str | os.PathLike | None = None,
        line: int | None = None,
        column: str | None = None,
    ):
        where = []
        if path is not None:
            where.append(os.fspath(path))
        if line is not None:
            where.append(f"line {line}")
        if column is not None:
            where.append(f"column {column!r}")
        super().__init__(f"{', '.join(where)}: {problem}" if where else problem)
        self.path = path
        self.line = line
        self.column = column
