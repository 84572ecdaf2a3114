"""A few small programs whose IR is kept under ``tests/golden/compiler``.

``python tests/compiler/golden_programs.py`` writes it anew after a change that was meant.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from chainrule.compiler import passes
from chainrule.compiler.codegen import Phase, generate
from chainrule.compiler.plan import plan
from chainrule.compiler.program import Builder, Program
from chainrule.compiler.schedule import schedule
from chainrule.compiler.target import Target

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "compiler"
# Fixed targets: what is generated must not depend on the machine that runs the test.
TARGETS = {
    "avx512": Target("avx512", "x86-64-v4", "", 512, 32, True, True),
    "avx2": Target("avx2", "x86-64-v3", "", 256, 16, True, False),
    "neon": Target("neon", "generic", "", 128, 32, True, False),
}
F4 = np.dtype("f4")


def affine_layer(b: Builder) -> Program:
    """max(x W + b, 0): one kernel."""
    x = b.make("input", (), (4, 8), F4, 0)
    w, bias = b.make("state", (), (8, 20), F4, 0), b.make("state", (), (20,), F4, 1)
    z = b.map("add", b.contract(x, w, 0, 1, 1), b.broadcast(bias, (4, 20)))
    return Program([x], [w, bias], [b.map("max", z, b.full(0, (4, 20), F4))], [])


def update(b: Builder) -> Program:
    """W - 0.1 xᵀ g, in place: the gradient is never written."""
    x, g = b.make("input", (), (6, 5), F4, 0), b.make("input", (), (6, 18), F4, 1)
    w = b.make("state", (), (5, 18), F4, 0)
    gradient = b.contract(b.transpose(x, (1, 0)), g, 0, 1, 1)
    new = b.map("sub", w, b.map("mul", gradient, b.full(0.1, (5, 18), F4)))
    return Program([x, g], [w], [], [(0, new)])


def row_maximum(b: Builder) -> Program:
    """x minus the maximum of its row: one pass, the row in registers."""
    x = b.make("input", (), (3, 40), F4, 0)
    top = b.reshape(b.reduce("max", x, [1]), (3, 1))
    return Program([x], [], [b.map("sub", x, b.broadcast(top, (3, 40)))], [])


def column_sums(b: Builder) -> Program:
    """Sums down the columns, lanes along them."""
    x = b.make("input", (), (12, 33), F4, 0)
    return Program([x], [], [b.reduce("sum", x, [0])], [])


PROGRAMS = {p.__name__: p for p in (affine_layer, update, row_maximum, column_sums)}


def generate_all() -> dict[str, str]:
    """Return the IR of every program for every target."""
    out = {}
    for name, make in PROGRAMS.items():
        program = passes.optimise(make(Builder()))
        for kind, machine in TARGETS.items():
            s = schedule(program)
            phase = Phase(program, s, plan(s, machine))
            out[f"{name}.{kind}"] = generate([phase], machine).text
    return out


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for key, text in generate_all().items():
        (GOLDEN / f"{key}.ll").write_text(text)
