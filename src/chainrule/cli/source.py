"""What DATA on the command line means: the name of a built-in set, or a file or folder."""

from __future__ import annotations

from pathlib import Path

from chainrule.data import BUILT_IN, Dataset, Table, Task, load, read
from chainrule.errors import DataError

__all__ = ["open_data", "run_name"]


def open_data(
    data: str,
    *,
    target: str | None = None,
    task: Task | None = None,
    encoding: str = "utf-8-sig",
    image_size: tuple[int, int] | None = None,
) -> Table | Dataset:
    """Return the data that a word on the command line names.

    A file or folder of that name goes before a built-in set.

    Raises
    ------
    DataError
        There is neither.
    """
    path = Path(data)
    if path.exists():
        return read(path, target=target, task=task, encoding=encoding, image_size=image_size)
    if data in BUILT_IN:
        return load(data)
    raise DataError(
        f"{data!r} is neither a file or folder nor a built-in data set; those are "
        f"{', '.join(BUILT_IN)}."
    )


def run_name(data: str) -> str:
    """Return a directory's name for runs on some data.

    Examples
    --------
    >>> run_name("digits"), run_name("../tables/flats.csv.gz"), run_name(".")
    ('digits', 'flats', 'run')
    """
    return Path(data).name.partition(".")[0] or "run"
