"""Mini-batches read their rows where they lie: through a list of the rows' addresses."""

from __future__ import annotations

import re

import numpy as np
import pytest
from test_kernels import TARGETS, fma_loops, training_step

import chainrule as cr
from chainrule.compiler import runtime, target

LISTED = [(64, 32, 10), (130, 16)]


def values(ws):
    return [w.detach().numpy().copy() for w in ws]


def batches(sizes, dtype="f", rows=75):
    rng = np.random.default_rng(3)
    x = rng.standard_normal((rows, sizes[0])).astype(dtype)
    y = rng.standard_normal((rows, sizes[-1])).astype(dtype)
    return x, y, rng.permutation(rows)


@pytest.mark.parametrize(("name", "threads"), [*((t, 1) for t in TARGETS), (TARGETS[-1], 3)])
@pytest.mark.parametrize("dtype", ["f", "d"])
@pytest.mark.parametrize("sizes", [*LISTED, (100, 77, 33), (40, 5)])
def test_rows_read_in_place_give_the_bits_of_rows_copied_together(name, dtype, sizes, threads):
    """Shuffled, partial batch included, against steps on copies made beforehand."""
    x, y, order = batches(sizes, dtype)
    step, ws, _, _ = training_step(sizes, 20, cr.relu, dtype)
    compiled = cr.compile(step, target=name, threads=threads)
    result = compiled.epoch(x, y, batch_size=20, order=order)
    if sizes in LISTED:  # elsewhere lanes may run along the batch, which wants a transposed copy
        assert list(compiled.form.build.plan.listed) == [0], "x is read in place, y copied"
        assert list(compiled.form.build.plan.gathered) == [1]
    step, other, _, _ = training_step(sizes, 20, cr.relu, dtype)
    single = cr.compile(step, target=name)
    losses = [
        single(cr.tensor(x[rows]), cr.tensor(y[rows])).item()
        for rows in np.split(order, [20, 40, 60])
    ]
    np.testing.assert_array_equal([*result.outputs, result.partial], np.asarray(losses, dtype))
    for got, want in zip(values(ws), values(other), strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("sizes", LISTED)
def test_in_order_is_the_identity_permutation(sizes):
    x, y, _ = batches(sizes)
    found = []
    for order in (None, np.arange(75)):
        step, ws, _, _ = training_step(sizes, 20, cr.relu)
        result = cr.compile(step).epoch(x, y, batch_size=20, order=order)
        found.append([result.outputs, result.partial, *values(ws)])
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_order_decides_which_rows_are_read():
    """Were the list not followed, two orders would train alike."""
    x, y, order = batches((64, 32, 10))
    found = []
    for chosen in (order, order[::-1].copy()):
        step, ws, _, _ = training_step((64, 32, 10), 20, cr.relu)
        cr.compile(step).epoch(x, y, batch_size=20, order=chosen)
        found.append(values(ws)[0])
    assert not np.array_equal(*found)


def test_inputs_that_others_read_too_are_copied():
    """Noise on the input, a sum of it, short rows: only products follow lists of long rows."""
    w = np.ones((64, 3), "f")
    x = np.random.default_rng(0).standard_normal((40, 64)).astype("f")
    order = np.arange(40)[::-1].copy()
    for f, width in (
        (lambda x: (x * 2) @ w, 64),
        (lambda x: (x @ w).sum() + x.sum(), 64),
        (lambda x: x @ w[:16], 16),
    ):
        compiled = cr.compile(f)
        got = compiled.epoch(x[:, :width], batch_size=10, order=order).outputs
        assert not compiled.form.build.plan.listed
        want = [f(x[i : i + 10, :width]) for i in (30, 20, 10, 0)]
        want = [v[::-1] if v.ndim else v for v in want]
        np.testing.assert_allclose(got, want, rtol=0, atol=2e-4)


def test_flattened_images_and_gram_matrices_follow_lists():
    """A flattened input keeps its rows; both operands of a product may be listed."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 8, 6)).astype("f")
    w = rng.standard_normal((48, 5)).astype("f")
    order = rng.permutation(40)

    def f(x):
        flat = x.reshape(x.shape[0], 48)
        return flat @ w, flat.T @ flat, flat @ flat.T

    compiled = cr.compile(f)
    found = compiled.epoch(x, batch_size=8, order=order).outputs
    flat = x.reshape(40, 48)[order].reshape(5, 8, 48)
    want = flat @ w, flat.transpose(0, 2, 1) @ flat, flat @ flat.transpose(0, 2, 1)
    for a, b in zip(found, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=2e-5)


@pytest.mark.parametrize("name", [t for t in TARGETS if t != "sse"])
@pytest.mark.parametrize("sizes", [(784, 128, 64, 10), (784, 30, 10)])
def test_loops_over_listed_rows_do_not_touch_the_stack(name, sizes):
    """Addresses of a tile's rows stay in general registers, beside the accumulators."""
    x, y, _ = batches(sizes)
    step, _, _, _ = training_step(sizes, 32, cr.relu)
    compiled = cr.compile(step, target=name)
    compiled.epoch(x, y, batch_size=32, drop_last=True)
    assert compiled.form.build.plan.listed
    loops = fma_loops(runtime.assembly(compiled.form.build.code.text, target.named(name)))
    assert len(loops) >= 2
    for loop in loops:
        touching = [i for i in loop if re.search(r"\(%r[sb]p", i)]
        assert not touching, f"stack traffic: {touching[:3]}"
