"""Calls of NumPy functions in many argument forms, as functions of a NumPy-like module.

``np`` below is the module: NumPy itself on tensors, ``jax.numpy``, ``autograd.numpy``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy


class Call(NamedTuple):
    """A function of ``(np, *arrays)``, and the shapes of the arrays."""

    function: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]
    positive: bool = False


def _definite(np: Any, a: Any) -> Any:
    return np.dot(a, a.T) + 3.0 * numpy.eye(a.shape[0])


MASK = numpy.array([[True, False, True], [False, True, True]])
A, B, V, C = (2, 3), (3, 4), (3,), (2, 3, 4)
M = (3, 3)

CALLS: dict[str, Call] = {}


def call(
    name: str, function: Callable[..., Any], *shapes: tuple[int, ...], positive: bool = False
) -> None:
    """Enter a call in the table."""
    assert name not in CALLS, name
    CALLS[name] = Call(function, shapes, positive)


# ---- reductions, in every form of axis

for form, axis in {"all": None, "first": 0, "last": -1, "pair": (0, 2), "middle": 1}.items():
    for fn in ("sum", "mean", "prod", "max", "min", "var", "std"):
        call(f"{fn} {form}", lambda np, x, fn=fn, axis=axis: getattr(np, fn)(x, axis=axis), C)
for fn in ("sum", "mean", "max", "var"):
    call(f"{fn} keepdims", lambda np, x, fn=fn: getattr(np, fn)(x, axis=1, keepdims=True), C)
call("var ddof", lambda np, x: np.var(x, axis=0, ddof=1), A)
call("std ddof keepdims", lambda np, x: np.std(x, axis=1, ddof=1, keepdims=True), A)
call("method sum", lambda np, x: x.sum(axis=0) * x.mean() + x.max() * x.min(axis=1).sum(), A)
call("ptp", lambda np, x: np.ptp(x, axis=1), A)
call("median odd", lambda np, x: np.median(x, axis=0), M)
call("median even", lambda np, x: np.median(x, axis=1), B)
call("quantile", lambda np, x: np.quantile(x, 0.3, axis=0), B)
call("percentile", lambda np, x: np.percentile(x, 60.0), B)
call("average weights", lambda np, x, w: np.average(x, axis=1, weights=w), A, V, positive=True)
call("nansum", lambda np, x: np.nansum(x, axis=0), A)
call("nanmean", lambda np, x: np.nanmean(x), A)
call("cumsum none", lambda np, x: np.cumsum(x), A)
call("cumsum axis", lambda np, x: np.cumsum(x, axis=1), A)
call("cumprod axis", lambda np, x: np.cumprod(x, axis=-1), A)
call("diff", lambda np, x: np.diff(x), A)
call("diff twice", lambda np, x: np.diff(x, n=2, axis=1), B)
call("gradient", lambda np, x: np.gradient(x), (5,))
call("trapezoid", lambda np, x: np.trapezoid(x, dx=0.5), A)
call("count of signs", lambda np, x: np.sum(np.where(x > 0, x, 0.0)), A)

# ---- products

call("dot matrices", lambda np, x, y: np.dot(x, y), A, B)
call("dot vectors", lambda np, x, y: np.dot(x, y), V, V)
call("dot matrix vector", lambda np, x, y: np.dot(x, y), A, V)
call("dot tensors", lambda np, x, y: np.dot(x, y), C, (5, 4, 2))
call("dot scalar", lambda np, x, y: np.dot(x, y), (), A)
call("matmul batched", lambda np, x, y: np.matmul(x, y), (5, 2, 3), B)
call("matmul broadcast", lambda np, x, y: x @ y, (4, 1, 2, 3), (2, 3, 2))
call("matmul vector matrix", lambda np, x, y: x @ y, V, (2, 3, 2))
call("inner", lambda np, x, y: np.inner(x, y), A, (4, 3))
call("outer", lambda np, x, y: np.outer(x, y), A, V)
call("vdot", lambda np, x, y: np.vdot(x, y), A, A)
call("cross", lambda np, x, y: np.cross(x, y), A, A)
call("kron", lambda np, x, y: np.kron(x, y), A, (2, 2))
call("tensordot number", lambda np, x, y: np.tensordot(x, y, 1), C, (4, 2))
call("tensordot axes", lambda np, x, y: np.tensordot(x, y, axes=([0, 2], [1, 0])), C, (4, 2))
call("tensordot two", lambda np, x, y: np.tensordot(x, y, axes=2), C, (3, 4, 2))
call("einsum matrix", lambda np, x, y: np.einsum("ij,jk->ik", x, y), A, B)
call("einsum implicit", lambda np, x, y: np.einsum("ij,jk", x, y), A, B)
call("einsum trace", lambda np, x: np.einsum("ii->", x), M)
call("einsum diagonal", lambda np, x: np.einsum("ii->i", x), M)
call("einsum three", lambda np, x, y, z: np.einsum("i,ij,jk->k", z, x, y), A, B, (2,))
call("einsum ellipsis", lambda np, x, y: np.einsum("...ij,jk->...ik", x, y), C, (4, 2))
call("einsum sum", lambda np, x: np.einsum("ijk->j", x), C)
call("convolve full", lambda np, x, y: np.convolve(x, y), (5,), V)
call("convolve same", lambda np, x, y: np.convolve(x, y, mode="same"), (5,), V)
call("convolve valid", lambda np, x, y: np.convolve(x, y, mode="valid"), (5,), V)

# ---- shapes

call("reshape", lambda np, x: np.reshape(x, (4, -1)), C)
call("reshape F", lambda np, x: np.reshape(x, (3, 8), order="F"), C)
call("ravel", lambda np, x: np.ravel(x), A)
call("transpose", lambda np, x: np.transpose(x), C)
call("transpose axes", lambda np, x: np.transpose(x, (1, 2, 0)), C)
call("T", lambda np, x: x.T * 2.0, A)
call("swapaxes", lambda np, x: np.swapaxes(x, 0, -1), C)
call("moveaxis", lambda np, x: np.moveaxis(x, [0, 1], [-1, 0]), C)
call("rollaxis", lambda np, x: np.rollaxis(x, 2), C)
call("expand_dims", lambda np, x: np.expand_dims(x, (0, -1)), A)
call("squeeze", lambda np, x: np.squeeze(x, axis=(0, 2)), (1, 3, 1, 2))
call("broadcast_to", lambda np, x: np.broadcast_to(x, (4, 2, 3)), A)
call("atleast_2d", lambda np, x: np.atleast_2d(x), V)
call("atleast_3d", lambda np, x: np.atleast_3d(x), A)
call("tile", lambda np, x: np.tile(x, (2, 2)), A)
call("tile more axes", lambda np, x: np.tile(x, (2, 1, 2)), A)
call("repeat number", lambda np, x: np.repeat(x, 3), A)
call("repeat axis", lambda np, x: np.repeat(x, 2, axis=1), A)
call("repeat each", lambda np, x: np.repeat(x, numpy.array([1, 0, 2]), axis=1), A)
call("flip", lambda np, x: np.flip(x, (0, 1)), A)
call("fliplr", lambda np, x: np.fliplr(x), A)
call("rot90", lambda np, x: np.rot90(x), A)
call("roll", lambda np, x: np.roll(x, 2), A)
call("roll axis", lambda np, x: np.roll(x, -1, axis=1), A)
call("roll axes", lambda np, x: np.roll(x, (1, 2), axis=(0, 1)), A)
call("pad", lambda np, x: np.pad(x, ((1, 2), (0, 1)), mode="constant"), A)
call("pad edge", lambda np, x: np.pad(x, 1, mode="edge"), A)
call("pad reflect", lambda np, x: np.pad(x, 1, mode="reflect"), A)
call("pad wrap", lambda np, x: np.pad(x, 2, mode="wrap"), B)

# ---- joining and splitting

call("concatenate", lambda np, x, y: np.concatenate([x, y], axis=1), A, (2, 2))
call("concatenate none", lambda np, x, y: np.concatenate([x, y], axis=None), A, V)
call("stack", lambda np, x, y: np.stack([x, y, x], axis=-1), A, A)
call("vstack", lambda np, x, y: np.vstack([x, y]), A, V)
call("hstack", lambda np, x, y: np.hstack([x, y]), A, (2, 1))
call("dstack", lambda np, x, y: np.dstack([x, y]), A, A)
call("column_stack", lambda np, x, y: np.column_stack([x, y]), A, (2,))
call("append", lambda np, x, y: np.append(x, y), A, V)
call("split", lambda np, x: np.split(x, [1, 3], axis=1)[1] * np.split(x, 2, axis=1)[0], B)
call("array_split", lambda np, x: np.array_split(x, 3, axis=1)[0], B)
call("hsplit", lambda np, x: np.hsplit(x, 2)[1], B)
call("block", lambda np, x, y: np.block([[x, y], [y, x]]), A, A)

# ---- choosing

call("where", lambda np, x, y: np.where(MASK, x, y), A, A)
call("where broadcast", lambda np, x, y: np.where(MASK, x, y), V, ())
call("clip", lambda np, x: np.clip(x, -0.5, 0.5), A)
call("clip one side", lambda np, x: np.clip(x, 0.1, None), A)
call("maximum scalar", lambda np, x: np.maximum(x, 0.1), A)
call("select", lambda np, x, y: np.select([MASK, ~MASK], [x, y * 2.0]), A, A)
call("take", lambda np, x: np.take(x, numpy.array([[0, 2], [1, 1]]), axis=1), A)
call("take flat", lambda np, x: np.take(x, numpy.array([5, 0, 5])), A)
call("take_along_axis", lambda np, x: np.take_along_axis(x, numpy.array([[2, 0], [1, 1]]), 1), A)
call("sort", lambda np, x: np.sort(x, axis=0), B)
call("sort flat", lambda np, x: np.sort(x, axis=None), A)
call("diag vector", lambda np, x: np.diag(x), V)
call("diag offset", lambda np, x: np.diag(x, k=1), M)
call("diagonal", lambda np, x: np.diagonal(x), M)
call("diagonal batch", lambda np, x: np.diagonal(x, axis1=1, axis2=2), (2, 3, 3))
call("trace", lambda np, x: np.trace(x), M)
call("trace offset", lambda np, x: np.trace(x, offset=1), M)
call("tril", lambda np, x: np.tril(x, -1), M)
call("triu", lambda np, x: np.triu(x, 1), C)
call("compress", lambda np, x: np.compress(numpy.array([True, False, True]), x, axis=1), A)
call("extract by mask", lambda np, x: x[MASK], A)
call("index rows", lambda np, x: x[numpy.array([1, 0, 1])], A)
call("index pairs", lambda np, x: x[numpy.array([0, 1]), numpy.array([2, 2])], A)
call("index mixed", lambda np, x: x[:, [0, 2], 1:], C)
call("index split", lambda np, x: x[[0, 1], :, [1, 2]], C)
call("index strides", lambda np, x: x[::-1, ::2], A)
call("index none", lambda np, x: x[None, :, None, 1], A)
call("delete", lambda np, x: np.delete(x, 1, axis=1), A)
call("insert", lambda np, x: np.insert(x, 1, 5.0, axis=1), A)
call("interp", lambda np, x, y: np.interp(x, numpy.linspace(-3.0, 3.0, 4), y), V, (4,))
call("nan_to_num", lambda np, x: np.nan_to_num(x), A)
call("unwrap", lambda np, x: np.unwrap(x * 5.0), (6,))
call("vander", lambda np, x: np.vander(x, 4), V)
call("polyval", lambda np, p, x: np.polyval(p, x), V, A)
call("i0", lambda np, x: np.i0(x), A)
call("full_like", lambda np, x: np.full_like(x, 2.0) * x + np.ones_like(x) + np.zeros_like(x), A)
call("meshgrid", lambda np, x, y: np.meshgrid(x, y)[0] * np.meshgrid(x, y)[1], V, (2,))
call("apply_along_axis", lambda np, x: np.apply_along_axis(lambda v: np.sum(v * v), 1, x), A)
call("cov", lambda np, x: np.cov(x), B)
call("corrcoef", lambda np, x: np.corrcoef(x), B)

# ---- linear algebra

call("inv", lambda np, x: np.linalg.inv(_definite(np, x)), M)
call("det", lambda np, x: np.linalg.det(x), M)
call("det batch", lambda np, x: np.linalg.det(x), (2, 3, 3))
call("slogdet", lambda np, x: np.linalg.slogdet(x)[1], M)
call("solve", lambda np, x, y: np.linalg.solve(_definite(np, x), y), M, (3, 2))
call("solve vector", lambda np, x, y: np.linalg.solve(_definite(np, x), y), M, V)
call("cholesky", lambda np, x: np.linalg.cholesky(_definite(np, x)), M)
call("eigh values", lambda np, x: np.linalg.eigh(_definite(np, x))[0], M)
call("eigh invariant", lambda np, x: np.linalg.eigh(_definite(np, x))[1] ** 2, M)
call("eigvalsh", lambda np, x: np.linalg.eigvalsh(_definite(np, x)), M)
call("svd values", lambda np, x: np.linalg.svd(x, compute_uv=False), B)
call("svd invariant", lambda np, x: np.linalg.svd(x, full_matrices=False)[0] ** 2, B)
call("qr invariant", lambda np, x: np.linalg.qr(x)[0] ** 2, (4, 3))
call("pinv", lambda np, x: np.linalg.pinv(x), B)
call("lstsq", lambda np, x, y: np.linalg.lstsq(x, y, rcond=None)[0], (4, 2), (4,))
call("norm", lambda np, x: np.linalg.norm(x), A)
call("norm axis", lambda np, x: np.linalg.norm(x, axis=1), A)
call("norm 1", lambda np, x: np.linalg.norm(x, ord=1, axis=0), A)
call("norm 3", lambda np, x: np.linalg.norm(x, ord=3, axis=1), A)
call("norm inf", lambda np, x: np.linalg.norm(x, ord=numpy.inf, axis=1), A)
call("norm fro keepdims", lambda np, x: np.linalg.norm(x, "fro", axis=(0, 2), keepdims=True), C)
call("norm nuc", lambda np, x: np.linalg.norm(x, "nuc"), B)
call("norm matrix 2", lambda np, x: np.linalg.norm(x, 2), B)
call("matrix_power", lambda np, x: np.linalg.matrix_power(x, 3), M)
call("matrix_power negative", lambda np, x: np.linalg.matrix_power(_definite(np, x), -2), M)
call("multi_dot", lambda np, x, y, z: np.linalg.multi_dot([x, y, z]), A, B, (4, 2))

# ---- elementwise, in forms that operators take

call("operators", lambda np, x, y: (x + 2.0) * y - y / (x * x + 1.0) + (-x) ** 2 - abs(y), A, A)
call("reflected", lambda np, x: 2.0 / (3.0 + x**2) - 1.0 * x + 2.0**x, A)
call("remainders", lambda np, x, y: x % y + np.fmod(x, y) + np.mod(y, 0.7), A, A, positive=True)
call(
    "power both",
    lambda np, x, y: x**y + np.power(x, 2.5) + np.float_power(y, x),
    A,
    V,
    positive=True,
)
call("hyperbolic", lambda np, x: np.sinh(x) * np.cosh(x) - np.tanh(x) + np.arcsinh(x), A)
call("inverse", lambda np, x: np.arctan(x) * np.arcsin(x / 9.0) + np.arccos(x / 9.0), A)
call("two inputs", lambda np, x, y: np.arctan2(x, y) * np.hypot(x, y) + np.logaddexp(x, y), A, A)
call("logs", lambda np, x: np.log(x) + np.log2(x) * np.log10(x) - np.log1p(x), A, positive=True)
call("exps", lambda np, x: np.exp(x) * np.expm1(-x) + np.exp2(x), A)
call("softmax by hand", lambda np, x: np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True), A)
call("sinc and sign", lambda np, x: np.sinc(x) * np.sign(x) + np.floor(x) * x, A)
