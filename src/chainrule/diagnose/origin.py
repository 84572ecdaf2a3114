"""Where did the first NaN or infinity come from?

The values of a graph are looked at in the order in which they were computed, then the gradients in
the order of the backward pass. The first that is not finite, though everything it was made from is,
is the origin: its gate, its line, its operands, the place in the array.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.core.graph import INPUT, Node
from chainrule.core.printing import call_text
from chainrule.errors import ArgumentError

__all__ = ["Origin", "first_nonfinite", "origin_in"]


@dataclass(frozen=True)
class Origin:
    """The first value or gradient that is not finite.

    Attributes
    ----------
    phase : {'input', 'forward', 'backward'}
        Given as an input, computed forwards, or computed backwards.
    name, op : str
        The gate.
    line : str
        ``file.py:12``, or empty.
    source : str
        The text of that line.
    place : tuple of int
        Index of the first such element.
    count, size : int
        How many elements of how many.
    words, remedy : str
    """

    phase: str
    name: str
    op: str
    line: str
    source: str
    place: tuple[int, ...]
    count: int
    size: int
    words: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.words} {self.remedy}".rstrip()


def first_nonfinite(f: Callable[..., Any] | cr.Tensor, *args: Any, **kwargs: Any) -> Origin | None:
    """Where the first NaN or infinity of a computation, or of its gradient, comes from.

    Parameters
    ----------
    f : callable or Tensor
        A function, which is run once; or a tensor that was computed, such as a loss.
    *args, **kwargs
        What to call it with.

    Returns
    -------
    Origin or None
        ``None`` if all values and gradients are finite.

    Examples
    --------
    >>> def entropy(p):
    ...     return -(p * np.log(p)).sum()
    >>> with np.errstate(all="ignore"):
    ...     origin = cr.diagnose.first_nonfinite(entropy, np.array([0.5, 0.5, 0.0]))
    >>> origin.op, origin.place, origin.source
    ('log', (2,), 'return -(p * np.log(p)).sum()')
    >>> print(origin.words)
    log(p) is -inf in 1 of 3 elements, the first at [2], where p = 0 \
(<doctest ...>:2: return -(p * np.log(p)).sum()).
    """
    if isinstance(f, cr.Tensor):
        if args or kwargs:
            raise ArgumentError("a tensor is looked at by itself: no arguments go with it")
        return origin_in(cr.Graph.of(f))
    with np.errstate(all="ignore"):
        return origin_in(cr.trace(f, *args, **kwargs))


def origin_in(graph: cr.Graph) -> Origin | None:
    """See :func:`first_nonfinite`."""
    for node in graph.nodes:
        if _broken(node.value):
            return _of_value(graph, node)
    root = graph.outputs[0]
    if not root.tracked:
        return None
    with np.errstate(all="ignore"):
        gradients = graph.gradients(np.ones(root.shape, root.dtype))
    for node in reversed(graph.nodes):
        if _broken(gradients.get(graph.names[node])):
            return _of_gradient(graph, node, gradients)
    return None


def _broken(value: Any) -> bool:
    if value is None:
        return False
    if isinstance(value, tuple):
        return any(map(_broken, value))
    array = np.asarray(value)
    return array.dtype.kind == "f" and not bool(np.isfinite(array).all())


def _where(value: Any) -> tuple[tuple[int, ...], int, int, str]:
    """Index of the first element that is not finite, their number, the size, and what it is."""
    parts = value if isinstance(value, tuple) else (value,)
    array = np.asarray(next(part for part in parts if _broken(part)))
    bad = ~np.isfinite(array)
    place = tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), array.shape))
    return place, int(bad.sum()), array.size, f"{float(array[place]):g}"


def _said(value: Any) -> tuple[tuple[int, ...], int, int, str]:
    place, count, size, what = _where(value)
    at = f" in {count} of {size} elements, the first at {list(place)}" if size > 1 else ""
    return place, count, size, f"{what}{at}"


def _line(node: Node) -> tuple[str, str, str]:
    location = node.location
    # layers of this library that were called by another one have no line of the user's
    if location is None or "site-packages" in location.file:
        return "", "", ""
    shown = f" ({location}: {location.text})" if location.text else f" ({location})"
    return str(location), location.text, shown


def _of_value(graph: cr.Graph, node: Node) -> Origin:
    place, count, size, said = _said(node.value)
    name, line = graph.names[node], _line(node)
    if not node.inputs:
        what = "the input" if node.op is INPUT else "the constant"
        owner = node.owner() if node.owner is not None else None
        remedy = "Look where the data come from; a missing value is often read as NaN."
        if owner is not None:
            what = "the parameter"
            remedy = "It was broken by an earlier step: look at that one, or train from the start."
        words = f"{what} {name} already holds {said}."
        return Origin("input", name, node.op.name, *line[:2], place, count, size, words, remedy)
    constants = [
        i for i, (p, v) in enumerate(zip(node.inputs, node.values)) if p is None and _broken(v)
    ]
    if constants:
        words = f"{call_text(graph, node)} takes data that already hold {_said(node.values[constants[0]])[3]}"
        remedy = "Look where the data come from; a missing value is often read as NaN."
        words = f"{words}{line[2]}."
        return Origin("input", name, node.op.name, *line[:2], place, count, size, words, remedy)
    operands = _operands(graph, node, place)
    words = f"{call_text(graph, node)} is {said}{operands}{line[2]}."
    remedy = REMEDIES.get(node.op.name, "")
    return Origin("forward", name, node.op.name, *line[:2], place, count, size, words, remedy)


def _operands(graph: cr.Graph, node: Node, place: tuple[int, ...]) -> str:
    """``, where x = 0``: the operands at that place, for gates that work element by element."""
    if not node.op.elementwise:
        return ""
    shown = []
    for index, value in enumerate(node.values):
        if node.inputs[index] is not None:
            array = np.broadcast_to(np.asarray(value), np.shape(node.value))
            shown.append(f"{graph.operand(node, index)} = {float(array[place]):g}")
    return f", where {' and '.join(shown)}" if shown else ""


def _of_gradient(graph: cr.Graph, node: Node, gradients: dict[str, Any]) -> Origin:
    """A finite value with a gradient that is not: the gate that sent it is at fault."""
    name = graph.names[node]
    sender = node
    for user in graph.nodes:
        arrived = gradients.get(graph.names[user])
        if node in user.inputs and arrived is not None and not _broken(arrived):
            sender = user
            if _sends_broken(user, node, arrived):
                break
    place, count, size, said = _said(gradients[name])
    line = _line(sender)
    value = f", where {name} = {float(node.value[place]):g}" if np.shape(node.value) else ""
    if not np.shape(node.value):
        value = f", where {name} = {float(node.value):g}"
    words = (
        f"backwards, the gradient that {call_text(graph, sender)} sends to {name} is "
        f"{said}{value}{line[2]}. The value itself is finite."
    )
    remedy = BACKWARD_REMEDIES.get(sender.op.name, "")
    if any(user.op.name == "where" for user in graph.nodes):
        remedy += (
            " A where() does not keep the derivative of the branch it does not take from being "
            "computed (0 times infinity is NaN): put a safe number into that branch's input as well."
        )
    return Origin(
        "backward", name, sender.op.name, *line[:2], place, count, size, words, remedy.strip()
    )


def _sends_broken(user: Node, node: Node, arrived: Any) -> bool:
    for index, parent in enumerate(user.inputs):
        rule = user.op.rule(index)
        if parent is node and rule is not None and not isinstance(user.value, tuple):
            with np.errstate(all="ignore"):
                part = rule(np.asarray(arrived), user.value, *user.values, **user.params)
            if _broken(part):
                return True
    return False


REMEDIES = {
    "log": "A cost of logits (cross_entropy, binary_cross_entropy_with_logits) or log_softmax never takes "
    "the logarithm of 0; else clip: log(clip(p, 1e-12, 1)).",
    "log2": "Clip what goes in: log2(clip(p, 1e-12, 1)).",
    "log10": "Clip what goes in: log10(clip(p, 1e-12, 1)).",
    "log1p": "Its argument must be above -1.",
    "divide": "The divisor is 0 or the quotient too large: add a small number to it, or handle the case.",
    "reciprocal": "The divisor is 0: add a small number to it, or handle the case.",
    "exp": "The exponential of a large number overflows (above 88 in float32, 709 in float64): use softmax, "
    "log_softmax, logsumexp or sigmoid, which do not, or subtract the maximum first.",
    "sqrt": "The square root of a negative number: a variance computed as a difference may fall below 0; "
    "clip it at 0.",
    "power": "A negative base with a broken exponent, 0 to a negative power, or an overflow.",
    "matmul": "The product overflows: a smaller learning rate, clip_norm=1.0, or scaled inputs.",
    "linear": "The product overflows: a smaller learning rate, clip_norm=1.0, or scaled inputs.",
    "convolution": "The sum overflows: a smaller learning rate, clip_norm=1.0, or scaled inputs.",
    "multiply": "The product overflows, or 0 meets infinity: a smaller learning rate or scaled inputs.",
    "square": "The square overflows: a smaller learning rate or scaled inputs and targets.",
    "sum_squares": "The square overflows: a smaller learning rate or scaled inputs and targets.",
    "squared_error": "The square overflows: a smaller learning rate or scaled inputs and targets.",
}  # fmt: skip
"""What helps where a value is not finite, by gate."""

BACKWARD_REMEDIES = {
    "sqrt": "The square root has slope infinity at 0: sqrt(x + 1e-12), or a norm, whose gradient at 0 is 0.",
    "power": "A power below 1 has slope infinity at 0: add a small number to the base.",
    "log": "The slope 1/x overflows near 0: clip what goes in.",
    "divide": "The square of the divisor underflows: keep it away from 0.",
    "arccos": "The slope is infinite at -1 and 1: clip what goes in a little inside.",
    "arcsin": "The slope is infinite at -1 and 1: clip what goes in a little inside.",
}
"""What helps where a value is finite and its gradient is not, by gate."""
