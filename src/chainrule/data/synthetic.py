"""Data sets made by a formula: two moons, circles, spirals, XOR, a sine curve.

Each takes the number of samples, the standard deviation of the noise added to the points, and a
seed; the same arguments give the same numbers. The classes alternate from row to row, so that any
slice is balanced.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainrule.data.dataset import Dataset
from chainrule.errors import ArgumentError

__all__ = ["circles", "moons", "sine", "spirals", "xor"]

Points = NDArray[np.float64]


def moons(n: int = 400, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Return two interleaved half circles, one class each.

    Parameters
    ----------
    n : int
        Number of samples, both classes together.
    noise : float
        Standard deviation of the Gaussian noise added to both coordinates.
    seed : int

    Returns
    -------
    Dataset
        Inputs of shape (n, 2), float64; two classes.

    Examples
    --------
    >>> X, y = moons(6, noise=0)
    >>> X.round(2).tolist()[:2]
    [[1.0, 0.0], [0.0, 0.5]]
    >>> y.tolist()
    [0, 1, 0, 1, 0, 1]
    """
    label, along = _labels_and_position(n, 2)
    angle = np.pi * along
    lower = label == 1
    x = np.where(lower, 1 - np.cos(angle), np.cos(angle))
    y = np.where(lower, 0.5 - np.sin(angle), np.sin(angle))
    return _classified("moons", x, y, label, noise, seed)


def circles(n: int = 400, noise: float = 0.05, seed: int = 0, factor: float = 0.5) -> Dataset:
    """Return a circle inside another, one class each.

    Parameters
    ----------
    n, noise, seed
        As for :func:`moons`.
    factor : float
        Radius of the inner circle; the outer has radius 1.

    Returns
    -------
    Dataset
        Inputs of shape (n, 2), float64; two classes, 0 the outer.

    Examples
    --------
    >>> X, y = circles(100, noise=0)
    >>> [float(np.hypot(*X[y == k].T).mean().round(6)) for k in (0, 1)]
    [1.0, 0.5]
    """
    label, along = _labels_and_position(n, 2, closed=True)
    radius = np.where(label == 1, factor, 1.0)
    angle = 2 * np.pi * along
    return _classified(
        "circles", radius * np.cos(angle), radius * np.sin(angle), label, noise, seed
    )


def spirals(
    n: int = 600, noise: float = 0.02, seed: int = 0, arms: int = 3, turns: float = 0.75
) -> Dataset:
    """Return spiral arms that wind around the origin, one class each.

    Parameters
    ----------
    n, noise, seed
        As for :func:`moons`.
    arms : int
        Number of arms, which is the number of classes.
    turns : float
        How many times an arm winds around the origin.

    Returns
    -------
    Dataset
        Inputs of shape (n, 2), float64, within the unit circle but for the noise.

    Examples
    --------
    >>> spirals(300).classes
    ('0', '1', '2')
    """
    if arms < 1:
        raise ArgumentError(f"spirals: arms={arms}; expected at least 1.")
    label, radius = _labels_and_position(n, arms)
    angle = 2 * np.pi * (turns * radius + label / arms)
    return _classified(
        "spirals", radius * np.cos(angle), radius * np.sin(angle), label, noise, seed
    )


def xor(n: int = 400, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Return the exclusive or: clouds at the corners of a square, opposite corners alike.

    With ``n = 4`` and ``noise = 0`` it is the truth table.

    Examples
    --------
    >>> X, y = xor(4, noise=0)
    >>> X.tolist(), y.tolist()
    ([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]], [0, 1, 0, 1])
    """
    corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
    label, _ = _labels_and_position(n, 2)
    points = corners[np.arange(n) % 4]
    return _classified("xor", points[:, 0], points[:, 1], label, noise, seed)


def sine(n: int = 400, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Return noisy values of sin x for x drawn uniformly from [-π, π): a regression.

    Parameters
    ----------
    n : int
    noise : float
        Standard deviation of the noise added to the target.
    seed : int

    Returns
    -------
    Dataset
        Inputs of shape (n, 1), targets of shape (n, 1), float64.

    Examples
    --------
    >>> X, y = sine(50, noise=0)
    >>> bool(np.allclose(y, np.sin(X)))
    True
    """
    _check(n, noise)
    rng = np.random.default_rng(seed)
    x = rng.uniform(-np.pi, np.pi, size=(n, 1))
    y = np.sin(x) + noise * rng.normal(size=(n, 1))
    return Dataset("sine", x, y, "regression", features=("x",))


def _labels_and_position(
    n: int, classes: int, closed: bool = False
) -> tuple[NDArray[np.int64], Points]:
    """Return alternating labels, and each sample's place from 0 to 1 along its class's curve."""
    _check(n, 0.0)
    index = np.arange(n)
    along = (index // classes).astype(float)
    last = max(1.0, along[-1]) if not closed else along[-1] + 1  # a closed curve skips its end
    return index % classes, along / last


def _classified(
    name: str, x: Points, y: Points, label: NDArray[np.int64], noise: float, seed: int
) -> Dataset:
    _check(len(label), noise)
    points = np.stack([x, y], axis=1)
    points += noise * np.random.default_rng(seed).normal(size=points.shape)
    classes = tuple(str(k) for k in range(int(label.max()) + 1))
    return Dataset(name, points, label, "classification", features=("x", "y"), classes=classes)


def _check(n: int, noise: float) -> None:
    if n < 1:
        raise ArgumentError(f"n={n}; expected at least one sample.")
    if noise < 0:
        raise ArgumentError(f"noise={noise}; a standard deviation is expected, 0 or more.")
