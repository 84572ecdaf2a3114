"""The gradients that a module's parameters hold, as a table (``model.gradient_report()``)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["GradientReport", "GradientRow", "gradient_report"]


class GradientRow(NamedTuple):
    """The gradient of one parameter; the figures are ``None`` where there is no gradient.

    Attributes
    ----------
    name : str
    shape : tuple of int
    norm : float or None
        Euclidean norm, computed in float64.
    largest : float or None
        Largest magnitude; NaN if there is a NaN.
    zeros : float or None
        Fraction of elements that are exactly 0.
    """

    name: str
    shape: tuple[int, ...]
    norm: float | None
    largest: float | None
    zeros: float | None


class GradientReport(list[GradientRow]):
    """Rows of :class:`GradientRow`; prints as a table."""

    def __str__(self) -> str:
        cells = [("parameter", "shape", "norm", "max", "zero")]
        for row in self:
            if row.norm is None or row.largest is None or row.zeros is None:
                cells.append((row.name, str(row.shape), "no gradient", "", ""))
                continue
            figures = (f"{row.norm:.4g}", f"{row.largest:.4g}", f"{row.zeros:.0%}")
            cells.append((row.name, str(row.shape), *figures))
        widths = [max(len(c[i]) for c in cells if c[i] != "no gradient") for i in range(5)]
        lines = (" ".join(c.ljust(w) for c, w in zip(row, widths)).rstrip() for row in cells)
        return "\n".join(lines)


def gradient_report(model: Any) -> GradientReport:
    """The gradients that a module's parameters hold now: norm, largest magnitude, zeros (SPEC D3).

    Parameters
    ----------
    model : Module
        Anything with ``named_parameters()``; PyTorch's modules too.

    Examples
    --------
    >>> layer = cr.nn.Linear(2, 1)
    >>> print(layer.gradient_report())
    parameter shape  norm max zero
    weight    (1, 2) no gradient
    bias      (1,)   no gradient
    >>> layer(cr.tensor([[3.0, 4.0]])).sum().backward()
    >>> print(layer.gradient_report())
    parameter shape  norm max zero
    weight    (1, 2) 5    4   0%
    bias      (1,)   1    1   0%
    """
    rows = GradientReport()
    for name, parameter in model.named_parameters():
        shape = tuple(parameter.shape)
        if parameter.grad is None:
            rows.append(GradientRow(name, shape, None, None, None))
            continue
        g = np.asarray(parameter.grad.detach().numpy(), np.float64)
        zeros = float(np.mean(g == 0)) if g.size else 0.0
        largest = float(np.max(np.abs(g), initial=0.0))
        rows.append(GradientRow(name, shape, float(np.sqrt(np.sum(g * g))), largest, zeros))
    return rows
