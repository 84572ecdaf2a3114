"""Where a node was made: the user's source line, and the name the result was given there.

At record time only the code object and the bytecode offset are kept (about 0.2 µs); the line, its
text and the assigned name are worked out when somebody asks.
"""

from __future__ import annotations

import dis
import linecache
import os
import sys
from functools import lru_cache
from itertools import pairwise
from types import CodeType, FrameType
from typing import NamedTuple

__all__ = [
    "Location",
    "assigned_names",
    "called_from",
    "called_name",
    "caller",
    "locate",
    "user_frame",
]

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class Location(NamedTuple):
    """A line of the user's program."""

    file: str
    line: int
    function: str

    @property
    def text(self) -> str:
        """The source line, stripped; empty where the source cannot be had."""
        return linecache.getline(self.file, self.line).strip()

    def __str__(self) -> str:
        return f"{os.path.basename(self.file)}:{self.line}"


def caller() -> tuple[CodeType | None, int]:
    """Code object and bytecode offset of the innermost frame outside the library."""
    frame = sys._getframe(2)
    while frame.f_code.co_filename.startswith(_PACKAGE):
        outer = frame.f_back
        if outer is None:
            return None, 0
        frame = outer
    return frame.f_code, frame.f_lasti


def called_from(depth: int) -> tuple[CodeType, int]:
    """Code object and bytecode offset of the caller's ``depth``-th caller, whoever that is."""
    frame = sys._getframe(depth + 1)
    return frame.f_code, frame.f_lasti


@lru_cache(maxsize=512)
def called_name(code: CodeType, offset: int) -> str | None:
    """First word of the call expression at this offset: ``'float'`` for ``float(x)``.

    The empty string if the instruction is not a call (``a[0] = x`` converts too); ``None`` if the
    interpreter keeps no positions (``-X no_debug_ranges``).
    """
    instructions = list(dis.get_instructions(code))
    here = next((i for i in instructions if i.offset == offset), None)
    if here is None or not here.opname.startswith(("CALL", "PRECALL")):
        return ""
    if here.positions is None or here.positions.col_offset is None:
        return None
    start = here.positions.lineno, here.positions.col_offset
    for instruction in instructions:
        at = instruction.positions
        if (
            at is not None
            and (at.lineno, at.col_offset) == start
            and instruction.opname.startswith("LOAD_")
        ):
            return str(instruction.argval)
    return ""


def user_frame() -> FrameType | None:
    """The innermost frame outside the library, for messages; nothing keeps it."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    return frame


def locate(code: CodeType | None, offset: int) -> Location | None:
    """The source line of a bytecode offset."""
    if code is None:
        return None
    return Location(code.co_filename, _lines(code).get(offset, code.co_firstlineno), code.co_name)


@lru_cache(maxsize=512)
def _lines(code: CodeType) -> dict[int, int]:
    table: dict[int, int] = {}
    for start, end, line in code.co_lines():
        if line is not None:
            table.update(dict.fromkeys(range(start, end, 2), line))
    return table


_STORES = ("STORE_FAST", "STORE_NAME", "STORE_GLOBAL", "STORE_DEREF")
_HOLDERS = ("LOAD_FAST", "LOAD_FAST_BORROW", "LOAD_NAME", "LOAD_GLOBAL", "LOAD_DEREF", "LOAD_ATTR")


@lru_cache(maxsize=512)
def _stores(code: CodeType) -> dict[int, tuple[str, ...]]:
    """For each call or operator: the names its result is assigned to right afterwards.

    ``a = b = f(x)`` gives the first name; ``q, r = f(x)`` gives both, in order; ``self.z = f(x)``
    and ``cache["z"] = f(x)`` give ``z``.
    """
    # While a call is running the offset may stand on the call's inline cache, which belongs to it.
    listed = [i for i in dis.get_instructions(code) if i.opname != "CACHE"]
    ends = {i.offset: after.offset for i, after in pairwise(listed)}
    instructions = [i for i in listed if i.opname not in ("COPY", "NOP")]
    found: dict[int, tuple[str, ...]] = {}
    for here, instruction in enumerate(instructions[:-1]):
        if instruction.opname.startswith("STORE") or "LOAD" in instruction.opname:
            continue
        names = _following_names(instructions, here + 1)
        if names:
            start = instruction.offset
            found.update(dict.fromkeys(range(start, ends[start], 2), names))
    return found


def _following_names(instructions: list[dis.Instruction], position: int) -> tuple[str, ...]:
    """Names stored by the instructions from ``position`` on, as many as are unpacked."""
    held = _held_name(instructions, position)
    if held is not None:
        return (held,)
    count = 1
    if instructions[position].opname == "UNPACK_SEQUENCE":
        count = int(instructions[position].arg or 0)
        position += 1
    names: list[str] = []
    while position < len(instructions) and len(names) < count:
        stored = _store_names(instructions[position])
        if not stored:
            return ()
        names += stored
        position += 1
    return tuple(names[:count]) if len(names) >= count else ()


def _held_name(instructions: list[dis.Instruction], position: int) -> str | None:
    """The name in ``self.z = …`` and ``cache["z"] = …``: loads of the holder, then the store."""
    while position < len(instructions):
        instruction = instructions[position]
        if instruction.opname == "STORE_ATTR":
            return str(instruction.argval)
        if instruction.opname == "LOAD_CONST" and isinstance(instruction.argval, str):
            following = instructions[position + 1 : position + 2]
            stored = bool(following) and following[0].opname == "STORE_SUBSCR"
            return instruction.argval if stored and instruction.argval.isidentifier() else None
        if instruction.opname not in _HOLDERS:
            return None
        position += 1
    return None


def _store_names(instruction: dis.Instruction) -> list[str]:
    if instruction.opname in _STORES:
        return [str(instruction.argval)]
    if instruction.opname == "STORE_FAST_STORE_FAST":
        return [str(name) for name in instruction.argval]
    if instruction.opname == "STORE_FAST_LOAD_FAST":
        return [str(instruction.argval[0])]
    return []


def assigned_names(code: CodeType | None, offset: int) -> tuple[str, ...]:
    """Names to which the result of the call at this offset is assigned, if any.

    >>> source = compile("z = f(x)", "example", "exec")
    >>> [names for i in dis.get_instructions(source) if (names := assigned_names(source, i.offset))]
    [('z',)]
    """
    if code is None:
        return ()
    return _stores(code).get(offset, ())
