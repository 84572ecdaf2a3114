"""Compiled programs by their names: found in memory, on disk, or built.

Machine code has no state of its own (arena and state are passed to it), so forms of equal programs
share it: a second model of the same shape, or the same model in another process, is only set up.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from . import disk
from .recipe import Recipe
from .runtime import Engine, load, load_object
from .target import Target

if TYPE_CHECKING:
    from .build import Build

__all__ = ["Compilation", "find"]

_KEPT = 128
_LARGEST = 16 << 20  # bytes of constants up to which a recipe is written to disk


class Shared(NamedTuple):
    """What several threads need: their recipe, and machine code for a fixed number of them."""

    recipe: Recipe
    engine: Engine


@dataclass
class Compilation:
    """A recipe with its machine code, for one thread and, when it was asked for, for several.

    Attributes
    ----------
    name : str or None
        What ``fingerprint`` gave.
    """

    name: str | None
    recipe: Recipe
    alone: Engine
    together: dict[int, Shared] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def threaded(self, threads: int, target: Target, build: Callable[[], Build]) -> Shared:
        """Return the form for several threads."""
        with self.lock:
            if threads not in self.together:
                self.together[threads] = self._threaded(threads, target, build)
            return self.together[threads]

    def _threaded(self, threads: int, target: Target, build: Callable[[], Build]) -> Shared:
        entry = f"{self.name}.{threads}-threads.form"
        if self.name is not None:
            known = disk.read(entry)
            if known is not None:
                recipe = Recipe.from_bytes(known)
                engine = load_object(recipe.code, target)
                if engine is not None:
                    return Shared(recipe, engine)
        built = build()
        made = built.together(threads)
        recipe = built.shared_recipe(made)
        engine = load(made.text, target)
        if self.name is not None and _small(recipe):
            disk.write(entry, recipe.to_bytes())
        return Shared(recipe, engine)


class Found(NamedTuple):
    """A compilation, whether it had been made before, and the time getting it has taken by phase."""

    compilation: Compilation
    cached: bool
    seconds: dict[str, float]


_known: OrderedDict[str, Compilation] = OrderedDict()
_lock = threading.Lock()


def _small(recipe: Recipe) -> bool:
    return sum(data.nbytes for _, data in recipe.constants) <= _LARGEST


def _on_disk(name: str, target: Target) -> Found | None:
    data = disk.read(f"{name}.form")
    if data is None:
        return None
    recipe = Recipe.from_bytes(data)
    engine = load_object(recipe.code, target)
    if engine is None:
        return None
    return Found(Compilation(name, recipe, engine), True, engine.seconds)


def _built(name: str | None, target: Target, build: Build) -> Found:
    recipe = build.recipe()
    engine = load(build.code.text, target)
    if name is not None and _small(recipe):
        disk.write(f"{name}.form", recipe.to_bytes())
    seconds = {"generate": build.seconds, **engine.seconds}
    return Found(Compilation(name, recipe, engine), engine.cached, seconds)


def find(name: str | None, target: Target, build: Callable[[], Build]) -> Found:
    """Return the compilation of this name; ``build`` is called if there is none.

    Parameters
    ----------
    name : str or None
        What ``fingerprint`` gave; None builds.
    """
    if name is None:
        return _built(None, target, build())
    with _lock:
        known = _known.get(name)
        if known is not None:
            _known.move_to_end(name)
            return Found(known, True, {})
    found = _on_disk(name, target) or _built(name, target, build())
    with _lock:
        first = _known.setdefault(name, found.compilation)
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return found._replace(compilation=first)
