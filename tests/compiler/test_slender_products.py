"""Products with few columns: lanes shared between the columns and the sum."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import runnable

import chainrule as cr

TARGETS = runnable()


def shares(compiled):
    phases = compiled.form.build.phases
    return [p.share for phase in phases for p in phase.plan.products.values()]


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("dtype", ["f", "d"])
@pytest.mark.parametrize(
    ("rows", "depth", "columns"), [(80, 16, 4), (83, 32, 3), (50, 48, 2), (33, 24, 7), (21, 8, 2)]
)
def test_products_with_few_columns_equal_numpy(name, dtype, rows, depth, columns):
    """Rows that do not fill a group, columns that do not fill their share of the vector."""
    rng = np.random.default_rng(rows)
    x, w, b, y = (
        rng.standard_normal(shape).astype(dtype)
        for shape in ((rows, depth), (depth, columns), (columns,), (rows, columns))
    )
    compiled = cr.compile(lambda x, w, b, y: (x @ w + b - y) * 2, target=name)
    want = (x.astype("d") @ w + b - y) * 2
    np.testing.assert_allclose(
        compiled(x, w, b, y), want, rtol=0, atol=2e-5 if dtype == "f" else 1e-13
    )


def test_few_columns_share_the_vector_and_many_do_not():
    """Four columns of sixteen lanes get four each; half a vector of columns has nothing to share."""
    x = np.ones((80, 32), "f")
    for columns, share in ((4, [4]), (3, [4]), (2, [8]), (12, [0]), (40, [0])):
        compiled = cr.compile(lambda x, w: x @ w, target=TARGETS[-1])
        compiled(x, np.ones((32, columns), "f"))
        if TARGETS[-1] == "avx512":
            assert shares(compiled) == share, columns
    strided = cr.compile(lambda x, w: x @ w)
    strided(np.ones((80, 33), "f"), np.ones((33, 4), "f"))
    assert shares(strided) == [0], "a sum that shares do not divide"


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_divide_the_rows_and_keep_the_bits(threads):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((260, 16)).astype("f"), rng.standard_normal((260, 4)).astype("f")
    start = rng.standard_normal((16, 4)).astype("f")
    found = []
    for count in (1, threads):
        w = cr.tensor(start.copy(), requires_grad=True)

        def step(x, y, w=w):
            loss = ((cr.tanh(x) @ w - y) ** 2).mean()
            loss.backward()
            w.assign(w - 0.1 * w.grad)
            w.grad = None
            return loss.detach()

        compiled = cr.compile(step, threads=count)
        losses = compiled.epoch(x, y, batch_size=65).outputs
        found.append((losses, w.detach().numpy().copy()))
        if TARGETS[-1] == "avx512":
            assert 4 in shares(compiled)
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)
