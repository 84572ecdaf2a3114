"""Metrics: each a few sums over a batch that add up, and a formula at the end.

Sums are taken in the library's own ops, so that a compiled step computes them too. A metric of an
epoch is exact, also where batches differ in size: it is the formula of the total sums, not a mean
of means.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chainrule.core.lib import lib
from chainrule.errors import ArgumentError, ShapeError
from chainrule.ops.shape import shape_of

__all__ = ["METRICS", "Metric", "resolve_metrics"]


@dataclass(frozen=True)
class Metric:
    """A metric that adds up over batches.

    Attributes
    ----------
    name : str
    sums : callable
        ``sums(prediction, target)`` gives a tuple of scalars, added up over batches.
    finish : callable
        ``finish(*totals)`` gives the value.
    higher_is_better : bool
    count : int
        Number of sums.
    """

    name: str
    sums: Callable[[Any, Any], tuple[Any, ...]]
    finish: Callable[..., float]
    higher_is_better: bool = False
    count: int = 2


def _size(x: Any) -> float:
    return float(math.prod(shape_of(x)))


def _ratio(total: float, count: float) -> float:
    return total / count if count else math.nan


def _correct(prediction: Any, target: Any) -> tuple[Any, ...]:
    shape, truth = shape_of(prediction), shape_of(target)
    if len(shape) == len(truth) + 1 and shape[-1] > 1:
        chosen: Any = lib.argmax(prediction, axis=-1)
    elif truth == shape and len(shape) > 1 and shape[-1] > 1:
        chosen, target = lib.argmax(prediction, axis=-1), lib.argmax(target, axis=-1)
    elif math.prod(shape) == math.prod(truth):  # one logit: positive means class 1
        chosen, target = lib.greater(lib.reshape(prediction, truth), 0), lib.greater(target, 0.5)
    else:
        raise ShapeError(f"accuracy: predictions {shape} do not go with targets {truth}")
    hits = lib.astype(lib.equal(chosen, target), "f8")
    return lib.sum(hits), _size(hits)


def _aligned(prediction: Any, target: Any) -> Any:
    shape, truth = shape_of(prediction), shape_of(target)
    if shape == truth:
        return prediction
    if math.prod(shape) == math.prod(truth):
        return lib.reshape(prediction, truth)
    raise ShapeError(f"predictions {shape} do not go with targets {truth}")


def _double(x: Any) -> Any:
    return lib.astype(x, "f8")


def _squares(prediction: Any, target: Any) -> tuple[Any, ...]:
    difference = _double(_aligned(prediction, target)) - target
    return lib.sum(difference * difference), _size(target)


def _absolutes(prediction: Any, target: Any) -> tuple[Any, ...]:
    return lib.sum(lib.abs(_double(_aligned(prediction, target)) - target)), _size(target)


def _moments(prediction: Any, target: Any) -> tuple[Any, ...]:
    wide = _double(target)
    squares, count = _squares(prediction, target)
    return squares, lib.sum(wide), lib.sum(wide * wide), count


def _r2(squares: float, total: float, total_squares: float, count: float) -> float:
    spread = total_squares - total * total / count if count else 0.0
    return 1.0 - squares / spread if spread > 0.0 else math.nan


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("accuracy", _correct, _ratio, higher_is_better=True),
        Metric("mse", _squares, _ratio),
        Metric("rmse", _squares, lambda total, count: math.sqrt(_ratio(total, count))),
        Metric("mae", _absolutes, _ratio),
        Metric("r2", _moments, _r2, higher_is_better=True, count=4),
    )
}
"""Metrics by name."""


def resolve_metrics(given: Any) -> list[Metric]:
    """Metrics from names, records, functions, or a dictionary of these."""
    if given is None:
        return []
    if isinstance(given, str | Metric) or callable(given):
        given = [given]
    pairs: Iterable[tuple[str | None, Any]]
    pairs = given.items() if isinstance(given, Mapping) else ((None, one) for one in given)
    return [_resolve(name, one) for name, one in pairs]


def _resolve(name: str | None, one: Any) -> Metric:
    if isinstance(one, Metric):
        return one
    if isinstance(one, str):
        if one not in METRICS:
            raise ArgumentError(f"no metric is called {one!r}; there are {sorted(METRICS)}")
        return METRICS[one]
    if not callable(one):
        raise ArgumentError(f"a metric is a name or a function, not {type(one).__name__}")

    def sums(prediction: Any, target: Any) -> tuple[Any, ...]:
        count = float(shape_of(prediction)[0])
        return one(prediction, target) * count, count

    return Metric(name or str(getattr(one, "__name__", "metric")), sums, _ratio)
