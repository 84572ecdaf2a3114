"""Every op beside PyTorch's: value, gradient, second derivative, on the record's own samples.

SPEC B1, B6, B7, D7. An op is compared, or it stands in ``NO_COUNTERPART`` with the reason.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import op_checks
import pytest
from op_checks import OPS, Case, cases

import chainrule as cr

torch = pytest.importorskip("torch")
F = torch.nn.functional
S = torch.special

pytestmark = pytest.mark.filterwarnings("ignore")


SAME_NAME = re.findall(
    r"\w+",
    """
    sign floor ceil trunc signbit isnan isinf isfinite maximum minimum fmax fmin abs copysign
    positive negative add subtract multiply divide reciprocal float_power square sqrt floor_divide
    remainder fmod exp exp2 expm1 log log2 log10 log1p logaddexp logaddexp2 sin cos tan arcsin
    arccos arctan arctan2 hypot sinh cosh tanh arcsinh arccosh arctanh deg2rad rad2deg sinc
    sigmoid logical_and logical_or logical_xor logical_not bitwise_and bitwise_or bitwise_xor
    matmul digamma less greater less_equal greater_equal not_equal ldexp nextafter erf erfc erfinv
    """,
)
"""Functions that PyTorch calls as NumPy does."""


def window_arguments(window: Any) -> dict[str, Any]:
    return {"stride": tuple(window.stride), "dilation": tuple(window.dilation)}


def padded(x: Any, window: Any, fill: float = 0.0) -> Any:
    """PyTorch pads both ends alike; the ops pad each as asked."""
    return F.pad(x, [n for pair in reversed(window.padding) for n in pair], value=fill)


def dims(x: Any, axis: Any) -> tuple[int, ...]:
    return tuple(range(x.ndim)) if axis is None else axis


def product(x: Any, axis: Any, keepdims: bool) -> Any:
    for a in sorted(dims(x, axis), reverse=True):
        x = torch.prod(x, dim=a, keepdim=keepdims)
    return x


def clip(x: Any, low: Any, high: Any) -> Any:
    low = -math.inf if low is None else low
    high = math.inf if high is None else high
    return torch.minimum(torch.maximum(x, torch.as_tensor(low)), torch.as_tensor(high))


def getitem(x: Any, index: Any) -> Any:
    """PyTorch has no negative steps: the index is applied to places instead."""
    places = np.arange(x.numel()).reshape(tuple(x.shape))[index]
    return x.reshape(-1)[torch.as_tensor(np.ascontiguousarray(places))]


def scatter(g: Any, shape: Any, index: Any) -> Any:
    places = np.arange(int(np.prod(shape))).reshape(shape)[index]
    flat = torch.zeros(int(np.prod(shape)), dtype=g.dtype)
    filled = flat.index_add(0, torch.as_tensor(places.ravel().copy()), g.reshape(-1))
    return filled.reshape(shape)


def index_update(x: Any, value: Any, index: Any) -> Any:
    """By a choice of places: where an index repeats, PyTorch gives every write the gradient."""
    shape = tuple(x.shape)
    places = np.arange(x.numel()).reshape(shape)[index]
    source = np.full(x.numel(), -1)
    source[places.ravel()] = np.arange(places.size)
    written = torch.as_tensor(source >= 0)
    spread = torch.broadcast_to(value, places.shape).reshape(-1)
    chosen = spread[torch.as_tensor(np.maximum(source, 0))]
    return torch.where(written, chosen, x.reshape(-1)).reshape(shape)


def standardize(x: Any, axes: Any, eps: float) -> Any:
    centred = x - x.mean(axes, keepdim=True)
    return centred / torch.sqrt((centred**2).mean(axes, keepdim=True) + eps)


def rms_normalize(x: Any, axes: Any, eps: float) -> Any:
    return x / torch.sqrt((x**2).mean(axes, keepdim=True) + eps)


def cross_entropy(
    x: Any, target: Any, weight: Any = None, *, ignore: int, smoothing: float, reduction: str
) -> Any:
    return F.cross_entropy(
        x.reshape(-1, x.shape[-1]),
        target.reshape(-1),
        weight,
        ignore_index=ignore,
        label_smoothing=smoothing,
        reduction=reduction,
    ).reshape(() if reduction != "none" else target.shape)


def nll(x: Any, target: Any, weight: Any = None, *, ignore: int, reduction: str) -> Any:
    return F.nll_loss(
        x.reshape(-1, x.shape[-1]),
        target.reshape(-1),
        weight,
        ignore_index=ignore,
        reduction=reduction,
    ).reshape(() if reduction != "none" else target.shape)


def convolution(x: Any, w: Any, window: Any, groups: int) -> Any:
    conv = {3: F.conv1d, 4: F.conv2d}[x.ndim]
    return conv(padded(x, window), w, groups=groups, **window_arguments(window))


def max_pool(x: Any, kernel: Any, window: Any, ceil_mode: bool) -> Any:
    pool = {3: F.max_pool1d, 4: F.max_pool2d}[x.ndim]
    padding = tuple(low for low, _ in window.padding)
    return pool(x, tuple(kernel), ceil_mode=ceil_mode, padding=padding, **window_arguments(window))


def avg_pool(x: Any, kernel: Any, window: Any, ceil_mode: bool, padded: bool, divisor: Any) -> Any:
    pool = {3: F.avg_pool1d, 4: F.avg_pool2d}[x.ndim]
    arguments = window_arguments(window)
    del arguments["dilation"]
    arguments["padding"] = tuple(low for low, _ in window.padding)
    if x.ndim == 4:
        arguments["divisor_override"] = divisor
    return pool(x, tuple(kernel), ceil_mode=ceil_mode, count_include_pad=padded, **arguments)


def convolve(x: Any, y: Any) -> Any:
    return F.conv1d(x[None, None], y.flip(0)[None, None], padding=y.shape[0] - 1).reshape(-1)


def linear_recurrence(a: Any, b: Any, axis: int) -> Any:
    h, rows = None, []
    for p, q in zip(a.unbind(axis), b.unbind(axis)):
        h = q if h is None else p * h + q
        rows.append(h)
    return torch.stack(rows, axis) if rows else a * b


def cofactor(x: Any) -> Any:
    return torch.linalg.det(x)[..., None, None] * torch.linalg.inv(x).mT


COUNTERPARTS: dict[str, Callable[..., Any]] = {
    **{name: getattr(torch, name) for name in SAME_NAME},
    "equal": torch.eq,
    "where": lambda c, x, y: torch.where(c != 0, x, y),
    "heaviside": lambda x, y: torch.heaviside(x.to(y.dtype), y),
    "power": torch.pow,
    "fabs": torch.abs,
    "rint": torch.round,
    "cbrt": lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3),
    "invert": torch.bitwise_not,
    "left_shift": torch.bitwise_left_shift,
    "right_shift": torch.bitwise_right_shift,
    "log_sigmoid": F.logsigmoid,
    "softplus": F.softplus,
    "silu": F.silu,
    "mish": F.mish,
    "softsign": F.softsign,
    "tanhshrink": F.tanhshrink,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "elu": lambda x, alpha, scale, width: (
        scale * torch.where(x > 0, x, alpha * torch.expm1(torch.clamp(x, max=0) / width))
    ),
    "hardtanh": F.hardtanh,
    "hardsigmoid": F.hardsigmoid,
    "hardswish": F.hardswish,
    "softshrink": F.softshrink,
    "hardshrink": F.hardshrink,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "normal_cdf": S.ndtr,
    "copy": torch.clone,
    "astype": lambda x, dtype: x.to(getattr(torch, np.dtype(dtype).name)),
    "astype_constant": lambda x, dtype: x.to(getattr(torch, np.dtype(dtype).name)),
    "stop_gradient": lambda x: x.detach(),
    "broadcast_to": lambda x, shape: torch.broadcast_to(x, shape),
    "reshape": torch.reshape,
    "transpose": lambda x, axes: torch.permute(x, axes),
    "concatenate": lambda *xs, axis: torch.cat(xs, axis),
    "cumsum": lambda x, axis: torch.cumsum(x, axis),
    "cumprod": lambda x, axis: torch.cumprod(x, axis),
    "argcummax": lambda x, axis: torch.cummax(x, axis)[1],
    "argcummin": lambda x, axis: torch.cummin(x, axis)[1],
    "linear_recurrence": linear_recurrence,
    "take_along_axis": lambda x, i, axis: torch.take_along_dim(x, i, axis),
    "i0": torch.i0,
    "i1": S.i1,
    "i0e": S.i0e,
    "i1e": S.i1e,
    "j0": S.bessel_j0,
    "j1": S.bessel_j1,
    "y0": S.bessel_y0,
    "y1": S.bessel_y1,
    "k0": S.modified_bessel_k0,
    "k1": S.modified_bessel_k1,
    "k0e": S.scaled_modified_bessel_k0,
    "k1e": S.scaled_modified_bessel_k1,
    "erfcx": S.erfcx,
    "ndtr": S.ndtr,
    "log_ndtr": S.log_ndtr,
    "ndtri": S.ndtri,
    "gammaln": torch.lgamma,
    "gamma": lambda x: torch.exp(torch.lgamma(x)),
    "zeta": S.zeta,
    "gammainc": S.gammainc,
    "gammaincc": S.gammaincc,
    "betaln": lambda x, y: torch.lgamma(x) + torch.lgamma(y) - torch.lgamma(x + y),
    "beta": lambda x, y: torch.exp(torch.lgamma(x) + torch.lgamma(y) - torch.lgamma(x + y)),
    "xlogy": torch.xlogy,
    "xlog1py": S.xlog1py,
    "entr": S.entr,
    "rel_entr": lambda x, y: x * torch.log(x / y),
    "kl_div": lambda x, y: x * torch.log(x / y) - x + y,
    "logit": torch.logit,
    "inv": torch.linalg.inv,
    "solve": torch.linalg.solve,
    "det": torch.linalg.det,
    "slogdet": lambda x: tuple(torch.linalg.slogdet(x)),
    "pinv": lambda x, **params: torch.linalg.pinv(x),
    "cholesky": lambda x: torch.linalg.cholesky((x + x.mT) / 2),
    "cofactor": cofactor,
    "einsum": lambda *xs, subscripts: torch.einsum(subscripts, *xs),
    "sum": lambda x, axis, keepdims: (
        torch.sum(x, dims(x, axis), keepdim=keepdims) if dims(x, axis) else x
    ),
    "sum_squares": lambda x: (x * x).sum(),
    "prod": product,
    "max": lambda x, axis, keepdims: (
        torch.amax(x, dims(x, axis), keepdim=keepdims) if dims(x, axis) else x
    ),
    "min": lambda x, axis, keepdims: (
        torch.amin(x, dims(x, axis), keepdim=keepdims) if dims(x, axis) else x
    ),
    "argmax": lambda x, axis, keepdims: torch.argmax(x, axis, keepdim=keepdims),
    "argmin": lambda x, axis, keepdims: torch.argmin(x, axis, keepdim=keepdims),
    "argsort": lambda x, axis: torch.argsort(x, dim=axis, stable=True),
    "softmax": lambda x, axis: torch.softmax(x, axis),
    "log_softmax": lambda x, axis: torch.log_softmax(x, axis),
    "logsumexp": lambda x, axis, keepdims: torch.logsumexp(x, axis, keepdim=keepdims),
    "linear": F.linear,
    "linear_weight": lambda g, x: torch.einsum("...si,...sj->ij", g, x),
    "sum_rows": lambda g: g.reshape(-1, g.shape[-1]).sum(0),
    "embedding": lambda w, i, padding_idx: F.embedding(i, w, padding_idx=padding_idx),
    "one_hot": lambda i, count, dtype: F.one_hot(i, count).to(torch.float64),
    "squared_error": lambda x, y: (x - y) ** 2,
    "absolute_error": lambda x, y: torch.abs(x - y),
    "huber_error": lambda x, y, delta: F.huber_loss(
        *torch.broadcast_tensors(x, y), reduction="none", delta=delta
    ),
    "bce": lambda x, y: F.binary_cross_entropy(*torch.broadcast_tensors(x, y), reduction="none"),
    "kl_terms": lambda x, y: y * (torch.log(y) - x),
    "cross_entropy": cross_entropy,
    "nll": nll,
    "getitem": getitem,
    "gather": lambda x, i, template: x[i],
    "scatter_add": scatter,
    "index_update": index_update,
    "index_add": lambda x, value, index: x + scatter(value, tuple(x.shape), index),
    "index_clear": lambda x, index: index_update(x, torch.tensor(0.0, dtype=x.dtype), index),
    "standardize": standardize,
    "rms_normalize": rms_normalize,
    "safe_sqrt": torch.sqrt,
    "clip": clip,
    "round": lambda x, decimals=0: torch.round(x, decimals=int(decimals)),
    "exponent": lambda x: torch.frexp(x)[1],
    "searchsorted": lambda a, v, side: torch.searchsorted(a, v, side=side),
    "isin": torch.isin,
    "pad": lambda x, widths: F.pad(x, [n for pair in reversed(widths) for n in pair]),
    "convolution": convolution,
    "max_pool": max_pool,
    "avg_pool": avg_pool,
    "convolve": convolve,
}

NO_COUNTERPART = {
    "spacing": "not in PyTorch",
    "add_along_axis": "the transpose of take_along_axis, compared through it",
    "jv": "integer orders 0 and 1 only: compared as j0, j1",
    "yv": "as jv",
    "iv": "as jv",
    "kv": "as jv",
    "cofactor_derivative": "the second derivative of det, compared there",
    "qr": "unique to signs: compared through invariants in test_numpy_calls_beside_jax",
    "eigh": "as qr",
    "eig": "complex in PyTorch; compared with differences",
    "svd": "as qr",
    "any": "PyTorch has no tuples of axes; compared with NumPy",
    "all": "as any",
    "embedding_back": "the transpose of embedding, compared through it",
    "bce_with_logits": "its optional weights: compared with the loss functions of nn",
    "cross_entropy_delta": "the derivative of cross_entropy, compared through it",
    "class_targets": "a part of cross_entropy",
    "mean_divisor": "a part of cross_entropy",
    "erfi": "not in PyTorch; compared with SciPy and differences",
    "erfcinv": "as erfi",
    "dawsn": "as erfi",
    "exp1": "as erfi",
    "expi": "as erfi",
    "exprel": "as erfi",
    "spence": "as erfi",
    "rgamma": "as erfi",
    "polygamma": "PyTorch takes one integer order for all elements",
    "betainc": "as erfi",
    "scatter_tensor_add": "as scatter_add",
    "argpartition": "any order within the parts",
    "nanargmax": "not in PyTorch",
    "nanargmin": "not in PyTorch",
    "digitize": "searchsorted under another name",
    "conv_input": "the transpose of convolution, compared through it",
    "conv_kernel": "the transpose of convolution, compared through it",
    "avg_pool_back": "the transpose of avg_pool",
    "max_pool_places": "PyTorch's indices, compared in the pooling layers",
    "read_places": "an index by places, compared through max_pool",
    "put_places": "the transpose of read_places",
    "random_uniform": "draws",
    "random_normal": "draws",
    "dropout_mask": "draws",
    "random_integers": "draws",
    "random_permutation": "draws",
}

CONSTANT_IN_TORCH = {"heaviside", "nextafter", "floor_divide", "ldexp", "zeta"}
"""No derivative in PyTorch, or none in that operand: values only."""
ONCE_ONLY = {"i0", "i1", "i0e", "i1e", "hardsigmoid"}
"""Differentiable twice in PyTorch only by way of functions without derivatives."""
VALUES_ONLY = {"j0", "j1", "y0", "y1", "k0", "k1", "k0e", "k1e"}
"""Bessel functions without derivatives in PyTorch."""
BY_DIFFERENT_CONVENTION = {
    "stop_gradient": "0 on purpose, detached in PyTorch",
    "copysign": "the same, but PyTorch gives no derivative of it twice",
    "slogdet": "the sign is an output without derivative in PyTorch",
}


def test_every_op_is_compared_or_accounted_for() -> None:
    missing = [n for n in OPS if n not in COUNTERPARTS and n not in NO_COUNTERPART]
    assert not missing, f"neither compared nor accounted for: {missing}"
    stale = [n for n in NO_COUNTERPART if n not in OPS]
    assert not stale, f"not ops: {stale}"
    assert len([n for n in OPS if n in COUNTERPARTS]) > 120


COMPARED = [n for n in OPS if n in COUNTERPARTS]


def as_torch(x: Any, requires_grad: bool = False) -> Any:
    if not isinstance(x, np.ndarray):
        return x
    return torch.tensor(x.copy(), requires_grad=requires_grad)


def torch_outputs(name: str, case: Case, leaves: list[Any] | None) -> tuple[Any, ...]:
    inputs = [as_torch(x) for x in case.inputs]
    for position, leaf in zip(case.floating, leaves or []):
        inputs[position] = leaf
    return op_checks.as_tuple(COUNTERPARTS[name](*inputs, **case.params))


@pytest.mark.parametrize("name", COMPARED)
def test_value(name: str) -> None:
    """SPEC D7: values equal PyTorch's."""
    for case in cases(OPS[name]):
        outs = op_checks.as_tuple(OPS[name](*case.inputs, **case.params))
        for found, expected in zip(outs, torch_outputs(name, case, None), strict=True):
            np.testing.assert_allclose(
                found, expected.numpy(), rtol=1e-10, atol=1e-12, err_msg=f"{name}, {case}"
            )


DIFFERENTIATED = [
    n
    for n in COMPARED
    if OPS[n].differentiable and n not in CONSTANT_IN_TORCH | VALUES_ONLY | {"stop_gradient"}
]


def reached(out: Any) -> Any:
    """Outputs through which PyTorch differentiates."""
    return [o for o in out if o.is_floating_point() and o.requires_grad]


@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_gradient_and_second_derivative(name: str) -> None:
    """SPEC B7, D7: pullback of a generic cotangent, and the pullback of that again."""
    op = OPS[name]
    compared = 0
    # PyTorch's hardsigmoid multiplies by 1/6 in single precision
    rtol = 1e-7 if name == "hardsigmoid" else 1e-8
    for case in cases(op):
        rng = np.random.default_rng(op_checks.seed_of(op, 20))
        xs = op_checks.primals_of(case)
        if not xs:
            continue
        function = op_checks.function_of(op, case)
        outs, pull = cr.vjp(function, *xs)
        u = op_checks.cotangents_for(outs, rng)
        leaves = [as_torch(x, requires_grad=True) for x in xs]
        theirs = torch_outputs(name, case, leaves)
        floating = [o for o in theirs if o.is_floating_point()]
        scalar = sum(
            (o * as_torch(np.asarray(v))).sum() for o, v in zip(floating, u) if o.requires_grad
        )
        keep = [bool(o.requires_grad) for o in floating]
        used = tuple(v if k else np.zeros_like(v) for v, k in zip(u, keep))
        if not isinstance(scalar, torch.Tensor):
            continue
        expected = torch.autograd.grad(scalar, leaves, create_graph=True, allow_unused=True)
        mine = pull(used)
        for g, e, x in zip(mine, expected, xs):
            e = np.zeros_like(x) if e is None else e.detach().numpy(force=True)
            np.testing.assert_allclose(
                g, e, rtol=rtol, atol=1e-10, err_msg=f"gradient of {name}, {case}"
            )
        compared += 1
        if name in ONCE_ONLY | {"copysign"}:
            continue
        v = [op_checks.generic(rng, x.shape) for x in xs]
        again = sum((e * as_torch(w)).sum() for e, w in zip(expected, v) if e is not None)
        if not (isinstance(again, torch.Tensor) and again.requires_grad):
            second = [None] * len(xs)
        else:
            second = torch.autograd.grad(again, leaves, allow_unused=True)
        hv = cr.vjp(lambda *at: cr.vjp(function, *at)[1](used), *xs)[1](tuple(v))  # noqa: B023
        for h, e, x in zip(hv, second, xs):
            e = np.zeros_like(x) if e is None else e.detach().numpy(force=True)
            np.testing.assert_allclose(
                h, e, rtol=1e-7, atol=1e-8, err_msg=f"second derivative of {name}, {case}"
            )
    assert compared, f"{name}: nothing was compared"


# ---- single points: ties, kinks and edges where both libraries chose the same


AT_POINTS: dict[str, tuple[Callable[..., Any], Callable[..., Any], Any]] = {
    "abs at 0": (np.abs, torch.abs, [0.0, -0.0, 1.0]),
    "relu at 0": (cr.relu, F.relu, [0.0, -1.0, 2.0]),
    "max of ties": (np.max, torch.amax, [1.0, 3.0, 3.0]),
    "min of ties": (np.min, torch.amin, [3.0, 1.0, 1.0]),
    "sqrt": (np.sqrt, torch.sqrt, [0.0, 4.0]),
    "prod with a zero": (np.prod, torch.prod, [2.0, 0.0, 3.0]),
    "prod with two zeros": (np.prod, torch.prod, [0.0, 0.0, 3.0]),
    "cumprod with a zero": (np.cumprod, lambda x: torch.cumprod(x, 0), [2.0, 0.0, 3.0]),
    "square of 0": (lambda x: x**2, lambda x: x**2, [0.0, -3.0]),
    "cube of 0": (lambda x: x**3, lambda x: x**3, [0.0, -3.0]),
    "power 0": (lambda x: x**0, lambda x: x**0, [0.0, -3.0]),
    "power 1": (lambda x: x**1, lambda x: x**1, [0.0, -3.0]),
    "power 0.5": (lambda x: x**0.5, lambda x: x**0.5, [0.0, 4.0]),
    "norm at 0": (np.linalg.norm, torch.linalg.norm, [0.0, 0.0]),
    "norm": (np.linalg.norm, torch.linalg.norm, [3.0, 4.0]),
    "sinc at 0": (np.sinc, torch.sinc, [0.0, 0.5]),
    "logaddexp of infinities": (
        lambda x: np.logaddexp(x, -np.inf),
        lambda x: torch.logaddexp(x, torch.tensor(-math.inf, dtype=torch.float64)),
        [1.0, -2.0],
    ),
    "sigmoid far out": (cr.sigmoid, torch.sigmoid, [-800.0, 800.0]),
    "softplus far out": (cr.softplus, F.softplus, [-800.0, 800.0]),
    "log softmax far out": (
        lambda x: cr.log_softmax(x, axis=0),
        lambda x: torch.log_softmax(x, 0),
        [-800.0, 0.0, 800.0],
    ),
    "logsumexp far out": (
        lambda x: cr.logsumexp(x),
        lambda x: torch.logsumexp(x, 0),
        [-800.0, 0.0, 800.0],
    ),
}


@pytest.mark.parametrize("name", AT_POINTS)
def test_derivatives_at_special_points(name: str) -> None:
    """SPEC D7: the values chosen at ties and kinks, where PyTorch chose too."""
    mine, theirs, point = AT_POINTS[name]
    x = np.array(point)
    out, pull = cr.vjp(mine, x)
    (g,) = pull(np.ones(np.shape(out)))
    leaf = as_torch(x, requires_grad=True)
    expected = theirs(leaf)
    expected.sum().backward()
    np.testing.assert_allclose(out, expected.detach().numpy(), rtol=1e-14)
    np.testing.assert_allclose(g, leaf.grad.numpy(), rtol=1e-14)
