"""Random programs: compiled equals the NumPy interpreter, whatever is fused with whatever."""

from __future__ import annotations

import ctypes

import numpy as np
from conftest import runnable
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.compiler import passes, reference, runtime, target
from chainrule.compiler.codegen import Phase, generate
from chainrule.compiler.memory import Arena, strided
from chainrule.compiler.plan import plan
from chainrule.compiler.program import Affine, Builder, Program, Value
from chainrule.compiler.schedule import schedule

SHAPES = [(5,), (1, 7), (6, 5), (20, 17), (33, 3), (4, 1), (2, 3, 18), (16, 16)]
UNARY = ["neg", "abs", "tanh", "sigmoid", "sign", "copy"]
BINARY = ["add", "sub", "mul", "max", "min"]


def grow(rng: np.random.Generator, length: int, shapes=SHAPES, kinds: int = 9) -> Program:
    """Build a random program of about ``length`` values, of the first ``kinds`` kinds."""
    b = Builder()
    f4 = np.dtype("f4")
    inputs = [b.make("input", (), shapes[rng.integers(len(shapes))], f4, i) for i in range(3)]
    states = [b.make("state", (), shapes[rng.integers(len(shapes))], f4, i) for i in range(2)]
    pool: list[Value] = [*inputs, *states]

    def some() -> Value:
        return pool[
            rng.integers(max(0, len(pool) - 9), len(pool))
            if rng.random() < 0.7
            else rng.integers(len(pool))
        ]

    for _ in range(length):
        x = some()
        kind = rng.integers(kinds)
        if kind == 0:
            pool.append(b.map(UNARY[rng.integers(len(UNARY))], x))
        elif kind in (1, 2):
            y = some()
            try:
                shape = np.broadcast_shapes(x.shape, y.shape)
            except ValueError:
                y, shape = b.full(rng.standard_normal(), x.shape, "f4"), x.shape
            name = BINARY[rng.integers(len(BINARY))]
            pool.append(b.map(name, b.broadcast(x, shape), b.broadcast(y, shape)))
        elif kind == 3 and x.shape:
            axes = [a for a in range(len(x.shape)) if rng.random() < 0.5] or [len(x.shape) - 1]
            out = b.reduce(["sum", "max", "min"][rng.integers(3)], x, axes)
            if rng.random() < 0.6:  # back to the shape, as normalisations do
                kept = tuple(1 if a in axes else n for a, n in enumerate(x.shape))
                pool.append(b.map("sub", x, b.broadcast(b.reshape(out, kept), x.shape)))
            pool.append(out)
        elif kind == 4 and len(x.shape) == 2:
            n = int(rng.integers(1, 20))
            w = b.const(rng.standard_normal((x.shape[1], n)).astype("f") / x.shape[1])
            pool.append(b.contract(x, w, 0, 1, 1))
        elif kind == 5 and len(x.shape) == 2:
            pool.append(b.contract(b.transpose(x, (1, 0)), x, 0, 1, 1))
            pool[-1] = b.map("mul", pool[-1], b.full(1 / max(1, x.shape[0]), pool[-1].shape, "f4"))
        elif kind == 6 and x.shape:
            pool.append(b.transpose(x, list(rng.permutation(len(x.shape)))))
        elif kind == 7 and x.shape and x.shape[0] > 1:
            pool.append(
                b.slice(
                    x,
                    [1] + [0] * (len(x.shape) - 1),
                    [1] * len(x.shape),
                    (x.shape[0] - 1, *x.shape[1:]),
                )
            )
        elif kind == 8 and x.shape:
            wide = (x.shape[0] + 2, *x.shape[1:])
            rows = Affine.identity(len(x.shape)).matrix
            base = b.full(0, wide, "f4")
            pool.append(b.assemble(base, [(x, Affine((1,) + (0,) * (len(x.shape) - 1), rows))]))

    def root(v: Value) -> Value:
        return Value("map", (v,), v.shape, v.dtype, "copy")

    chosen = [pool[i] for i in rng.choice(len(pool), size=min(3, len(pool)), replace=False)]
    updates = []
    for s in states:
        y = some()
        try:
            new = b.map("add", s, b.broadcast(b.map("tanh", y), s.shape))
        except (ValueError, IndexError):
            new = b.map("tanh", s)
        updates.append((s.data, root(new)))
    return Program(inputs, states, [root(v) for v in chosen], updates)


def execute(program: Program, inputs, states, machine):
    s = schedule(program)
    p = plan(s, machine)
    engine = runtime.load(generate([Phase(program, s, p)], machine).text, machine)
    arena = Arena(p.arena)
    arena.bytes[:] = 255  # NaN everywhere: nothing may be read that was not written
    for buffer, data in p.constants:
        arena.view(buffer.offset, buffer.layout, buffer.dtype)[...] = data
    homes = []
    for v, x in zip(program.states, states, strict=True):
        b = p.buffers[v.id]
        home = Arena(b.bytes)
        view = strided(home.bytes, 0, b.layout, v.dtype)
        view[...] = x
        homes.append((home, view))
    kept = [np.ascontiguousarray(x) for x in inputs]
    table = np.array([*(k.ctypes.data for k in kept), *(h.address for h, _ in homes)], np.int64)
    ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(engine.address("run"))(
        arena.address, table.ctypes.data
    )
    outs = []
    for v in program.outputs:
        b = p.buffer(v)
        outs.append(np.array(arena.view(b.offset, b.layout, b.dtype)))
    return outs, [view for _, view in homes]


def compare(seed: int, length: int, name: str) -> None:
    rng = np.random.default_rng(seed)
    program = grow(rng, length)
    inputs = [rng.standard_normal(v.shape).astype("f") for v in program.inputs]
    states = [rng.standard_normal(v.shape).astype("f") for v in program.states]
    want, updates = reference.run(program, inputs, states)
    optimised = passes.optimise(program)
    again, _ = reference.run(optimised, inputs, states)
    for a, b in zip(want, again, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)
    got, after = execute(optimised, inputs, states, target.named(name))
    for g, w in zip(
        [*got, *(after[i] for i, _ in updates)], [*want, *(u for _, u in updates)], strict=True
    ):
        scale = max(1.0, float(np.abs(w).max())) if w.size else 1.0
        np.testing.assert_allclose(g, w, rtol=1e-3, atol=2e-4 * scale)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), length=st.integers(2, 40), name=st.sampled_from(runnable()))
def test_compiled_random_programs_equal_the_interpreter(seed, length, name):
    """Arena filled with NaN beforehand: padding and stale memory are never read as data."""
    compare(seed, length, name)
