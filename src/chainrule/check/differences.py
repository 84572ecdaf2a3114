"""Numerical derivatives that know how far they can be trusted.

A central difference ``(f(x + h) - f(x - h)) / 2h`` errs by ``h² f'''/6`` from truncation and by
about ``noise / h`` from rounding. No fixed ``h`` suits every function, entry and dtype, so each
derivative here is taken on a ladder of steps; on each rung three central differences at ``h``,
``h/2`` and ``h/4`` are extrapolated (Richardson, order 6) and the spread of the tableau plus the
rounding term is the error estimate. The walk down the ladder stops at the first rung that is good
enough, so a smooth function costs six evaluations per derivative.

A kink (ReLU, ``max``, ``abs`` …) is seen in two ways: the tableau does not settle while a kink lies
inside the interval, and at a kink the two one-sided derivatives differ however small the step.

Start reading at :func:`derivative_along`; :func:`measure_noise` supplies its ``noise``.

Sources: C. J. F. Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", Adv. Eng. Software 4
(1982); J. J. Moré and S. M. Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33 (2011).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Derivative",
    "complex_step",
    "confirms",
    "derivative_along",
    "measure_noise",
    "step_scale",
]

Scalar = Callable[[float], float]

#: Spacing of the rungs: each is 32 times finer than the one before.
_RUNG = 32.0
_RUNGS = 5
#: Relative spread at which a rung is good enough to stop.
_GOOD = 1e-9
#: Relative difference at which another derivative counts as confirmed.
_CONFIRMED = 1e-3
#: A one-sided pair closer than this (relative) is one derivative, not two.
_KINK = 1e-3


@dataclass(frozen=True)
class Derivative:
    """One numerical derivative and what is known about it.

    Attributes
    ----------
    value : float
        The derivative; at a kink the mean of the one-sided derivatives.
    error : float
        Estimated bound of the absolute error of `value`; ``inf`` if nothing could be computed.
    left, right : float
        One-sided derivatives; equal to `value` away from kinks.
    step : float
        The step of the rung that was taken.
    evaluations : int
        Function evaluations spent.
    """

    value: float
    error: float
    left: float
    right: float
    step: float
    evaluations: int

    @property
    def is_kink(self) -> bool:
        """True where the one-sided derivatives differ."""
        return self.left != self.right

    @property
    def is_finite(self) -> bool:
        """True if a derivative could be computed at all."""
        return math.isfinite(self.value) and math.isfinite(self.error)


def step_scale(x: float, typical: float) -> float:
    """Length over which an entry `x` of an array with typical magnitude `typical` varies.

    Examples
    --------
    >>> step_scale(3.0, 1.0), step_scale(0.0, 0.5), step_scale(0.0, 0.0)
    (3.0, 0.5, 1.0)
    """
    scale = max(abs(x), typical)
    return scale if scale > 0.0 and math.isfinite(scale) else 1.0


def measure_noise(
    f: Scalar, scale: float, dtype: np.dtype[np.floating] | None = None, quick: bool = False
) -> float:
    """Absolute rounding noise of ``f`` near 0, from a table of differences.

    Differences of high order of a smooth function vanish; what is left of them is noise.
    Code that computes in float32 somewhere inside is recognised by this even when it returns a
    float64 number.

    Parameters
    ----------
    f : callable
        Function of a displacement.
    scale : float
        Length over which `f` varies.
    dtype : dtype, optional
        The precision that `f` is known to compute in; the noise is at least its rounding unit.
    quick : bool
        Two tables instead of six, for a function that takes long.

    Examples
    --------
    >>> noise = measure_noise(lambda t: float(np.float32(1.0 + t)), 1.0)
    >>> 1e-9 < noise < 1e-6
    True
    """
    unit = float(np.finfo(dtype).eps) if dtype is not None else 2.0**-52
    # One table on either side: a kink at the point itself must not pass for noise. Several
    # spacings: a staircase sampled once per step looks like a straight line.
    found = []
    for spacing in (1.7e-8,) if quick else (1.7e-8, 1e-7, 6.1e-6):
        tables = [
            np.array([f(side * i * scale * spacing) for i in range(1, 10)]) for side in (1, -1)
        ]
        found.append(min(_table_noise(table, unit) for table in tables))
    return max(found)


def _table_noise(values: NDArray[np.float64], unit: float) -> float:
    if not np.all(np.isfinite(values)):
        return math.inf
    floor = 2.0 * unit * float(np.max(np.abs(values)))
    table = values
    levels = []
    gamma = 1.0
    for k in range(1, 7):
        table = np.diff(table)
        gamma *= k / (2.0 * (2 * k - 1))
        levels.append(math.sqrt(gamma * float(np.mean(table * table))))
    # The last three levels agree when they are noise; a smooth remainder keeps shrinking instead.
    return max(floor, min(levels[3:]))


def derivative_along(
    f: Scalar, scale: float, noise: float, *, centre: float | None = None, first: float = 1.0
) -> Derivative:
    """Derivative at 0 of the function `f` of a displacement.

    Parameters
    ----------
    f : callable
        ``f(t)`` is the function displaced by ``t``.
    scale : float
        Length over which `f` varies; see :func:`step_scale`.
    noise : float
        Absolute rounding noise of `f`; see :func:`measure_noise`.
    centre : float, optional
        ``f(0)``, where it is known already.
    first : float
        Factor on the first step: an independent second opinion uses another one.

    Examples
    --------
    >>> d = derivative_along(lambda t: math.sin(1 + t), 1.0, 2e-16)
    >>> bool(abs(d.value - math.cos(1)) < 1e-11), d.is_kink, d.evaluations
    (True, False, 7)
    >>> derivative_along(abs, 1.0, 2e-16).left
    -1.0
    """
    evaluations = 0
    if centre is None:
        centre = f(0.0)
        evaluations += 1
    magnitude = max(abs(centre), noise / 2.0**-52 * 0.1, 1e-300)
    relative = max(noise / magnitude, 2.0**-52)
    step = first * scale * 0.8 * relative**0.2
    best: Derivative | None = None
    rungs: list[Derivative] = []
    for _ in range(_RUNGS):
        h = _representable(step)
        samples = [(f(h / s), f(-h / s)) for s in (1.0, 2.0, 4.0)]
        evaluations += 6
        flat = [v for pair in samples for v in pair]
        if all(math.isfinite(v) for v in flat):
            candidate = _richardson(samples, centre, h, noise)
            rungs.append(candidate)
            if best is None or candidate.error < best.error:
                best = candidate
            tiny = abs(candidate.value) * scale <= 1e3 * noise
            good = candidate.error <= _GOOD * abs(candidate.value) or (
                tiny and candidate.error * scale <= 1e6 * noise
            )
            if good and not _gapes(candidate.left, candidate.right, h, noise):
                break
        step /= _RUNG
    if best is None:
        return Derivative(math.nan, math.inf, math.nan, math.nan, step, evaluations)
    left, right = _one_sided_limit([(r.left, r.right, r.step) for r in rungs], noise)
    finer = [r for r in rungs if r.step < best.step]
    gap = _disagreement(best, finer)
    # A gap that is as wide at finer steps, or a slope that is another there: a kink so near that only
    # the finest steps, or none, lie on this side of it.
    stays = bool(gap) or (bool(finer) and _width(finer[0]) > 0.5 * _width(best))
    if left == right and stays and _gapes(best.left, best.right, best.step, noise):
        left, right = best.left, best.right
    if left != right:
        mean = (left + right) / 2
        return Derivative(mean, abs(right - left) / 2, left, right, best.step, evaluations)
    error = max(best.error, gap)
    return Derivative(best.value, error, best.value, best.value, best.step, evaluations)


def _width(rung: Derivative) -> float:
    return abs(rung.right - rung.left)


def _disagreement(best: Derivative, finer: list[Derivative]) -> float:
    """How far finer steps contradict the step taken for the best one, 0 if they do not.

    Beyond a kink at a small distance a central difference is the mean of the two slopes, and steady.
    """
    gaps = [(abs(r.value - best.value), 4 * (r.error + best.error)) for r in finer]
    return max((gap for gap, allowed in gaps if gap > allowed), default=0.0)


def _representable(step: float) -> float:
    """The power of two nearest below `step`: ``x + h`` then loses nothing when x is of order 1."""
    return 2.0 ** math.floor(math.log2(step)) if step > 0 else 2.0**-60


def _richardson(
    samples: list[tuple[float, float]], centre: float, h: float, noise: float
) -> Derivative:
    central = [(up - down) / (2 * h / s) for (up, down), s in zip(samples, (1.0, 2.0, 4.0))]
    first = [(4 * central[1] - central[0]) / 3, (4 * central[2] - central[1]) / 3]
    value = (16 * first[1] - first[0]) / 15
    # Away from kinks the two columns differ by the h⁴ term; 8 noise / h bounds the rounding of
    # the finest difference, amplified by the extrapolation.
    error = abs(first[1] - first[0]) + abs(value - first[1]) + 8 * noise / h
    # One-sided derivatives, second order: (4 f(h/4) − f(h/2) − 3 f(0)) / (h/2).
    up = (4 * samples[2][0] - samples[1][0] - 3 * centre) / (h / 2)
    down = -(4 * samples[2][1] - samples[1][1] - 3 * centre) / (h / 2)
    return Derivative(value, error, down, up, h, 0)


def _gapes(left: float, right: float, h: float, noise: float) -> bool:
    """True if one-sided derivatives differ by more than rounding explains."""
    gap = abs(right - left)
    return gap > _KINK * max(abs(left), abs(right)) and gap > 64 * noise / h


def _one_sided_limit(pairs: list[tuple[float, float, float]], noise: float) -> tuple[float, float]:
    """The one-sided derivatives if they stay apart as the step shrinks, else two equal numbers."""
    settled = [(left, right) for left, right, h in pairs if _gapes(left, right, h, noise)]
    if len(settled) < len(pairs) or len(settled) < 3:
        return 0.0, 0.0
    # The gap of a smooth function is proportional to h; that of a kink stays.
    gaps = [abs(right - left) for left, right in settled]
    if gaps[-1] < 0.5 * gaps[-2]:
        return 0.0, 0.0
    return settled[-2] if gaps[-2] <= gaps[-1] else settled[-1]


def confirms(f: Scalar, scale: float, expected: float, noise: float) -> bool:
    """True if a central difference of some step agrees with an expected derivative to 0.1 %.

    Two evaluations where `f` is smooth, up to eight near kinks: enough to believe a derivative that
    was computed in another way, not to doubt it.

    Parameters
    ----------
    f, scale, noise
        As for :func:`derivative_along`.
    expected : float
        The derivative at 0 that is to be confirmed.

    Examples
    --------
    >>> confirms(lambda t: math.sin(1 + t), 1.0, math.cos(1), 2e-16)
    True
    >>> confirms(lambda t: math.sin(1 + t), 1.0, 1.01 * math.cos(1), 2e-16)
    False
    """
    for step in (2.0**-13, 2.0**-18, 2.0**-23, 2.0**-28):
        h = _representable(step * scale)
        if 8 * noise / h > _CONFIRMED * abs(expected):
            return False
        if abs((f(h) - f(-h)) / (2 * h) - expected) <= _CONFIRMED * abs(expected):
            return True
    return False


def complex_step(f: Callable[[complex], complex], scale: float) -> float:
    """Derivative at 0 of an analytic `f` by one complex step: no subtraction, no rounding error.

    ``Im f(ih) / h`` with ``h = 1e-30 · scale``. Right only where `f` is analytic and its code takes
    complex numbers (no ``abs``, comparison, ``real`` or transposed conjugate on the way): compare
    with a real difference before trusting it.

    Examples
    --------
    >>> abs(complex_step(lambda t: np.exp(1 + t), 1.0) - math.e) < 1e-15
    True
    """
    h = 1e-30 * scale
    return float(np.imag(f(1j * h)) / h)


def spread(values: NDArray[np.floating]) -> float:
    """Root mean square of an array, 0 for an empty one."""
    if values.size == 0:
        return 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))
