"""Einstein summation.

``einsum`` brings its operands into a normal form by reshaping and summing (diagonals taken, labels
that stand alone summed, axes of length 1 that broadcast dropped). In that form every label of an
operand stands in another operand or in the result, and the derivative is again an ``einsum``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Abstract, Op, Sample, defop
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.shape import astype, reshape, shape_of, transpose

__all__ = ["einsum"]

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Below this many multiplications NumPy's own loop beats the search for an order (about 20 µs).
_SMALL = 20_000


def _forward(*operands: Any, subscripts: str) -> Any:
    terms = subscripts.partition("->")[0].split(",")
    lengths: dict[str, int] = {}
    for term, operand in zip(terms, operands):
        lengths.update(zip(term, operand.shape))
    work = 1
    for length in lengths.values():
        work *= length
    return np.asarray(np.einsum(subscripts, *operands, optimize=work > _SMALL))


def _rule(index: int, g: Any, out: Any, *operands: Any, subscripts: str) -> Any:
    left, _, result = subscripts.partition("->")
    terms = left.split(",")
    others = [result, *terms[:index], *terms[index + 1 :]]
    arrays = [g, *operands[:index], *operands[index + 1 :]]
    return _einsum(*arrays, subscripts=f"{','.join(others)}->{terms[index]}")


def _infer(*operands: Any, subscripts: str) -> Abstract:
    left, _, result = subscripts.partition("->")
    lengths: dict[str, int] = {}
    for term, operand in zip(left.split(","), operands):
        lengths.update(zip(term, shape_of(operand)))
    return Abstract(
        tuple(lengths[label] for label in result), np.result_type(*(x.dtype for x in operands))
    )


_einsum: Op = defop(
    "einsum",
    _forward,
    variadic=_rule,
    linear=True,
    infer=_infer,
    samples=(
        Sample(((2, 3), (3, 4)), {"subscripts": "ab,bc->ac"}),
        Sample(((2, 3), (2, 3)), {"subscripts": "ab,ab->"}),
        Sample(((2, 3), (3, 4), (2, 4)), {"subscripts": "ab,bc,ac->cb"}),
        Sample(((3,), (0,)), {"subscripts": "a,b->ab"}),
    ),
    doc="Σ over the labels that the result lacks; einsum with that operand and the result exchanged",
)


def einsum(
    *operands: Any,
    out: Any = None,
    optimize: Any = False,
    dtype: Any = None,
    order: str = "K",
    casting: str = "safe",
) -> Any:
    """``np.einsum``, in the string form and in the form with lists of labels.

    Parameters
    ----------
    subscripts : str
        As in NumPy: with ``...``, repeated labels (diagonals), explicit or implicit result.
    *operands : array_like
    optimize : bool or str
        Accepted as NumPy's; the order of contraction is searched for when it can pay.

    Examples
    --------
    >>> cr.einsum("ij,jk", np.eye(2), np.ones((2, 1)))
    array([[1.],
           [1.]])
    """
    if out is not None:
        raise ArgumentError("einsum: out= is not supported with tensors; assign the result")
    terms, result, arrays = _parse(operands)
    if dtype is not None:
        arrays = [astype(a, dtype) for a in arrays]
    lengths = _lengths(terms, arrays)
    for label in result:
        if label not in lengths:
            raise ArgumentError(f"einsum: the result has the label {label!r}, no operand has it")
    for i, (term, array) in enumerate(zip(terms, arrays)):
        terms[i], arrays[i] = _distinct(term, array)
    # a label along which everything has length 1 stays with its first operand
    for i, (term, array) in enumerate(zip(terms, arrays)):
        terms[i], arrays[i] = _without_units(term, array, lengths)
    for i in range(len(terms)):
        elsewhere = set(result).union(*terms[:i], *terms[i + 1 :])
        alone = [place for place, label in enumerate(terms[i]) if label not in elsewhere]
        if alone:
            arrays[i] = lib.sum(arrays[i], axis=tuple(alone), dtype=arrays[i].dtype)
            terms[i] = "".join(label for label in terms[i] if label in elsewhere)
    missing = [label for label in result if not any(label in term for term in terms)]
    inner = "".join(label for label in result if label not in missing)
    if len(arrays) == 1:
        made = transpose(arrays[0], tuple(terms[0].index(label) for label in inner))
    else:
        made = _einsum(*arrays, subscripts=f"{','.join(terms)}->{inner}")
    # labels whose axes all had length 1
    return reshape(made, tuple(1 if label in missing else lengths[label] for label in result))


def _lengths(terms: list[str], arrays: list[Any]) -> dict[str, int]:
    lengths: dict[str, int] = {}
    for term, array in zip(terms, arrays):
        for label, n in zip(term, shape_of(array)):
            have = lengths.get(label, 1)
            if have != n and have != 1 and n != 1:
                raise ShapeError(
                    f"einsum: the label {label!r} has length {have} in one place and {n} in another"
                    f" (shapes {[shape_of(a) for a in arrays]}, labels {terms})"
                )
            lengths[label] = n if have == 1 else have
    return lengths


def _distinct(term: str, array: Any) -> tuple[str, Any]:
    """Take diagonals until no label stands twice in an operand."""
    place = 0
    while place < len(term):
        again = term.find(term[place], place + 1)
        if again < 0:
            place += 1
            continue
        m, n = shape_of(array)[place], shape_of(array)[again]
        if m != n:
            raise ShapeError(f"einsum: a diagonal of axes of lengths {m} and {n}")
        array = lib.moveaxis(lib.diagonal(array, 0, place, again), -1, place)
        term = term[:again] + term[again + 1 :]
    return term, array


def _without_units(term: str, array: Any, lengths: dict[str, int]) -> tuple[str, Any]:
    """Drop axes of length 1 (they broadcast, or count for nothing)."""
    shape = shape_of(array)
    if 1 not in shape:
        return term, array
    kept = [i for i, n in enumerate(shape) if n != 1]
    return "".join(term[i] for i in kept), reshape(array, tuple(shape[i] for i in kept))


# ---- parsing


def _parse(operands: tuple[Any, ...]) -> tuple[list[str], str, list[Any]]:
    """Terms, result and arrays, with every ellipsis written out in letters of its own."""
    if not operands:
        raise ArgumentError("einsum: subscripts and at least one operand are needed")
    if isinstance(operands[0], str):
        subscripts, arrays = operands[0].replace(" ", ""), [lib.asarray(x) for x in operands[1:]]
    else:
        subscripts, arrays = _from_lists(operands)
    left, arrow, right = subscripts.partition("->")
    terms = left.split(",")
    if len(terms) != len(arrays):
        raise ArgumentError(
            f"einsum: {subscripts!r} describes {len(terms)} operands, {len(arrays)} were given"
        )
    free = [letter for letter in _LETTERS if letter not in subscripts]
    dots = 0
    for i, (term, array) in enumerate(zip(terms, arrays)):
        named = term.replace("...", "")
        if not all(c in _LETTERS for c in named):
            raise ArgumentError(f"einsum: {term!r} is not made of letters and at most one '...'")
        rest = len(shape_of(array)) - len(named)
        if rest < 0 or (rest and "..." not in term):
            raise ShapeError(
                f"einsum: {term!r} for operand {i + 1}, which has shape {shape_of(array)}"
            )
        dots = max(dots, rest)
    ellipsis = "".join(free[:dots])
    for i, (term, array) in enumerate(zip(terms, arrays)):
        rest = len(shape_of(array)) - len(term.replace("...", ""))
        terms[i] = term.replace("...", ellipsis[len(ellipsis) - rest :])
    if arrow:
        if "..." not in right and dots:
            raise ArgumentError(
                f"einsum: {subscripts!r}: the result must have '...' too, for the axes it stands for"
            )
        result = right.replace("...", ellipsis)
        if len(set(result)) != len(result):
            raise ArgumentError(f"einsum: a label stands twice in the result {right!r}")
    else:
        letters = left.replace(",", "").replace("...", "")
        result = ellipsis + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    return terms, result, arrays


def _from_lists(operands: tuple[Any, ...]) -> tuple[str, list[Any]]:
    pairs, tail = operands[: len(operands) // 2 * 2], operands[len(operands) // 2 * 2 :]
    numbers: dict[Any, str] = {}
    labels = sorted(
        {x for part in (*pairs[1::2], *tail) for x in part if x is not Ellipsis},
    )
    for number in labels:
        numbers[number] = _LETTERS[len(numbers)]

    def written(part: Any) -> str:
        return "".join("..." if x is Ellipsis else numbers[x] for x in part)

    text = ",".join(written(part) for part in pairs[1::2])
    if tail:
        text += "->" + written(tail[0])
    return text, [lib.asarray(x) for x in pairs[::2]]
