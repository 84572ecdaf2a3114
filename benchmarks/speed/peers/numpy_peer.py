"""NumPy by hand: the four equations, in place where that helps. Dense layers and SGD only."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.speed.cases import Case, Data, weights


def _supported(case: Case) -> bool:
    kinds = {layer[0] for layer in case.layers}
    return kinds <= {"linear", "relu", "tanh", "sigmoid"} and case.optimizer == "sgd"


def variants(case: Case, data: Data, shuffled: bool) -> Iterator[tuple[str, Callable[[], object]]]:
    """One variant, where the case is within its means."""
    if not _supported(case):
        return
    parameters = [(w.T.copy(), b.copy()) for w, b in weights(case)]
    kinds = [str(layer[0]) for layer in case.layers if layer[0] != "linear"]
    ends_active = case.layers[-1][0] != "linear"
    rate = np.dtype(case.dtype).type(case.rate)
    rows_of = np.arange(case.batch)

    def epoch() -> object:
        value = 0.0
        for start in range(0, case.samples, case.batch):
            rows: slice | np.ndarray = slice(start, start + case.batch)
            if shuffled:
                rows = data.order[rows]
            a, y = data.x[rows], data.y[rows]
            kept = [a]
            for i, (w, b) in enumerate(parameters):
                z = a @ w
                z += b
                if i < len(parameters) - 1 or ends_active:
                    a = _activate(kinds[i], z)
                else:
                    a = z
                kept.append(a)
            value, delta = _error(case, a, y, rows_of[: len(a)])
            if ends_active:
                delta *= _slope(kinds[-1], a)
            for i in reversed(range(len(parameters))):
                w, b = parameters[i]
                nabla_w, nabla_b = kept[i].T @ delta, delta.sum(0)
                if i:
                    delta = delta @ w.T
                    delta *= _slope(kinds[i - 1], kept[i])
                nabla_w *= rate
                w -= nabla_w
                b -= rate * nabla_b
        return value

    yield "numpy", epoch


def _activate(kind: str, z: np.ndarray) -> np.ndarray:
    if kind == "relu":
        return np.maximum(z, 0, out=z)
    if kind == "tanh":
        return np.tanh(z, out=z)
    np.negative(z, out=z)
    np.exp(z, out=z)
    z += 1
    return np.reciprocal(z, out=z)


def _slope(kind: str, a: np.ndarray) -> np.ndarray:
    if kind == "relu":
        return a > 0
    return 1 - a * a if kind == "tanh" else a * (1 - a)


def _error(case: Case, a: np.ndarray, y: np.ndarray, rows: np.ndarray) -> tuple[float, np.ndarray]:
    if case.loss == "cross_entropy":
        a -= a.max(1, keepdims=True)
        p = np.exp(a)
        total = p.sum(1, keepdims=True)
        p /= total
        value = -np.log(p[rows, y]).mean()
        p[rows, y] -= 1
        p /= len(y)
        return float(value), p
    delta = a - y
    if case.loss == "mse":
        value = float((delta * delta).mean())
        delta *= 2 / delta.size
        return value, delta
    value = float(0.5 * (delta * delta).sum() / len(y))
    delta /= len(y)
    return value, delta
