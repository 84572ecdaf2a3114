"""Inputs for code that is checked from the command line: those of the calls that the file makes.

The file is run as a script, and the first call of what is to be checked is caught with its
arguments; of a pair, the first backward call and the forward call before it on the same instance.
"""

from __future__ import annotations

import contextlib
import copy
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .loading import PATIENCE, Stopped, execute
from .targets import Case

__all__ = ["Call", "recorded"]


@dataclass
class Call:
    """A call that was caught before it was made.

    Attributes
    ----------
    function : callable
        A function, or a method bound to a copy of its instance.
    args : dict of str to object
        Copies of the arguments by name.
    """

    function: Callable[..., Any]
    args: dict[str, Any] = field(default_factory=dict)


def recorded(
    path: str, case: Case, left_out: list[str] | None = None
) -> tuple[Call, Call | None] | None:
    """The calls of what is to be checked that the file makes when it is run as a script.

    Parameters
    ----------
    path : str
        The file.
    case : Case
        What is to be checked.
    left_out : list of str, optional
        Gets the statements that failed, in words.

    Returns
    -------
    (Call, Call or None) or None
        The call of the function and, for a pair, of its backward pass. None if there was none.
    """
    watch = _Watch(os.path.realpath(path), case)
    profile = sys.getprofile()
    sys.setprofile(watch)
    try:
        with contextlib.suppress(Stopped):
            execute(path, "__main__", left_out=left_out)
    finally:
        sys.setprofile(profile)
    if watch.last is None:
        # A forward call that no backward call followed still shows what to call it with.
        first = next(iter(watch.calls.values()), None)
        return None if first is None else (first, None)
    return watch.last


class _Watch:
    """A profile function that looks out for calls."""

    def __init__(self, path: str, case: Case) -> None:
        self.path = path
        self.case = case
        self.deadline = time.monotonic() + PATIENCE
        self.calls: dict[int, Call] = {}
        self.last: tuple[Call, Call | None] | None = None
        self._counts: dict[int, int] = {}

    def __call__(self, frame: Any, event: str, _: Any) -> None:
        if event != "call":
            return
        if time.monotonic() > self.deadline:
            raise Stopped
        code = frame.f_code
        names = (self.case.function, self.case.backward)
        if not any(n and n.rpartition(".")[2] == code.co_name for n in names):
            return
        if os.path.realpath(code.co_filename) != self.path:
            return
        name = code.co_qualname
        if name == self.case.function:
            self._forward(frame)
        elif name == self.case.backward:
            self._backward(frame)

    def _forward(self, frame: Any) -> None:
        identity = _instance(frame)
        if self._counts.get(identity, 0) >= 20:
            return
        self._counts[identity] = self._counts.get(identity, 0) + 1
        call = _call(frame, self.case.function)
        if call is None:
            return
        if self.case.backward is None:
            self.last = (call, None)
            raise Stopped
        self.calls[identity] = call

    def _backward(self, frame: Any) -> None:
        identity = _instance(frame)
        before = self.calls.get(identity)
        call = _call(frame, self.case.backward or "")
        if call is None:
            return
        if before is not None:
            self.last = (before, call)
            raise Stopped
        if self.case.alone:
            self.last = (call, None)
            raise Stopped


def _instance(frame: Any) -> int:
    names = frame.f_code.co_varnames[:1]
    return id(frame.f_locals["self"]) if names == ("self",) else 0


def _call(frame: Any, qualified: str) -> Call | None:
    code = frame.f_code
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    values = {n: frame.f_locals[n] for n in names}
    last = qualified.rpartition(".")[2]
    try:
        if "." in qualified and names[:1] == ("self",):
            # One copy of both: an argument may be a part of the instance.
            instance, values = copy.deepcopy((values.pop("self"), values))
            return Call(getattr(instance, last), values)
        if "." in qualified:
            return None
        function = frame.f_globals.get(last)
        return Call(function, copy.deepcopy(values)) if function is not None else None
    except Exception:
        # What cannot be copied (open files, generators) cannot be run twice.
        return None
