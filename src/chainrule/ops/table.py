"""The table of functions, written from the records: ``python -m chainrule.ops.table``.

Two parts: every op with its formula and derivative, and every function of NumPy with what the
library makes of it. The command's last line, on the error stream, is the share of NumPy's
differentiable functions that are there; ``--missing`` lists the others.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import OPS
from chainrule.ops.protocols import FUNCTIONS, UFUNCS
from chainrule.ops.values_only import VALUES_ONLY

__all__ = ["Coverage", "coverage", "main", "render"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What NumPy has beside mathematics on arrays: files, printing, types, dates, settings, matrices of
# the old class, memory layout, functions of the interpreter.
NOT_MATHEMATICS = _words(
    """array2string array_repr array_str asanyarray asarray_chkfinite ascontiguousarray
    asfortranarray asmatrix bartlett base_repr binary_repr blackman bmat broadcast_shapes
    busday_count busday_offset can_cast common_type datetime_as_string datetime_data
    diag_indices einsum_path format_float_positional format_float_scientific from_dlpack
    frombuffer fromfile fromfunction fromiter frompyfunc fromregex fromstring genfromtxt
    get_include get_printoptions getbufsize geterr geterrcall hamming hanning info
    is_busday isdtype isfortran isnat isscalar issubdtype iterable kaiser load loadtxt
    mask_indices may_share_memory min_scalar_type mintypecode ndim nested_iters
    printoptions promote_types require result_type save savetxt savez savez_compressed
    set_printoptions setbufsize seterr seterrcall shape shares_memory show_config
    show_runtime size test tril_indices triu_indices typename"""
)
COMPLEX = frozenset({"roots", "sort_complex"})
# The derivative is zero or does not exist: truth values, places, counts, whole numbers, constants.
NO_DERIVATIVE = _words(
    """all allclose angle any arange argmax argmin argpartition argsort argwhere around
    array_equal array_equiv bitwise_and bitwise_invert bitwise_left_shift bitwise_not
    bitwise_or bitwise_right_shift bitwise_xor ceil count_nonzero digitize empty
    empty_like equal eye fix flatnonzero floor floor_divide greater greater_equal identity
    imag indices invert isclose iscomplex iscomplexobj isfinite isin isinf isnan isneginf
    isposinf isreal isrealobj left_shift less less_equal lexsort linalg.matrix_rank
    logical_and logical_not logical_or logical_xor nanargmax nanargmin nonzero not_equal
    ones ones_like right_shift rint round searchsorted sign signbit spacing tri trunc
    zeros zeros_like"""
)


class Coverage(NamedTuple):
    """NumPy's functions by what the library makes of them."""

    derivative: list[str]
    no_derivative: list[str]
    refused: list[str]
    missing: list[str]

    @property
    def percent(self) -> float:
        """Share of the functions with a derivative that are there."""
        return 100.0 * len(self.derivative) / (len(self.derivative) + len(self.missing))


def _numpy_names() -> list[tuple[str, object]]:
    """Every public function and ufunc of ``numpy`` and ``numpy.linalg``."""
    found: list[tuple[str, object]] = []
    for module, prefix in ((np, ""), (np.linalg, "linalg.")):
        for name in dir(module):
            value = getattr(module, name)
            if not name.startswith("_") and callable(value) and not isinstance(value, type):
                found.append((prefix + name, value))
    return found


def _is_there(name: str, function: object) -> bool:
    if isinstance(function, np.ufunc):
        return function in UFUNCS
    return function in FUNCTIONS or ("." not in name and hasattr(lib, name))


def coverage() -> Coverage:
    """Sort NumPy's functions into those with a derivative here, without one, refused, missing."""
    sorted_in = Coverage([], [], [], [])
    for name, function in _numpy_names():
        bare = name.removeprefix("linalg.")
        if bare in NOT_MATHEMATICS:
            continue
        if bare in COMPLEX:
            sorted_in.refused.append(name)
        elif name in NO_DERIVATIVE or name in VALUES_ONLY:
            sorted_in.no_derivative.append(name)
            if not _is_there(name, function):
                sorted_in.missing.append(name)
        elif _is_there(name, function):
            sorted_in.derivative.append(name)
        else:
            sorted_in.missing.append(name)
    return sorted_in


def _op_rows() -> list[str]:
    rows = []
    for name, op in sorted(OPS.items()):
        formula, _, derivative = op.doc.partition("; ")
        kind = "elementwise" if op.elementwise else "linear" if op.linear else ""
        cells = (f"`{name}`", formula, derivative, kind)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return rows


def _names(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def render() -> str:
    """The page ``docs/functions.md``."""
    found = coverage()
    lines = [
        "# Functions",
        "",
        "Written by `python -m chainrule.ops.table > docs/functions.md` from the records of the ops;",
        "a test holds it up to date.",
        "",
        "NumPy's functions and ufuncs work on tensors as they are (`np.sin(t)`, `np.sum(t, axis=0)`);",
        "each is also `cr.<name>` and `cr.numpy.<name>`. `cr.special` has SciPy's special functions.",
        "`fft` and whatever else gives complex numbers is refused with an error, and so is every",
        "function that is not on this page: nothing falls back to NumPy silently.",
        "",
        f"## NumPy's functions with a derivative: {len(found.derivative)}",
        "",
        _names(found.derivative),
        "",
        f"## NumPy's functions without one: {len(found.no_derivative)}",
        "",
        "Places, counts, truth values, roundings, constants. They take tensors and give tensors that",
        "require no gradient.",
        "",
        _names(found.no_derivative),
        "",
        f"## Refused, because the result is complex: {len(found.refused)}, and `numpy.fft`",
        "",
        _names(found.refused),
        "",
        f"## Missing: {len(found.missing)}",
        "",
        _names(found.missing) or "None.",
        "",
        f"## Every op: {len(OPS)}",
        "",
        "What a graph is made of. The other functions are built from these.",
        "",
        "| op | value | derivative | kind |",
        "|---|---|---|---|",
        *_op_rows(),
    ]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Print the page, or with ``--missing`` the names that are missing."""
    found = coverage()
    if "--missing" in arguments:
        print("\n".join(found.missing))
    else:
        sys.stdout.write(render())
    print(
        f"{found.percent:.1f} % of NumPy's differentiable functions "
        f"({len(found.derivative)} of {len(found.derivative) + len(found.missing)})",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
