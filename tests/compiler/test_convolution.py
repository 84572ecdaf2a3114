"""Compiled convolution and pooling against eager: every argument form, batch size and order of axes.

Sizes are chosen so that each kernel is reached: samples last (16 samples and few channels) and
channels last, whole vectors and remainders, taps that read padding and taps that do not.
"""

from __future__ import annotations

import numpy as np
import pytest
from conftest import runnable
from test_kernels import close, fma_loops

import chainrule as cr
from chainrule.compiler import runtime, target
from chainrule.compiler.inlining import leaves
from chainrule.compiler.structure import is_tiled, skipped_taps, sums_samples
from chainrule.nn import functional as F

TARGETS = runnable()


def everything(f, *arrays):
    """Return the value of ``f`` and its gradients, flat."""
    value, grads = cr.value_and_grad(f, argnums=tuple(range(len(arrays))))(*arrays)
    return [value, *grads]


def equal_to_eager(f, *arrays, name="host"):
    got = cr.compile(lambda *a: everything(f, *a), target=name)(*arrays)
    want = everything(f, *(a.astype(np.float64) for a in arrays))
    for g, w, a in zip(got, want, (arrays[0], *arrays), strict=True):
        assert np.asarray(g).dtype == a.dtype
        close(np.asarray(g), np.asarray(w), a.dtype.type)


def numbers(*shapes, dtype="f"):
    rng = np.random.default_rng(sum(map(sum, shapes)))
    return [rng.standard_normal(s).astype(dtype) for s in shapes]


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(
    ("samples", "c_in", "c_out", "size", "k", "options"),
    [
        (16, 1, 6, 9, 5, {}),
        (19, 3, 5, 8, 3, {"padding": 1}),
        (33, 6, 16, 8, 5, {}),
        (5, 3, 7, 8, 3, {"padding": 1}),
        (2, 4, 32, 7, 3, {"padding": 1}),
        (3, 32, 33, 9, 3, {"padding": 1}),
        (17, 2, 3, 9, 3, {"stride": 2, "padding": 1}),
        (3, 32, 32, 9, 3, {"stride": 2, "padding": 2, "dilation": 2}),
        (18, 4, 6, 7, 3, {"groups": 2, "padding": 1}),
        (16, 3, 4, 6, 1, {}),
    ],
)
def test_convolution_and_its_gradients_equal_eager(
    name, dtype, samples, c_in, c_out, size, k, options
):
    groups = options.get("groups", 1)
    x, w, b = numbers(
        (samples, c_in, size, size + 1), (c_out, c_in // groups, k, k), (c_out,), dtype=dtype
    )
    equal_to_eager(
        lambda x, w, b: (F.relu(F.conv2d(x, w, b, **options)) ** 2).mean(), x, w, b, name=name
    )


@pytest.mark.parametrize("samples", [3, 16, 21])
def test_one_and_three_spatial_axes_equal_eager(samples):
    x, w = numbers((samples, 3, 14), (5, 3, 4))
    equal_to_eager(lambda x, w: (F.conv1d(x, w, padding=2) ** 2).mean(), x, w)
    x, w = numbers((samples, 2, 5, 4, 6), (3, 2, 2, 3, 2))
    equal_to_eager(lambda x, w: (F.conv3d(x, w, padding=1) ** 2).mean(), x, w)


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("samples", [1, 16, 23])
@pytest.mark.parametrize("channels", [3, 32])
def test_a_small_network_equals_eager(name, samples, channels):
    x, w, b, u = numbers(
        (samples, 2, 10, 10), (channels, 2, 3, 3), (channels,), (5, channels, 3, 3)
    )

    def loss(x, w, b, u):
        h = F.max_pool2d(F.relu(F.conv2d(x, w, b)), 2)
        return (F.max_pool2d(F.relu(F.conv2d(h, u, padding=1)), 2) ** 2).mean()

    equal_to_eager(loss, x, w, b, u, name=name)


@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 2},
        {"kernel_size": (3, 2)},
        {"kernel_size": (4, 5)},
        {"kernel_size": 3, "stride": 2},
        {"kernel_size": 2, "padding": 1},
        {"kernel_size": 2, "ceil_mode": True},
        {"kernel_size": 2, "dilation": 2},
    ],
)
@pytest.mark.parametrize("shape", [(2, 3, 8, 9), (16, 4, 6, 6)])
def test_max_pool_gives_its_gradient_to_the_first_maximum(options, shape):
    rng = np.random.default_rng(3)
    x = rng.integers(0, 3, shape).astype("f")  # ties in nearly every window
    weights = rng.integers(-9, 9, F.max_pool2d(x, **options).shape).astype("f")  # exact sums

    def pull(x):
        return cr.grad(lambda x: (F.max_pool2d(x, **options) * weights).sum())(x)

    np.testing.assert_array_equal(cr.compile(pull)(x), pull(x))


def test_max_pool_routes_to_the_first_nan_as_eager_does():
    x = np.zeros((1, 1, 4, 4), "f")
    x[0, 0, 0, 1] = x[0, 0, 1, 0] = np.nan

    def pull(x):
        return cr.value_and_grad(lambda x: (F.max_pool2d(x, 2) * np.float32(2)).sum())(x)

    got, want = cr.compile(pull)(x), pull(x)
    np.testing.assert_array_equal(got[0], want[0])
    np.testing.assert_array_equal(got[1], want[1])
    assert got[1][0, 0, 0, 1] == 2


@pytest.mark.parametrize("shape", [(2, 3, 4, 6), (16, 2, 6, 5)])
def test_what_follows_pooling_backwards_does_not_read_the_windows_again(shape):
    """A relu's gradient at a window's maximum is that of the maximum, zeros of both signs included."""
    rng = np.random.default_rng(5)
    x = rng.integers(-2, 3, shape).astype("f")
    x[x == 0] *= np.where(rng.random((x == 0).sum()) < 0.5, 1, -1)  # both zeros
    x[0, 0, :2, :2] = -1  # a window without any positive number
    x[-1, 1, 0, 1] = np.nan
    weights = rng.integers(-9, 9, F.max_pool2d(x, 2).shape).astype("f")  # exact sums

    def pull(x):
        return cr.grad(lambda x: (F.max_pool2d(F.relu(x * 1), 2) * weights).sum())(x)

    compiled = cr.compile(pull)
    np.testing.assert_array_equal(compiled(x), pull(x))


def test_the_gradient_of_relu_and_pooling_reads_maxima_only():
    x, w = numbers((16, 3, 8, 8), (6, 3, 3, 3))

    def pull(x, w):
        return cr.grad(lambda w: (F.max_pool2d(F.relu(F.conv2d(x, w)), 2) ** 2).sum())(w)

    compiled = cr.compile(pull)
    compiled(x, w)
    build = compiled.form.build
    (gradient,) = [v for v in build.program.values() if is_tiled(v)]
    read = [a for a, _, _ in leaves(gradient, build.phases[0].schedule.inline)]
    assert {a.shape for a in read if a.size > 1} == {(6, 3, 3, 16)}
    assert {a.dtype.itemsize for a in read} == {1, 4}


def pooled_kernels(compiled):
    """Return the windows of the products that pool what they compute."""
    phases = compiled.form.build.phases
    return [k.windows for phase in phases for k in phase.plan.kernels if k.windows]


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize(
    ("samples", "c_out", "size", "window", "expected"),
    [
        (19, 7, (9, 10), 2, None),  # 7 by 8 results: a row is left over
        (16, 5, (10, 8), 2, (1, 2, 2, 1)),
        (35, 6, (8, 8), (3, 2), (1, 3, 2, 1)),
        (3, 33, (8, 12), 2, (1, 2, 2, 1)),
        (2, 48, (8, 11), (1, 3), (1, 1, 3, 1)),
        (2, 32, (14, 14), 4, None),  # sixteen accumulators for one window
    ],
)
def test_pooling_is_done_in_the_product_before_it(
    name, dtype, samples, c_out, size, window, expected
):
    x, w, b = numbers((samples, 2, *size), (c_out, 2, 3, 3), (c_out,), dtype=dtype)

    def pool(x, w, b):
        h = F.relu(F.conv2d(x, w, b))
        return F.max_pool2d(h, window) * 2, F.avg_pool2d(h, window) * 2

    def largest(x, w, b):
        return F.max_pool2d(F.relu(F.conv2d(x, w, b)), window) * 2

    compiled = cr.compile(largest, target=name)
    want = [np.asarray(v) for v in pool(*(a.astype("d") for a in (x, w, b)))]
    close(np.asarray(compiled(x, w, b)), want[0], dtype)
    assert pooled_kernels(compiled) == ([] if expected is None else [expected])
    both = cr.compile(pool, target=name)
    for got, v in zip(both(x, w, b), want, strict=True):
        close(np.asarray(got), v, dtype)


def test_what_is_pooled_may_be_kept_too():
    x, w = numbers((17, 3, 18), (4, 3, 3))
    h = lambda x, w: F.conv1d(x, w) * 3  # noqa: E731
    f = cr.compile(lambda x, w: (h(x, w) + 1, F.max_pool1d(h(x, w), 4) + 1))
    want = h(x.astype("d"), w.astype("d"))
    got = f(x, w)
    close(np.asarray(got[0]), np.asarray(want + 1), np.float32)
    close(np.asarray(got[1]), np.asarray(F.max_pool1d(want, 4) + 1), np.float32)
    assert pooled_kernels(f) == [(1, 4, 1)]


def test_what_needs_many_constants_around_pooling_is_not_done_on_accumulators():
    x, w = numbers((16, 3, 8, 8), (4, 3, 3, 3))
    after = cr.compile(lambda x, w: cr.tanh(F.max_pool2d(F.relu(F.conv2d(x, w)), 2)) + 1)
    want = np.tanh(F.max_pool2d(F.relu(F.conv2d(x.astype("d"), w.astype("d"))), 2)) + 1
    close(np.asarray(after(x, w)), np.asarray(want), np.float32)
    (kernel,) = [k for k in after.form.build.phases[0].plan.kernels if k.windows]
    assert "tanh" not in {r.data for r in kernel.roots}
    f = cr.compile(lambda x, w: F.max_pool2d(cr.tanh(F.conv2d(x, w)), 2) + 1)
    want = F.max_pool2d(cr.tanh(F.conv2d(x.astype("d"), w.astype("d"))), 2) + 1
    close(np.asarray(f(x, w)), np.asarray(want), np.float32)
    assert pooled_kernels(f) == []


def test_nan_in_one_sample_stays_in_it():
    x, w = numbers((20, 2, 6, 6), (4, 2, 3, 3))
    x[7] = np.nan
    got = np.asarray(cr.compile(lambda x, w: F.max_pool2d(F.relu(F.conv2d(x, w)), 2))(x, w))
    assert np.isnan(got[7]).all()
    assert np.isfinite(np.delete(got, 7, axis=0)).all()


def test_each_kernel_is_used_where_it_should_be():
    x, w = numbers((16, 3, 8, 8), (6, 3, 5, 5))

    def step(x, w):
        return everything(lambda x, w: (F.max_pool2d(F.relu(F.conv2d(x, w)), 2) ** 2).sum(), x, w)

    compiled = cr.compile(step)
    compiled(x, w)
    values = compiled.form.build.program.values()
    assert sum(sums_samples(v) for v in values) == 1
    assert sum(bool(skipped_taps(v)) for v in values) == 1
    assert sum(is_tiled(v) for v in values) == 1
    assert not any(v.kind == "scatter" for v in values)


@pytest.mark.parametrize("batch", [16, 24])
def test_epochs_with_a_smaller_last_step_equal_eager(batch):
    x, w = numbers((40, 1, 8, 8), (3, 1, 3, 3))
    first, second = (cr.tensor(w.copy(), requires_grad=True) for _ in range(2))

    def stepper(kernel):
        def step(x):
            loss = (F.max_pool2d(F.relu(F.conv2d(x, kernel)), 2) ** 2).mean()
            kernel.grad = None
            loss.backward()
            with cr.no_grad():
                kernel.assign(kernel.detach() - 0.1 * kernel.grad)
            return loss

        return step

    cr.compile(stepper(first)).epoch(x, batch_size=batch)
    eager = stepper(second)
    for start in range(0, 40, batch):
        eager(x[start : start + batch])
    close(first.detach().numpy(), second.detach().numpy(), np.float32)


@pytest.mark.parametrize(("channels", "batch"), [(4, 20), (32, 6)])
def test_the_number_of_threads_changes_no_bit(channels, batch):
    x, w, u = numbers((3 * batch, 2, 9, 9), (channels, 2, 3, 3), (5, channels, 3, 3))
    found = []
    for threads in (1, 2):
        tensors = [cr.tensor(a.copy(), requires_grad=True) for a in (w, u)]

        def step(x, tensors=tensors):
            h = F.max_pool2d(F.relu(F.conv2d(x, tensors[0], padding=1)), 3)
            loss = (F.conv2d(h, tensors[1]) ** 2).mean()
            for t in tensors:
                t.grad = None
            loss.backward()
            with cr.no_grad():
                for t in tensors:
                    t.assign(t.detach() - 0.1 * t.grad)
            return loss

        cr.compile(step, threads=threads).epoch(x, batch_size=batch)
        found.append([t.detach().numpy().copy() for t in tensors])
    for one, two in zip(*found, strict=True):
        np.testing.assert_array_equal(one, two)
        assert np.isfinite(one).all()


@pytest.mark.parametrize("name", [t for t in TARGETS if t != "sse"])
@pytest.mark.parametrize(("samples", "channels"), [(32, 6), (4, 32)])
def test_loops_of_convolutions_do_not_touch_the_stack(name, samples, channels):
    """Accumulators stay in registers: no spill inside any loop of multiply-adds."""
    x, w, u = numbers((samples, 3, 12, 12), (channels, 3, 3, 3), (channels, channels, 3, 3))

    def step(x, w, u):
        def loss(w, u):
            h = F.max_pool2d(F.relu(F.conv2d(x, w, padding=1)), 2)
            return (F.relu(F.conv2d(h, u, padding=1)) ** 2).sum()

        return cr.grad(loss, argnums=(0, 1))(w, u)

    compiled = cr.compile(step, target=name)
    compiled(x, w, u)
    loops = fma_loops(runtime.assembly(compiled.form.build.code.text, target.named(name)))
    assert len(loops) >= 3
    for loop in loops:
        touching = [i for i in loop if "(%rsp" in i]  # rbp is an ordinary register here
        assert not touching, f"stack traffic: {touching[:3]}"


@pytest.mark.parametrize("columns", [2, 3, 4, 8, 10])
def test_every_third_row_of_a_product_with_few_columns(columns):
    """Rows in steps are windows to the product before them, whose lanes then run along columns."""
    rng = np.random.default_rng(8)
    w, b = rng.standard_normal((9, 12)), rng.standard_normal((9, 1))

    def step(x):
        z = cr.tensor(w) @ x.T + cr.tensor(b)
        return cr.relu(z[::3]), cr.tanh(z[1::3]), z

    x = cr.tensor(rng.random((columns, 12)))
    for found, wanted in zip(cr.compile(step)(x), step(x), strict=True):
        np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-12, atol=1e-13)
