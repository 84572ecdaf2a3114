"""Slips in code of less usual shapes are found where they are: D1, D2.

Parameters without axes, contexts that keep values, results written into other arrays, scatters
with arrays of indices, targets whose index is computed, recursions that take differences.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from chainrule import check
from chainrule.check.localise import edits

Load = Callable[[str], ModuleType]

SWISH = """
import numpy as np

class Context:
    def keep(self, *values):
        self.kept = values

class Swish:
    @staticmethod
    def forward(ctx, x, beta):
        s = 1 / (1 + np.exp(-beta * x))
        ctx.keep(x, beta, s)
        return x * s

    @staticmethod
    def backward(ctx, g):
        x, beta, s = ctx.kept
        slope = s * (1 - s)
        gx = g * (s + beta * x * slope)
        gbeta = np.sum(g * x ** 2 * slope)
        return gx, gbeta

def run(x, beta, w):
    ctx = Context()
    y = Swish.forward(ctx, x, beta)
    loss = np.sum(w * y)
    gx, gbeta = Swish.backward(ctx, w)
    return loss, gx, gbeta
"""
SCATTER = """
import numpy as np

def run(x, heights):
    cell = x.astype(int)
    share = x - cell
    y = (1 - share) * heights[cell] + share * heights[cell + 1]
    loss = 0.5 * np.sum(y ** 2)
    dx = y * (heights[cell + 1] - heights[cell])
    dheights = np.zeros_like(heights)
    np.add.at(dheights, cell, (1 - share) * y)
    np.add.at(dheights, cell + 1, share * y)
    return loss, dx, dheights
"""
TRIANGLE = """
import numpy as np

def run(raw, x):
    L = np.tril(raw)
    L[np.diag_indices(3)] = np.exp(np.diag(raw))
    y = L @ x
    loss = 0.5 * np.sum(y ** 2)
    dL = y @ x.T
    dL = np.tril(dL)
    dL[np.diag_indices(3)] *= np.diag(L)
    return loss, dL
"""
SQUARES = """
import numpy as np

CUBIC = 0.3

def run(x, z):
    zsq = z ** 2
    below = 1 + x ** 2
    f = np.sum(zsq / below + CUBIC * x ** 3)
    dzsq = 1 / below
    dz = 2 * z * dzsq
    dbelow = -zsq / below ** 2
    dx = 2 * x * dbelow + 3 * CUBIC * x ** 2
    return f, dx, dz
"""
CHAIN = """
import numpy as np

def force_bar(q, k, bar):
    s = np.diff(np.concatenate(([0.0], q, [0.0])))
    t_bar = -np.diff(np.concatenate(([0.0], bar, [0.0])))
    k_bar = t_bar * (s + s ** 3)
    s_bar = t_bar * k * (1 + 3 * s ** 2)
    return -np.diff(s_bar), k_bar

def run(q0, p0, k, steps):
    q, p, path = q0, p0, [q0]
    for _ in range(steps):
        s = np.diff(np.concatenate(([0.0], q, [0.0])))
        p = p + 0.3 * np.diff(k * (s + s ** 3))
        q = q + 0.3 * p
        path.append(q)
    loss = 0.5 * np.sum(q ** 2)
    q_bar, p_bar, k_bar = path[-1].copy(), np.zeros_like(p0), np.zeros_like(k)
    for n in range(steps - 1, -1, -1):
        p_bar = p_bar + 0.3 * q_bar
        dq, dk = force_bar(path[n], k, 0.3 * p_bar)
        q_bar = q_bar + dq
        k_bar = k_bar + dk
    return loss, {"q0": q_bar, "p0": p_bar, "k": k_bar}
"""


def _arguments(source: str) -> list[Any]:
    rng = np.random.default_rng(4)
    if source is SWISH:
        return [rng.normal(size=(4, 3)), np.array(1.3), rng.normal(size=(4, 3))]
    if source is SCATTER:
        return [rng.uniform(0, 4, 7), rng.normal(size=6)]
    if source is SQUARES:
        return [rng.normal(size=5), rng.uniform(0.5, 2, 5)]
    if source is TRIANGLE:
        return [rng.normal(size=(3, 3)), rng.normal(size=(3, 5))]
    return [rng.normal(size=4), rng.normal(size=4), rng.uniform(0.5, 1.5, 5), 4]


SLIPS = [
    pytest.param(
        SWISH, "beta * x * slope", "beta * slope", "missing-derivative", id="lost-among-summands"
    ),
    pytest.param(
        SWISH, "x ** 2 * slope)", "x * slope)", "missing-derivative|power", id="scalar-parameter"
    ),
    pytest.param(
        SWISH,
        "slope = s * (1 - s)",
        "slope = np.multiply(s, 1 - s, out=s)",
        "overwritten",
        id="written-over-an-operand",
    ),
    pytest.param(
        SCATTER,
        "np.add.at(dheights, cell + 1,",
        "np.add.at(dheights, cell,",
        "index",
        id="scatter-one-off",
    ),
    pytest.param(
        SCATTER,
        "y * (heights[cell + 1] -",
        "y * (heights[cell + 2] -",
        "index",
        id="array-of-indices-one-off",
    ),
    pytest.param(
        TRIANGLE,
        "*= np.diag(L)",
        "*= 2 * np.diag(L)",
        "factor-2",
        id="index-that-is-computed",
    ),
    pytest.param(
        SCATTER,
        "np.add.at(dheights, cell, (1",
        "np.add.at(heights, cell, (1",
        "wrong-variable",
        id="scattered-into-another-array",
    ),
    pytest.param(
        SQUARES, "2 * z * dzsq", "2 * zsq * dzsq", "wrong-variable", id="square-that-has-a-name"
    ),
    pytest.param(
        SQUARES,
        "3 * CUBIC * x ** 2",
        "3 * x ** 2",
        "missing-derivative|factor",
        id="constant-of-the-module",
    ),
    pytest.param(
        TRIANGLE,
        "dL = np.tril(dL)",
        "dL = np.tril(L)",
        "wrong-variable|stale-variable",
        id="no-statement-is-moved-to-be-lost",
    ),
    pytest.param(
        CHAIN, "t_bar * k * (1", "t_bar * k_bar * (1", "wrong-variable", id="differences-in-a-loop"
    ),
]


@pytest.mark.parametrize("source", [SWISH, SCATTER, TRIANGLE, SQUARES, CHAIN])
def test_the_programs_are_right(load, source):
    assert check.source(load(source).run, *_arguments(source)).verdict == "right"


@pytest.mark.parametrize(("source", "old", "new", "kinds"), SLIPS)
def test_a_slip_is_found_where_it_is(load, source, old, new, kinds):
    assert source.count(old) == 1
    wrong = source.replace(old, new)
    report = check.source(load(wrong).run, *_arguments(source))
    assert report.verdict == "wrong"
    first = report.findings[0]
    assert first.line == source[: source.index(old)].count("\n") + 1
    assert first.slip in kinds.split("|")
    assert first.suggestion is not None


def test_what_a_context_keeps_is_not_blamed_for_a_lost_factor(load):
    wrong = SWISH.replace("s + beta * x * slope", "s + beta * x")
    report = check.source(load(wrong).run, *_arguments(SWISH))
    assert "keep(" not in report.findings[0].statement


def test_a_verdict_is_not_lost_with_the_search_for_the_statement(load, monkeypatch):
    def fail(*arguments: object) -> None:
        raise TypeError("unhashable")

    monkeypatch.setattr(edits, "suspects", fail)
    wrong = SWISH.replace("1 - s)", "1 + s)")
    report = check.source(load(wrong).run, *_arguments(SWISH))
    assert report.verdict == "wrong"
    assert any("the search for the statement failed" in note for note in report.notes)
