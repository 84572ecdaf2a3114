"""NumPy's functions at the edges: other dtypes, strides, NaN and infinities, zeros, no elements.

Property 9 and 12 of every call in ``numpy_cases``: the value, the dtype and the class of the error
are NumPy's. What differs on purpose stands in ``DIFFERENT``, with the reason.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy_cases import CASES
from test_numpy_functions import function_of, operands, plain

import chainrule as cr

# By expression (its start) and kind of operand.
DIFFERENT: dict[tuple[str, str], str] = {
    ("np.unique_values(", "int"): "NumPy promises no order; here they rise",
    ("np.ediff1d(a, to_end", "int"): "ValueError and TypeError: NumPy's depends on the dtype",
    ("np.logspace(", "float32"): "0-d operands: NumPy's own linspace and logspace disagree",
    ("np.geomspace(", "float32"): "0-d operands: as linspace",
    ("np.partition(", "nan"): "the order within the parts is not defined",
    ("np.geomspace(", "nan"): "the end is exact, also where the start is NaN",
    ("np.histogram(", "inf"): "no density with an infinite weight: 0 or NaN in the empty bins",
    ("np.linalg.eigvalsh(", "inf"): "an infinity gives NaN instead of LinAlgError",
    ("np.linalg.eigh(", "inf"): "an infinity gives NaN instead of LinAlgError",
    ("np.linalg.svd(", "inf"): "vectors of an infinite matrix are NaN: LAPACK may not end",
    ("np.linalg.pinv(", "inf"): "as svd",
    ("np.linalg.lstsq(", "inf"): "as svd",
    ("np.linalg.lstsq(", "nan"): "as svd",
    ("np.linalg.qr(", "inf"): "NaN in other places",
    ("np.einsum('ii", "empty"): "a diagonal of axes of different lengths is refused",
    ("np.linalg.norm(a, ord=-2)", "empty"): "the smallest of no singular values",
    ("np.nanquantile(", "empty"): "NumPy forgets the axis of the quantiles",
    ("np.cov(", "empty"): "as many weights as observations are asked for",
    ("np.polyfit(", "empty"): "ValueError instead of TypeError",
    ("np.gradient(a, b", "empty"): "ValueError instead of IndexError",
}


def _with(value: float) -> Callable[[list[Any]], list[Any]]:
    def put(args: list[Any]) -> list[Any]:
        made = [x.copy() for x in args]
        if made[0].size:
            made[0][np.unravel_index(made[0].size // 2, made[0].shape)] = value
        return made

    return put


def _floats(make: Callable[[Any], Any]) -> Callable[[list[Any]], list[Any]]:
    return lambda args: [make(x) if np.isfinite(x).all() else x for x in args]


KINDS: dict[str, Callable[[list[Any]], list[Any]]] = {
    "float32": lambda args: [x.astype(np.float32) for x in args],
    "int": _floats(lambda x: np.round(2 * x).astype(int)),
    "strided": _floats(lambda x: np.repeat(x, 2, axis=0)[::2] if x.ndim else x),
    "fortran": _floats(np.asfortranarray),
    "nan": _with(np.nan),
    "inf": _with(np.inf),
    "zero": _floats(np.zeros_like),
    "empty": lambda args: [np.zeros((0, *x.shape[1:]) if x.ndim else ()) for x in args],
}
TOLERANCE = {"float32": 2e-4}


def compare(function: Callable[..., Any], args: list[Any], tolerance: float) -> str:
    """What differs from NumPy, in words; empty if nothing does."""
    outcomes: list[Any] = []
    for wrap in (np.asarray, cr.tensor):
        try:
            outcomes.append([plain(out) for out in function(*map(wrap, args))])
        except Exception as error:
            outcomes.append(error)
    theirs, ours = outcomes
    if isinstance(theirs, Exception) or isinstance(ours, Exception):
        bases = [c for c in type(theirs).__mro__ if c not in (Exception, BaseException, object)]
        if isinstance(theirs, Exception) and isinstance(ours, tuple(bases)):
            return ""
        return f"NumPy {theirs!r:.200}, here {ours!r:.200}"
    for a, b in zip(ours, theirs):
        if a.shape != b.shape or a.dtype != b.dtype:
            return f"{a.dtype}{a.shape} instead of {b.dtype}{b.shape}"
        if not np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True):
            return f"{a} instead of {b}"
    return ""


@pytest.mark.parametrize("kind", KINDS)
def test_edges_are_numpys(kind: str) -> None:
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in CASES:
            expression, args = operands(case)
            if any(expression.startswith(e) and k == kind for e, k in DIFFERENT):
                continue
            difference = compare(
                function_of(expression), KINDS[kind](args), TOLERANCE.get(kind, 1e-9)
            )
            if difference:
                found[expression] = difference
    assert not found


def test_a_difference_would_be_found() -> None:
    def function(a: Any) -> Any:
        return [a * (2.0 if isinstance(a, cr.Tensor) else 1.0)]

    assert "instead of" in compare(function, [np.ones(2)], 1e-9)
    assert compare(lambda a: [a.reshape(3)], [np.ones(2)], 1e-9) == ""
