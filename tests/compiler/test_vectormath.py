"""The stated bounds of the vector functions, against mpmath, on every target."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest
from conftest import elementwise

from chainrule.compiler import vectormath

# float32 with tables, float32 without, float64: the table of the module's documentation.
BOUNDS = {
    "exp": (0.6, 1.1, 2.0),
    "tanh": (1.1, 2.0, 3.0),
    "sigmoid": (1.6, 2.0, 3.0),
    "log": (1.0, 1.0, 2.0),
    "expm1": (1.0, 1.0, 3.0),
    "log1p": (1.0, 1.0, 3.0),
    "softplus": (1.0, 1.0, 3.0),
    "sin": (1.0, 1.0, 3.0),
    "cos": (1.0, 1.0, 3.0),
    "erf": (1.0, 1.0, 3.0),
}
EXACT = {
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log1p(mp.exp(x)) if x < 60 else x + mp.exp(-x),
}
RANGES = {
    "exp": [(-86, 88), (-1, 1)],
    "tanh": [(-10, 10), (-1, 1), (-1e-3, 1e-3)],
    "sigmoid": [(-86, 40), (-8, 8)],
    "log": [(1e-30, 10), (0.5, 2), (1, 1e30)],
    "expm1": [(-20, 40), (-1, 1), (-1e-4, 1e-4)],
    "log1p": [(-0.99, 5), (-1e-4, 1e-4), (1, 1e6)],
    "softplus": [(-80, 80), (-2, 2)],
    "sin": [(-10, 10), (-1e5, 1e5), (1e9, 1e12)],
    "cos": [(-10, 10), (-1e5, 1e5), (1e9, 1e12)],
    "erf": [(-6, 6), (-1, 1), (-1e-3, 1e-3)],
}


def sample(name: str, dtype, count: int) -> np.ndarray:
    rng = np.random.default_rng(7)
    return np.concatenate([rng.uniform(a, b, count) for a, b in RANGES[name]]).astype(dtype)


def worst_ulp(name: str, x: np.ndarray, got: np.ndarray) -> float:
    """Return the largest error in units in the last place of the exact value."""
    mp.mp.prec = 140
    exact = EXACT.get(name, getattr(mp, name, None))
    worst = 0.0
    for a, b in zip(x.tolist(), got.tolist(), strict=True):
        want = exact(mp.mpf(a))
        spacing = float(np.spacing(x.dtype.type(abs(float(want)))))
        worst = max(worst, float(abs(mp.mpf(b) - want)) / spacing)
    return worst


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_error_is_within_the_stated_bound(machine, name, dtype):
    apply = elementwise(machine, dtype, lambda f, x: vectormath.unary(f, name, x))
    x = sample(name, dtype, 700)
    column = 2 if dtype is np.float64 else 0 if machine.has_tables else 1
    worst = worst_ulp(name, x, apply(x))
    assert worst <= BOUNDS[name][column], f"{name} errs by {worst:.3f} ulp"


@pytest.mark.parametrize("name", ["exp", "tanh", "sigmoid", "log"])
def test_hot_float32_functions_on_a_dense_sample(machine, name):
    """A million float32 against float64 NumPy, whose own error is negligible here."""
    apply = elementwise(machine, np.float32, lambda f, x: vectormath.unary(f, name, x))
    x = sample(name, np.float32, 300_000)
    wide = x.astype(np.float64)
    want = 1 / (1 + np.exp(-wide)) if name == "sigmoid" else getattr(np, name)(wide)
    error = np.abs(apply(x) - want) / np.spacing(np.abs(want).astype(np.float32))
    assert error.max() <= BOUNDS[name][0 if machine.has_tables else 1]


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="no wider type to compare with")
@pytest.mark.parametrize("name", ["exp", "tanh", "sigmoid"])
def test_hot_float64_functions_on_a_dense_sample(machine, name):
    """A million float64 against 80-bit NumPy, whose own error is negligible here."""
    apply = elementwise(machine, np.float64, lambda f, x: vectormath.unary(f, name, x))
    x = sample(name, np.float64, 300_000)
    wide = x.astype(np.longdouble)
    want = 1 / (1 + np.exp(-wide)) if name == "sigmoid" else getattr(np, name)(wide)
    error = np.abs(apply(x) - want) / np.spacing(np.abs(want).astype(np.float64))
    assert error.max() <= BOUNDS[name][2]


SPECIAL = {
    "exp": [(np.inf, np.inf), (-np.inf, 0.0), (1e4, np.inf), (-1e4, 0.0), (0.0, 1.0)],
    "expm1": [(np.inf, np.inf), (-np.inf, -1.0), (1e4, np.inf), (-1e4, -1.0), (0.0, 0.0)],
    "log": [(np.inf, np.inf), (0.0, -np.inf), (-0.0, -np.inf), (-1.0, np.nan), (1.0, 0.0)],
    "log1p": [(np.inf, np.inf), (-1.0, -np.inf), (-2.0, np.nan), (0.0, 0.0)],
    "tanh": [(np.inf, 1.0), (-np.inf, -1.0), (1e30, 1.0), (0.0, 0.0), (-50.0, -1.0)],
    "sigmoid": [(np.inf, 1.0), (-np.inf, 0.0), (1e30, 1.0), (-1e30, 0.0), (0.0, 0.5)],
    "softplus": [(np.inf, np.inf), (-np.inf, 0.0), (1e6, 1e6)],
    "sin": [(np.inf, np.nan), (0.0, 0.0)],
    "cos": [(-np.inf, np.nan), (0.0, 1.0)],
    "erf": [(np.inf, 1.0), (-np.inf, -1.0), (30.0, 1.0), (0.0, 0.0)],
}


@pytest.mark.parametrize("name", SPECIAL)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_infinities_nan_and_limits(machine, name, dtype):
    apply = elementwise(machine, dtype, lambda f, x: vectormath.unary(f, name, x))
    x, want = np.array(SPECIAL[name], dtype).T
    np.testing.assert_array_equal(apply(x), want)
    assert np.isnan(apply(np.array([np.nan], dtype))).all()


@pytest.mark.parametrize("name", ["exp", "tanh", "log", "sin", "expm1", "erf"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_smallest_arguments(machine, name, dtype):
    """Subnormal and smallest normal arguments; a subnormal counts as itself or as zero."""
    tiny = np.finfo(dtype).tiny
    x = np.array([tiny, -tiny, tiny / 8, np.finfo(dtype).smallest_subnormal], dtype)
    got = elementwise(machine, dtype, lambda f, v: vectormath.unary(f, name, v))(x)
    with np.errstate(all="ignore"):
        want = x * dtype(2 / np.sqrt(np.pi)) if name == "erf" else getattr(np, name)(x)
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=np.finfo(dtype).smallest_subnormal)


def test_subnormal_results_of_exp(machine):
    x = np.array([-88.0, -95.0, -103.0, -104.5], np.float32)
    got = elementwise(machine, np.float32, vectormath.FUNCTIONS["exp"])(x)
    np.testing.assert_allclose(got, np.exp(x.astype(np.float64)), atol=1.4013e-45, rtol=1e-6)


def test_a_wrong_coefficient_is_caught(machine, monkeypatch):
    """The measurement above is able to fail."""
    from chainrule.compiler.vectormath import exponential

    wrong = (*exponential._EXP[64][:-2], exponential._EXP[64][-2] * (1 + 1e-12), 0.5)
    monkeypatch.setitem(exponential._EXP, 64, wrong)
    table = (*exponential.EXP64_HIGH[:-1], exponential.EXP64_HIGH[-1] * (1 + 1e-12))
    monkeypatch.setattr(exponential, "EXP64_HIGH", table)  # the one that counts with tables
    apply = elementwise(machine, np.float64, vectormath.FUNCTIONS["exp"])
    x = sample("exp", np.float64, 300)
    assert worst_ulp("exp", x, apply(x)) > BOUNDS["exp"][2]


def test_tables_are_what_the_script_computes():
    root = Path(__file__).resolve().parents[2]
    spec = importlib.util.spec_from_file_location("make", root / "tools/make_vector_tables.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    assert make.OUT.read_text() == make.text()
