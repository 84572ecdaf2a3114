"""What a compiled form computes, apart from the tensors it is bound to.

Forms of the same computation (see ``twins.py``) share it.
"""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, Any

from chainrule.core.trace import Graph

from .binding import Binding, bind
from .fingerprint import fingerprint
from .forms import Found, find
from .layout import Layout
from .memory import home_of
from .program import Program
from .target import Target
from .translate import translate

if TYPE_CHECKING:
    from .build import Build

__all__ = ["Staged"]


class Staged:
    """A staged function, translated, with its machine code.

    Parameters
    ----------
    graph : Graph
        Staged with shapes only.
    target : Target
    keep_gradients : bool
        Whether gradients that the function leaves in ``.grad`` are kept. Otherwise a gradient is
        used where it is made and never written to memory, and ``.grad`` is None afterwards.
    batched : list of str, optional
        For an epoch: how each input is taken; see ``codegen.generate``.
    as_tensors : bool
        Whether results are returned as tensors.

    Attributes
    ----------
    program : Program
        As translated, before any pass.
    structure
        Of the results.
    layouts : dict
        Of the states that lay in memory already, by index.
    found : Found
        The recipe and the machine code.
    seconds : dict
        Time taken by each phase.
    """

    def __init__(
        self,
        graph: Graph,
        target: Target,
        keep_gradients: bool = False,
        batched: list[str] | None = None,
        as_tensors: bool = True,
    ) -> None:
        start = time.perf_counter()
        self.target, self.batched, self.as_tensors = target, batched, as_tensors
        self.structure: Any = graph.out_structure
        binding, leaves = bind(graph, keep_gradients)
        self.binding: Binding | None = binding
        self.program: Program = translate(
            graph.inputs, leaves.states, list(graph.outputs), leaves.updates
        )
        homes = [home_of(tensor, slot) for tensor, slot in binding.states]
        self.layouts: dict[int, Layout | None] = {
            i: home.layout if home else None for i, home in enumerate(homes)
        }
        name = fingerprint(self.program, self.layouts, target, batched)
        translated = time.perf_counter() - start
        self.found: Found = find(name, target, lambda: self.build)
        self.seconds = {"translate": translated, **self.found.seconds}

    @functools.cached_property
    def build(self) -> Build:
        """The road from the program to its code; taken anew if the code was found in the cache."""
        from .build import Build  # slow to import, and not needed for what is in the cache

        return Build(self.program, self.layouts, self.target, self.batched)

    def release(self) -> Binding:
        """Hand over the tensors that were found while staging; they are not kept here."""
        binding, self.binding = self.binding, None
        assert binding is not None
        return binding
