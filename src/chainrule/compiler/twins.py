"""Forms for objects like one that a form was made for: another fit of an estimator.

What was staged and compiled for one object is bound to the corresponding tensors of another one that
is alike (``core/likeness.py``); nothing is staged, translated or looked up.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from chainrule.core.likeness import Likeness

from .binding import Binding
from .memory import home_of
from .specialisation import Specialisation
from .staged import Staged

__all__ = ["recall", "remember"]

_KEPT = 64


@dataclass(frozen=True)
class _Twin:
    """A staged function, and its tensors and modules as numbers of parts of the object."""

    staged: Staged
    numbers: Binding


_known: OrderedDict[Any, _Twin] = OrderedDict()
_lock = threading.Lock()


def remember(key: Any, like: Likeness, form: Specialisation) -> None:
    """Keep a form for objects that are alike; only if all its state is part of the object."""
    number = {id(part): n for n, part in enumerate(like.parts)}
    try:
        numbers = form.binding.renamed(lambda part: number[id(part)])
    except KeyError:
        return
    with _lock:
        _known[key, like.words] = _Twin(form.staged, numbers)
        while len(_known) > _KEPT:
            _known.popitem(last=False)


def recall(key: Any, like: Likeness) -> Specialisation | None:
    """Return a form for an object, from one made for an object like it, or None."""
    with _lock:
        twin = _known.get((key, like.words))
        if twin is None:
            return None
        _known.move_to_end((key, like.words))
    binding = twin.numbers.renamed(like.parts.__getitem__)
    places = twin.staged.found.compilation.recipe.states
    for (tensor, slot), place in zip(binding.states, places, strict=False):
        home = home_of(tensor, slot)
        if home is not None and (home.layout, home.dtype) != (place.layout, place.dtype):
            return None  # another program has laid it out differently
    return Specialisation(twin.staged, binding)
