"""The recorder that instrumented code reports to.

It notes what every statement computed, can put another value in the place of one, and can compute
one statement from an edited expression. See :mod:`.instrument` for the calls that reach it.
"""

from __future__ import annotations

import ast
import operator
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType
from typing import TYPE_CHECKING, Any

import numpy as np

from .sizes import Bound

if TYPE_CHECKING:
    from .arrangement import Arrangement

__all__ = [
    "IN_PLACE",
    "PASSES",
    "Event",
    "Override",
    "Recorder",
    "Unchanged",
    "map_arrays",
    "snapshot",
]

IN_PLACE: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.iadd,
    "-": operator.isub,
    "*": operator.imul,
    "/": operator.itruediv,
    "@": operator.imatmul,
    "**": operator.ipow,
    "//": operator.ifloordiv,
    "%": operator.imod,
    "&": operator.iand,
    "|": operator.ior,
    "^": operator.ixor,
    "<<": operator.ilshift,
    ">>": operator.irshift,
}


#: Passes of a statement in a loop whose names are kept one by one.
PASSES = 16


class Unchanged(BaseException):
    """An edited statement computes what the original computed: the run is not worth finishing."""


class Deferred:
    """An expression that is compiled when it is first evaluated: most proposals never are."""

    __slots__ = ("_code", "expr")

    def __init__(self, expr: ast.expr) -> None:
        self.expr = expr
        self._code: CodeType | None = None

    @property
    def code(self) -> CodeType:
        """The compiled expression."""
        if self._code is None:
            tree = ast.Expression(self.expr)
            ast.fix_missing_locations(tree)
            self._code = compile(tree, "<edit>", "eval")
        return self._code


class _Several(frozenset[int]):
    """A set of sites that compares equal to each of its members."""

    def __eq__(self, other: object) -> bool:
        return other in self

    __hash__ = frozenset.__hash__


class TooLong(RuntimeError):
    """An edited program runs on and on."""


class TooLarge(RuntimeError):
    """An edited statement has a shape with which arrays would grow beyond what could be meant."""


@dataclass(frozen=True)
class Event:
    """One execution of a site.

    Attributes
    ----------
    site, pass_ : int
        The site and how often it had been executed before.
    value : object
        A copy of the value; for an update, of the target after it.
    """

    site: int
    pass_: int
    value: Any


@dataclass(frozen=True)
class Override:
    """An edited form of one statement.

    Attributes
    ----------
    code : Deferred or None
        The expression; None leaves the statement out.
    in_place : str or None
        For an update, the operator to apply in place; None assigns the value of the expression.
    store : CodeType or None
        Another target: an ``exec`` statement that stores ``__value__``; the original target keeps
        its value.
    fresh : bool
        For an update, bind a new array instead of writing into the old one.
    arrangement : Arrangement or None
        Another order of statements, in the place of everything else.
    """

    code: Deferred | None
    in_place: str | None = None
    store: CodeType | None = None
    fresh: bool = False
    arrangement: Arrangement | None = None


class Recorder:
    """Notes, replaces and edits the values of the sites.

    Attributes
    ----------
    on : int
        The site that is edited, or -1; several sites are an object equal to each of them.
    bound : Bound or None
        How large the values of edited statements may become.
    watch : callable or None
        ``watch(site, pass, value)`` gives the value that the program goes on with.
    """

    def __init__(self) -> None:
        self.on: Any = -1
        self.overrides: dict[int, Override] = {}
        self.trial = -1
        self.original: Any = None
        self.bound: Bound | None = None
        self.changes: dict[int, Callable[[Any, int], Any]] = {}
        self.events: list[Event] | None = None
        self.watch: Callable[[int, int, Any], Any] | None = None
        self.scopes: dict[int, list[dict[str, Any]]] | None = None
        self.counts: dict[int, int] = {}
        self.last = -1
        self.mark = 0
        self.limit = 10_000_000
        self._arrangements: list[Arrangement] = []
        self._active = False
        self._steps = 0

    def backward_begins(self) -> None:
        """Note how many events belong to the forward pass."""
        if self.events is not None:
            self.mark = len(self.events)

    def reset(self) -> None:
        """Forget everything but the event list's being wanted or not."""
        self.edit({})
        self.bound = None
        self.changes = {}
        self.events = None
        self.watch = None
        self.scopes = None
        self.begin()

    def edit(self, overrides: dict[int, Override], trial: int = -1, original: Any = None) -> None:
        """Compute the statements at these sites from their edited forms.

        `original` is what the site `trial` computed unedited: a run in which its edited form computes the
        same is given up with :class:`Unchanged`.
        """
        self.overrides = overrides
        self.trial = trial
        self.original = original
        for arrangement in self._arrangements:
            arrangement.leave()
        self._arrangements = [o.arrangement for o in overrides.values() if o.arrangement]
        for arrangement in self._arrangements:
            arrangement.enter()
        keys = [site for site, override in overrides.items() if override.arrangement is None]
        self.on = -1 if not keys else keys[0] if len(keys) == 1 else _Several(keys)

    def begin(self) -> None:
        """Start a run: pass counters at zero."""
        self.counts = {}
        self.last = -1
        self._steps = 0
        self._active = (
            bool(self.changes)
            or self.events is not None
            or self.scopes is not None
            or self.watch is not None
        )

    # -- called from instrumented code ---------------------------------------------------------

    def value(self, site: int, value: Any) -> Any:
        """Pass a value through."""
        self.last = site
        self._steps += 1
        if self._steps > self.limit:
            raise TooLong
        if not self._active:
            return value
        pass_ = self.counts.get(site, 0)
        self.counts[site] = pass_ + 1
        change = self.changes.get(site)
        if change is not None:
            value = change(value, pass_)
        if self.watch is not None:
            return self.watch(site, pass_, value)
        if self.scopes is not None:
            self._note_scope(site, sys._getframe(1).f_locals)
        if self.events is not None:
            self.events.append(Event(site, pass_, snapshot(value)))
        return value

    def update(self, site: int, symbol: str, current: Any, value: Any) -> Any:
        """``current symbol= value``, in place where NumPy does it in place."""
        self.last = site
        if self.scopes is not None:
            self._note_scope(site, sys._getframe(1).f_locals)
        result = IN_PLACE[symbol](current, value)
        if not self._active:
            return result
        pass_ = self.counts.get(site, 0)
        self.counts[site] = pass_ + 1
        change = self.changes.get(site)
        if change is not None:
            changed = change(result, pass_)
            if isinstance(result, np.ndarray) and result.ndim:
                result[...] = changed
            else:
                result = changed
        if self.watch is not None:
            return self.watch(site, pass_, result)
        if self.events is not None:
            self.events.append(Event(site, pass_, snapshot(result)))
        return result

    def _note_scope(self, site: int, names: dict[str, Any]) -> None:
        """Keep the names that the first passes of a site could read, and those of the last."""
        assert self.scopes is not None
        passes = self.scopes.setdefault(site, [])
        if len(passes) > PASSES:
            passes.pop()
        passes.append(_names(names))

    def edited(self, site: int) -> Any:
        """The value of the edited statement, computed in the frame of the caller."""
        return self._edited(site, sys._getframe(1), None, False)

    def edited_update(self, site: int, current: Any) -> Any:
        """The same for an update."""
        return self._edited(site, sys._getframe(1), current, True)

    def _admits(self, value: Any) -> bool:
        if self.bound is None or not isinstance(value, np.ndarray):
            return True
        return self.bound.admits(value.shape)

    def _edited(self, site: int, frame: Any, current: Any, update: bool) -> Any:
        self.last = site
        self._steps += 1
        if self._steps > 100_000:
            raise TooLong
        override = self.overrides[site]
        if override.code is None:
            return current
        # One dictionary: comprehensions inside eval() see globals only.
        names = {**frame.f_globals, **frame.f_locals}
        value = eval(override.code.code, names)
        if not self._admits(value):
            raise TooLarge
        pass_ = self.counts.get(site, 0)
        self.counts[site] = pass_ + 1
        if self.events is not None:
            self.events.append(Event(site, pass_, snapshot(value)))
        if override.store is not None:
            names["__value__"] = value
            exec(override.store, names)
            return names.get("__kept__", value)
        if override.in_place is not None:
            return IN_PLACE[override.in_place](current, value)
        if (
            update
            and not override.fresh
            and isinstance(current, np.ndarray)
            and current.ndim
            and np.shape(value) == current.shape
        ):
            # The statement updated an array in place: aliases of it must see the edit too.
            current[...] = value
            return current
        if site == self.trial and pass_ == 0 and not update and same(value, self.original):
            raise Unchanged
        return value


def _names(scope: dict[str, Any]) -> dict[str, Any]:
    return {name: snapshot(value) for name, value in scope.items() if not name.startswith("__")}


def snapshot(value: Any, depth: int = 3) -> Any:
    """A copy in which arrays are copied and plain containers rebuilt; other objects are shared."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if depth and type(value) is tuple:
        return tuple(snapshot(v, depth - 1) for v in value)
    if depth and type(value) is list and len(value) < 1000:
        return [snapshot(v, depth - 1) for v in value]
    if depth and type(value) is dict and len(value) < 1000:
        return {k: snapshot(v, depth - 1) for k, v in value.items()}
    return value


def map_arrays(function: Callable[[Any], Any], value: Any, depth: int = 3) -> Any:
    """`function` applied to every float array and float number in a nest of containers."""
    if isinstance(value, np.ndarray):
        return function(value) if value.dtype.kind == "f" else value
    if isinstance(value, (float, np.floating)) and not isinstance(value, bool):
        return function(value)
    if depth and type(value) is tuple:
        return tuple(map_arrays(function, v, depth - 1) for v in value)
    if depth and type(value) is list:
        return [map_arrays(function, v, depth - 1) for v in value]
    if depth and type(value) is dict:
        return {k: map_arrays(function, v, depth - 1) for k, v in value.items()}
    return value


def same(a: Any, b: Any) -> bool:
    """True if two plain values are equal to the last bit, shape and dtype included."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype and bool(np.array_equal(a, b))
    if isinstance(a, (int, float, np.number)) and isinstance(b, (int, float, np.number)):
        return type(a) is type(b) and bool(a == b)
    return False
