"""Every op record: compiled equals eager, on the record's own samples (STYLE property 8)."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler import passes, staged
from chainrule.compiler.translate import RULES
from chainrule.core.op import OPS
from chainrule.errors import CompileError, StagingError

# What cr.compile refuses, by name; everything else must compile.
REFUSED = {
    # values of the floating-point format
    "nextafter", "spacing", "exponent",
    # recurrences and searches without a parallel form
    "linear_recurrence", "argcummax", "argcummin", "digitize",
    # decompositions
    "inv", "solve", "cofactor", "cofactor_derivative", "det", "slogdet", "pinv", "cholesky", "qr",
    "eigh", "eig", "svd", "eigvals", "lstsq", "expm",
    # special functions
    "i0", "i1", "i0e", "i1e", "j0", "j1", "y0", "y1", "k0", "k1", "k0e", "k1e", "jv", "yv", "iv",
    "kv", "erfcx", "erfi", "erfinv", "erfcinv", "dawsn", "log_ndtr", "ndtri", "exp1", "expi",
    "exprel", "spence", "rgamma", "digamma", "polygamma", "zeta", "beta", "gammainc", "gammaincc",
    "betainc", "gammasgn", "lambertw",
}  # fmt: skip
VALUE_DEPENDENT = {"nonzero"}  # shapes that depend on values: refused by staging

# Units in the last place of the largest element of the result: sums are taken in another order.
ULPS = {np.dtype(np.float32): 40, np.dtype(np.float64): 40}


def inputs_of(op, sample, dtype):
    rng = np.random.default_rng(3)
    out = []
    for i, x in enumerate(sample.inputs):
        if isinstance(x, tuple):
            a = rng.standard_normal(x)
            a = op.domain(a, i) if op.domain else a
            out.append(np.asarray(a, dtype))
        else:
            out.append(np.asarray(x))
    return out


def all_cases():
    for name, op in OPS.items():
        for i in range(len(op.samples)):
            for dtype in (np.float64, np.float32) if i == 0 else (np.float64,):
                yield pytest.param(name, i, dtype, id=f"{name}-{i}-{np.dtype(dtype)}")


def close(got, want):
    assert got.shape == want.shape
    assert got.dtype == want.dtype
    if want.dtype.kind != "f":
        np.testing.assert_array_equal(got, want)
        return
    finite = want[np.isfinite(want)]
    scale = max(float(np.abs(finite).max()), np.finfo(want.dtype).tiny) if finite.size else 1.0
    tolerance = ULPS[want.dtype] * float(np.spacing(want.dtype.type(scale)))
    np.testing.assert_allclose(got, want, rtol=0, atol=tolerance)


@pytest.mark.parametrize(("name", "index", "dtype"), list(all_cases()))
def test_compiled_equals_eager(name, index, dtype):
    op = OPS[name]
    sample = op.samples[index]
    inputs = inputs_of(op, sample, dtype)

    @cr.compile
    @cr.no_grad()
    def compiled(*a):
        return op(*a, **sample.params)

    if name in VALUE_DEPENDENT:
        with pytest.raises(StagingError):
            compiled(*inputs)
        return
    if name in REFUSED:
        with pytest.raises(CompileError, match=rf"{name} \(.*test_ops_compiled.py:\d+\)"):
            compiled(*inputs)
        return
    kept = [x.copy() for x in inputs]
    with np.errstate(all="ignore"):
        want = op(*inputs, **sample.params)
    got, again = compiled(*inputs), compiled(*inputs)
    for w, g, h in zip(
        *(v if isinstance(v, tuple) else (v,) for v in (want, got, again)), strict=True
    ):
        close(g, np.asarray(w))
        np.testing.assert_array_equal(g, h)
    for x, k in zip(inputs, kept, strict=True):
        np.testing.assert_array_equal(x, k)
    assert len(compiled.forms) == 1, "the second call was staged again"


def test_a_wrong_translation_is_caught(monkeypatch):
    """The comparison above is able to fail: a rule wrong by 1e-12 is seen."""
    right = RULES["exp"]

    def wrong(call):
        v = right(call)
        return call.builder.map("mul", v, call.builder.full(1 + 1e-12, v.shape, v.dtype))

    monkeypatch.setitem(RULES, "exp", wrong)
    x = np.linspace(-1, 1, 7)
    with pytest.raises(AssertionError):
        close(cr.compile(cr.exp)(x), np.exp(x))


def test_a_pass_that_breaks_a_program_is_caught(monkeypatch):
    """The check after each pass is able to fail."""
    from chainrule.compiler.program import Value

    def breaks(program):
        v = program.outputs[0]
        program.outputs[0] = Value("map", v.args, (*v.shape, 2), v.dtype, v.data)
        return program

    monkeypatch.setattr(passes, "PASSES", (breaks,))
    monkeypatch.setattr(staged, "fingerprint", lambda *_: None)  # not from the cache
    with pytest.raises(CompileError, match="operands of other shapes"):
        cr.compile(lambda x: cr.exp(x) + 1.0)(np.ones(3))
