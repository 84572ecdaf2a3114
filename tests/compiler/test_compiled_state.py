"""cr.compile: state, forms, gradients, errors, memory, and what it says about itself."""

from __future__ import annotations

import gc
import resource
import threading

import numpy as np
import pytest
from test_kernels import training_step

import chainrule as cr
from chainrule.compiler import RecompileWarning
from chainrule.errors import ArgumentError, CompileError, StagingError


def test_a_training_step_equals_the_eager_one():
    step, ws, x, y = training_step((20, 33, 5), 12, cr.tanh)
    start = [w.detach().numpy().copy() for w in ws]
    eager = [step(x, y).item() for _ in range(5)]
    want = [w.detach().numpy().copy() for w in ws]
    for w, s in zip(ws, start, strict=True):
        w.assign(s)
    compiled = cr.compile(step)
    got = [compiled(x, y).item() for _ in range(5)]
    np.testing.assert_allclose(got, eager, rtol=2e-6)
    for w, v in zip(ws, want, strict=True):
        np.testing.assert_allclose(w.detach().numpy(), v, rtol=0, atol=2e-6)
    assert len(compiled.forms) == 1


def test_state_is_visible_and_assignments_are_noticed():
    total = cr.tensor(np.zeros(3))

    @cr.compile
    def add(x):
        total.assign(total + x)
        return total * 2.0

    one = np.ones(3)
    assert add(one).tolist() == [2, 2, 2]
    assert total.tolist() == [1, 1, 1]
    total.assign(np.array([10.0, 20.0, 30.0]))
    assert add(one).tolist() == [22, 42, 62]
    assert total.tolist() == [11, 21, 31]


def test_two_programs_share_one_state():
    w = cr.tensor(np.arange(12.0).reshape(3, 4), requires_grad=True)

    @cr.compile
    def train(x):
        loss = ((x @ w) ** 2).sum()
        loss.backward()
        w.assign(w - 0.01 * w.grad)
        w.grad = None

    predict = cr.compile(lambda x: x @ w)
    x = np.ones((2, 3))
    before = predict(x).numpy()
    np.testing.assert_allclose(before, x @ np.arange(12.0).reshape(3, 4))
    train(x)
    np.testing.assert_allclose(predict(x).numpy(), x @ w.detach().numpy())
    assert not np.allclose(predict(x).numpy(), before)


def test_results_do_not_share_memory_with_the_program():
    f = cr.compile(lambda x: x + 1.0)
    first = f(np.zeros(4))
    f(np.ones(4))
    assert first.tolist() == [1, 1, 1, 1]


def test_states_may_be_exchanged():
    a, b = cr.tensor(np.zeros(5)), cr.tensor(np.ones(5))

    @cr.compile
    def swap():
        x, y = a.detach(), b.detach()
        a.assign(y)
        b.assign(x)

    swap()
    assert (a.tolist(), b.tolist()) == ([1] * 5, [0] * 5)
    swap()
    assert (a.tolist(), b.tolist()) == ([0] * 5, [1] * 5)


def test_an_update_that_reads_its_state_elsewhere_is_not_done_in_place():
    x = cr.tensor(np.arange(6.0))

    @cr.compile
    def turn():
        x.assign(x[::-1] + x)

    turn()
    assert x.tolist() == [5.0] * 6


@pytest.mark.parametrize("keep", [False, True])
def test_gradients_are_kept_on_request_only(keep):
    w = cr.tensor(np.ones(3), requires_grad=True)

    @cr.compile(keep_gradients=keep)
    def step(x):
        (w * x).sum().backward()

    step(np.arange(3.0))
    assert (w.grad is not None) is keep
    if keep:
        assert w.grad.tolist() == [0, 1, 2]
        step(np.arange(3.0))
        assert w.grad.tolist() == [0, 2, 4], "the second call adds to the first one's gradient"


def test_shapes_dtypes_and_static_arguments_make_forms():
    @cr.compile(static=("power",))
    def f(x, power=1):
        return x**power

    assert f(np.full(2, 3.0), power=2).tolist() == [9, 9]
    assert f(np.full(2, 3.0), power=3).tolist() == [27, 27]
    assert f(np.full(3, 2.0), power=3).tolist() == [8, 8, 8]
    assert f(np.full(2, 3.0, "f"), power=2).dtype == np.float32
    assert len(f.forms) == 4


def test_compiling_again_and_again_names_the_argument():
    f = cr.compile(lambda x, y: x.sum() + y)
    for n in range(1, 9):
        f(np.ones(n), np.float64(1.0))
    with pytest.warns(RecompileWarning, match=r"leaf 0 of the arguments keeps changing"):
        f(np.ones(9), np.float64(1.0))


def test_containers_come_back_as_the_function_made_them():
    f = cr.compile(lambda d: {"sum": d["a"] + d["b"], "parts": (d["a"], [d["b"] * 2.0])})
    out = f({"a": np.ones(2), "b": np.full(2, 3.0)})
    assert out["sum"].tolist() == [4, 4]
    assert isinstance(out["parts"], tuple)
    assert out["parts"][1][0].tolist() == [6, 6]


def test_gradients_of_any_order_compile():
    f = lambda x: cr.sin(x) * x**3  # noqa: E731
    g = cr.compile(cr.grad(cr.grad(f)))
    np.testing.assert_allclose(g(np.float64(0.7)), cr.grad(cr.grad(f))(0.7), rtol=1e-14)


def test_a_branch_on_values_is_an_error_with_the_line():
    with pytest.raises(StagingError, match=r"test_compiled_state\.py"):
        cr.compile(lambda x: x if x.sum() > 0 else -x)(np.ones(2))


def test_what_cannot_be_compiled_is_named_with_its_line():
    with pytest.raises(CompileError, match=r"svd \(test_compiled_state.py:\d+\)"):
        cr.compile(lambda x: cr.linalg.svd(x)[1] if hasattr(cr, "linalg") else np.linalg.svd(x)[1])(
            np.eye(3)
        )


def test_random_numbers_are_the_eager_ones():
    generator = cr.Generator(seed=5)
    want = [generator.normal((7,)).numpy(), generator.uniform((3, 2)).numpy()]
    generator = cr.Generator(seed=5)

    @cr.compile
    def draw():
        return generator.normal((7,)), generator.uniform((3, 2))

    got = draw()
    for g, w in zip(got, want, strict=True):
        np.testing.assert_allclose(g.numpy(), w, rtol=1e-14)
    assert generator.get_state() == (5, 2)
    assert not np.array_equal(draw()[0].numpy(), got[0].numpy())


def test_the_arena_is_reused():
    """Values whose lives do not overlap share memory: a long chain needs little."""

    @cr.compile
    def chain(x, w):
        for _ in range(12):
            x = cr.tanh(x @ w)
        return x.sum()

    chain(np.ones((64, 64), "f"), np.ones((64, 64), "f") / 64)
    report = chain.memory()
    assert report.arena < report.intermediates / 3
    assert "of" in str(report)


def test_explain_reports_every_kernel():
    step, ws, x, y = training_step((20, 33, 5), 12, cr.tanh)
    compiled = cr.compile(step)
    with pytest.raises(ArgumentError, match="has not been called"):
        compiled.explain()
    compiled(x, y)
    before = [w.detach().numpy().copy() for w in ws]
    e = compiled.explain()
    products = [k for k in e.kernels if k.kind == "product"]
    assert sum(k.flops for k in products) >= 2 * 12 * (2 * 20 * 33 + 3 * 33 * 5)
    assert abs(sum(k.share for k in e.kernels) - 1) < 1e-9
    assert any("tanh" in op for k in products for op in k.ops), "tanh is fused into a product"
    assert "kernels" in str(e)
    for w, b in zip(ws, before, strict=True):
        np.testing.assert_array_equal(w.detach().numpy(), b)


def test_memory_does_not_grow_over_many_calls():
    step, _, x, y = training_step((4, 8, 2), 3, cr.tanh)
    compiled = cr.compile(step)
    for _ in range(2000):
        compiled(x, y)
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(100_000):
        compiled(x, y)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - before < 4096, f"{after - before} KiB more after 100 000 calls"


def test_training_and_evaluation_mode_are_different_forms():
    model = cr.nn.Sequential(cr.nn.Linear(4, 4), cr.nn.Dropout(0.5), cr.nn.BatchNorm1d(4))
    predict = cr.compile(lambda x: model(x))
    x = np.random.default_rng(0).standard_normal((6, 4)).astype("f")
    model.train()
    assert not np.allclose(predict(x).numpy(), predict(x).numpy()), "dropout draws anew"
    model.eval()
    np.testing.assert_allclose(predict(x).numpy(), model(cr.tensor(x)).detach().numpy(), atol=1e-6)
    np.testing.assert_array_equal(predict(x).numpy(), predict(x).numpy())
    model.train()
    assert not np.allclose(predict(x).numpy(), predict(x).numpy())
    (forms,) = predict.forms.values()
    assert len(forms) == 2


def test_schedules_change_the_learning_rate_of_a_compiled_step():
    w = cr.tensor(np.ones(2), requires_grad=True)
    optimizer = cr.optim.SGD([w], lr=1.0)

    @cr.compile
    def step():
        optimizer.zero_grad()
        w.sum().backward()
        optimizer.step()

    step()
    assert w.tolist() == [0, 0]
    optimizer.param_groups[0]["lr"] = 0.25
    step()
    assert w.tolist() == [-0.25, -0.25]


@pytest.mark.parametrize(
    "use",
    [
        lambda x, i: cr.cross_entropy(x, i),
        lambda x, i: cr.embedding(i, x),
        lambda x, i: x[i],
        lambda x, i: cr.one_hot(i, 4),
    ],
)
@pytest.mark.parametrize("wrong", [4, -5, 99])
def test_an_index_outside_is_an_error_as_in_eager_code(use, wrong):
    """Indices from outside are checked before native code sees them."""
    x, good = np.eye(4), np.array([0, 3, 1, 2])
    f = cr.compile(use)
    np.testing.assert_allclose(f(x, good), use(x, good))
    bad = np.array([0, wrong, 1, 2])
    with pytest.raises(IndexError):
        use(x, bad)
    with pytest.raises(IndexError, match=rf"index {wrong} is outside .* in .*test_compiled_state"):
        f(x, bad)
    if use(x, good).ndim == 0:
        assert np.isfinite(f(x, np.array([0, -100, 1, 2]))), "the ignored class is no error"


def test_indices_are_checked_for_a_whole_epoch():
    f = cr.compile(lambda x, i: cr.cross_entropy(x, i))
    with pytest.raises(IndexError, match="index 9 is outside"):
        f.epoch(np.zeros((8, 4)), np.array([0, 1, 2, 3, 0, 1, 9, 3]), batch_size=2)


def test_calls_from_several_python_threads_do_not_mix():
    """One arena per form: callers take turns, and each gets its own results."""
    f = cr.compile(lambda x: cr.tanh(x @ x.T).sum(1))
    inputs = [np.random.default_rng(n).standard_normal((40, 40)) for n in range(4)]
    want = [f(x) for x in inputs]
    wrong = []

    def work(n: int) -> None:
        for _ in range(200):
            if not np.array_equal(f(inputs[n]), want[n]):
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_long_chains_compile_without_recursion():
    def chain(x):
        for _ in range(1500):
            x = x * 0.5 + 1.0
        return x

    def layers(x, w):
        for _ in range(60):
            x = cr.softmax(x @ w, -1)
        return x

    x = np.linspace(0, 1, 20)
    np.testing.assert_allclose(cr.compile(chain)(x), chain(x), rtol=1e-14)
    w = np.random.default_rng(0).standard_normal((8, 8))
    np.testing.assert_allclose(cr.compile(layers)(np.eye(8), w), layers(np.eye(8), w), rtol=1e-12)


def test_methods_compile():
    class Counter:
        def __init__(self):
            self.total = cr.tensor(np.zeros(2))

        @cr.compile
        def add(self, x):
            self.total.assign(self.total + x)
            return self.total * 2.0

    a, b = Counter(), Counter()
    a.add(np.ones(2))
    assert a.add(np.ones(2)).tolist() == [4, 4]
    assert b.add(np.ones(2)).tolist() == [2, 2]
    assert (a.total.tolist(), b.total.tolist()) == ([2, 2], [1, 1])
