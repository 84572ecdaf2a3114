"""``mnist.pkl.gz``, the book's data file, read without running anything in it.

The file is a Python 2 pickle of three pairs of NumPy arrays. A pickle is a program: Python's own
``pickle.load`` would call whatever it names. Here nothing is called but the readers below, which
take shapes, type codes and bytes and give arrays of numbers; every other name is refused before it
is imported. The readers are instances without attributes, so a pickle cannot alter them either.

Copies of the file that were written again by Python 3 or by NumPy 2 are read too.
"""

from __future__ import annotations

import gzip
import io
import math
import os
import pickle
import zlib
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from chainrule.data.dataset import Dataset
from chainrule.errors import DataError

__all__ = ["MnistSets", "load_mnist_pkl"]

Order: TypeAlias = Literal["<", ">", "|", "="]

LARGEST = 1 << 30  # bytes unpacked; the book's file has 219 MB


class MnistSets(NamedTuple):
    """The three parts of the book's file: 50 000, 10 000 and 10 000 samples."""

    training: Dataset
    validation: Dataset
    test: Dataset


def load_mnist_pkl(path: str | os.PathLike[str]) -> MnistSets:
    """The three data sets in ``mnist.pkl.gz``.

    Parameters
    ----------
    path : str or PathLike
        Gzipped or plain.

    Returns
    -------
    MnistSets
        Of :class:`~chainrule.data.Dataset`: inputs (n, 784) float32 from 0 to 1, targets (n,)
        int64.

    Raises
    ------
    DataError
        If the file is damaged, holds anything else, or names anything but NumPy arrays.
    """
    data = _contents(path)
    try:
        loaded = _unpickle(data)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    except Exception as error:  # what a damaged pickle raises is not limited to UnpicklingError
        raise DataError(
            f"{path}: not a readable pickle of arrays ({type(error).__name__}: {error})"
        ) from None
    return MnistSets(*_checked(loaded, path))


def _contents(path: str | os.PathLike[str]) -> bytes:
    with open(path, "rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        try:
            data = gzip.GzipFile(fileobj=raw).read(LARGEST + 1) if packed else raw.read(LARGEST + 1)
        except (gzip.BadGzipFile, zlib.error) as error:
            raise DataError(f"{path}: damaged gzip file ({error})") from None
        except EOFError:
            raise DataError(f"{path}: the gzip file is cut short") from None
    if len(data) > LARGEST:
        raise DataError(f"{path}: unpacks to more than {LARGEST} bytes")
    return data


class _PendingDtype:
    """``numpy.dtype(code, …)`` and its state, of which only the byte order matters."""

    __slots__ = ("code", "order")

    def __init__(self, code: str) -> None:
        self.code = code
        self.order: Order = "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        orders: dict[str, Order] = {"<": "<", ">": ">", "|": "|", "=": "="}
        order = orders.get(_ascii(state[1]))
        if order is None or any(part is not None for part in state[2:5]):
            raise DataError(f"an array type with fields or sub-arrays: {state!r}")
        self.order = order

    def resolved(self) -> np.dtype[Any]:
        dtype: np.dtype[Any] = np.dtype(self.code).newbyteorder(self.order)
        if dtype.kind not in "fiu":
            raise DataError(f"an array of type {dtype}; only real numbers are read")
        return dtype


class _PendingArray:
    """An array whose state has yet to come."""

    __slots__ = ("array",)

    def __init__(self) -> None:
        self.array: npt.NDArray[Any] | None = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, fortran, data = state
        self.array = _array(_as_bytes(data), dtype, shape, "F" if fortran else "C")


def _array(data: Any, dtype: Any, shape: Any, order: Any) -> npt.NDArray[Any]:
    if not isinstance(dtype, _PendingDtype) or not isinstance(data, bytes | bytearray):
        raise DataError("an array whose data are not plain numbers")
    resolved = dtype.resolved()
    lengths = tuple(int(n) for n in shape)
    if min(lengths, default=0) < 0 or math.prod(lengths) * resolved.itemsize != len(data):
        raise DataError(f"{len(data)} bytes for an array of shape {lengths} and type {resolved}")
    array = np.frombuffer(data, resolved).reshape(lengths, order="F" if order == "F" else "C")
    return array.astype(resolved.newbyteorder("="), order="C")


def _ascii(text: Any) -> str:
    return text.decode("ascii") if isinstance(text, bytes) else str(text)


def _as_bytes(data: Any) -> Any:
    return data.encode("latin1") if isinstance(data, str) else data


class _NdarrayName:
    """``numpy.ndarray``, which is only ever handed to ``_reconstruct``."""

    __slots__ = ()


class _Dtype:
    """``numpy.dtype``."""

    __slots__ = ()

    def __call__(self, code: Any, *_: Any) -> _PendingDtype:
        return _PendingDtype(_ascii(code))


class _Reconstruct:
    """``numpy.core.multiarray._reconstruct``: an empty array, filled by its state."""

    __slots__ = ()

    def __call__(self, kind: Any, *_: Any) -> _PendingArray:
        if not isinstance(kind, _NdarrayName):
            raise DataError(f"an array class other than numpy.ndarray: {kind!r}")
        return _PendingArray()


class _FromBuffer:
    """``numpy.core.numeric._frombuffer``: what protocol 5 writes."""

    __slots__ = ()

    def __call__(self, data: Any, dtype: Any, shape: Any, order: Any) -> _PendingArray:
        pending = _PendingArray()
        pending.array = _array(data, dtype, shape, order)
        return pending


class _Encode:
    """``_codecs.encode``: how Python 3 writes bytes in the older protocols."""

    __slots__ = ()

    def __call__(self, text: Any, encoding: Any = "latin1") -> bytes:
        if _ascii(encoding) != "latin1":
            raise DataError(f"bytes in the encoding {encoding!r}")
        return str(text).encode("latin1")


_READERS: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _NdarrayName(),
    ("numpy", "dtype"): _Dtype(),
    ("_codecs", "encode"): _Encode(),
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _Reconstruct() for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _FromBuffer() for core in ("core", "_core")},
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _READERS[module, name]
        except KeyError:
            raise DataError(
                f"the pickle names {module}.{name}, which is no part of an array of numbers; "
                "nothing of it was run"
            ) from None

    def persistent_load(self, pid: Any) -> Any:
        raise DataError("the pickle refers to objects outside the file")


def _unpickle(data: bytes) -> Any:
    # encoding="bytes": Python 2 strings, the arrays' data among them, stay what they are.
    return _Unpickler(io.BytesIO(data), fix_imports=False, encoding="bytes").load()


def _checked(loaded: Any, path: str | os.PathLike[str]) -> list[Dataset]:
    """The three data sets, if that is what was loaded."""
    if not (isinstance(loaded, tuple | list) and len(loaded) == 3):
        raise DataError(
            f"{path}: expected the three pairs (training, validation, test) of mnist.pkl.gz, got "
            f"{type(loaded).__name__}"
        )
    return [
        _dataset(f"{path}: {name}", name, pair)
        for name, pair in zip(("training", "validation", "test"), loaded)
    ]


def _dataset(where: str, name: str, pair: Any) -> Dataset:
    if not (
        isinstance(pair, tuple | list)
        and len(pair) == 2
        and all(isinstance(part, _PendingArray) and part.array is not None for part in pair)
    ):
        raise DataError(f"{where}: expected a pair of arrays (images, labels)")
    inputs, labels = pair[0].array, pair[1].array
    if inputs.ndim != 2 or inputs.dtype.kind != "f" or not np.isfinite(inputs).all():
        raise DataError(
            f"{where}: images must be finite numbers of shape (n, pixels), got shape "
            f"{inputs.shape}, dtype {inputs.dtype}"
        )
    if labels.shape != (len(inputs),) or labels.dtype.kind not in "iu":
        raise DataError(
            f"{where}: expected {len(inputs)} integer labels, got shape {labels.shape}, dtype "
            f"{labels.dtype}"
        )
    if len(labels) == 0 or labels.min() < 0 or labels.max() > 9:
        raise DataError(f"{where}: labels must be digits, 0 to 9")
    return Dataset(
        f"mnist {name}",
        inputs,
        labels.astype(np.int64),
        "classification",
        classes=tuple("0123456789"),
        bounds=(0.0, 1.0),
    )
