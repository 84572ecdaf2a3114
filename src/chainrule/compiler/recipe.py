"""What a compiled form needs beside its machine code: sizes, offsets, layouts, constants.

A recipe holds plain numbers only, so that it can be kept on disk beside the object code: a form
whose program has been compiled before, in this process or another, is set up from it without
scheduling, planning or writing code.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .layout import Layout

__all__ = ["Place", "Recipe"]

Array = np.ndarray[Any, Any]


class Place(NamedTuple):
    """Memory of a value: bytes from the beginning of the arena, layout and dtype."""

    offset: int
    layout: Layout
    dtype: np.dtype[Any]


@dataclass(frozen=True)
class Recipe:
    """See the module's documentation.

    Attributes
    ----------
    arena : int
        Bytes.
    lines : int
        For several threads: where in the arena the lines of their barrier begin.
    states : tuple of Place
        By index; those past the tensors held by reference are what the parts of a step keep for
        one another. (No offsets: each state has memory of its own.)
    neutral : tuple of float
        What each of the latter starts with.
    results : tuple of Place
    constants : tuple of (Place, ndarray)
        Written into the arena when it is made.
    tiled : bool
        Whether parts of a step go over its rows tile by tile.
    resident : bool
        Whether an epoch keeps its state in registers.
    code : str
        The name of the object code on disk.
    """

    arena: int
    lines: int
    states: tuple[Place, ...]
    neutral: tuple[float, ...]
    results: tuple[Place, ...]
    constants: tuple[tuple[Place, Array], ...]
    tiled: bool
    resident: bool
    code: str

    def to_bytes(self) -> bytes:
        """Return the recipe as JSON in one line, followed by the constants."""
        arrays = [np.ascontiguousarray(data) for _, data in self.constants]
        head = {
            "arena": self.arena,
            "lines": self.lines,
            "states": [_plain(p) for p in self.states],
            "neutral": [float(n).hex() for n in self.neutral],
            "results": [_plain(p) for p in self.results],
            "constants": [_plain(p) for p, _ in self.constants],
            "arrays": [[list(a.shape), a.dtype.str] for a in arrays],
            "tiled": self.tiled,
            "resident": self.resident,
            "code": self.code,
        }
        return b"".join([json.dumps(head).encode(), b"\n", *(a.tobytes() for a in arrays)])

    @classmethod
    def from_bytes(cls, data: bytes) -> Recipe:
        """Return what :meth:`to_bytes` has written."""
        line, _, rest = data.partition(b"\n")
        head = json.loads(line)
        arrays, at = [], 0
        for shape, dtype in head["arrays"]:
            count = math.prod(shape)
            arrays.append(np.frombuffer(rest, dtype, count, at).reshape(shape))
            at += count * np.dtype(dtype).itemsize
        places = [_place(p) for p in head["constants"]]
        return cls(
            head["arena"],
            head["lines"],
            tuple(_place(p) for p in head["states"]),
            tuple(float.fromhex(n) for n in head["neutral"]),
            tuple(_place(p) for p in head["results"]),
            tuple(zip(places, arrays, strict=True)),
            head["tiled"],
            head["resident"],
            head["code"],
        )


def _plain(place: Place) -> list[Any]:
    shape, strides, lane, padded, size = place.layout
    return [place.offset, list(shape), list(strides), lane, padded, size, place.dtype.str]


def _place(plain: list[Any]) -> Place:
    offset, shape, strides, lane, padded, size, dtype = plain
    return Place(offset, Layout(tuple(shape), tuple(strides), lane, padded, size), np.dtype(dtype))
