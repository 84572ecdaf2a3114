"""The native compiler: graphs to machine code.

``cr.compile(f)`` is :func:`compile`. The way from a function to machine code, one file or package
per stage::

    core.trace.stage   run the function on shapes: a graph
    translate/         one rule per op: a program of a dozen primitives   (program.py)
    passes/            program to program, each checked
    schedule.py        which values are computed together: kernels         (inlining.py, pooling.py)
    plan.py            layouts, orientation of products, memory           (lanes.py, arena.py)
    lower/             kernels to LLVM IR; codegen.py puts them together  (ir.py, vectormath/)
    division/          kernels divided among threads; together.py writes their form of an epoch
    runtime.py         IR to machine code, cached on disk
    staged.py          a function so far, found in the cache where it can be (fingerprint.py, forms.py)
    specialisation.py  one compiled form, bound to its state              (binding.py, memory.py)
    compiled.py        the callable; epochs.py the native loop over mini-batches

Start reading at ``program.py``. Reasons and measurements are in ``docs/decisions/0020`` and later.
"""

from __future__ import annotations

from .compiled import Compiled, RecompileWarning, compile
from .epochs import EpochResult

__all__ = ["Compiled", "EpochResult", "RecompileWarning", "compile"]
