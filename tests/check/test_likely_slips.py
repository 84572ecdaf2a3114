"""The likely slip is named for what it means, with an expression that mends it (D1, D2).

Each case is a right program with one statement changed. Programs are written for these tests; what
is asked of the answer is the line, the kind and that the suggestion, put in, makes the program right.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from chainrule import check

Load = Callable[[str], ModuleType]

RNG = np.random.default_rng(7)

GATE = """
import numpy as np

def gated(x, w, v, t):
    s = 1 / (1 + np.exp(-(x @ w)))
    h = np.tanh(x @ v)
    y = s * h
    r = y - t
    loss = np.sum(r * r) / len(x)
    dy = 2 * r / len(x)
    ds = dy * h
    dh = dy * s
    dzs = ds * s * (1 - s)
    dzh = dh * (1 - h ** 2)
    dw = x.T @ dzs
    dv = x.T @ dzh
    return loss, dw, dv
"""

RECURRENT = """
import numpy as np

def recurrent(xs, w, u, b, t):
    n, steps, d = xs.shape
    h = [np.zeros((n, len(u)))]
    loss = 0.0
    for k in range(steps):
        h.append(np.tanh(xs[:, k] @ w + h[k] @ u + b))
        loss += 0.5 * np.sum((h[k + 1] - t[:, k]) ** 2)
    dw, du, db = np.zeros_like(w), np.zeros_like(u), np.zeros_like(b)
    carry = np.zeros_like(h[0])
    for k in reversed(range(steps)):
        dh = (h[k + 1] - t[:, k]) + carry
        dz = dh * (1 - h[k + 1] ** 2)
        dw += xs[:, k].T @ dz
        du += h[k].T @ dz
        db += dz.sum(axis=0)
        carry = dz @ u.T
    return loss, dw, du, db
"""

TABLE = """
import numpy as np

def bag(table, w, index, t):
    e = table[index]
    r = e @ w - t
    loss = 0.5 * np.sum(r * r)
    de = np.outer(r, w)
    dtable = np.zeros_like(table)
    np.add.at(dtable, index, de)
    dw = e.T @ r
    return loss, dtable, dw
"""

RIDGE = """
import numpy as np

def ridge(x, w, b, t, lam):
    n = len(x)
    r = x @ w + b - t
    loss = (r @ r) / (2 * n) + lam / (2 * n) * (w @ w)
    df_dr = r / n
    df_dw = x.T @ df_dr + lam / n * w
    df_db = df_dr.sum()
    return loss, df_dw, df_db
"""

NORM = """
import numpy as np

def norm(x, t):
    m = len(x)
    mu = x.mean(axis=0)
    c = x - mu
    var = (c ** 2).mean(axis=0)
    inv = (var + 1e-3) ** -0.5
    y = c * inv
    r = y - t
    loss = 0.5 * np.sum(r * r)
    dvar = np.sum(r * c, axis=0) * -0.5 * (var + 1e-3) ** -1.5
    dx = (m * r - r.sum(axis=0) - y * (r * y).sum(axis=0)) * inv / m + 0 * dvar * c
    return loss, dx
"""

SOFTMAX = """
import numpy as np

def softmax(x, w, y):
    n = len(x)
    z = x @ w
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(p[np.arange(n), y]))
    dz = p.copy()
    dz[np.arange(n), y] -= 1
    dz = dz / n
    dw = x.T @ dz
    return loss, dw
"""

RECTIFIED = """
import numpy as np

def rectified(x, w, v, t):
    z = x @ w
    h = np.maximum(z, 0)
    r = h @ v - t
    loss = 0.5 * np.sum(r * r)
    dz = r @ v.T
    dz[z <= 0] = 0
    dw = x.T @ dz
    dv = h.T @ r
    return loss, dw, dv
"""


def _arrays(*shapes: tuple[int, ...]) -> list[Any]:
    return [RNG.normal(size=shape) for shape in shapes]


ARGUMENTS: dict[str, list[Any]] = {
    "gated": _arrays((6, 3), (3, 4), (3, 4), (6, 4)),
    "recurrent": _arrays((3, 4, 2), (2, 5), (5, 5), (5,), (3, 4, 5)),
    "bag": [*_arrays((5, 3), (3,)), np.array([0, 2, 2, 4]), *_arrays((4,))],
    "ridge": [*_arrays((7, 3), (3,)), 0.3, *_arrays((7,)), 0.83],
    "norm": _arrays((6, 3), (6, 3)),
    "softmax": [*_arrays((6, 3), (3, 4)), np.array([0, 3, 1, 2, 2, 0])],
    "rectified": _arrays((6, 3), (3, 4), (4, 2), (6, 2)),
}

#: program, what stood there, what was written, kinds that are right, whether a suggestion is due
CASES = [
    # The gradient that arrives from above is missing, not a count of the same value.
    (GATE, "ds = dy * h\n", "ds = h\n", {"missing-derivative"}, True),
    (GATE, "ds * s * (1 - s)", "ds * (1 - s)", {"missing-derivative"}, True),
    (RECURRENT, "(h[k + 1] - t[:, k]) + carry", "carry", {"missing-term"}, True),
    (RECURRENT, "dz = dh * (1", "dz = (1", {"missing-derivative"}, True),
    (TABLE, "np.add.at(dtable, index, de)", "dtable[index] += de", {"accumulate"}, True),
    (TABLE, "dtable, index, de)\n    dw = e.T @ r", "dtable, index, de)\n    dw = e.T @ t",
     {"wrong-variable"}, True),
    (RECURRENT, "db += dz.sum(axis=0)", "dh += dz.sum(axis=0)", {"wrong-variable"}, True),
    (RIDGE, "df_db = df_dr.sum()", "df_db = df_dr.mean()", {"bias-sum"}, True),
    (RIDGE, " + lam / n * w\n", "\n", {"regularisation"}, True),
    (RIDGE, "lam / n * w\n", "w\n", {"regularisation"}, True),
    (NORM, "- y * (r * y).sum(axis=0)", "- y", {"missing-derivative"}, True),
    (SOFTMAX, "dz[np.arange(n), y] -= 1\n", "pass\n", {"missing-term"}, False),
    (RECTIFIED, "dz[z <= 0] = 0", "dz[dz <= 0] = 0", {"mask"}, True),
]  # fmt: skip


def _load(load: Load, source: str) -> tuple[ModuleType, Any]:
    module = load(source)
    name = next(n for n in ARGUMENTS if hasattr(module, n))
    return module, getattr(module, name)


def _check(load: Load, source: str) -> check.Report:
    _, function = _load(load, source)
    return check.source(function, *ARGUMENTS[function.__name__])


@pytest.mark.parametrize("source", [GATE, RECURRENT, TABLE, RIDGE, NORM, SOFTMAX, RECTIFIED])
def test_the_programs_are_right_as_they_stand(load: Load, source: str) -> None:
    assert _check(load, source).verdict == "right"


@pytest.mark.parametrize(("source", "right", "wrong", "slips", "mends"), CASES)
def test_the_slip_is_named_and_mended(
    load: Load, source: str, right: str, wrong: str, slips: set[str], mends: bool
) -> None:
    assert source.count(right) == 1
    changed = source.replace(right, wrong)
    before, after = source.splitlines(), changed.splitlines()
    line = next(n for n, (a, b) in enumerate(zip(before, after), 1) if a != b)
    report = _check(load, changed)
    assert report.verdict == "wrong"
    (finding,) = report.findings
    assert finding.slip in slips
    # Nothing stands where a statement is gone: then the one before it is named.
    assert finding.line == (line if mends else line - 1)
    assert (finding.suggestion is not None) == mends
    if finding.suggestion is not None:
        after[line - 1] = "    " * (1 + before[line - 1].startswith("        "))
        after[line - 1] += finding.suggestion
        assert _check(load, "\n".join(after) + "\n").verdict == "right"


def test_a_result_written_over_an_array_in_use_is_given_an_array_of_its_own(
    load: Load,
) -> None:
    wrong = GATE.replace("ds = dy * h\n", "ds = np.multiply(dy, h, out=dy)\n")
    (finding,) = _check(load, wrong).findings
    assert finding.slip == "overwritten"
    assert "dy" in finding.statement
