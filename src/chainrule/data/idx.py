"""The IDX format of the MNIST files: one array, plain or gzipped.

::

    0x00 0x00 <type> <ndim>            magic: two zeros, the type of the numbers, the dimensions
    <length> × ndim                    big-endian uint32
    <numbers>                          big-endian, row-major, nothing after them

The header is checked against the size of the data before anything of that size is allocated.
Source: http://yann.lecun.com/exdb/mnist/, "the IDX file format".
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from chainrule.data.dataset import Dataset
from chainrule.errors import DataError

__all__ = ["read_idx", "read_idx_pair"]

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: str | os.PathLike[str], dtype: npt.DTypeLike | None = None) -> npt.NDArray[Any]:
    """The array in an IDX file.

    Parameters
    ----------
    path : str or PathLike
        Plain, or gzipped: told from the first bytes, not from the name.
    dtype : dtype, optional
        The type the file must hold; another one is an error, not a conversion.

    Returns
    -------
    ndarray
        Native byte order, writable.

    Raises
    ------
    DataError
        If the file is not IDX, is cut short, goes on after its data, or holds another type.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "three.idx")
    >>> _ = path.write_bytes(bytes([0, 0, 0x08, 1, 0, 0, 0, 3, 7, 8, 9]))
    >>> read_idx(path)
    array([7, 8, 9], dtype=uint8)
    """
    try:
        with open(path, "rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if not packed:
                return _read(raw, path, dtype)
            with gzip.open(raw) as unpacked:
                return _read(unpacked, path, dtype)  # type: ignore[arg-type]
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: damaged gzip file ({error})") from None
    except EOFError:
        raise DataError(f"{path}: the gzip file is cut short") from None


def _read(
    file: BinaryIO, path: str | os.PathLike[str], dtype: npt.DTypeLike | None
) -> npt.NDArray[Any]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\x00\x00":
        raise DataError(
            f"{path}: not an IDX file: expected the magic bytes 00 00 <type> <ndim>, got "
            f"{magic.hex(' ') or 'an empty file'}"
        )
    if magic[2] not in _TYPES:
        known = ", ".join(f"{code:#04x} ({name[1:]})" for code, name in _TYPES.items())
        raise DataError(f"{path}: unknown IDX type {magic[2]:#04x}; known are {known}")
    stored = np.dtype(_TYPES[magic[2]])
    if dtype is not None and stored.newbyteorder("=") != np.dtype(dtype):
        raise DataError(
            f"{path}: holds {stored.newbyteorder('=')}, expected {np.dtype(dtype)} (images and "
            "labels mixed up?)"
        )
    ndim = magic[3]
    header = file.read(4 * ndim)
    if ndim == 0 or len(header) < 4 * ndim:
        raise DataError(
            f"{path}: the IDX header announces {ndim} dimensions but has {len(header)} bytes for "
            "their lengths; the file is damaged or cut short"
        )
    shape = tuple(int(n) for n in np.frombuffer(header, ">u4"))
    wanted = math.prod(shape) * stored.itemsize
    data = _at_most(file, wanted + 1)
    if len(data) != wanted:
        got = f"only {len(data)} follow" if len(data) < wanted else "more follow"
        raise DataError(
            f"{path}: the IDX header announces shape {shape} of {stored.newbyteorder('=')}, "
            f"{wanted} bytes, but {got}"
        )
    return np.frombuffer(data, stored).reshape(shape).astype(stored.newbyteorder("="))


def _at_most(file: BinaryIO, size: int) -> bytes:
    """Up to `size` bytes, in pieces: a false header must not allocate what is not there."""
    pieces = []
    while size > 0:
        piece = file.read(min(size, 1 << 22))
        if not piece:
            break
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def read_idx_pair(images: str | os.PathLike[str], labels: str | os.PathLike[str]) -> Dataset:
    """Images and their labels from two IDX files, such as MNIST's, as one data set.

    Parameters
    ----------
    images, labels : str or PathLike
        Both uint8; the images in three dimensions, the labels in one.

    Returns
    -------
    Dataset
        Inputs of shape (n, height, width), uint8, bounds (0, 255).

    Raises
    ------
    DataError
        Also if their numbers differ, or the two files are given in the wrong order.
    """
    pixels = read_idx(images, np.uint8)
    classes = read_idx(labels, np.uint8)
    if pixels.ndim != 3 or classes.ndim != 1:
        raise DataError(
            f"expected images of 3 dimensions and labels of 1, got {pixels.ndim} in {images} and "
            f"{classes.ndim} in {labels}" + ("; swapped?" if pixels.ndim == 1 else "")
        )
    if len(pixels) != len(classes):
        raise DataError(
            f"{images} has {len(pixels)} images and {labels} has {len(classes)} labels; they do "
            "not belong together"
        )
    if len(pixels) == 0:
        raise DataError(f"{images}: no images")
    return Dataset(
        Path(images).name,
        pixels,
        classes.astype(np.int64),
        "classification",
        classes=tuple(str(n) for n in range(int(classes.max()) + 1)),
        bounds=(0.0, 255.0),
    )
