"""Memory that compiled programs work in: arenas, and the homes of state.

A tensor that a compiled function reads or writes as state gets a *home*: memory in the layout the
kernels want, shared by every program that uses the tensor. The tensor's value becomes a view of its
home, so it is up to date whenever it is looked at and nothing is copied between calls. Programs
write to homes in place; a home whose array somebody else holds moves to new memory before it is
written to (copy on write), so that nothing handed out or recorded ever changes. Assigning
to the tensor (``p.assign``, ``p.data = …``, loading a checkpoint) gives it another array; the next
call notices, copies that in, and makes the tensor a view again.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import sys
import weakref
from collections.abc import Sequence
from operator import is_
from typing import Any, ClassVar

import numpy as np

from chainrule.core.tensor import Tensor, wrap

from .layout import Layout

__all__ = ["Arena", "Home", "Homes", "address_of", "home_of", "strided"]

_PAGE = 1 << 21  # a large page
_SLACK = 256
_COUNTED = next(map(sys.getrefcount, [object()]))  # what counting what a list holds adds
_addressof, _view = ctypes.addressof, ctypes.c_char.from_buffer
Array = np.ndarray[Any, Any]


def address_of(array: Array) -> int:
    """Return where an array begins.

    The buffer protocol tells in a quarter of the time of ``array.ctypes`` or
    ``array.__array_interface__``, but not for memory that is empty or must not be written to.
    """
    try:
        return _addressof(_view(array))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return int(array.__array_interface__["data"][0])


class Arena:
    """A block of zeroed memory, aligned to 64 bytes (to a large page if it fills one)."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._map = mmap.mmap(-1, size + _SLACK + (_PAGE if size >= _PAGE else 4096))
        if size >= _PAGE and hasattr(mmap, "MADV_HUGEPAGE"):
            with contextlib.suppress(OSError):
                self._map.madvise(mmap.MADV_HUGEPAGE)
        raw = np.frombuffer(self._map, np.uint8)
        address = raw.__array_interface__["data"][0]
        skip = -address % (_PAGE if size >= _PAGE else 64)
        self.bytes: Array = raw[skip : skip + size + _SLACK // 2]
        self.address = int(address + skip)

    def view(self, offset: int, layout: Layout, dtype: np.dtype[Any]) -> Array:
        """Return the array that lies at an offset."""
        return strided(self.bytes, offset, layout, dtype)


class _Window:
    """A part of a block of bytes, offered to NumPy.

    An array made from it has it as its base; NumPy then makes views of that array hold the array
    itself, and not the block behind it, so that :meth:`Home.shared` sees them.
    """

    def __init__(self, block: Array, interface: dict[str, Any]) -> None:
        self._block = block
        self.__array_interface__ = interface


def strided(block: Array, offset: int, layout: Layout, dtype: np.dtype[Any]) -> Array:
    """Return an array of a layout inside a block of bytes."""
    interface = {
        "shape": layout.shape,
        "typestr": dtype.str,
        "strides": tuple(s * dtype.itemsize for s in layout.strides),
        "data": (block.__array_interface__["data"][0] + offset, False),
        "version": 3,
    }
    return np.asarray(_Window(block, interface))


class Home:
    """Where one tensor's value (or gradient) lives; see the module's documentation.

    Attributes
    ----------
    address : int
        Where the home begins; it changes when the home moves.
    """

    def __init__(self, tensor: Tensor, slot: str, layout: Layout, dtype: np.dtype[Any]) -> None:
        self.slot = slot
        self.layout = layout
        self.dtype = dtype
        self.arena = Arena(max(64, layout.size * dtype.itemsize))
        self.address = self.arena.address
        self.view = self.arena.view(0, layout, dtype)
        self._tensor = weakref.ref(tensor)
        self._grad: Tensor | None = None

    def current(self) -> bool:
        """Tell whether the tensor still shows its home."""
        tensor = self._tensor()
        if tensor is None:
            return True
        if self.slot == "grad":
            return tensor._grad is self._grad and self._grad is not None
        return tensor._value is self.view

    def shared(self) -> bool:
        """Tell whether the home's array is held by anyone but the tensor and its leaf.

        An array handed out (``p.numpy()``, a slice of it, a snapshot of parameters) or a recorded
        graph holds it; NumPy makes every view of the array hold it too.
        """
        tensor = self._tensor()
        own = 2  # the attribute, and the argument of getrefcount
        if self.slot == "grad":
            if self._grad is None:
                return sys.getrefcount(self.view) > own
            handles = 2 + (tensor is not None and tensor._grad is self._grad)
            return sys.getrefcount(self.view) > own + 1 or sys.getrefcount(self._grad) > handles
        if tensor is not None and tensor._value is self.view:
            own += 1
            own += tensor._node is not None and tensor._node.value is self.view
        return sys.getrefcount(self.view) > own

    def renew(self) -> None:
        """Move to new memory with the same contents; who held the old array keeps it unchanged."""
        showing = self.current()
        old, self.arena = self.view, Arena(self.arena.size)
        self.address = self.arena.address
        self.view = self.arena.view(0, self.layout, self.dtype)
        self.view[...] = old
        self._grad = None
        Homes.latest = object()
        if showing:
            self.show()

    def enter(self) -> None:
        """Copy the tensor's value in and make the tensor show its home."""
        tensor = self._tensor()
        if tensor is None:
            return
        if self.shared():
            self.renew()
        if self.slot == "grad":
            if tensor._grad is not None:
                self.view[...] = tensor._grad._value
            self.show()
            return
        self.view[...] = tensor._value
        self.show()

    def show(self) -> None:
        """Make the tensor show its home."""
        tensor = self._tensor()
        if tensor is None:
            return
        if self.slot == "grad":
            if self._grad is None:
                self._grad = wrap(self.view, None)
            tensor._grad = self._grad
            return
        if tensor._value is self.view:
            return
        tracked = tensor.requires_grad
        tensor._value = self.view
        if tracked:
            tensor._make_leaf()


class Homes:
    """The homes of what a program reads and writes, looked at together before each call.

    Nearly always nothing has happened to them since the last call; with the parameters and slots of
    a small network, looking at one after the other takes longer than a short epoch's other errands.

    Parameters
    ----------
    states : sequence of (Tensor, Home)
    written : sequence of int
        Which of them are written to.

    Attributes
    ----------
    latest : object
        Another one whenever any home has moved, whoever moved it.
    """

    latest: ClassVar[object] = object()

    def __init__(self, states: Sequence[tuple[Tensor, Home]], written: Sequence[int]) -> None:
        read = [i for i in range(len(states)) if i not in written]
        ordered = [states[i] for i in (*written, *read)]
        self._tensors = [t for t, _ in ordered]
        self._homes = [h for _, h in ordered]
        self._written = len(written)  # the first ones
        self._tracked: list[tuple[Tensor, Home]] = []  # their leaves hold the home's array too
        self._expected = -1
        self._seen: object = None

    def moved(self) -> bool:
        """Bring in what was assigned since the last call, and leave alone what others hold.

        Returns
        -------
        bool
            Whether addresses may differ from those after the last call.
        """
        if self._seen is Homes.latest and self._untouched():
            return False
        self._seen = Homes.latest
        for place, home in enumerate(self._homes):
            if not home.current():
                home.enter()
            elif place < self._written and home.shared():
                home.renew()
        self._expect()
        return True

    def _untouched(self) -> bool:
        """Tell that every tensor shows its home, and that nobody else holds what is written.

        False only means that the homes have to be looked at one by one; it is the answer wherever a
        home is one of a gradient.
        """
        values = [t._value for t in self._tensors]
        views = [h.view for h in self._homes]
        if not all(map(is_, values, views)):
            return False
        for tensor, home in self._tracked:
            node = tensor._node
            if node is None or node.value is not home.view:
                return False
        # None can be held by fewer than expected, so the sum tells about each.
        views = views[: self._written]
        return sum(map(sys.getrefcount, views)) == self._expected

    def _expect(self) -> None:
        """Note how often the arrays are held if by their homes, tensors and leaves alone."""
        pairs = list(zip(self._tensors, self._homes, strict=True))[: self._written]
        self._tracked = [
            (t, h) for t, h in pairs if t._node is not None and t._node.value is h.view
        ]
        each = _COUNTED + 3  # home, tensor, and the list of values in `_untouched`
        self._expected = each * len(pairs) + len(self._tracked)


_homes: dict[tuple[int, str], Home] = {}


def home_of(tensor: Tensor, slot: str) -> Home | None:
    """Return the home of a tensor, if it has one."""
    home = _homes.get((id(tensor), slot))
    return home if home is not None and home._tensor() is tensor else None


def make_home(tensor: Tensor, slot: str, layout: Layout, dtype: np.dtype[Any]) -> Home:
    """Give a tensor a home; it is given up when the tensor is."""
    home = Home(tensor, slot, layout, dtype)
    key = (id(tensor), slot)
    _homes[key] = home

    def forget(_: Any, homes: dict[tuple[int, str], Home] = _homes) -> None:
        # The table is bound here: the module's own name may be gone at the end of the process.
        if homes.get(key) is home:
            del homes[key]

    home._tensor = weakref.ref(tensor, forget)
    return home
