"""A name for what a program computes, by which its machine code is found again.

The name is a hash of the whole translated program (every value, every constant in full), of the
layouts its state lies in already, of how an epoch takes its inputs, of the processor, and of
everything that generates code: this package's sources and the versions of LLVM and NumPy. Equal
names mean equal machine code; where a value comes from in the user's source is not part of it.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from .layout import Layout
from .program import Program, Value
from .runtime import toolchain
from .target import Target

__all__ = ["fingerprint", "sources"]

_PLAIN = (str, int, tuple, type(None))  # what is written out in full, unlike an array


@functools.cache
def sources() -> bytes | None:
    """Return a hash of the source of the compiler, or None where it cannot be read."""
    folder = Path(__file__).parent
    found = hashlib.sha256()
    files = sorted(folder.rglob("*.py"))
    try:
        for path in files:
            found.update(str(path.relative_to(folder)).encode())
            found.update(path.read_bytes())
    except OSError:
        return None
    return found.digest() if files else None


def fingerprint(
    program: Program,
    layouts: Mapping[int, Layout | None],
    target: Target,
    batched: Sequence[str] | None,
) -> str | None:
    """Return the name of a program's machine code, or None if it cannot be given one.

    Parameters
    ----------
    program : Program
        As translated, before any pass.
    layouts : mapping
        Of the states, by index; None where the program may choose.
    batched : sequence of str, optional
        How an epoch takes each input.

    Notes
    -----
    Values are listed in the order in which they were made, which passes may follow where they
    have a choice: equal names imply that order too.
    """
    stamp = sources()
    if stamp is None:
        return None
    values = {v.id: v for v in (*program.inputs, *program.states, *program.values())}
    listed = sorted(values.values(), key=lambda v: v.id)
    if not all(v.kind == "const" or isinstance(v.data, _PLAIN) for v in listed):
        return None
    place = {v.id: n for n, v in enumerate(listed)}
    found = hashlib.sha256(stamp)
    words: list[str] = [*toolchain(target), repr(target), np.__version__, repr(batched)]
    words += [f"{i} {layouts[i]}" for i in sorted(layouts)]
    for v in listed:
        words.append(_described(v, place))
        if v.kind == "const":
            found.update(np.ascontiguousarray(v.data).tobytes())
    words.append(" ".join(str(place[v.id]) for v in (*program.inputs, *program.states)))
    words.append(" ".join(str(place[v.id]) for v in program.outputs))
    words.append(" ".join(f"{i}:{place[v.id]}" for i, v in program.updates))
    found.update("\n".join(words).encode())
    return found.hexdigest()[:40]


def _described(v: Value, place: Mapping[int, int]) -> str:
    data = v.data.dtype.str if v.kind == "const" else v.data
    return f"{v.kind} {[place[a.id] for a in v.args]} {v.shape} {v.dtype.str} {data!r}"
