"""The peers, each at its best settings on one core; absent ones are left out, and said so.

A peer module has ``NAME`` and ``variants(case, data, shuffled)``, which yields pairs of a variant's
name and a function that trains one epoch and returns when it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module

from benchmarks.speed.cases import Case, Data

__all__ = ["MODULES", "load"]

MODULES = ("torch", "jax", "sklearn", "numpy")

Epoch = Callable[[], object]
Variants = Callable[[Case, Data, bool], Iterator[tuple[str, Epoch]]]


def load(names: list[str]) -> tuple[dict[str, Variants], list[str]]:
    """The ``variants`` functions of the installed peers, and the names of the absent ones."""
    found: dict[str, Variants] = {}
    absent: list[str] = []
    for name in names:
        try:
            found[name] = import_module(f"benchmarks.speed.peers.{name}_peer").variants
        except ImportError:
            absent.append(name)
    return found, absent
