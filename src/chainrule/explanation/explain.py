"""``cr.explain``: what a computation did, gate by gate, forwards and backwards."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import chainrule as cr
from chainrule.core.graph import CONSTANT, INPUT
from chainrule.core.tree import leaves, tree_map
from chainrule.errors import ArgumentError, GradientError
from chainrule.explanation.figures import compact, number, shape_text
from chainrule.explanation.steps import Step, steps_of

if TYPE_CHECKING:
    from chainrule.explanation.stepper import Stepper

__all__ = ["Explanation", "explain"]


def explain(
    f: Callable[..., Any] | cr.Tensor, *args: Any, cotangent: Any = None, **kwargs: Any
) -> Explanation:
    """What ``f(*args)`` computes and how its gradient flows back, gate by gate.

    Parameters
    ----------
    f : callable or Tensor
        A function of arrays or tensors; or a tensor that was already computed, such as a loss.
    *args, **kwargs
        What to call it with. Where all numbers among them are integers they are taken as floats:
        integers have no gradients.
    cotangent : array_like, optional
        Of the output, of its shape. 1 for a single number; ones, which is the gradient of the sum,
        for an array.

    Returns
    -------
    Explanation
        Prints as text; ``.steps()``, ``.svg()``, ``.html()``, ``.dot()``, ``.mermaid()``.

    Raises
    ------
    GradientError
        For a tensor whose computation was not recorded.
    ArgumentError
        If ``f`` is neither, or arguments are given beside a tensor.

    Examples
    --------
    >>> def f(x, y, z):
    ...     q = x + y
    ...     return q * z
    >>> print(cr.explain(f, -2.0, 5.0, -4.0))
    f(x, y, z)
    <BLANKLINE>
    given
          x   -2
          y   5
          z   -4
    <BLANKLINE>
    forwards
       1  q  = x + y                                        3
       2  %1 = q * z                                        -12
    <BLANKLINE>
    backwards: gradients of %1
          %1 starts with 1: d%1/d%1
       3  %1 = q * z  receives 1
            multiply swaps: q gets 1 · z = 1 · (-4) = -4; z gets 1 · q = 1 · 3 = 3
       4  q = x + y  receives -4
            add distributes: x and y each get -4
    <BLANKLINE>
    gradients of what was given
          x   -4
          y   -4
          z   3
    """
    if isinstance(f, cr.Tensor):
        if args or kwargs:
            raise ArgumentError("a tensor is explained by itself: no arguments go with it")
        return Explanation(cr.Graph.of(f), cotangent)
    if not callable(f):
        if isinstance(f, cr.Network):
            raise ArgumentError(
                "a textbook Network is drawn by cr.explanation.network_svg(net, x, y); "
                "net.backprop(x, y) has every quantity of it. cr.explain takes a function or a tensor"
            )
        raise ArgumentError(
            f"cr.explain(f, *args) explains a function or a tensor, not {type(f).__name__}"
        )
    notes: tuple[str, ...] = ()
    numbers = [leaf for leaf in leaves((args, kwargs)) if _is_number(leaf)]
    if numbers and not any(np.asarray(leaf).dtype.kind == "f" for leaf in numbers):
        plain = [leaf for leaf in numbers if isinstance(leaf, int)]
        if len(plain) == len(numbers):
            args, kwargs = tree_map(_as_float, (args, kwargs))
    elif any(_is_number(leaf) and np.asarray(leaf).dtype.kind in "iu" for leaf in numbers):
        notes = ("Integers among the arguments are no variables: write 2.0 for a gradient.",)
    return Explanation(cr.trace(f, *args, **kwargs), cotangent, notes)


def _is_number(leaf: Any) -> bool:
    if isinstance(leaf, cr.Tensor):
        return True
    return isinstance(leaf, int | float | np.ndarray | np.generic) and not isinstance(leaf, bool)


def _as_float(leaf: Any) -> Any:
    return float(leaf) if isinstance(leaf, int) and not isinstance(leaf, bool) else leaf


class Explanation:
    """A computation explained; made by :func:`explain`.

    Attributes
    ----------
    graph : Graph
    gradients : dict of str to ndarray
        Of the explained output in every value, by name; empty where there is none.
    given : dict of str to ndarray
        Inputs of the graph: arguments, and parameters held by reference.
    output : str
        Name of the value whose gradients these are: the first result.
    notes : tuple of str
    """

    def __init__(self, graph: cr.Graph, cotangent: Any = None, notes: tuple[str, ...] = ()) -> None:
        if graph.abstract:
            raise GradientError(
                "an explanation needs values: call cr.explain with arrays instead of Abstracts"
            )
        self.graph = graph
        self.notes = notes
        root = graph.outputs[0]
        self.output = graph.names[root]
        self.title = f"{graph.name}({', '.join(graph.names[node] for node in graph.inputs)})"
        self.given: dict[str, Any] = {
            graph.names[node]: node.value
            for node in graph.nodes
            if node.op is INPUT or node.op is CONSTANT
        }
        self.why_no_gradient = ""
        if not root.tracked:
            self.why_no_gradient = (
                "none: the output does not depend on a floating-point input through gates that "
                "have derivatives"
            )
            self.seed, self.gradients = None, {}
            return
        ones = cotangent is None and root.value.size != 1
        seed = np.ones(root.shape, root.dtype) if cotangent is None else np.asarray(cotangent)
        if seed.shape != root.shape:
            raise ArgumentError(
                f"the cotangent has shape {shape_text(seed)}, the output {self.output} has "
                f"{shape_text(root.value)}"
            )
        self.seed = seed
        self._summed = ones
        self.gradients = graph.gradients(seed)

    @property
    def seed_words(self) -> str:
        """What the backward pass starts with, in words."""
        name = self.output
        if self.seed is None:
            return ""
        if self._summed:
            return f"{name} starts with ones: these are gradients of the sum of its elements"
        if self.seed.size == 1 and float(self.seed.ravel()[0]) == 1.0:
            return f"{name} starts with 1: d{name}/d{name}"
        return f"{name} starts with the given cotangent {compact(self.seed)}"

    @cached_property
    def _steps(self) -> tuple[Step, ...]:
        return steps_of(self.graph, self.gradients)

    def steps(self) -> tuple[Step, ...]:
        """Every gate forwards, then every gate backwards."""
        return self._steps

    def stepper(self) -> Stepper:
        """The same, to go through: ``.forward()``, ``.back()``, and printed as it stands."""
        from chainrule.explanation.stepper import Stepper

        return Stepper(self)

    def text(self) -> str:
        """The explanation in words and numbers, 80 columns wide."""
        from chainrule.explanation.text import explanation_text

        return explanation_text(self)

    __str__ = text

    def __repr__(self) -> str:
        return f"<explanation of {self.title}: {len(self._steps)} steps>"

    def scaling(self, name: str, times: float = 1000.0) -> str:
        """What multiplying an input does to the gradients of the others, as a table in words.

        Parameters
        ----------
        name : str
            An input of the computation.
        times : float

        Notes
        -----
        The computation is replayed with the input multiplied. ``∂C/∂w`` of a linear neuron is
        ``δ x``: a thousandfold input means a thousandfold gradient, and a learning rate that has to
        be a thousand times smaller. That is why inputs are scaled before training.
        """
        from chainrule.explanation.scaling import scaling_text

        return scaling_text(self, name, times)

    # ---- pictures

    def svg(self) -> str:
        """The graph as a picture with values and gradients; hovering shows more."""
        return self.graph.to_svg(self.gradients)

    def dot(self) -> str:
        """Graphviz source."""
        return self.graph.to_dot(self.gradients)

    def mermaid(self) -> str:
        """Mermaid source."""
        return self.graph.to_mermaid(self.gradients)

    def html(self) -> str:
        """A page in one file, without network access: step through the gates with keys or buttons."""
        from chainrule.explanation.page import to_html

        return to_html(self)

    def to_dict(self) -> dict[str, Any]:
        """Inputs, steps and gradients as plain data; large arrays as shape and norm."""
        return {
            "function": self.graph.name,
            "given": {name: _plain(value) for name, value in self.given.items()},
            "output": {"name": self.output, "value": _plain(self.graph.outputs[0].value)},
            "gradients": {
                name: _plain(self.gradients[name]) for name in self.given if name in self.gradients
            },
            "steps": [_step_dict(step) for step in self._steps],
            "notes": list(self.notes),
        }

    def to_json(self) -> str:
        """:meth:`to_dict` as JSON."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the form that the name asks for: ``.html``, ``.svg``, ``.dot``, ``.mmd``, ``.txt`` …"""
        forms = {
            ".html": self.html,
            ".svg": self.svg,
            ".dot": self.dot,
            ".gv": self.dot,
            ".mmd": self.mermaid,
            ".txt": self.text,
            ".json": self.to_json,
        }
        path = Path(path)
        if path.suffix not in forms:
            raise ArgumentError(
                f"{path.name}: the name says what to write; it ends in one of {', '.join(forms)}"
            )
        path.write_text(forms[path.suffix](), encoding="utf-8")
        return path

    def _repr_html_(self) -> str:
        return self.svg()


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    array = np.asarray(value)
    if array.size > 64:
        return {"shape": list(array.shape), "dtype": str(array.dtype), "summary": compact(array)}
    finite = array.dtype.kind != "f" or bool(np.isfinite(array).all())
    return array.tolist() if finite else tree_map(number, array.tolist())


def _step_dict(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = {
        "number": step.number,
        "direction": step.direction,
        "name": step.name,
        "op": step.op,
        "formula": step.formula,
        "line": None if step.location is None else str(step.location),
        "value": _plain(step.value),
    }
    if step.direction == "backward":
        found["gradient"] = _plain(step.gradient)
        found["shares"] = [
            {
                "to": share.name,
                "share": _plain(share.value),
                "total": _plain(share.total),
                "nth": share.nth,
                "count": share.count,
            }
            for share in step.shares
        ]
        found["local_gradients"] = {name: _plain(value) for name, value in step.local.items()}
        found["words"] = list(step.words)
    return found
