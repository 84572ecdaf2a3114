"""Very small steps run with their state in registers, and give what kernels give."""

from __future__ import annotations

import ctypes
from itertools import pairwise

import numpy as np
import pytest
from conftest import runnable
from hypothesis import given, settings
from hypothesis import strategies as st
from test_random_compiled_programs import grow

import chainrule as cr
from chainrule import nn, optim
from chainrule.compiler import passes, reference, runtime, target
from chainrule.compiler.codegen import Phase, generate
from chainrule.compiler.memory import Arena, strided
from chainrule.compiler.plan import plan
from chainrule.compiler.program import Builder, Program
from chainrule.compiler.schedule import schedule

TARGETS = runnable()
OPTIMIZERS = {
    "sgd": lambda p: optim.SGD(p, lr=0.1),
    "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "adam": lambda p: optim.Adam(p, lr=0.01),
}


def trainer(sizes, act, optimizer, loss, dtype):
    cr.manual_seed(5)
    layers = []
    for i, (n_in, n_out) in enumerate(pairwise(sizes)):
        layers += [nn.Linear(n_in, n_out, dtype=dtype)] + ([act()] if i < len(sizes) - 2 else [])
    model = nn.Sequential(*layers)
    rule = OPTIMIZERS[optimizer](model.parameters())

    def step(x, y):
        rule.zero_grad()
        value = getattr(nn.functional, loss)(model(x), y)
        value.backward()
        rule.step()
        return value

    return model, step


def problem(sizes, loss, dtype, rows=23):
    rng = np.random.default_rng(2)
    x = rng.standard_normal((rows, sizes[0])).astype(dtype)
    if loss == "cross_entropy":
        return x, rng.integers(0, sizes[-1], rows)
    return x, rng.standard_normal((rows, sizes[-1])).astype(dtype)


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize(
    ("sizes", "batch", "act", "optimizer", "loss", "dtype"),
    [
        ((2, 3, 2), 1, nn.Sigmoid, "sgd", "mse_loss", "f"),
        ((2, 3, 1), 4, nn.Tanh, "momentum", "mse_loss", "f"),
        ((3, 5, 3), 2, nn.ReLU, "sgd", "cross_entropy", "f"),
        ((1, 18), 1, nn.Tanh, "sgd", "mse_loss", "f"),
        ((2, 2, 1), 1, nn.Sigmoid, "adam", "mse_loss", "f"),
        ((2, 3, 1), 2, nn.Tanh, "momentum", "mse_loss", "d"),
    ],
)
@pytest.mark.parametrize("shuffled", [False, True])
def test_an_epoch_in_registers_equals_single_steps(
    name, sizes, batch, act, optimizer, loss, dtype, shuffled
):
    """Shuffled or in order, the last smaller mini-batch included; twice, as state is kept."""
    x, y = problem(sizes, loss, dtype)
    order = np.random.default_rng(1).permutation(23) if shuffled else np.arange(23)
    model, step = trainer(sizes, act, optimizer, loss, dtype)
    compiled = cr.compile(step, target=name)
    found = [
        compiled.epoch(x, y, batch_size=batch, order=order if shuffled else None) for _ in range(2)
    ]
    assert compiled.form.resident
    other, step = trainer(sizes, act, optimizer, loss, dtype)
    single = cr.compile(step, target=name)
    tolerance = {"rtol": 2e-5, "atol": 2e-6} if dtype == "f" else {"rtol": 1e-12, "atol": 1e-14}
    for result in found:
        want = []
        for i in range(0, 23, batch):
            rows = order[i : i + batch]
            want.append(single(cr.tensor(x[rows]), cr.tensor(y[rows])).item())
        assert not single.form.resident
        got = [*result.outputs, *([] if result.partial is None else [result.partial])]
        np.testing.assert_allclose(got, want, **tolerance)
    for p, q in zip(model.parameters(), other.parameters(), strict=True):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), **tolerance)


def test_arguments_per_step_and_for_all_steps_reach_registers():
    w = cr.tensor(np.zeros(2))

    def step(x, rate, scale):
        w.assign(w + rate * scale * x.sum(0))
        return w[0] * 2, w.sum()

    compiled = cr.compile(step)
    first, total = compiled.epoch(
        np.ones((6, 2)),
        batch_size=2,
        per_step={"rate": np.array([1.0, 10.0, 100.0])},
        whole={"scale": 0.5},
    ).outputs
    assert compiled.form.resident
    assert "state in registers" in str(compiled.explain())
    assert w.tolist() == [111.0, 111.0]
    assert first.tolist() == [2.0, 22.0, 222.0]
    assert total.tolist() == [2.0, 22.0, 222.0]


def test_larger_steps_run_kernel_by_kernel():
    x, y = problem((20, 30, 5), "mse_loss", "f")
    _, step = trainer((20, 30, 5), nn.Tanh, "sgd", "mse_loss", "f")
    compiled = cr.compile(step)
    compiled.epoch(x, y, batch_size=8)
    assert not compiled.form.resident
    assert "registers" not in str(compiled.explain())


def test_threads_asked_for_do_not_matter_to_a_step_in_registers():
    found = []
    for threads in (1, 2):
        x, y = problem((2, 3, 2), "mse_loss", "f")
        model, step = trainer((2, 3, 2), nn.Tanh, "sgd", "mse_loss", "f")
        cr.compile(step, threads=threads).epoch(x, y, batch_size=4)
        found.append([p.detach().numpy().copy() for p in model.parameters()])
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


def epoch_of(program: Program, inputs, states, machine):
    """Run the program's ``epoch`` on inputs with one entry per step; None if not in registers."""
    s = schedule(program)
    p = plan(s, machine, packed_results=True)
    results = [p.buffer(v) for v in program.outputs]
    code = generate([Phase(program, s, p)], machine, ["steps"] * len(inputs), results)
    if not code.resident:
        return None
    engine = runtime.load(code.text, machine)
    homes = []
    for v, x in zip(program.states, states, strict=True):
        b = p.buffers[v.id]
        home = Arena(b.bytes)
        home.bytes[:] = 255
        view = strided(home.bytes, 0, b.layout, v.dtype)
        view[...] = x
        homes.append((home, view))
    steps = len(inputs[0])
    outs = [np.empty((steps, *v.shape), v.dtype) for v in program.outputs]
    pointers = [a.ctypes.data for a in inputs], [h.address for h, _ in homes]
    table = np.array([*pointers[0], *pointers[1], *(o.ctypes.data for o in outs)], np.int64)
    types = [ctypes.c_void_p] * 3 + [ctypes.c_int64] * 2
    ctypes.CFUNCTYPE(None, *types)(engine.address("epoch"))(0, table.ctypes.data, 0, 0, steps)
    return outs, [view for _, view in homes]


SMALL = [(), (3,), (1, 2), (2, 3), (5, 1), (2, 2, 3), (4,), (17,)]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), length=st.integers(2, 14), name=st.sampled_from(TARGETS))
def test_random_programs_in_registers_equal_the_interpreter(seed, length, name):
    """Three steps; everything around the states in memory is NaN."""
    rng = np.random.default_rng(seed)
    program = passes.optimise(grow(rng, length, SMALL, 8))
    inputs = [rng.standard_normal((3, *v.shape)).astype("f") for v in program.inputs]
    states = [rng.standard_normal(v.shape).astype("f") for v in program.states]
    found = epoch_of(program, inputs, states, target.named(name))
    if found is None:
        return
    outs, after = found
    for n in range(3):
        want, updates = reference.run(program, [x[n] for x in inputs], states)
        for i, value in updates:
            states[i] = value
        for got, w in zip(outs, want, strict=True):
            scale = max(1.0, float(np.abs(w).max()))
            np.testing.assert_allclose(got[n], w, rtol=1e-3, atol=2e-4 * scale)
    for i, _ in program.updates:
        np.testing.assert_allclose(after[i], states[i], rtol=1e-3, atol=2e-4)


@pytest.mark.parametrize("name", TARGETS)
def test_lanes_that_do_not_matter_are_never_divided_by(name):
    """Three integers in a register of four: what is in the fourth must not reach a division."""
    b = Builder()
    x, y = (b.make("input", (), (3,), "i4", i) for i in range(2))
    program = Program([x, y], [], [b.map("floordiv", x, b.slice(y, [2], [-1], (3,)))], [])
    inputs = [np.array([[7, -7, 9]], "i4"), np.array([[2, 3, 0]], "i4")]
    outs, _ = epoch_of(program, inputs, [], target.named(name))
    np.testing.assert_array_equal(outs[0], [[0, -3, 4]])
