"""What a gate does to the gradient that comes back to it, in words with the numbers in them.

The patterns worth knowing by heart: *add distributes*, *max routes*, *multiply swaps*; a fork adds
up. Every other elementwise gate multiplies by its local gradient, whose formula stands in
:data:`LOCAL`; matrix products go back as the only products whose shapes fit.

Notation: ``g`` is the gradient that arrives, ``⊙`` the product element by element.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.explanation.figures import compact, factor, number, shape_text

if TYPE_CHECKING:
    from chainrule.explanation.steps import Share

__all__ = ["LOCAL", "GateCall", "backward_words", "fork_words"]


@dataclass(frozen=True, eq=False)
class GateCall:
    """One gate on its way back: operands, output, gradient, and the shares of its operands.

    Attributes
    ----------
    shares : dict of int to ndarray
        By place of the operand; constants and integers have none.
    """

    op: str
    names: tuple[str, ...]
    values: tuple[Any, ...]
    out: Any
    g: Any
    shares: Mapping[int, Any]
    params: Mapping[str, Any]
    elementwise: bool
    doc: str

    @property
    def scalar(self) -> bool:
        """Whether all that takes part is single numbers."""
        return all(np.size(v) == 1 for v in (self.out, *self.values))

    @property
    def receivers(self) -> list[int]:
        """Places of the operands that get a share."""
        return list(self.shares)

    def show(self, index: int) -> str:
        """An operand's value in a product."""
        value = self.values[index]
        return factor(value) if np.size(value) == 1 else self.names[index]


LOCAL = {
    "exp": "its own output",
    "exp2": "its own output · ln 2",
    "expm1": "its own output + 1",
    "log": "1/x",
    "log2": "1/(x ln 2)",
    "log10": "1/(x ln 10)",
    "log1p": "1/(1 + x)",
    "sqrt": "1/(2√x)",
    "cbrt": "1/(3 · output²)",
    "square": "2x",
    "reciprocal": "-1/x²",
    "sin": "cos x",
    "cos": "-sin x",
    "tan": "1 + tan² x",
    "sinh": "cosh x",
    "cosh": "sinh x",
    "tanh": "1 - tanh² x",
    "arctan": "1/(1 + x²)",
    "arcsin": "1/√(1 - x²)",
    "arccos": "-1/√(1 - x²)",
    "sigmoid": "(1 - σ) σ",
    "log_sigmoid": "1 - σ(x)",
    "erf": "(2/√π) exp(-x²)",
    "abs": "the sign of x",
    "fabs": "the sign of x",
    "positive": "1",
}
"""Local gradients of elementwise gates of one operand ``x``, as a textbook writes them."""

_MOVES = {
    "reshape", "transpose", "concatenate", "getitem", "gather", "take_along_axis", "pad", "copy",
    "alias", "select", "read_places", "broadcast_to", "astype",
}  # fmt: skip
"""Gates that only put numbers elsewhere."""


def backward_words(call: GateCall) -> list[str]:
    """Sentences on what one gate does to the gradient."""
    if not call.shares:
        return ["all operands are constants: nothing is sent on"]
    words = _WORDS.get(call.op)
    if words is not None:
        return [*words(call), *_broadcast(call)]
    if call.op in _MOVES:
        return [f"{call.op} only moves numbers: their gradients go back the same way"]
    if call.elementwise:
        return [*_local(call), *_broadcast(call)]
    return [_documented(call)]


def _documented(call: GateCall) -> str:
    doc = call.doc.split("\n")[0].rstrip(".")
    return f"{call.op}: {doc}" if doc else f"{call.op}: the gradient times its Jacobian"


def _broadcast(call: GateCall) -> list[str]:
    """Operands that were repeated to fit get the sum over the copies."""
    found = []
    for index in call.receivers:
        shape, wide = np.shape(call.values[index]), np.shape(call.out)
        if call.elementwise and shape != wide:
            found.append(
                f"{call.names[index]} was repeated from {shape_text(call.values[index])} to "
                f"{shape_text(call.out)}: its gradient is the sum over the copies"
            )
    return found


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _add(call: GateCall) -> list[str]:
    names = [call.names[i] for i in call.receivers]
    each = " each" if len(names) > 1 else ""
    verb = "get" if len(names) > 1 else "gets"
    g = number(call.g) if call.scalar else "g"
    return [f"add distributes: {_and(names)}{each} {verb} {g}"]


def _subtract(call: GateCall) -> list[str]:
    told = []
    for index in call.receivers:
        g = call.shares[index] if call.scalar else None
        shown = number(g) if g is not None else ("g" if index == 0 else "-g")
        told.append(f"{call.names[index]} gets {shown}")
    return [f"subtract distributes, with a minus for what is taken away: {'; '.join(told)}"]


def _multiply(call: GateCall) -> list[str]:
    told = []
    for index in call.receivers:
        name, other = call.names[index], 1 - index
        if call.scalar:
            g, share = number(call.g), number(call.shares[index])
            named = "" if _is_number(call.names[other]) else f" = {g} · {call.show(other)}"
            told.append(f"{name} gets {g} · {_bracketed(call.names[other])}{named} = {share}")
        else:
            told.append(f"{name} gets g ⊙ {_bracketed(call.names[other])}")
    pattern = "multiply swaps" if len(call.receivers) == 2 else "multiply by a constant"
    return [f"{pattern}: {'; '.join(told)}"]


def _told(call: GateCall, index: int, formula: str, numbers: str) -> str:
    """``x gets FORMULA = FORMULA WITH NUMBERS = RESULT``; for arrays the formula alone."""
    name = call.names[index]
    if not call.scalar:
        return f"{name} gets {formula.replace('·', '⊙')}"
    return f"{name} gets {formula} = {numbers} = {number(call.shares[index])}"


def _divide(call: GateCall) -> list[str]:
    x, y = map(_bracketed, call.names)
    g = factor(call.g) if call.scalar else ""
    told = []
    for index in call.receivers:
        if index == 0:
            told.append(_told(call, 0, f"g / {y}", f"{g} / {call.show(1)}"))
        else:
            numbers = f"-{g} · {call.show(0)} / {call.show(1)}²"
            told.append(_told(call, 1, f"-g · {x} / {y}²", numbers))
    return [f"divide: {'; '.join(told)}"]


def _power(call: GateCall) -> list[str]:
    x, n = map(_bracketed, call.names)
    g = factor(call.g) if call.scalar else ""
    told = []
    for index in call.receivers:
        if index == 1:
            numbers = f"{g} · {call.show(0)}**{call.show(1)} · ln {call.show(0)}"
            told.append(_told(call, 1, f"g · {x}**{n} · ln {x}", numbers))
        elif np.size(call.values[1]) == 1 and _is_number(call.names[1]):
            less = f"{float(np.asarray(call.values[1]).ravel()[0]) - 1:g}"
            raised = "" if less == "1" else f"**{_bracketed(less)}"
            numbers = f"{g} · {n} · {call.show(0)}{raised}"
            told.append(_told(call, 0, f"g · {n} · {x}{raised}", numbers))
        else:
            numbers = f"{g} · {call.show(1)} · {call.show(0)}**({call.show(1)} - 1)"
            told.append(_told(call, 0, f"g · {n} · {x}**({n} - 1)", numbers))
    return [f"power: {'; '.join(told)}"]


def _negative(call: GateCall) -> list[str]:
    g = number(call.shares[0]) if call.scalar else "-g"
    return [f"negative turns the sign: {call.names[0]} gets {g}"]


def _routes(sign: str, word: str) -> Callable[[GateCall], list[str]]:
    def words(call: GateCall) -> list[str]:
        a, b = (np.broadcast_to(v, np.shape(call.out)) for v in call.values)
        x, y = call.names
        first = a > b if sign == ">" else a < b
        tie = a == b
        name = "max" if sign == ">" else "min"
        if call.scalar:
            if tie.all():
                return [f"{name} routes: {x} and {y} tie at {number(a)}, half of g to each"]
            winner, loser = (0, 1) if first.all() else (1, 0)
            gets = f"{call.names[winner]} is {word} ({number(call.values[winner])} {sign} "
            gets += f"{number(call.values[loser])}) and gets all of {number(call.g)}"
            rest = f"; {call.names[loser]} gets 0" if loser in call.shares else ""
            return [f"{name} routes: {gets}{rest}"]
        ties = f", a tie in {tie.sum()}" if tie.any() else ""
        return [
            f"{name} routes: {x} is {word} in {first.sum()} of {first.size} places and gets g "
            f"there{ties}; {'elsewhere it is 0' if _is_number(y) else f'elsewhere {y} does'}"
        ]

    return words


def _reduction_routes(call: GateCall) -> list[str]:
    winners = np.count_nonzero(np.asarray(call.shares[0])) if 0 in call.shares else 0
    return [
        f"{call.op} routes: of the {np.size(call.values[0])} elements of {call.names[0]} only the "
        f"winners get the gradient ({winners}); the others get 0"
    ]


def _gate_by_sign(call: GateCall) -> list[str]:
    x = np.asarray(call.values[0])
    if call.scalar:
        if x > 0:
            return [
                f"relu routes: {call.names[0]} = {number(x)} is above 0, and gets all of {number(call.g)}"
            ]
        return [f"relu blocks: {call.names[0]} = {number(x)} is not above 0, and gets 0"]
    passing = int(np.count_nonzero(x > 0))
    return [
        f"relu routes: {passing} of {x.size} elements of {call.names[0]} are above 0 and let the "
        "gradient through; the others get 0"
    ]


def _where(call: GateCall) -> list[str]:
    condition = np.asarray(call.values[0])
    return [
        f"where routes: the condition is true in {np.count_nonzero(condition)} of {condition.size} "
        f"places; {call.names[1]} gets the gradient there, {call.names[2]} elsewhere"
    ]


def _sum(call: GateCall) -> list[str]:
    size = np.size(call.values[0])
    if np.size(call.g) == 1:
        return [
            f"sum distributes: each of the {size} elements of {call.names[0]} gets {number(call.g)}"
        ]
    return [f"sum distributes: every element of {call.names[0]} gets the g of its sum"]


def _matmul(call: GateCall) -> list[str]:
    a, b = call.names
    left, right = call.values
    shapes = [np.ndim(left), np.ndim(right)]
    told = []
    for index in call.receivers:
        name = call.names[index]
        if shapes == [1, 1]:
            told.append(f"{name} gets g · {call.names[1 - index]}")
        elif index == 0:
            if shapes[1] == 1:
                told.append(f"{name} gets the outer product of g {_s(call.g)} and {b} {_s(right)}")
            else:
                told.append(f"{name} gets g @ {b}.T: {_s(call.g)} @ {_t(right)}")
        elif shapes[0] == 1:
            told.append(f"{name} gets the outer product of {a} {_s(left)} and g {_s(call.g)}")
        else:
            told.append(f"{name} gets {a}.T @ g: {_t(left)} @ {_s(call.g)}")
    return [f"matmul swaps and transposes: {'; '.join(told)}"]


def _linear(call: GateCall) -> list[str]:
    x, w = call.names[:2]
    told = []
    for index in call.receivers:
        told.append(
            (
                f"{x} gets g @ {w}: {_s(call.g)} @ {_s(call.values[1])}",
                f"{w} gets g.T @ {x}: {_t(call.g)} @ {_s(call.values[0])}",
                f"{call.names[-1]} gets g summed over the rows",
            )[index]
        )
    return [f"linear, x @ w.T + b: {'; '.join(told)}"]


def _local(call: GateCall) -> list[str]:
    """An elementwise gate: its local gradient times what arrives."""
    told = []
    formula = LOCAL.get(call.op)
    said = f" {formula}" if formula and len(call.names) == 1 else ""
    for index in call.receivers:
        name, share = call.names[index], call.shares[index]
        if call.scalar:
            g = float(np.asarray(call.g).ravel()[0])
            local = f" = {number(np.asarray(share) / g)}" if g else ""
            told.append(
                f"local gradient{said}{local}; {name} gets {number(g)} times that, {number(share)}"
            )
        else:
            told.append(f"{name} gets g ⊙ the local gradient{said}")
    return [f"{call.op}: {'; '.join(told)}"]


def _s(value: Any) -> str:
    return shape_text(value)


def _t(value: Any) -> str:
    return shape_text(np.swapaxes(np.asarray(value), -1, -2) if np.ndim(value) > 1 else value)


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


def _bracketed(name: str) -> str:
    return f"({name})" if name.startswith("-") else name


_WORDS: dict[str, Callable[[GateCall], list[str]]] = {
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "negative": _negative,
    "power": _power,
    "maximum": _routes(">", "larger"),
    "fmax": _routes(">", "larger"),
    "minimum": _routes("<", "smaller"),
    "fmin": _routes("<", "smaller"),
    "max": _reduction_routes,
    "min": _reduction_routes,
    "max_pool": _reduction_routes,
    "relu": _gate_by_sign,
    "where": _where,
    "sum": _sum,
    "matmul": _matmul,
    "linear": _linear,
}


def fork_words(shares: Sequence[Share]) -> list[str]:
    """Operands that are used in several places: their gradients add up."""
    told = []
    for share in shares:
        if share.count == 1:
            continue
        if share.nth < share.count:
            told.append(
                f"{share.name} is used {share.count} times and its gradients add up: share "
                f"{share.nth} of {share.count}, so far {compact(share.total)}"
            )
            continue
        sum_of = " + ".join(factor(term) for term in share.terms)
        written = f"{sum_of} = " if all(np.size(term) == 1 for term in share.terms) else ""
        told.append(
            f"{share.name} is used {share.count} times and its gradients add up, this is the last: "
            f"{written}{compact(share.total)}"
        )
    return told
