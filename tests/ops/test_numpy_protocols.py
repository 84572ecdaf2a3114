"""NumPy's protocols: ufunc methods and options, refusals in words, staging, dtypes of gradients."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest
from numpy_cases import CASES
from test_numpy_functions import function_of, operands

import chainrule as cr
from chainrule.core.op import Abstract, Op
from chainrule.errors import (
    ArgumentError,
    GradientError,
    ShapeError,
    StagingError,
    UnsupportedError,
)
from chainrule.ops.protocols import FUNCTIONS

T = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]])

# Their shape or branch depends on values, so they cannot be traced with shapes only.
NEEDS_VALUES = (
    "np.unique", "np.union1d", "np.intersect1d", "np.setdiff1d", "np.setxor1d", "np.piecewise",
    "np.linalg.lstsq", "np.polydiv", "np.trim_zeros",
)  # fmt: skip


@pytest.mark.parametrize("wish", ["value", "gradient"])
def test_functions_are_staged_with_the_shapes_and_dtypes_they_have(wish: str) -> None:
    """SPEC B6: shapes and dtypes are known without values, of results and of gradients."""
    wrong: dict[str, Any] = {}
    for case in CASES:
        expression, args = operands(case)
        function = function_of(expression)

        def total(*xs: Any, function: Any = function) -> Any:
            return sum((o * o).sum() for o in function(*xs) if o.dtype.kind == "f")

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if wish == "value":
                expected = [np.asarray(o) for o in function(*args)]
            else:
                expected, function = args, cr.grad(total, tuple(range(len(args))))
            try:
                graph = cr.trace(function, *(Abstract(x.shape, x.dtype) for x in args))
            except StagingError as error:
                if not expression.startswith(NEEDS_VALUES) or "compil" not in str(error):
                    wrong[expression] = str(error)
                continue
        found = [(tuple(o.shape), o.dtype) for o in graph.outputs]
        if found != [(x.shape, x.dtype) for x in expected]:
            wrong[expression] = found
    assert not wrong


def test_gradients_of_float32_are_float32() -> None:
    wrong = []
    for case in CASES:
        expression, args = operands(case)
        small = [x.astype(np.float32) for x in args]
        function = function_of(expression)

        def total(*xs: Any, call: Any = function) -> Any:
            return sum(o.sum() for o in call(*xs) if o.dtype.kind == "f")

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gradients = cr.grad(total, tuple(range(len(args))))(*small)
        wrong += [expression for g in gradients if g.dtype != np.float32]
    assert not wrong


REFUSED: list[tuple[str, type[Exception], str]] = [
    ("np.add.at(t, [0], 1.0)", UnsupportedError, r"np\.add\.at .*cr\.index_add"),
    ("np.add.reduceat(t, [0])", UnsupportedError, r"np\.add\.reduceat"),
    ("np.subtract.reduce(t)", UnsupportedError, r"np\.subtract\.reduce"),
    ("np.add(t, t, out=np.empty((2, 3)))", UnsupportedError, "out= an array"),
    ("np.sin(t, where=t > 0)", UnsupportedError, "np.where"),
    ("np.fft.fft(t)", UnsupportedError, "complex numbers"),
    ("np.roots(t[0])", UnsupportedError, "complex numbers"),
    ("np.isnat(t)", UnsupportedError, r"np\.isnat"),
    ("np.busday_count(t, t)", UnsupportedError, r"np\.busday_count"),
    ("np.sum(t, out=np.empty(()))", ValueError, "out="),
    ("np.quantile(t, 1.5)", ValueError, r"range \[0, 1\]"),
    ("np.percentile(t, -1)", ValueError, r"range \[0, 100\]"),
    ("np.quantile(t, 0.5, method='odd')", ValueError, "hazen"),
    ("np.quantile(t, 0.5, weights=t)", UnsupportedError, "weights="),
    ("np.split(t, 2, axis=1)", ValueError, "array_split"),
    ("np.tensordot(t, t, 1)", ShapeError, "axis 1 of the first operand has length 3"),
    ("np.dot(t[None], t[None])", ShapeError, "do not fit"),
    ("np.einsum('ij,jk', t, t)", ShapeError, "label 'j'"),
    ("np.einsum('ij->ik', t)", ArgumentError, "label 'k'"),
    ("np.einsum('ij,i', t)", ArgumentError, "describes 2 operands"),
    ("np.cross(t[:, :1], t)", ShapeError, "2 or 3 components"),
    ("np.linalg.inv(t)", ShapeError, "square"),
    ("np.linalg.inv(t[:, :2] * 0)", np.linalg.LinAlgError, "Singular"),
    ("np.linalg.solve(t[:, :2], t.T)", ShapeError, "right-hand sides of 2 rows"),
    ("np.linalg.cholesky(t[:, :2])", ValueError, "lower triangle"),
    ("np.linalg.eigh(t[:, :2])", ValueError, "lower triangle"),
    ("np.linalg.svd(t)", UnsupportedError, "full_matrices=False"),
    ("np.linalg.qr(t.T, 'complete')", UnsupportedError, "reduced"),
    ("np.linalg.eig(t[:, :2] * [[1, -1], [1, 1]])", TypeError, "complex"),
    ("np.linalg.norm(t, 7)", ValueError, "not a norm of matrices"),
    ("np.linalg.norm(t[0], 'fro')", ValueError, "two axes"),
    ("np.pad(t, 1, 'empty')", UnsupportedError, "no derivative"),
    ("np.pad(t, 1, 'mirror')", ValueError, "reflect"),
    ("np.pad(t, -1)", ValueError, "negative"),
    ("np.pad(t, (1, 2, 3))", ValueError, "pair for each axis"),
    ("np.pad(t, 1, 'edge', constant_values=1)", ValueError, "does not take"),
    ("np.average(t, weights=t[0])", ValueError, "axis="),
    ("np.average(t, axis=1, weights=t[0] * 0)", ZeroDivisionError, "add up to zero"),
    ("np.take(t, 9)", IndexError, "out of bounds"),
    ("np.take(t, 1, mode='odd')", ValueError, "raise"),
    ("np.take_along_axis(t, np.array([0]), 1)", ShapeError, "as many axes"),
    ("np.interp(1.0, t[0], t[1][:2])", ShapeError, "one length"),
    ("np.gradient(t, axis=0, edge_order=2)", ShapeError, "at least 3"),
    ("np.diff(t, n=-1)", ValueError, "at least 0"),
    ("np.sum(t, axis=2)", np.exceptions.AxisError, "axis 2"),
    ("np.array([t, t])", GradientError, "cr.array"),
    ("np.fill_diagonal(t, 0)", GradientError, "no_grad"),
]


@pytest.mark.parametrize(("call", "error", "words"), REFUSED, ids=[c for c, *_ in REFUSED])
def test_what_is_not_supported_is_refused_in_words(
    call: str, error: type[Exception], words: str
) -> None:
    """SPEC B1, B6: an error of NumPy's class that names the function and says what to do."""
    t = cr.tensor(T, requires_grad=True)
    with pytest.raises(error, match=words):
        eval(call, {"t": t, "np": np})


def test_a_numpy_array_is_not_written_with_a_tensor() -> None:
    with pytest.raises(TypeError, match="cannot hold a tensor's graph"):
        np.copyto(np.empty((2, 3)), cr.tensor(T, requires_grad=True))


def test_predicates_and_places_are_numpys() -> None:
    t = cr.tensor(T, requires_grad=True)
    assert np.shape(t) == (2, 3)
    assert np.ndim(t) == 2
    assert np.size(t) == 6
    assert np.size(t, 1) == 3
    assert np.result_type(t, np.float32) == np.float64
    assert np.array_equal(t, T)
    assert not np.array_equal(t, T[0])
    assert np.array_equiv(t, T[None])
    assert np.allclose(t, T + 1e-12)
    assert not np.iscomplexobj(t)
    assert np.isrealobj(t)
    assert np.shares_memory(t, t.T)
    assert np.can_cast(t, np.float64)
    for call in (
        lambda x: np.isclose(x, T + 1e-3),
        lambda x: np.argmax(x, axis=1),
        lambda x: np.argsort(-x),
        lambda x: np.argwhere(x > 2),
        lambda x: np.where(x > 2)[0],
        lambda x: np.flatnonzero(x > 2),
        lambda x: np.count_nonzero(x > 2, axis=0),
        lambda x: np.searchsorted(x[0], [0.5, 2.5]),
        lambda x: np.digitize(x, [2.0, 4.0]),
        lambda x: np.lexsort((x[0], x[1])),
        lambda x: np.angle(-x),
        lambda x: np.isin(x, [2.0, 5.0]),
        lambda x: np.sign(x) + np.floor(x) + np.round(x, 1),
        lambda x: np.histogram(x, bins=3)[0],
        lambda x: np.unravel_index(np.argmax(x), x.shape)[1],
        lambda x: np.any(x > 3, axis=0) | np.all(x > 3, axis=0),
    ):
        found, expected = call(t), call(T)
        assert isinstance(found, cr.Tensor)
        assert not found.requires_grad
        assert found.dtype == np.asarray(expected).dtype
        np.testing.assert_array_equal(found.numpy(), expected)


def test_cholesky_is_a_function_of_a_symmetric_matrix() -> None:
    """The gradient is symmetric, and the derivative of what is computed in every entry."""
    spd = T.T @ T + np.eye(3)
    weights = np.arange(9.0).reshape(3, 3)

    def total(x: Any) -> Any:
        return (np.linalg.cholesky(x) * weights).sum()

    gradient = cr.grad(total)(spd)
    np.testing.assert_allclose(gradient, gradient.T)
    step = np.zeros((3, 3))
    step[0, 2] = 1e-5
    moved = [total(cr.tensor(spd + s * step)).item() for s in (1, -1)]
    np.testing.assert_allclose((moved[0] - moved[1]) / 2e-5, gradient[0, 2], rtol=1e-6)


def test_norms_and_spreads_have_gradient_zero_at_zero() -> None:
    for call in (
        np.linalg.norm,
        np.std,
        np.var,
        lambda x: np.linalg.norm(x, 3),
        lambda x: np.linalg.norm(x, 1.5),
        lambda x: np.linalg.norm(x, 0.5),
        lambda x: np.linalg.norm(x, np.inf),
        lambda x: np.linalg.norm(x.reshape(2, 2), "nuc"),
        lambda x: np.nanstd(x),
    ):
        np.testing.assert_array_equal(cr.grad(call)(np.zeros(4)), np.zeros(4))


def test_vectors_of_equal_eigenvalues_have_an_infinite_gradient_and_never_a_wrong_one() -> None:
    identity = np.eye(2)
    values = cr.grad(lambda x: np.linalg.eigvalsh(x).sum())(identity)
    np.testing.assert_allclose(values, identity)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        vectors = cr.grad(lambda x: np.linalg.eigh(x)[1][0, 1])(identity)
    assert not np.isfinite(vectors).all()


def test_parameters_have_numpys_names() -> None:
    """Every keyword of NumPy's public functions is a keyword here (``like``, ``order`` … aside)."""
    memory = {"order", "device", "like", "subok", "copy", "sparse", "object"}
    wrong = {}
    for function, answer in FUNCTIONS.items():
        try:
            theirs = inspect.signature(function).parameters
            ours = inspect.signature(answer).parameters
        except (TypeError, ValueError):  # functions of C without a signature
            continue
        kinds = {p.kind for p in ours.values()}
        if isinstance(answer, Op) or inspect.Parameter.VAR_KEYWORD in kinds:
            continue
        missing = {
            name
            for name, p in theirs.items()
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and name not in ours
        } - memory
        if missing and function not in (np.arange, np.asarray):
            wrong[function.__name__] = missing
    assert not wrong
