"""A whole epoch in one native loop equals the same steps taken one by one."""

from __future__ import annotations

import numpy as np
import pytest
from test_kernels import training_step

import chainrule as cr
from chainrule.errors import ArgumentError, ShapeError


def problem(rows=70, dtype="f"):
    step, ws, _, _ = training_step((6, 17, 3), 8, cr.tanh, dtype)
    rng = np.random.default_rng(9)
    x = rng.standard_normal((rows, 6)).astype(dtype)
    y = rng.standard_normal((rows, 3)).astype(dtype)
    return step, ws, x, y


def by_hand(step, x, y, batch, order):
    losses = []
    for i in range(0, len(order), batch):
        rows = order[i : i + batch]
        losses.append(step(cr.tensor(x[rows]), cr.tensor(y[rows])).item())
    return losses


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("rows", [64, 70, 5])
def test_an_epoch_equals_its_steps(shuffled, rows):
    """In order and shuffled; with and without a last, smaller mini-batch."""
    step, ws, x, y = problem(rows)
    start = [w.detach().numpy().copy() for w in ws]
    order = np.random.default_rng(1).permutation(rows) if shuffled else np.arange(rows)
    losses = by_hand(step, x, y, 8, order)
    want = [w.detach().numpy().copy() for w in ws]
    for w, s in zip(ws, start, strict=True):
        w.assign(s)
    result = cr.compile(step).epoch(x, y, batch_size=8, order=order if shuffled else None)
    got = [] if result.outputs is None else result.outputs.tolist()
    got += [] if result.partial is None else [float(result.partial)]
    assert result.steps == -(-rows // 8)
    np.testing.assert_allclose(got, losses, rtol=2e-5)
    for w, v in zip(ws, want, strict=True):
        np.testing.assert_allclose(w.detach().numpy(), v, rtol=0, atol=3e-6)


def test_drop_last_leaves_the_rest_out():
    step, _, x, y = problem(70)
    result = cr.compile(step).epoch(x, y, batch_size=8, drop_last=True)
    assert (result.steps, result.partial, len(result.outputs)) == (8, None, 8)


def test_arguments_per_step_and_for_all_steps():
    w = cr.tensor(np.zeros(2))

    def step(x, rate, scale):
        w.assign(w + rate * scale * x.sum(0))

    compiled = cr.compile(step)
    x = np.ones((6, 2))
    compiled.epoch(
        x, batch_size=2, per_step={"rate": np.array([1.0, 10.0, 100.0])}, whole={"scale": 0.5}
    )
    assert w.tolist() == [111.0, 111.0]


def test_the_users_arrays_are_not_changed():
    step, _, x, y = problem(32)
    kept = x.copy(), y.copy()
    cr.compile(step).epoch(x, y, batch_size=8, order=np.arange(32)[::-1])
    np.testing.assert_array_equal(x, kept[0])
    np.testing.assert_array_equal(y, kept[1])


def test_arrays_that_are_not_contiguous_are_copied():
    step, _, x, y = problem(32)
    wide = np.zeros((32, 12), "f")
    wide[:, ::2] = x
    first = cr.compile(step).epoch(wide[:, ::2], y, batch_size=8).outputs
    assert np.isfinite(first).all()


def test_progress_is_reported_and_ctrl_c_leaves_whole_steps():
    step, ws, x, y = problem(4096)
    start = [w.detach().numpy().copy() for w in ws]
    compiled = cr.compile(step)
    seen = []

    def stop(done, total, _):
        seen.append((done, total))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compiled.epoch(x, y, batch_size=8, progress=stop)
    done = seen[0][0]
    assert 0 < done < 512
    got = [w.detach().numpy().copy() for w in ws]
    for w, s in zip(ws, start, strict=True):
        w.assign(s)
    compiled.epoch(x[: 8 * done], y[: 8 * done], batch_size=8)
    for w, g in zip(ws, got, strict=True):
        np.testing.assert_array_equal(w.detach().numpy(), g)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda f, x, y: f.epoch(x, y[:-1], batch_size=8), ShapeError, "as many rows"),
        (lambda f, x, y: f.epoch(x, y, batch_size=0), ArgumentError, "at least 1"),
        (lambda f, x, y: f.epoch(batch_size=8), ArgumentError, "array of rows"),
        (lambda f, x, y: f.epoch(x, y, batch_size=8, order=[0, 99]), ArgumentError, "outside"),
        (lambda f, x, y: f.epoch(x, y, batch_size=8, order=[[0]]), ShapeError, "row numbers"),
        (
            lambda f, x, y: f.epoch(x, y, batch_size=8, per_step={"a": np.ones(3)}),
            ShapeError,
            "one entry per step",
        ),
    ],
)
def test_wrong_calls_say_what_is_wrong(make, error, words):
    """Sizes are validated before the native loop sees an address."""
    step, _, x, y = problem(16)
    with pytest.raises(error, match=words):
        make(cr.compile(step), x, y)


@pytest.mark.parametrize("sizes", [(20, 64, 10), (33, 17, 5)])
@pytest.mark.parametrize("shuffled", [False, True])
def test_any_number_of_threads_gives_the_same_bits(sizes, shuffled):
    rng = np.random.default_rng(4)
    x = rng.standard_normal((150, sizes[0])).astype("f")
    y = rng.standard_normal((150, sizes[-1])).astype("f")
    order = rng.permutation(150) if shuffled else None
    found = []
    for threads in (1, 2, 3):
        step, ws, _, _ = training_step(sizes, 32, cr.tanh)
        result = cr.compile(step, threads=threads).epoch(x, y, batch_size=32, order=order)
        found.append([result.outputs, result.partial, *(w.detach().numpy().copy() for w in ws)])
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_fixed_number_of_threads_is_validated():
    with pytest.raises(ArgumentError, match="at least 1"):
        cr.compile(lambda x: x, threads=0)


def test_the_pace_prefers_what_is_faster_and_keeps_looking():
    from chainrule.compiler.threads import Pace

    pace = Pace()
    pace.most = 2
    assert pace.choose(None) == 1
    pace.note(1, 0.001, 1)
    assert pace.choose(0.1) == 1, "too little left to be worth compiling for"

    def run(rates, seconds):
        """Threads chosen while steps take so long, and the share of the time spent in looks."""
        chosen, spent, looks = [], 0.0, 0.0
        while spent < seconds:
            threads = pace.choose(10.0)
            looking, steps = pace.looking, pace.steps(threads)
            pace.note(threads, steps * rates[threads], steps)
            chosen.append(threads)
            spent += steps * rates[threads]
            looks += steps * rates[threads] if looking else 0.0
        return chosen, looks / spent

    chosen, looks = run({1: 0.001, 2: 0.0005}, 10.0)
    assert chosen[-100:].count(2) > 90
    assert chosen.count(1) >= 3
    assert looks < 0.02
    chosen, looks = run({1: 0.001, 2: 0.0012}, 30.0)  # the other core is taken
    assert chosen[:3].count(1) >= 1
    assert set(chosen[3:80]) == {1, 2}
    assert looks < 0.005
    chosen, _ = run({1: 0.001, 2: 0.0005}, 40.0)  # and given back
    assert chosen[-100:].count(2) > 90
    chosen, looks = run({1: 0.001, 2: 0.1}, 60.0)  # there is more to do than there are cores
    assert chosen[-100:].count(1) > 90
    assert looks < 0.015, "a look is a few steps, and they are rare"
    short = Pace()
    short.most = 2
    chosen = []
    for _ in range(100):  # epochs of 7 ms, one after the other
        chosen.append(short.choose(0.007))
        short.note(chosen[-1], 0.007 / chosen[-1], 60)
    assert chosen.index(2) == 43, "after 0.3 s, whichever epoch that is in"
    assert set(chosen[44:]) == {2}
    long = Pace(invested=2.4)  # a program whose code takes that long to make
    long.most = 2
    long.note(1, 2.0, 1000)
    assert long.choose(1.0) == 1
    long.note(1, 0.5, 250)
    assert long.choose(1.0) == 2
    quick = Pace()
    quick.most = 2
    quick.note(1, 0.00001, 1)
    assert quick.choose(10.0) == 1, "steps too short for threads"


@pytest.mark.parametrize("rows", [2048, 10_000, 2050])
@pytest.mark.parametrize("act", [cr.tanh, cr.relu])
def test_tall_batches_go_through_all_layers_a_few_rows_at_a_time(rows, act):
    """The tiled program equals the eager step; a batch that does not divide is not tiled."""
    step, ws, x, y = training_step((4, 32, 16, 4), rows, act)
    start = [w.detach().numpy().copy() for w in ws]
    eager = [step(x, y).item() for _ in range(3)]
    want = [w.detach().numpy().copy() for w in ws]
    for w, s in zip(ws, start, strict=True):
        w.assign(s)
    compiled = cr.compile(step)
    got = [compiled(x, y).item() for _ in range(3)]
    assert compiled.form.tiled is (rows != 2050)
    np.testing.assert_allclose(got, eager, rtol=2e-5)
    for w, v in zip(ws, want, strict=True):
        np.testing.assert_allclose(w.detach().numpy(), v, rtol=0, atol=5e-6)
    assert "times" in str(compiled.explain()) or rows == 2050


def test_what_needs_a_sum_over_all_rows_is_not_tiled():
    """A normalisation over the batch reads every row before it writes one."""
    x = np.random.default_rng(0).standard_normal((4096, 40)).astype("f")
    w = np.ones((40, 40), "f") / 40

    @cr.compile
    def f(x, w):
        h = x @ w
        h = (h - h.mean(0)) / (h.std(0) + 1e-3)
        return ((h @ w) ** 2).sum()

    h = x.astype("d") @ w
    h = (h - h.mean(0)) / (h.std(0) + 1e-3)
    np.testing.assert_allclose(f(x, w), ((h @ w) ** 2).sum(), rtol=1e-4)
    assert not f.form.tiled


def test_sums_and_extrema_over_tiles():
    x = np.random.default_rng(0).standard_normal((8192, 30)).astype("f")
    w = np.random.default_rng(1).standard_normal((30, 30)).astype("f") / 6

    @cr.compile
    def f(x, w):
        h = cr.tanh(x @ w)
        return h.sum(), h.max(), h.min(0), (h.T @ h)

    total, most, least, gram = f(x, w)
    assert f.form.tiled
    h = np.tanh(x.astype("d") @ w)
    np.testing.assert_allclose(total, h.sum(), rtol=1e-3, atol=0.05)
    np.testing.assert_allclose([most, *least], [h.max(), *h.min(0)], rtol=1e-5)
    np.testing.assert_allclose(gram, h.T @ h, rtol=0, atol=0.02)
    again = f(x, w)
    np.testing.assert_array_equal(gram, again[3])
