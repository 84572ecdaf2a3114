"""The rules every program obeys; run after every pass."""

from __future__ import annotations

from typing import NoReturn

from ...errors import CompileError
from ..program import Affine, Program, Value
from ..scalars import SCALARS

__all__ = ["check"]


def broken(v: Value, how: str) -> NoReturn:
    """Report a value that breaks a rule."""
    raise CompileError(f"{v!r} from {v.origin} {how}: a defect of the compiler")


def check(program: Program) -> None:
    """Assert that a program is well formed.

    Raises
    ------
    CompileError
        Naming the value at fault.
    """
    seen: set[int] = set()
    for v in program.values():
        for a in v.args:
            if a.id not in seen:
                broken(v, f"uses %{a.id} before it exists")
        seen.add(v.id)
        rule = _RULES.get(v.kind)
        if rule is None:
            broken(v, f"is of unknown kind {v.kind!r}")
        rule(v)
    for index, v in program.updates:
        state = next(s for s in program.states if s.data == index)
        if (v.shape, v.dtype) != (state.shape, state.dtype):
            broken(v, f"updates a state of {state.dtype}{list(state.shape)}")
    if len({v.id for v in program.roots}) != len(program.roots):
        broken(program.roots[0], "or another value is two results at once")


def _leaf(v: Value) -> None:
    if v.args:
        broken(v, "is a leaf with operands")


def _const(v: Value) -> None:
    if v.data.shape != v.shape or v.data.dtype != v.dtype:
        broken(v, "holds other data than it says")


def _map(v: Value) -> None:
    if v.data not in SCALARS:
        broken(v, f"is the unknown function {v.data!r}")
    if any(a.shape != v.shape for a in v.args):
        broken(v, "has operands of other shapes")


def _affine_fits(
    v: Value, affine: Affine, source: tuple[int, ...], target: tuple[int, ...]
) -> None:
    if len(affine.starts) != len(source) or any(len(r) != len(target) for r in affine.matrix):
        broken(v, "is an affine map of other ranks")
    if 0 in target:
        return
    for start, row, n in zip(affine.starts, affine.matrix, source, strict=True):
        low = start + sum(min(0, c * (t - 1)) for c, t in zip(row, target, strict=True))
        high = start + sum(max(0, c * (t - 1)) for c, t in zip(row, target, strict=True))
        if low < 0 or high >= n:
            broken(v, f"reaches {low}…{high} of an axis of length {n}")


def _view(v: Value) -> None:
    _affine_fits(v, v.data, v.args[0].shape, v.shape)


def _reshape(v: Value) -> None:
    if v.size != v.args[0].size:
        broken(v, "has another number of elements")


def _reduce(v: Value) -> None:
    _, count = v.data
    x = v.args[0]
    if v.shape != x.shape[: len(x.shape) - count]:
        broken(v, "keeps other axes than it should")


def _contract(v: Value) -> None:
    nb, nm, nn, nk = v.data
    a, b = (x.shape for x in v.args)
    if len(a) != nb + nm + nk or len(b) != nb + nk + nn:
        broken(v, "has operands of other ranks")
    if a[:nb] != b[:nb] or a[nb + nm :] != b[nb : nb + nk]:
        broken(v, "has operands that do not fit")
    if v.shape != a[: nb + nm] + b[nb + nk :] or v.dtype.kind != "f":
        broken(v, "has another shape or dtype")


def _gather(v: Value) -> None:
    x, *indices = v.args
    if any(i.dtype.kind not in "iu" or i.shape != indices[0].shape for i in indices):
        broken(v, "has indices that are not integers of one shape")
    if v.shape != indices[0].shape + x.shape[len(indices) :]:
        broken(v, "has another shape")


def _scatter(v: Value) -> None:
    updates, *indices = v.args
    if any(i.dtype.kind not in "iu" or i.shape != indices[0].shape for i in indices):
        broken(v, "has indices that are not integers of one shape")
    if updates.shape != indices[0].shape + v.shape[len(indices) :]:
        broken(v, "has updates of another shape")


def _assemble(v: Value) -> None:
    base, *blocks = v.args
    if base.shape != v.shape or len(blocks) != len(v.data):
        broken(v, "has another base or number of blocks")
    for block, affine in zip(blocks, v.data, strict=True):
        _affine_fits(v, affine, v.shape, block.shape)
        if block.dtype != v.dtype:
            broken(v, "has a block of another dtype")


def _alike(v: Value) -> None:
    if v.shape != v.args[0].shape:
        broken(v, "has another shape than its operand")


_RULES = {
    "input": _leaf,
    "state": _leaf,
    "iota": _leaf,
    "const": _const,
    "map": _map,
    "view": _view,
    "reshape": _reshape,
    "reduce": _reduce,
    "contract": _contract,
    "gather": _gather,
    "scatter": _scatter,
    "assemble": _assemble,
    "scan": _alike,
    "sort": _alike,
}
