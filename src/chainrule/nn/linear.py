"""Affine layers and layers that only reshape."""

from __future__ import annotations

import math
from typing import Any

from chainrule.core.lib import lib
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn import functional as F
from chainrule.nn import init
from chainrule.nn.module import Module
from chainrule.nn.parameter import Parameter, empty, factory_dtype
from chainrule.ops.shape import shape_of

__all__ = ["Bilinear", "Flatten", "Identity", "Linear", "Residual", "Unflatten"]


def positive(value: int, name: str) -> int:
    """``value`` if it is a positive integer."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ArgumentError(f"{name} must be a positive integer, not {value!r}")
    return value


def bias_uniform(bias: Parameter, fan_in: int) -> None:
    """PyTorch's initial bias: uniform in ±1/√fan_in."""
    bound = 1.0 / math.sqrt(fan_in) if fan_in else 0.0
    init.uniform_(bias, -bound, bound)


class Linear(Module):
    """``y = x Wᵀ + b``.

    Parameters
    ----------
    in_features, out_features : int
    bias : bool
    dtype : dtype, optional
        float32 by default.

    Attributes
    ----------
    weight : Parameter, shape (out_features, in_features)
        Row ``j`` holds the weights into neuron ``j``, as in the textbook's ``w^l``.
    bias : Parameter, shape (out_features,), or None

    Notes
    -----
    Both start uniform in ±1/√in_features, as in PyTorch.

    Examples
    --------
    >>> layer = cr.nn.Linear(3, 2)
    >>> layer(np.ones((5, 3), "f4")).shape
    (5, 2)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        kind = factory_dtype(dtype, device)
        self.in_features = positive(in_features, "in_features")
        self.out_features = positive(out_features, "out_features")
        self.weight = empty((out_features, in_features), kind)
        self.register_parameter("bias", empty((out_features,), kind) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5.0))
        if self.bias is not None:
            bias_uniform(self.bias, self.in_features)

    def forward(self, input: Any) -> Any:
        """(…, in_features) to (…, out_features)."""
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class Bilinear(Module):
    """``y_k = x₁ᵀ W_k x₂ + b_k``.

    Attributes
    ----------
    weight : Parameter, shape (out_features, in1_features, in2_features)
    bias : Parameter, shape (out_features,), or None
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        kind = factory_dtype(dtype, device)
        self.in1_features = positive(in1_features, "in1_features")
        self.in2_features = positive(in2_features, "in2_features")
        self.out_features = positive(out_features, "out_features")
        self.weight = empty((out_features, in1_features, in2_features), kind)
        self.register_parameter("bias", empty((out_features,), kind) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values: uniform in ±1/√in1_features."""
        bound = 1.0 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Any, input2: Any) -> Any:
        """(…, in1) and (…, in2) to (…, out)."""
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )


class Identity(Module):
    """Its input; arguments of the constructor are ignored, so it can stand in for any layer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """The input."""
        return input


class Flatten(Module):
    """Axes ``start_dim … end_dim`` as one; by default all but the batch axis."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Any) -> Any:
        """(N, …) to (N, product)."""
        input = lib.asarray(input)
        shape = shape_of(input)
        start, end = self.start_dim % len(shape), self.end_dim % len(shape)
        if start > end:
            raise ShapeError(f"Flatten: axes {self.start_dim} to {self.end_dim} of shape {shape}")
        merged = math.prod(shape[start : end + 1])
        return lib.reshape(input, (*shape[:start], merged, *shape[end + 1 :]))

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Axis ``dim`` split into several."""

    def __init__(self, dim: int, unflattened_size: tuple[int, ...]) -> None:
        super().__init__()
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, input: Any) -> Any:
        """(…, product, …) to (…, *unflattened_size, …)."""
        input = lib.asarray(input)
        shape = shape_of(input)
        axis = self.dim % len(shape)
        return lib.reshape(input, (*shape[:axis], *self.unflattened_size, *shape[axis + 1 :]))

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class Residual(Module):
    """``x + body(x)``: a path along which gradients pass unchanged (SPEC C4; He et al. 2016).

    Parameters
    ----------
    *body : Module
        Applied one after the other.
    shortcut : Module, optional
        Applied to ``x`` before it is added, where shapes differ.
    """

    shortcut: Module | None

    def __init__(self, *body: Module, shortcut: Module | None = None) -> None:
        super().__init__()
        from chainrule.nn.containers import Sequential

        self.body = body[0] if len(body) == 1 else Sequential(*body)
        self.register_module("shortcut", shortcut)

    def forward(self, input: Any) -> Any:
        """The sum."""
        beside = input if self.shortcut is None else self.shortcut(input)
        out = self.body(input)
        if shape_of(out) != shape_of(beside):
            raise ShapeError(
                f"Residual: the body maps {shape_of(input)} to {shape_of(out)}, which does not add "
                f"to {shape_of(beside)}; make them equal, or give shortcut=, e.g. a Linear"
            )
        return beside + out
