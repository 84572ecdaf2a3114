"""One function that reads any file the package knows, found by its name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from chainrule.data.arrays import read_npy, read_npz
from chainrule.data.dataset import Dataset, Task
from chainrule.data.delimited import read_delimited
from chainrule.data.idx import read_idx_pair
from chainrule.data.images import read_images
from chainrule.data.mnist_pickle import load_mnist_pkl
from chainrule.data.parquet import read_parquet
from chainrule.data.table import Table
from chainrule.errors import DataError

__all__ = ["FORMATS", "read"]

FORMATS = {
    ".csv .tsv .txt (.gz)": "a table",
    ".parquet .pq": "a table",
    ".npz": "arrays X and y",
    ".npy": "a matrix, the target in one column; mapped, not loaded",
    "…-images-idx3-ubyte (.gz)": "images of the MNIST format, labels in …-labels-idx1-ubyte",
    ".pkl .pkl.gz": "the textbook's mnist.pkl.gz, which comes divided in three parts",
    "a folder": "images in one folder per class",
}


def read(
    path: Path | str,
    *,
    target: str | None = None,
    task: Task | None = None,
    encoding: str = "utf-8-sig",
    image_size: tuple[int, int] | None = None,
) -> Table | Dataset:
    """Return what a file or folder holds: a table, or a data set where it says what the target is.

    Parameters
    ----------
    path : Path or str
        The name tells the format; :data:`FORMATS` lists them.
    target : str, optional
        For ``.npz`` the array of targets, for ``.npy`` the column's index. A table holds all its
        columns whatever is given.
    task : {'classification', 'regression'}, optional
        What the targets of arrays are, where their values leave it open.
    encoding : str
        Of delimited text.
    image_size : (height, width), optional
        Brings images to one size.

    Raises
    ------
    DataError
        The format is unknown, or the file is not what its name says; nothing is guessed silently.
    """
    path = Path(path)
    if path.is_dir():
        return read_images(path, size=image_size)
    if not path.exists():
        raise DataError(f"{path}: there is no such file or folder.")
    suffixes = [suffix.lower() for suffix in path.suffixes]
    suffix = suffixes[-1] if suffixes else ""
    if suffix == ".gz" and len(suffixes) > 1:
        suffix = suffixes[-2]
    if suffix in (".csv", ".tsv", ".txt"):
        return read_delimited(path, encoding=encoding)
    if suffix in (".parquet", ".pq"):
        return read_parquet(path)
    if suffix == ".npz":
        return read_npz(path, target, task)
    if suffix == ".npy":
        return read_npy(path, target, task)
    if suffix == ".pkl":
        return _three_parts(path)
    if "idx3" in path.name:
        labels = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
        if not labels.exists():
            raise DataError(f"{path}: the labels are expected beside it, in {labels.name}.")
        return read_idx_pair(path, labels)
    known = ", ".join(FORMATS)
    raise DataError(f"{path}: the format cannot be told from the name. Known are: {known}.")


def _three_parts(path: Path) -> Dataset:
    sets = load_mnist_pkl(path)
    inputs = np.concatenate([part.inputs for part in sets])
    targets = np.concatenate([part.targets for part in sets])
    sizes = tuple(len(part) for part in sets)
    return replace(sets.training, name=str(path), inputs=inputs, targets=targets, parts=sizes)
