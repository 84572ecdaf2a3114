"""Kernels against NumPy: products of every size and orientation, reductions, transposes, rows.

Each runs on every target of this machine; FMA loops are searched for stack traffic.
"""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from conftest import runnable

import chainrule as cr
from chainrule.compiler import layout, runtime, target

TARGETS = runnable()
SIZES = [
    (1, 1, 1),
    (1, 7, 5),
    (3, 2, 16),
    (10, 784, 30),
    (17, 5, 33),
    (8, 64, 32),
    (33, 31, 47),
    (64, 3, 100),
]


def close(got, want, dtype):
    scale = np.abs(want).max() if want.size else 1.0
    np.testing.assert_allclose(got, want, rtol=0, atol=64 * np.finfo(dtype).eps * max(scale, 1e-30))


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("m", "k", "n"), SIZES)
def test_products_of_any_size_and_transposition(name, dtype, m, k, n):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((k, n)).astype(dtype)

    @cr.compile(target=name)
    def f(a, b, at, bt):
        return a @ b, at.T @ b, a @ bt.T, at.T @ bt.T, (b.T @ a.T).T

    want = a.astype(np.float64) @ b.astype(np.float64)
    for got in f(a, b, a.T.copy(), b.T.copy()):
        assert got.shape == (m, n)
        close(got, want, dtype)


@pytest.mark.parametrize("name", TARGETS)
def test_batched_and_strided_products(name):
    rng = np.random.default_rng(1)
    a = rng.standard_normal((3, 9, 14)).astype("f")
    b = rng.standard_normal((3, 7, 20)).astype("f")

    @cr.compile(target=name)
    def f(a, b):
        return a[:, ::2, ::-2] @ b[:, :, 1:18:3], cr.einsum("bij,bkl->bil", a, b)

    first, second = f(a, b)
    close(first, a[:, ::2, ::-2] @ b[:, :, 1:18:3], "f")
    close(second, np.einsum("bij,bkl->bil", a, b), "f")


@pytest.mark.parametrize("name", TARGETS)
def test_a_product_keeps_nan_and_infinity_where_they_belong(name):
    a, b = np.ones((5, 6), "f"), np.ones((6, 9), "f")
    a[2, 3], b[1, 4] = np.nan, np.inf
    got = cr.compile(lambda a, b: cr.relu(a @ b), target=name)(a, b)
    np.testing.assert_array_equal(got, np.maximum(a @ b, 0))
    assert np.isnan(got[2]).all()


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize(
    "shape", [(1,), (5,), (16,), (100,), (3, 5), (33, 10), (40, 130), (2, 3, 4)]
)
def test_reductions_over_every_axis(name, shape):
    rng = np.random.default_rng(2)
    x = rng.standard_normal(shape).astype("f")
    axes = [None, *range(len(shape)), tuple(range(len(shape)))]

    @cr.compile(target=name)
    def f(x):
        return [
            getattr(cr, r)(x, axis=a) for a in axes for r in ("sum", "max", "min", "prod", "mean")
        ]

    want = [getattr(np, r)(x, axis=a) for a in axes for r in ("sum", "max", "min", "prod", "mean")]
    for got, w in zip(f(x), want, strict=True):
        np.testing.assert_allclose(got, w, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("axis", [0, 1])
def test_maximum_of_a_row_keeps_nan(name, axis):
    x = np.zeros((40, 21), "f")
    x[7, 20] = np.nan
    got = cr.compile(lambda x: cr.max(x, axis=axis), target=name)(x)
    np.testing.assert_array_equal(got, x.max(axis=axis))


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("width", [2, 10, 12, 16, 17, 130])
@pytest.mark.parametrize("rows", [1, 16, 37])
@pytest.mark.parametrize("dtype", ["f", "d"])
def test_softmax_of_narrow_and_wide_rows(name, width, rows, dtype):
    """Rows in registers, rows gone over several times, and rows that lie across the lanes."""
    x = np.random.default_rng(3).standard_normal((rows, width)).astype(dtype) * 5
    got, total = cr.compile(lambda x: (cr.softmax(x, -1), cr.softmax(x, -1).sum(-1)), target=name)(
        x
    )
    e = np.exp(x.astype("d") - x.max(-1, keepdims=True))
    rtol = 2e-6 if dtype == "f" else 1e-14
    np.testing.assert_allclose(got, e / e.sum(-1, keepdims=True), rtol=rtol, atol=1e-9 * rtol)
    np.testing.assert_allclose(total, 1, rtol=rtol)


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("shape", [(16, 16), (17, 40), (100, 33), (5, 64), (64, 5)])
def test_transposes_with_edges(name, shape):
    """A weight read both ways is copied between layouts by transposes in registers."""
    rng = np.random.default_rng(4)
    x = rng.standard_normal((6, shape[0])).astype("f")
    w = cr.tensor(rng.standard_normal(shape).astype("f"))

    @cr.compile(target=name)
    def f(x):
        h = x @ w
        return h, h @ w.T

    h, back = f(cr.tensor(x))
    close(h.numpy(), x @ w.numpy(), "f")
    close(back.numpy(), x @ w.numpy() @ w.numpy().T, "f")


@pytest.mark.parametrize("name", TARGETS)
def test_scatter_adds_repeated_indices(name):
    table = np.zeros((5, 19), "f")
    rows = np.array([4, 0, 4, 4, 2])
    g = np.random.default_rng(5).standard_normal((5, 19)).astype("f")
    f = cr.compile(lambda t, i, g: cr.grad(lambda t: (t[i] * g).sum())(t), target=name)
    want = table.copy()
    np.add.at(want, rows, g)
    np.testing.assert_allclose(f(table, rows, g), want, rtol=1e-6)


def fma_loops(text: str) -> list[list[str]]:
    """Return the instructions of the innermost loops of an assembly text that multiply and add."""
    loops, block, label = [], [], ""
    for line in text.splitlines():
        stripped = line.strip()
        if re.match(r"^\.?L\w+:", stripped) or re.match(r"^\w+:", stripped):
            block, label = [], stripped.split(":")[0]
        elif stripped.startswith("j") and stripped.endswith(label) and label:
            products = sum("vfmadd" in i for i in block) >= 4 and any(
                "broadcast" in i or "{1to" in i for i in block
            )
            if products and not any("vdiv" in i for i in block):
                loops.append(block)
            block = []
        elif stripped and not stripped.startswith("#"):
            block.append(stripped)
    return loops


def training_step(sizes, batch, act, dtype="f"):
    rng = np.random.default_rng(6)
    ws = [
        cr.tensor((rng.standard_normal((o, i)) / np.sqrt(i)).astype(dtype), requires_grad=True)
        for i, o in pairwise(sizes)
    ]

    def step(x, y):
        h = x
        for n, w in enumerate(ws):
            h = h @ w.T
            h = act(h) if n < len(ws) - 1 else h
        loss = ((h - y) ** 2).mean()
        loss.backward()
        for w in ws:
            w.assign(w - 0.1 * w.grad)
            w.grad = None
        return loss.detach()

    x = rng.standard_normal((batch, sizes[0])).astype(dtype)
    y = rng.standard_normal((batch, sizes[-1])).astype(dtype)
    return step, ws, cr.tensor(x), cr.tensor(y)


@pytest.mark.parametrize("name", [t for t in TARGETS if t != "sse"])
@pytest.mark.parametrize("act", [cr.relu, cr.tanh])
@pytest.mark.parametrize("sizes", [(784, 128, 64, 10), (100, 77, 33)])
def test_fma_loops_do_not_touch_the_stack(name, act, sizes):
    """Accumulators stay in registers: no spill inside any loop of multiply-adds."""
    step, _, x, y = training_step(sizes, 50, act)
    compiled = cr.compile(step, target=name)
    compiled(x, y)
    loops = fma_loops(runtime.assembly(compiled.form.build.code.text, target.named(name)))
    assert len(loops) >= 4
    for loop in loops:
        touching = [i for i in loop if "(%rsp" in i or "(%rbp" in i]
        assert not touching, f"stack traffic: {touching[:3]}"


def test_a_stored_gradient_lies_like_its_parameter():
    """A norm over all gradients comes before the update: both then move to the lanes' axis."""
    parameters = [cr.randn(128, 784, requires_grad=True), cr.randn(10, 128, requires_grad=True)]
    optimizer = cr.optim.SGD(parameters, lr=0.1)

    def step(x, y):
        optimizer.zero_grad()
        h = cr.relu(x @ parameters[0].T)
        ((h @ parameters[1].T - y) ** 2).mean().backward()
        cr.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()

    compiled = cr.compile(step, target="avx2")
    compiled(cr.randn(64, 784), cr.randn(64, 10))
    forward = compiled.explain().kernels[0]
    assert forward.kind == "product", "a copy of the first operand came first"
    assert "copied" not in forward.detail


def test_the_search_for_stack_traffic_can_fail():
    loop = ["vbroadcastss (%rax)"] + ["vfmadd231ps a"] * 4 + ["vmovups 64(%rsp), %zmm0"]
    text = ".LBB0_1:\n" + "\n".join(loop) + "\njne .LBB0_1\n"
    (found,) = fma_loops(text)
    assert any("(%rsp" in i for i in found)


def test_layouts_pad_rows_and_avoid_powers_of_two():
    assert layout.padded((10, 20), 1, 16).strides == (32, 1)
    assert layout.padded((10, 512), 1, 16).strides == (528, 1)
    assert layout.padded((10, 512), 0, 16).strides == (1, 16)
    assert layout.padded((1000, 3), 1, 16) == layout.contiguous((1000, 3))
    assert layout.padded((), 0, 16).size == 1


def test_axes_that_lie_one_behind_the_other_are_gone_over_as_one():
    """Rows of three would be a masked vector each; 288 numbers are 18 whole ones."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 32, 3, 3)).astype("f")
    f = cr.compile(lambda x, y: x * y + 1, target="avx512" if "avx512" in TARGETS else "host")
    np.testing.assert_allclose(f(x, y), x * y + 1, rtol=1e-6)
    assert "masked" not in f.form.build.code.text


@pytest.mark.parametrize("name", TARGETS)
def test_axes_with_anything_between_them_are_kept(name):
    """Transposed, broadcast and strided operands beside one that could be gone over as one."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((20, 3, 20)).astype("f")
    row, wide = rng.standard_normal(20).astype("f"), rng.standard_normal((20, 6, 20)).astype("f")

    def f(x, row, wide):
        return x * row, x + x.T, x - wide[:, ::2], x * wide[:, :3], (x * 1).T.reshape(60, 20)

    for got, want in zip(cr.compile(f, target=name)(x, row, wide), f(x, row, wide), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6)
