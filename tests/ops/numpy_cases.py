"""The calls of NumPy that are compared: an expression in ``a, b, c`` and what these are.

Operands: a tuple is the shape of normal numbers; ``pos`` are positive ones, ``unit`` lie in (0, 1),
``spd`` are symmetric positive definite matrices, ``good`` well-conditioned ones, ``sorted_`` rise.
An array stands for itself: floating arrays are differentiated, others are not.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Operand(NamedTuple):
    """A random operand: its kind and its shape."""

    kind: str
    shape: tuple[int, ...]

    def make(self, rng: np.random.Generator) -> np.ndarray[Any, Any]:
        """Numbers of this kind, no two of which are close to each other."""
        x = rng.standard_normal(self.shape)
        eye = np.eye(self.shape[-1]) if len(self.shape) > 1 else 0.0
        match self.kind:
            case "pos":
                return np.abs(x) + 0.5
            case "unit":
                return rng.uniform(0.1, 0.9, self.shape)
            case "spd":
                return x @ np.swapaxes(x, -1, -2) + 2.0 * eye
            case "sym":
                return x + np.swapaxes(x, -1, -2) + np.diag(2.0 * np.arange(self.shape[-1]))
            case "good":
                return x + 3.0 * eye
            case "spread":  # distinct eigenvalues, all real
                return 0.2 * x + np.diag(2.0 * np.arange(1, self.shape[-1] + 1))
            case "sorted":
                return np.cumsum(np.abs(x) + 0.3, axis=-1)
        return x


def pos(*shape: int) -> Operand:
    return Operand("pos", shape)


def unit(*shape: int) -> Operand:
    return Operand("unit", shape)


def spd(*shape: int) -> Operand:
    return Operand("spd", shape)


def sym(*shape: int) -> Operand:
    return Operand("sym", shape)


def good(*shape: int) -> Operand:
    return Operand("good", shape)


def spread(*shape: int) -> Operand:
    return Operand("spread", shape)


def rising(*shape: int) -> Operand:
    return Operand("sorted", shape)


NAN = np.array([[1.0, np.nan, 3.0, -2.0], [0.5, 2.5, np.nan, 1.5], [4.0, 7.0, 6.0, np.nan]])
MASK = np.array([[True, False, True, True], [False, False, True, False], [True, True, False, True]])
I34 = np.array([[0, 3, 3, 1], [2, 2, 0, 1], [1, 0, 0, 3]])

CASES: list[tuple[Any, ...]] = [
    # running forms and neighbours
    ("np.cumsum(a)", (3, 4)),
    ("np.cumsum(a, axis=0)", (3, 4)),
    ("np.cumsum(a, axis=1)", (2, 0)),
    ("np.cumsum(a)", ()),
    ("np.cumprod(a)", (3, 2)),
    ("np.cumprod(a, axis=-1)", (2, 4)),
    ("np.cumprod(a)", np.array([2.0, 0.0, 3.0, 0.0, 1.5])),
    ("np.cumprod(a)", np.array([2.0, 0.0, 3.0, 1.5])),
    ("np.cumulative_sum(a, axis=1, include_initial=True)", (3, 4)),
    ("np.cumulative_prod(a, axis=0)", (3, 4)),
    ("np.add.accumulate(a, axis=1)", (3, 4)),
    ("np.multiply.accumulate(a)", (3, 4)),
    ("np.maximum.accumulate(a, axis=1)", (3, 4)),
    ("np.minimum.accumulate(a)", (5,)),
    ("np.diff(a)", (3, 4)),
    ("np.diff(a, n=2, axis=0)", (4, 3)),
    ("np.diff(a, prepend=0.0, append=b)", (4,), (2,)),
    ("np.diff(a, n=5)", (4,)),
    ("np.ediff1d(a)", (3, 2)),
    ("np.ediff1d(a, to_end=[1.0, 2.0], to_begin=b)", (4,), ()),
    ("np.gradient(a)", (5,)),
    ("np.gradient(a, 0.5, axis=1, edge_order=2)", (3, 5)),
    ("np.gradient(a, b)", (5,), rising(5)),
    ("np.gradient(a, b, edge_order=2)", (5,), rising(5)),
    ("np.gradient(a, 2.0, b)[1]", (3, 4), rising(4)),
    ("np.gradient(a, np.arange(5.0))", (5,)),
    ("np.gradient(a, axis=(0, 1))[0]", (3, 4)),
    ("np.trapezoid(a)", (5,)),
    ("np.trapezoid(a, b)", (2, 5), rising(5)),
    ("np.trapezoid(a, dx=0.3, axis=0)", (4, 2)),
    ("np.trapezoid(a, b, axis=0)", (4, 2), (4, 2)),
    # reductions
    ("np.sum(a, axis=(0, -1), keepdims=True)", (2, 3, 4)),
    ("np.sum(a, where=MASK, initial=3.0)", (3, 4)),
    ("np.sum(a, axis=0)", (0, 3)),
    ("np.add.reduce(a)", (3, 4)),
    ("np.add.reduce(a, axis=None, keepdims=True)", (3, 4)),
    ("np.add.reduce(a, 1, where=MASK)", (3, 4)),
    ("np.multiply.reduce(a, axis=1)", (3, 4)),
    ("np.maximum.reduce(a, axis=1)", (3, 4)),
    ("np.minimum.reduce(a)", (3, 4)),
    ("np.fmax.reduce(a)", NAN),
    ("np.fmin.reduce(a, axis=1)", NAN),
    ("np.logaddexp.reduce(a)", (3, 4)),
    ("np.mean(a, axis=-1)", (3, 4)),
    ("np.mean(a, where=MASK)", (3, 4)),
    ("np.mean(a, axis=1, where=MASK, keepdims=True)", (3, 4)),
    ("np.prod(a, axis=1)", (3, 4)),
    ("np.prod(a, where=MASK)", (3, 4)),
    ("np.prod(a)", np.array([2.0, 0.0, 3.0])),
    ("np.prod(a)", np.array([0.0, 0.0, 3.0])),
    ("np.prod(a, axis=(0, 2), initial=2.0)", (2, 3, 2)),
    ("np.var(a)", (3, 4)),
    ("np.var(a, axis=0, ddof=1, keepdims=True)", (3, 4)),
    ("np.var(a, axis=1, correction=1)", (3, 4)),
    ("np.var(a, axis=1, where=MASK)", (3, 4)),
    ("np.var(a, axis=1, mean=b)", (3, 4), (3, 1)),
    ("np.std(a, axis=(0, 1))", (3, 4)),
    ("np.std(a, axis=1, ddof=0, where=MASK)", (3, 4)),
    ("np.max(a, axis=1)", (3, 4)),
    ("np.amax(a, axis=(0, 2), keepdims=True)", (2, 3, 4)),
    ("np.max(a, initial=0.3, where=MASK, axis=1)", (3, 4)),
    ("np.min(a)", (3, 4)),
    ("np.min(a)", ()),
    ("np.amin(a, axis=-2)", (3, 4)),
    ("np.ptp(a, axis=1)", (3, 4)),
    ("np.ptp(a, keepdims=True)", (3, 4)),
    ("np.average(a, axis=0)", (3, 4)),
    ("np.average(a, weights=b)", (3, 4), pos(3, 4)),
    ("np.average(a, axis=1, weights=b)", (3, 4), pos(4)),
    ("np.average(a, axis=(0, 1), weights=b, keepdims=True)", (3, 4, 2), pos(3, 4)),
    ("np.average(a, axis=0, weights=b, returned=True)", (3, 4), pos(3)),
    ("np.nansum(a, axis=1)", NAN),
    ("np.nanprod(a, axis=0)", NAN),
    ("np.nanmean(a)", NAN),
    ("np.nanmean(a, axis=1, keepdims=True)", NAN),
    ("np.nanvar(a, axis=0)", NAN),
    ("np.nanvar(a, axis=1, ddof=1)", NAN),
    ("np.nanstd(a, axis=1)", NAN),
    ("np.nanmax(a, axis=1)", NAN),
    ("np.nanmin(a)", NAN),
    ("np.nancumsum(a, axis=1)", NAN),
    ("np.nancumprod(a, axis=0)", NAN),
    # order
    ("np.sort(a)", (3, 4)),
    ("np.sort(a, axis=0)", (3, 4)),
    ("np.sort(a, axis=None)", (3, 4)),
    ("np.sort(a, kind='stable')", (5,)),
    ("np.partition(a, 2)", (5,)),
    ("np.partition(a, (1, 2), axis=0)", (4, 3)),
    ("np.median(a)", (3, 4)),
    ("np.median(a, axis=0)", (3, 4)),
    ("np.median(a, axis=(0, 2), keepdims=True)", (2, 3, 4)),
    ("np.quantile(a, 0.3)", (3, 4)),
    ("np.quantile(a, [0.0, 0.25, 1.0], axis=1)", (3, 4)),
    ("np.quantile(a, [[0.1, 0.9]], axis=0, keepdims=True)", (5, 2)),
    ("np.percentile(a, 30, axis=-1)", (3, 5)),
    ("np.percentile(a, [10.0, 50.0], axis=(0, 1))", (3, 4)),
    *[
        (f"np.quantile(a, [0.0, 0.2, 0.37, 0.5, 0.75, 1.0], axis=0, method={method!r})", (n, 2))
        for method in (
            "linear",
            "lower",
            "higher",
            "midpoint",
            "nearest",
            "inverted_cdf",
            "averaged_inverted_cdf",
            "closest_observation",
            "interpolated_inverted_cdf",
            "hazen",
            "weibull",
            "median_unbiased",
            "normal_unbiased",
        )
        for n in (4, 5)
    ],
    ("np.nanmedian(a, axis=1)", NAN),
    ("np.nanquantile(a, [0.25, 0.8], axis=0)", NAN),
    ("np.nanpercentile(a, 40)", NAN),
    ("np.unique(a)", np.array([3.0, 1.0, 2.0])),
    # reading along an axis
    ("np.take(a, [0, 2, 2], axis=1)", (3, 4)),
    ("np.take(a, [[0, -1], [5, 3]])", (3, 4)),
    ("np.take(a, [7, -8], mode='wrap')", (5,)),
    ("np.take(a, [7, -8], mode='clip', axis=0)", (5, 2)),
    ("np.take(a, 1)", (5,)),
    ("np.take_along_axis(a, I34, axis=1)", (3, 4)),
    ("np.take_along_axis(a, np.array([[0], [2], [2]]), axis=1)", (3, 4)),
    ("np.take_along_axis(a, np.array([[0, 1, 1, 0]]), 0)", (3, 4)),
    ("np.take_along_axis(a, np.array([3, 3]), None)", (2, 3)),
    ("np.choose([0, 1, 0, 1], [a, b])", (4,), (4,)),
    ("np.choose([[2], [5]], [a, b], mode='wrap')", (3,), ()),
    ("np.select([MASK, ~MASK], [a, b])", (3, 4), (4,)),
    ("np.select([MASK], [a], default=c)", (3, 4), (1,), ()),
    ("np.compress([True, False, True], a, axis=0)", (3, 4)),
    ("np.compress([False, True], a)", (3, 4)),
    ("np.extract(MASK, a)", (3, 4)),
    ("np.piecewise(a, [a < 0, a >= 0], [lambda t: t * t, lambda t: 3 * t])", (5,)),
    ("np.piecewise(a, [a < 0.2], [np.sin, np.cos])", (5,)),
    ("np.where(MASK, a, b)", (3, 4), (4,)),
    ("np.where(MASK, a, 1.0)", (3, 4)),
    ("np.bincount([0, 2, 2, 1], weights=a, minlength=5)", (4,)),
    ("np.histogram([0.1, 0.4, 0.9, 1.0, 2.0], bins=3, range=(0, 1), weights=a)[0]", (5,)),
    ("np.histogram([0.1, 0.4, 0.9], bins=[0, 0.5, 1], weights=a, density=True)[0]", pos(3)),
    # other arrangements
    ("np.diag(a)", (3,)),
    ("np.diag(a, k=-2)", (2,)),
    ("np.diag(a, k=1)", (3, 4)),
    ("np.diagonal(a, offset=-1)", (3, 4)),
    ("np.diagonal(a, axis1=2, axis2=0)", (2, 3, 4)),
    ("np.diagonal(a, offset=9)", (2, 3)),
    ("np.diagflat(a, k=1)", (2, 2)),
    ("np.trace(a)", (3, 4)),
    ("np.trace(a, offset=1, axis1=1, axis2=2)", (2, 3, 4)),
    ("np.tril(a)", (3, 4)),
    ("np.triu(a, k=1)", (2, 3, 4)),
    ("np.triu(a)", (3,)),
    ("np.vander(a)", (3,)),
    ("np.vander(a, N=4, increasing=True)", (3,)),
    ("np.rot90(a)", (2, 3)),
    ("np.rot90(a, k=-1, axes=(1, 2))", (2, 2, 3)),
    ("np.rot90(a, k=2)", (2, 3)),
    ("np.flip(a)", (2, 3)),
    ("np.flip(a, axis=(0, -1))", (2, 3, 2)),
    ("np.fliplr(a)", (2, 3)),
    ("np.flipud(a)", (3,)),
    ("np.roll(a, 2)", (2, 3)),
    ("np.roll(a, (1, -1), axis=(0, 1))", (2, 3)),
    ("np.roll(a, -4, axis=-1)", (2, 3)),
    ("np.rollaxis(a, 2)", (2, 3, 4)),
    ("np.rollaxis(a, 0, 3)", (2, 3, 4)),
    ("np.tile(a, 2)", (2, 3)),
    ("np.tile(a, (2, 1, 3))", (2, 2)),
    ("np.tile(a, 0)", (3,)),
    ("np.tile(a, (2,))", ()),
    ("np.repeat(a, 2)", (2, 3)),
    ("np.repeat(a, [1, 0, 3], axis=1)", (2, 3)),
    ("np.repeat(a, 3, axis=-2)", (2, 3)),
    ("np.repeat(a, 3)", ()),
    ("np.resize(a, (3, 3))", (2, 2)),
    ("np.broadcast_to(a, (2, 3, 4))", (3, 1)),
    ("np.broadcast_arrays(a, b)", (3, 1), (4,)),
    ("np.meshgrid(a, b)", (3,), (2,)),
    ("np.meshgrid(a, b, indexing='ij', sparse=True)", (3,), (2,)),
    ("np.meshgrid(a, b, c)", (2,), (3,), (2,)),
    ("np.atleast_1d(a)", ()),
    ("np.atleast_2d(a)", (3,)),
    ("np.atleast_3d(a, b)", (2, 3), (2,)),
    ("np.ravel(a, order='F')", (2, 3)),
    ("np.reshape(a, (3, -1), order='F')", (2, 3)),
    ("np.squeeze(a, axis=1)", (2, 1, 3)),
    ("np.moveaxis(a, [0, 1], [-1, 0])", (2, 3, 4)),
    ("np.swapaxes(a, 0, -1)", (2, 3, 4)),
    ("np.transpose(a, (1, 0, 2))", (2, 3, 4)),
    ("np.permute_dims(a, (1, 0))", (2, 3)),
    ("np.matrix_transpose(a)", (2, 3, 4)),
    ("np.expand_dims(a, (0, 2))", (2, 3)),
    ("np.copy(a)", (2, 3)),
    # joining and cutting
    ("np.concatenate([a, b], axis=-1)", (2, 3), (2, 1)),
    ("np.concatenate([a, b], axis=None)", (2, 3), (2,)),
    ("np.concat([a, b])", (2,), (3,)),
    ("np.stack([a, b, a], axis=1)", (2, 3), (2, 3)),
    ("np.hstack([a, b])", (2,), (3,)),
    ("np.hstack([a, b])", (2, 1), (2, 3)),
    ("np.vstack([a, b])", (3,), (2, 3)),
    ("np.dstack([a, b])", (2,), (2,)),
    ("np.column_stack([a, b])", (3,), (3, 2)),
    ("np.block([[a, b], [c, np.ones((2, 2))]])", (1, 2), (1, 2), (2, 2)),
    ("np.block([a, 2.0])", (3,)),
    ("np.append(a, b)", (2, 2), (3,)),
    ("np.append(a, b, axis=0)", (2, 2), (1, 2)),
    ("np.insert(a, 1, b)", (4,), ()),
    ("np.insert(a, [1, 3], b)", (4,), (2,)),
    ("np.insert(a, 1, b, axis=1)", (3, 2), (3,)),
    ("np.insert(a, [1], b, axis=1)", (3, 2), (3, 1)),
    ("np.insert(a, slice(0, 2), 5.0, axis=0)", (3, 2)),
    ("np.delete(a, [0, 2], axis=1)", (2, 4)),
    ("np.delete(a, 3)", (2, 3)),
    ("np.delete(a, slice(None, None, 2), axis=0)", (3, 2)),
    ("np.split(a, 2)", (4, 3)),
    ("np.split(a, [1, 3], axis=1)", (2, 4)),
    ("np.array_split(a, 3)", (5,)),
    ("np.hsplit(a, 2)", (2, 4)),
    ("np.vsplit(a, 2)", (4, 2)),
    ("np.dsplit(a, 2)", (2, 1, 4)),
    ("np.unstack(a, axis=1)", (2, 3)),
    # padding
    ("np.pad(a, 2)", (3,)),
    ("np.pad(a, ((1, 0), (2, 1)), constant_values=((1.0, 2.0), (3.0, 4.0)))", (2, 3)),
    ("np.pad(a, {-1: (1, 2)})", (2, 3)),
    ("np.pad(a, (1, 2), 'edge')", (2, 3)),
    ("np.pad(a, 5, 'reflect')", (3,)),
    ("np.pad(a, 3, 'reflect', reflect_type='odd')", (4,)),
    ("np.pad(a, ((0, 0), (7, 4)), 'symmetric')", (2, 3)),
    ("np.pad(a, 2, 'symmetric', reflect_type='odd')", (2, 3)),
    ("np.pad(a, 4, 'wrap')", (3,)),
    ("np.pad(a, (2, 3), 'linear_ramp', end_values=(5.0, -1.0))", (3,)),
    ("np.pad(a, 1, 'linear_ramp')", (2, 2)),
    ("np.pad(a, 2, 'mean')", (3, 2)),
    ("np.pad(a, 2, 'mean', stat_length=2)", (4,)),
    ("np.pad(a, 1, 'maximum')", (2, 3)),
    ("np.pad(a, 1, 'minimum', stat_length=((1, 2),))", (2, 3)),
    ("np.pad(a, 1, 'median')", (2, 3)),
    # numbers
    ("np.clip(a, -0.5, 0.5)", (3, 4)),
    ("np.clip(a, None, 0.5)", (3, 4)),
    ("np.clip(a, 0.1, None)", (3,)),
    ("np.clip(a, b, c)", (3, 4), np.full((3, 1), -0.4), np.full((4,), 0.6)),
    ("np.clip(a, min=0.0)", (3, 4)),
    ("a.clip(-0.5, 0.5)", (3, 4)),
    ("np.nan_to_num(a)", NAN),
    ("np.nan_to_num(a, nan=7.0, posinf=1.0, neginf=-1.0)", np.array([1.0, np.nan, 2.5])),
    ("np.real(a) + np.imag(a) + np.conj(a) + np.real_if_close(a)", (3,)),
    ("np.unwrap(a)", 3.0 * np.array([0.0, 1.0, 2.5, 4.0, 3.0, 0.2])),
    ("np.unwrap(a, period=1.7, axis=0)", (4, 3)),
    ("np.modf(a)", (3, 4)),
    ("np.frexp(a)[0]", (3, 4)),
    ("np.divmod(a, b)[1]", (3, 4), pos(4)),
    ("np.sinc(a)", (3, 4)),
    ("np.ldexp(a, [1, 2, -1])", (3,)),
    ("np.degrees(a) + np.radians(a) + np.deg2rad(a) + np.rad2deg(a)", (3,)),
    ("np.acos(a) + np.asin(a) + np.atan(a) + np.atanh(a)", unit(3)),
    ("np.acosh(1 + a) + np.asinh(a) + np.pow(a, b) + np.atan2(a, b)", pos(3), pos(3)),
    ("np.i0(a)", (3, 4)),
    # products
    ("np.dot(a, b)", (3,), (3,)),
    ("np.dot(a, b)", (2, 3), (3, 4)),
    ("np.dot(a, b)", (2, 3), (3,)),
    ("np.dot(a, b)", (2, 2, 3), (3,)),
    ("np.dot(a, b)", (2, 3), (2, 3, 2)),
    ("np.dot(a, b)", (2, 2, 3), (2, 3, 2)),
    ("np.dot(a, b)", (2, 2, 3), (3, 2)),
    ("np.dot(a, b)", (3,), (3, 2)),
    ("np.dot(a, b)", (), (2, 3)),
    ("np.vdot(a, b)", (2, 3), (3, 2)),
    ("np.inner(a, b)", (3,), (3,)),
    ("np.inner(a, b)", (2, 3), (2, 2, 3)),
    ("np.inner(a, b)", (2, 3), ()),
    ("np.outer(a, b)", (2, 2), (3,)),
    ("np.multiply.outer(a, b)", (2,), (3, 2)),
    ("np.subtract.outer(a, b)", (2,), ()),
    ("np.tensordot(a, b)", (2, 3, 4), (3, 4, 2)),
    ("np.tensordot(a, b, axes=0)", (2,), (3, 2)),
    ("np.tensordot(a, b, axes=([0, 2], [1, 0]))", (2, 3, 4), (4, 2)),
    ("np.tensordot(a, b, axes=(-1, 0))", (2, 3), (3, 2)),
    ("np.kron(a, b)", (2, 2), (2, 3)),
    ("np.kron(a, b)", (2,), (2, 3)),
    ("np.kron(a, b)", (), (2, 3)),
    ("np.cross(a, b)", (3,), (3,)),
    ("np.cross(a, b)", (4, 3), (1, 3)),
    ("np.cross(a, b, axis=0)", (3, 2), (3, 2)),
    ("np.cross(a, b, axisa=0, axisc=0)", (3, 2), (2, 3)),
    ("np.linalg.cross(a, b)", (2, 3), (2, 3)),
    ("np.vecdot(a, b)", (2, 3), (3,)),
    ("np.linalg.vecdot(a, b, axis=0)", (3, 2), (3, 2)),
    ("np.matvec(a, b)", (2, 2, 3), (3,)),
    ("np.vecmat(a, b)", (4, 2), (2, 3)),
    ("np.matmul(a, b)", (2, 1, 2, 3), (4, 3, 2)),
    ("np.linalg.matmul(a, b)", (2, 3), (3, 2)),
    ("np.linalg.outer(a, b)", (2,), (3,)),
    ("np.linalg.tensordot(a, b, axes=1)", (2, 3), (3, 2)),
    ("np.linalg.trace(a, offset=1)", (2, 3, 3)),
    ("np.linalg.diagonal(a, offset=-1)", (2, 3, 4)),
    ("np.linalg.matrix_transpose(a)", (2, 3)),
    ("np.convolve(a, b)", (5,), (3,)),
    ("np.convolve(a, b, 'same')", (5,), (4,)),
    ("np.convolve(a, b, 'same')", (2,), (5,)),
    ("np.convolve(a, b, 'valid')", (5,), (2,)),
    ("np.convolve(a, b, 'valid')", (2,), (5,)),
    *[
        (f"np.correlate(a, b, {mode!r})", (n,), (m,))
        for mode in ("valid", "same", "full")
        for n, m in ((5, 3), (5, 2), (2, 5), (3, 4), (4, 4))
    ],
    ("np.einsum('ij,jk->ik', a, b)", (2, 3), (3, 4)),
    ("np.einsum('ij,jk', a, b)", (2, 3), (3, 4)),
    ("np.einsum('ii->i', a)", (3, 3)),
    ("np.einsum('ii', a)", (3, 3)),
    ("np.einsum('iij->ji', a)", (2, 2, 3)),
    ("np.einsum('ij->', a)", (2, 3)),
    ("np.einsum('ji', a)", (2, 3)),
    ("np.einsum('...ij,...jk->...ik', a, b)", (2, 2, 3), (3, 2)),
    ("np.einsum('...i,i...->...', a, b)", (2, 3), (3, 2)),
    ("np.einsum('i...->...', a)", (2, 3, 2)),
    ("np.einsum('ij,ij->ij', a, b)", (1, 3), (2, 3)),
    ("np.einsum('ij,kl->i', a, b)", (2, 3), (2, 2)),
    ("np.einsum('i,i,i', a, b, c)", (3,), (3,), (3,)),
    ("np.einsum('ij,jk,kl->il', a, b, c, optimize=True)", (2, 3), (3, 2), (2, 2)),
    ("np.einsum('ii,ij->j', a, b)", (3, 3), (3, 2)),
    ("np.einsum(a, [0, 1], b, [1, 2], [2, 0])", (2, 3), (3, 4)),
    ("np.einsum(a, [0, 1], b, [1, 2])", (2, 3), (3, 4)),
    ("np.einsum(a, [0, Ellipsis], [Ellipsis, 0])", (2, 3, 4)),
    ("np.einsum(',ij->ji', a, b)", (), (2, 3)),
    ("np.einsum('ab,ab->b', a, a)", (2, 3)),
    # linear algebra
    ("np.linalg.inv(a)", good(3, 3)),
    ("np.linalg.inv(a)", good(2, 2, 2)),
    ("np.linalg.solve(a, b)", good(3, 3), (3,)),
    ("np.linalg.solve(a, b)", good(3, 3), (3, 2)),
    ("np.linalg.solve(a, b)", good(2, 1, 3, 3), (4, 3, 2)),
    ("np.linalg.solve(a, b)", good(2, 3, 3), (3,)),
    ("np.linalg.det(a)", (3, 3)),
    ("np.linalg.det(a)", good(2, 2, 2)),
    ("np.linalg.det(a)", np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])),
    ("np.linalg.det(a)", np.outer([1.0, 2.0, -1.0], [1.0, 0.5, 2.0])),
    ("np.linalg.slogdet(a)", good(3, 3)),
    ("np.linalg.slogdet(a)[1]", good(2, 2, 2)),
    ("np.linalg.cholesky(a @ np.swapaxes(a, -1, -2) + np.eye(3))", (3, 3)),
    ("np.linalg.cholesky(a @ a.T + np.eye(3), upper=True)", (3, 3)),
    ("np.linalg.cholesky(a @ np.swapaxes(a, -1, -2) + np.eye(2))", (2, 2, 2)),
    ("np.linalg.qr(a)", (4, 3)),
    ("np.linalg.qr(a)", (2, 4)),
    ("np.linalg.qr(a, 'r')", good(3, 3)),
    ("np.linalg.qr(a, 'complete')", good(3, 3)),
    ("np.linalg.eigvalsh(a + a.T + np.diag([0.0, 3.0, 6.0]))", (3, 3)),
    ("np.linalg.eigh(a + a.T + np.diag([0.0, 3.0, 6.0]))", (3, 3)),
    ("np.linalg.eigvals(a)", spread(3, 3)),
    ("np.linalg.eig(a)", spread(3, 3)),
    ("np.linalg.svd(a, compute_uv=False)", (3, 4)),
    ("np.linalg.svdvals(a)", (2, 3, 2)),
    ("np.linalg.svd(a, full_matrices=False)", (4, 2)),
    ("np.linalg.svd(a, full_matrices=False)", (2, 3)),
    ("np.linalg.svd(a)", good(3, 3)),
    ("np.linalg.pinv(a)", (4, 2)),
    ("np.linalg.pinv(a)", (2, 3)),
    ("np.linalg.pinv(a)", good(2, 2, 2)),
    ("np.linalg.lstsq(a, b)[0]", (4, 2), (4,)),
    ("np.linalg.lstsq(a, b)[1]", (4, 2), (4, 3)),
    ("np.linalg.lstsq(a, b)[0]", (2, 3), (2, 2)),
    ("np.linalg.tensorinv(a)", good(6, 6), {"reshape": (2, 3, 6)}),
    ("np.linalg.tensorsolve(a, b)", good(6, 6), (2, 3), {"reshape": (2, 3, 6)}),
    ("np.linalg.matrix_power(a, 3)", (2, 2)),
    ("np.linalg.matrix_power(a, 0)", (2, 2)),
    ("np.linalg.matrix_power(a, -2)", good(2, 2)),
    ("np.linalg.multi_dot([a, b, c])", (2, 5), (5, 1), (1, 3)),
    ("np.linalg.multi_dot([a, b, c])", (3,), (3, 2), (2,)),
    ("np.linalg.norm(a)", (3, 4)),
    ("np.linalg.norm(a)", ()),
    ("np.linalg.norm(a, axis=1)", (3, 4)),
    ("np.linalg.norm(a, axis=0, keepdims=True)", (3, 4)),
    *[
        (f"np.linalg.norm(a, ord={o})", (4,))
        for o in ("1", "2", "3", "0.5", "np.inf", "-np.inf", "-2", "0")
    ],
    *[
        (f"np.linalg.norm(a, ord={o})", (3, 4))
        for o in ("'fro'", "'nuc'", "1", "-1", "2", "-2", "np.inf", "-np.inf")
    ],
    ("np.linalg.norm(a, ord=1, axis=(0, 2), keepdims=True)", (2, 3, 4)),
    ("np.linalg.norm(a, ord=2, axis=(2, 0))", (2, 3, 4)),
    ("np.linalg.norm(a, ord=np.inf, axis=(1, 0))", (2, 3, 4)),
    ("np.linalg.norm(a, ord=3, axis=1, keepdims=True)", (2, 3)),
    ("np.linalg.vector_norm(a, ord=3)", (2, 3)),
    ("np.linalg.vector_norm(a, axis=(0, 1), keepdims=True)", (2, 3)),
    ("np.linalg.matrix_norm(a, ord='nuc')", (2, 3, 3)),
    ("np.linalg.matrix_norm(a, keepdims=True)", (2, 3)),
    ("np.linalg.cond(a)", good(3, 3)),
    ("np.linalg.cond(a, 1)", good(3, 3)),
    ("np.linalg.cond(a, -2)", (2, 3, 2)),
    # interpolation, statistics, polynomials
    ("np.interp(a, b, c)", np.array([0.1, 1.3, -1.0, 9.0]), rising(5), (5,)),
    ("np.interp(a, b, c, left=-1.0, right=2.0)", np.array([0.7, 1.3, -1.0, 9.0]), rising(4), (4,)),
    ("np.interp(a, b, c, period=4.0)", np.array([0.7, 5.3, -1.0]), np.array([0.3, 2.0, 3.1]), (3,)),
    ("np.interp(a, b, c)", (), rising(5), (5,)),
    ("np.cov(a)", (3, 5)),
    ("np.cov(a, b)", (5,), (5,)),
    ("np.cov(a, rowvar=False, bias=True)", (5, 2)),
    ("np.cov(a, ddof=0)", (5,)),
    ("np.cov(a, aweights=b)", (2, 5), pos(5)),
    ("np.cov(a, fweights=[1, 2, 1, 3, 1])", (2, 5)),
    ("np.cov(a, fweights=[1, 2, 1, 3, 1], aweights=b)", (2, 5), pos(5)),
    ("np.corrcoef(a)", (3, 5)),
    ("np.corrcoef(a, b)", (5,), (5,)),
    ("np.polyval(a, b)", (4,), (3, 2)),
    ("np.polyadd(a, b)", (4,), (2,)),
    ("np.polysub(a, b)", (2,), (4,)),
    ("np.polymul(a, b)", (4,), (2,)),
    (
        "np.polydiv(a, b)",
        (4,),
        good(
            2,
        ),
    ),
    ("np.polyder(a, 2)", (5,)),
    ("np.polyint(a, 2, k=[1.0, 2.0])", (3,)),
    ("np.poly(a)", (4,)),
    ("np.polyfit(a, b, 2)", rising(6), (6,)),
    ("np.polyfit(a, b, 1, w=c)", rising(5), (5, 2), pos(5)),
    # spacing, creation
    ("np.linspace(a, b, 5)", (), ()),
    ("np.linspace(a, b, 4, endpoint=False, axis=1)", (3,), (3,)),
    ("np.linspace(a, b, 3, retstep=True)", (2,), ()),
    ("np.logspace(a, b, 4, base=2.0)", (), ()),
    ("np.geomspace(a, b, 4)", pos(), pos()),
    (
        "np.zeros_like(a) + np.ones_like(a) + np.full_like(a, 3.0) + np.empty_like(a) * 0 + a",
        (3, 4),
    ),
    ("np.apply_along_axis(lambda v: v * v.sum(), 1, a)", (2, 3)),
    ("np.apply_over_axes(np.sum, a, [0, 2])", (2, 3, 2)),
    ("np.nan_to_num(np.add(a, 1.0, where=True), copy=False)", (3,)),
    ("np.add(a, b, dtype=np.float64)", (3,), (3,)),
    ("np.trim_zeros(np.pad(a, 2))", (3,)),
    ("np.fix(a) + np.round(a, 1) + np.around(a) + np.rint(a) + a", (3,)),
]
