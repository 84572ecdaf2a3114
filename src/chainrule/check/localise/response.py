"""How the gradients answer to the value of one statement.

A backward pass is linear in what it carries backwards. So a few runs with the value of a statement
moved tell what every other value would give: a thousand edits are judged by a product with a
matrix instead of a thousand runs, and a statement that *no* value makes right is no suspect at all.
Where the answer is not linear (a value of the forward pass that is computed again, a mask, a count)
this is noticed, and edits are run.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..instrument import Site
from ..program import Outcome
from ..scope import Scope
from .case import Case
from .gauge import Vector

#: Seconds that learning every direction of one statement may take.
_PATIENCE = 0.2
#: Entries beyond which a value is not followed entry by entry.
_LARGEST = 2_000


class Response:
    """The gradients as a linear function of the values that one statement had, pass by pass.

    Parameters
    ----------
    case : Case
        The program.
    site : Site
        The statement.
    values : dict of int to object
        Pass to value, for the passes that are followed.

    Attributes
    ----------
    is_linear : bool
        False if they are not, or if that could not be found out.
    is_complete : bool
        True if every direction is known.
    """

    def __init__(self, case: Case, site: Site, values: dict[int, Any]) -> None:
        self._case = case
        self._site = site
        self._values = values
        self.is_linear = self.is_complete = False
        start = self._vector(list(values.values()))
        if start is None or not 0 < start[0].size <= _LARGEST:
            return
        self.start, self._kinds = start
        if not np.isfinite(self.start).all():
            return
        self._directions = np.empty((0, self.start.size))
        self._images = np.empty((0, case.gauge.truth.size))
        began = time.process_time()
        self.is_linear = self._find_linear()
        each = (time.process_time() - began) / 6
        if self.is_linear and self.start.size * each <= _PATIENCE:
            self._learn_all()

    def _vector(self, values: list[Any]) -> tuple[Vector, Any] | None:
        parts = [vector_of(value) for value in values]
        if not all(parts):
            return None
        vectors = [part[0] for part in parts if part]
        return np.concatenate(vectors), [part[1] for part in parts if part]

    # -- learning ------------------------------------------------------------------------------

    def _run(self, vector: Vector) -> Vector | None:
        outcome = self._inject(vector)
        if outcome.error is not None or not self._case.same_cost(outcome, 1e-12):
            return None
        return self._claimed(*self._case.gauge.read(outcome))

    def _inject(self, vector: Vector) -> Outcome:
        """A run with the numbers of `vector` for the values of the statement."""
        parts, at = {}, 0
        for pass_, value in self._values.items():
            taken = vector_of(value)
            size = 0 if taken is None else taken[0].size
            parts[pass_] = rebuilt(value, vector[at : at + size])
            at += size
        self._case.recorder.changes = {
            self._site.index: lambda value, pass_: parts.get(pass_, value)
        }
        try:
            return self._case.exam.program.run()
        finally:
            self._case.recorder.changes = {}

    def _claimed(self, claimed: Vector, there: NDArray[np.bool_]) -> Vector | None:
        """The entries of a run, zero for gradients of a wrong shape; None if that is not as ever."""
        if not np.array_equal(there, self.there):
            return None
        claimed = np.where(self._case.gauge.belong(there), claimed, 0.0)
        return claimed if np.isfinite(claimed).all() else None

    def _find_linear(self) -> bool:
        """Whether putting the values back changes nothing, and moves add up."""
        plain, self.there = self._case.gauge.read(self._case.exam.program.run())
        base, unmoved = self._run(self.start), self._claimed(plain, self.there)
        if base is None or unmoved is None or not _close(base, unmoved, base):
            return False
        self.base = base
        rng = np.random.default_rng(self._site.index)
        one, other = rng.standard_normal((2, self.start.size)) * self._size
        moves = (one, -2 * one, one + other, other)
        runs = []
        for move in moves:
            claimed = self._run(self.start + move)
            if claimed is None:
                return False
            runs.append(claimed - base)
        first, twice, both, second = runs
        scale = np.abs(base) + np.abs(first) + np.abs(second)
        if not _close(twice, -2 * first, scale) or not _close(both, first + second, scale):
            return False
        self._learn(one, first)
        self._learn(other, second)
        return True

    @property
    def _size(self) -> float:
        return float(np.abs(self.start).max(initial=0.0)) or 1.0

    def _learn(self, direction: Vector, effect: Vector) -> None:
        """Add one more direction to those that are known (Gram and Schmidt, twice for accuracy)."""
        norm = float(np.linalg.norm(direction))
        if not norm:
            return
        rest, image = direction / norm, effect / norm
        for _ in range(2):
            along = self._directions @ rest
            rest, image = rest - along @ self._directions, image - along @ self._images
        length = float(np.linalg.norm(rest))
        if length > 1e-8:
            self._directions = np.vstack([self._directions, rest / length])
            self._images = np.vstack([self._images, image / length])

    def _learn_all(self) -> None:
        images = []
        for k in range(self.start.size):
            moved = self.start.copy()
            moved[k] += self._size
            claimed = self._run(moved)
            if claimed is None:
                return
            images.append((claimed - self.base) / self._size)
        self._directions, self._images = np.eye(self.start.size), np.array(images)
        self.is_complete = True

    # -- use -----------------------------------------------------------------------------------

    def predict(self, values: list[Any]) -> Vector | None:
        """What the gradients would be with these values; None where that is not known."""
        parts = self._vector(values) if self.is_linear else None
        if parts is None or parts[1] != self._kinds:
            return None
        with np.errstate(all="ignore"):
            step = parts[0] - self.start
            along = self._directions @ step
            if not self.is_complete:
                rest = step - along @ self._directions
                if not np.linalg.norm(rest) <= 1e-9 * np.linalg.norm(step):
                    return None
            return np.asarray(self.base + along @ self._images)

    def learn(self, values: list[Any], claimed: Vector, there: NDArray[np.bool_]) -> None:
        """Take notice of what a run with these values gave."""
        if not self.is_linear or self.is_complete:
            return
        parts, known = self._vector(values), self._claimed(claimed, there)
        if parts is not None and parts[1] == self._kinds and known is not None:
            self._learn(parts[0] - self.start, known - self.base)

    def wanted(self, wanted: frozenset[int]) -> tuple[Vector, bool] | None:
        """Values with which the gradients numbered `wanted` are right, and whether there are no others.

        None if there are none; only to be asked where the response is complete.
        """
        gauge = self._case.gauge
        rows = gauge.of(wanted)
        weight = gauge.weight[rows]
        step, _, rank, _ = np.linalg.lstsq(
            self._images[:, rows].T * weight[:, None],
            (gauge.truth - self.base)[rows] * weight,
            rcond=1e-9,
        )
        claimed = self.base + step @ self._images
        good = gauge.right(claimed, self.there, slack=5.0)
        if not all(good[n] for n in wanted):
            return None
        return self.start + step, bool(rank == self.start.size)

    def proves(self, wanted: frozenset[int]) -> bool:
        """True if a value that makes `wanted` right is no mere matter of having enough entries.

        Only entries that have to change count, where it is known which those are.
        """
        rows = self._case.gauge.of(wanted)
        images = self._images[:, rows]
        found = self.wanted(wanted)
        if found is not None and found[1]:
            step = np.abs(found[0] - self.start)
            images = images[step > 1e-9 * step.max(initial=0.0)]
        moved = int(np.count_nonzero(np.abs(images).max(axis=0, initial=0.0)))
        return moved > int(np.linalg.matrix_rank(images))

    def reaches(self, scopes: list[Scope]) -> set[str]:
        """Names that later passes of the statement read and that its first pass has a part in.

        `scopes` are the names and values as they are, pass by pass.
        """
        first = next(iter(self._values))
        moved = self._values[first]
        vector = vector_of(moved)
        assert vector is not None
        # At random: what takes differences or a mean away does not see a constant.
        rng = np.random.default_rng(self._site.index)
        change = rebuilt(moved, vector[0] + self._size * rng.standard_normal(vector[0].size))
        recorder = self._case.recorder
        recorder.changes = {
            self._site.index: lambda value, pass_: change if pass_ == first else value
        }
        recorder.scopes = {}
        self._case.exam.program.run()
        seen, recorder.scopes, recorder.changes = recorder.scopes, None, {}
        after = seen.get(self._site.index, [])
        names: set[str] = set()
        for before, now in zip(scopes[1:], after[1:]):
            for name, value in before.local.items():
                if name not in now or not _same(value, now[name]):
                    names.add(name)
        return names

    def first_pass(self) -> Condition:
        """What the first pass has to compute, whatever the later ones do."""
        return Condition(self._case, self._images, self.base, self.start, self._kinds[0])


class Condition:
    """A condition on the value of the first pass of a statement alone.

    The later passes may depend on the first, so that only a run would tell what they become. But
    what no values of theirs could make up for has to be right by the first pass itself.
    """

    def __init__(
        self, case: Case, images: NDArray[np.float64], base: Vector, start: Vector, kind: Any
    ) -> None:
        self._kind = kind
        size = _count(kind)
        self._start = start[:size]
        gauge = case.gauge
        rows = gauge.of(frozenset(range(len(case.exam.pairs))))
        weight = gauge.weight[rows]
        columns = images[:, rows].T * weight[:, None]
        gap = (gauge.truth - base)[rows] * weight
        first, rest = columns[:, :size], columns[:, size:]
        left, values, _ = np.linalg.svd(rest, full_matrices=False)
        left = left[:, values > 1e-9 * values.max(initial=0.0)]
        self._matrix = first - left @ (left.T @ first)
        self._gap = gap - left @ (left.T @ gap)
        self._slack = 1e-3 * float(np.linalg.norm(self._gap)) + 1e-6 * np.sqrt(len(gap))

    @property
    def start(self) -> Vector:
        """The value as it is."""
        return self._start

    def met_by(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """For each row of `values`, whether everything could be right with it."""
        with np.errstate(all="ignore"):
            left_over = (values - self._start) @ self._matrix.T - self._gap
            return np.asarray(np.linalg.norm(left_over, axis=1) <= self._slack)

    def scaled(
        self, rest: Vector, directions: NDArray[np.float64]
    ) -> tuple[Vector, NDArray[np.bool_]]:
        """For each row of `directions`, the multiple that added to `rest` does best, and if it does."""
        with np.errstate(all="ignore"):
            left = self._gap - (rest - self._start) @ self._matrix.T
            images = directions @ self._matrix.T
            scale = (images @ left) / np.sum(images * images, axis=1)
            off = np.linalg.norm(scale[:, None] * images - left, axis=1)
            return scale, np.isfinite(scale) & (off <= self._slack)

    @property
    def tells(self) -> bool:
        """True if hardly any value satisfies the condition by chance."""
        return float(np.linalg.norm(self._gap)) > 1e-4

    def admits(self, value: Any) -> bool:
        """False if with this value of the first pass some gradient stays wrong."""
        parts = vector_of(value)
        if parts is None or parts[1] != self._kind:
            return True
        return bool(self.met_by(parts[0][None, :])[0])


def _same(a: Any, b: Any) -> bool:
    """True if two nests of arrays are equal; what is neither array nor number is not compared."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if type(a) in (tuple, list) and type(b) is type(a):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b))
    if type(a) is dict and type(b) is dict:
        return a.keys() == b.keys() and all(_same(a[k], b[k]) for k in a)
    if isinstance(a, (float, int, np.number)):
        return bool(a == b) or a != a
    return True


def _count(kind: Any) -> int:
    """How many numbers a nest of this kind holds."""
    if isinstance(kind, tuple):
        return int(np.prod(kind, dtype=int))
    return sum(_count(k) for k in kind)


def _close(a: Vector, b: Vector, scale: Vector) -> bool:
    size = max(float(np.abs(scale).max(initial=0.0)), float(np.abs(a).max(initial=0.0)))
    return bool(np.abs(a - b).max(initial=0.0) <= 1e-9 * size)


def vector_of(value: Any) -> tuple[Vector, Any] | None:
    """The numbers in a nest of arrays in one vector, and what else there is to the nest."""
    parts: list[Vector] = []

    def kind(node: Any) -> Any:
        if isinstance(node, np.ndarray):
            if node.dtype.kind not in "fiu":
                raise TypeError
            parts.append(node.reshape(-1))
            return node.shape
        if isinstance(node, (float, np.floating)):
            parts.append(np.array([float(node)]))
            return ()
        if type(node) in (tuple, list):
            return [kind(n) for n in node]
        raise TypeError

    try:
        found = kind(value)
    except TypeError:
        return None
    vector = parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else np.empty(0)
    return vector.astype(np.float64), found


def rebuilt(value: Any, vector: Vector) -> Any:
    """A nest like `value` with the numbers of `vector` in it."""
    start = 0

    def build(node: Any) -> Any:
        nonlocal start
        if isinstance(node, np.ndarray):
            part = vector[start : start + node.size].reshape(node.shape).copy()
            start += node.size
            return part
        if isinstance(node, (float, np.floating)):
            start += 1
            return float(vector[start - 1])
        return type(node)(build(n) for n in node)

    return build(value)
