"""New data for a trained network: as data to train on, but the targets may be absent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.arrays import column_index, load_npy, npz_inputs
from chainrule.data.dataset import Dataset
from chainrule.data.idx import read_idx
from chainrule.data.images import read_image_files
from chainrule.data.read import read
from chainrule.data.table import Table

__all__ = ["read_inputs"]


def read_inputs(
    path: Path | str,
    shape: tuple[int, ...] | None,
    *,
    target: str | None = None,
    encoding: str = "utf-8-sig",
    image_size: tuple[int, int] | None = None,
) -> Table | Dataset | NDArray[Any]:
    """Return what a file or folder holds for a network to say something about.

    Parameters
    ----------
    path : Path or str
        As for :func:`chainrule.data.read`.
    shape : tuple of int or None
        Shape of one sample in training; None for a network trained on tables.
    target, encoding, image_size
        As in training.

    Returns
    -------
    Table, Dataset or ndarray
        Arrays without targets come as they are: an ``.npz`` without targets, an ``.npy`` with as
        many columns as the network has inputs, IDX images without labels, a folder with images in
        it.

    Raises
    ------
    DataError
        The file is not what its name says.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if shape is not None and path.is_dir():
        if any(place.is_dir() for place in path.iterdir()):
            return read(path, image_size=image_size)
        return read_image_files(path, image_size, grey=len(shape) == 2)
    if shape is not None and suffix == ".npz" and path.exists():
        return npz_inputs(path, target)
    if shape is not None and suffix == ".npy" and path.exists():
        array = load_npy(path)
        if array.dtype.names is None and array.ndim == 2 and array.shape[1:] != shape:
            if array.shape[1] == int(np.prod(shape)) + 1:
                column = column_index(path, target, array.shape[1])
                return np.delete(array, column, axis=1)
            return array
        if array.dtype.names is None:
            return array
    if "idx3" in path.name and path.exists():
        labels = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
        if not labels.exists():
            return read_idx(path, np.uint8)
    return read(path, target=target, encoding=encoding, image_size=image_size)
