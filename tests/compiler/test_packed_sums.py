"""Reductions over narrow rows: several rows in a vector."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import runnable

import chainrule as cr
from chainrule.compiler.lower import reductions

TARGETS = runnable()
RNG = np.random.default_rng(0)


def numbers(*shape, dtype="f"):
    """Return small whole numbers: their sums are exact in any order."""
    return RNG.integers(-8, 9, shape).astype(dtype)


@pytest.fixture
def axes(monkeypatch):
    """Return the axes that reductions written from now on pack."""
    seen = []
    plain = reductions.packed_axis

    def noting(*args):
        seen.append(plain(*args))
        return seen[-1]

    monkeypatch.setenv("CHAINRULE_CACHE", "off")
    monkeypatch.setattr(reductions, "packed_axis", noting)
    return seen


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("dtype", ["f", "d"])
@pytest.mark.parametrize("shape", [(80, 4), (40, 2), (48, 8), (8, 4), (24, 4), (5, 16, 4), (3, 4)])
def test_sums_of_narrow_rows_equal_numpy(name, dtype, shape):
    x, y = numbers(*shape, dtype=dtype), numbers(*shape, dtype=dtype)
    b = numbers(shape[-1], dtype=dtype)
    axis = tuple(range(len(shape) - 1))

    def sums(x, y, b):
        return (x * 2).sum(axis), ((x + b - y) ** 2).sum(), (x * y).max(axis) + b, (x - b).min()

    found = cr.compile(sums, target=name)(x, y, b)
    want = (2 * x).sum(axis), ((x + b - y) ** 2).sum(), (x * y).max(axis) + b, (x - b).min()
    for f, w in zip(found, want, strict=True):
        np.testing.assert_array_equal(f, w)


@pytest.mark.parametrize("shape", [(80, 4), (48, 8), (40, 2)])
def test_narrow_rows_are_packed(axes, shape):
    x, b = numbers(*shape), numbers(shape[1])
    cr.compile(lambda x: x.sum(0) + 1)(x)
    cr.compile(lambda x, b: ((x + b) * 0.5).sum())(x, b)
    if cr.compiler.target.host().vector_bits == 512:
        assert axes == [1, 0]


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda x, r: (x * r[:, None]).sum(0), id="a factor per row"),
        pytest.param(lambda x, r: (x * cr.arange(80.0)[:, None]).sum(0), id="its own position"),
        pytest.param(lambda x, r: x[::-1].sum(0), id="backwards"),
        pytest.param(lambda x, r: (x[:, ::-1] * x).sum(0), id="mirrored rows"),
        pytest.param(lambda x, r: (x[:, :2] * r[:, None]).sum(), id="rows with a gap"),
        pytest.param(lambda x, r: x[:78].sum(0), id="rows that do not fill vectors"),
    ],
)
def test_what_cannot_be_packed_is_right_too(function):
    x, r = numbers(80, 4), numbers(80)
    found = cr.compile(function)(x, r)
    want = function(cr.tensor(x), cr.tensor(r)).numpy()
    np.testing.assert_array_equal(found, want)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_column_with_nan_or_infinity_spoils_no_other(bad):
    x = numbers(80, 4)
    x[17, 2] = bad
    np.testing.assert_array_equal(cr.compile(lambda x: x.sum(0))(x), x.sum(0))


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_keep_the_bits(threads):
    x = np.random.default_rng(1).standard_normal((6, 32, 4)).astype("f")
    found = []
    for count in (1, threads):
        w = cr.tensor(np.ones((6, 4), "f"), requires_grad=True)

        def step(x, w=w):
            w.assign(w * 0.5 + x.sum(1))
            return (x * x).sum()

        losses = cr.compile(step, threads=count).epoch(x, batch_size=6).outputs
        found.append((w.detach().numpy(), losses))
    for one, several in zip(*found, strict=True):
        np.testing.assert_array_equal(one, several)
