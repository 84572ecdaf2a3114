"""Normalisation layers: batch, layer, group, instance, root mean square."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn import functional as F
from chainrule.nn import init
from chainrule.nn.linear import positive
from chainrule.nn.module import Module
from chainrule.nn.parameter import Parameter, empty, factory_dtype
from chainrule.ops.shape import shape_of

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "GroupNorm",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "LayerNorm",
    "RMSNorm",
]


class _BatchNorm(Module):
    """Channels normalised over the batch; running statistics are kept for evaluation."""

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None
    ndims: tuple[int, ...] = ()

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        kind = factory_dtype(dtype, device)
        self.num_features = positive(num_features, "num_features")
        self.eps, self.momentum = eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        shape = (num_features,)
        self.register_parameter("weight", empty(shape, kind) if affine else None)
        self.register_parameter("bias", empty(shape, kind) if affine else None)
        tracked = track_running_stats
        self.register_buffer("running_mean", np.zeros(shape, kind) if tracked else None)
        self.register_buffer("running_var", np.ones(shape, kind) if tracked else None)
        self.register_buffer("num_batches_tracked", np.array(0) if tracked else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0, running statistics forgotten."""
        if self.running_mean is not None and self.running_var is not None:
            self.running_mean.assign(np.zeros(self.num_features))
            self.running_var.assign(np.ones(self.num_features))
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.assign(np.array(0))
        if self.weight is not None and self.bias is not None:
            init.ones_(self.weight)
            init.zeros_(self.bias)

    def forward(self, input: Any) -> Any:
        """Same shape as the input."""
        shape = shape_of(input)
        if len(shape) not in self.ndims or shape[1] != self.num_features:
            layouts = {2: "(N, C)", 3: "(N, C, L)", 4: "(N, C, H, W)"}
            expected = " or ".join(layouts[n] for n in self.ndims)
            raise ShapeError(
                f"{type(self).__name__} takes {expected} with C = {self.num_features} channels, "
                f"the input has shape {shape}"
            )
        momentum = self.momentum
        rate: Any = 0.0 if momentum is None else momentum
        use_batch = self.training or self.running_mean is None
        if self.training and self.num_batches_tracked is not None:
            count = self.num_batches_tracked + 1
            self.num_batches_tracked.assign(count)
            if momentum is None:  # a plain average over all batches
                rate = 1.0 / count.detach().astype(np.float64)
        return F.batch_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            use_batch,
            rate,
            self.eps,
        )

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of (N, C) or (N, C, L) (Ioffe and Szegedy 2015).

    Parameters
    ----------
    num_features : int
        Channels C.
    eps : float
    momentum : float or None
        Weight of the newest batch in the running statistics; ``None`` averages all batches.
    affine : bool
        Whether a scale and shift per channel are learnt.
    track_running_stats : bool
    """

    ndims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Batch normalisation of (N, C, H, W); parameters as :class:`BatchNorm1d`."""

    ndims = (4,)


class LayerNorm(Module):
    """The last axes of each sample normalised (Ba et al. 2016)."""

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...] | list[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        kind = factory_dtype(dtype, device)
        whole = (normalized_shape,) if isinstance(normalized_shape, int) else normalized_shape
        self.normalized_shape = tuple(whole)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        shape = self.normalized_shape
        self.register_parameter("weight", empty(shape, kind) if elementwise_affine else None)
        self.register_parameter("bias", empty(shape, kind) if elementwise_affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Any) -> Any:
        """Same shape as the input."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class RMSNorm(Module):
    """The last axes of each sample divided by their root mean square (Zhang and Sennrich 2019)."""

    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...] | list[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        kind = factory_dtype(dtype, device)
        whole = (normalized_shape,) if isinstance(normalized_shape, int) else normalized_shape
        self.normalized_shape = tuple(whole)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        made = empty(self.normalized_shape, kind) if elementwise_affine else None
        self.register_parameter("weight", made)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Any) -> Any:
        """Same shape as the input."""
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class GroupNorm(Module):
    """Groups of channels of each sample normalised (Wu and He 2018)."""

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        kind = factory_dtype(dtype, device)
        if positive(num_channels, "num_channels") % positive(num_groups, "num_groups"):
            raise ArgumentError(
                f"GroupNorm: {num_channels} channels do not split into {num_groups} equal groups"
            )
        self.num_groups, self.num_channels = num_groups, num_channels
        self.eps, self.affine = eps, affine
        self.register_parameter("weight", empty((num_channels,), kind) if affine else None)
        self.register_parameter("bias", empty((num_channels,), kind) if affine else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0."""
        if self.weight is not None and self.bias is not None:
            init.ones_(self.weight)
            init.zeros_(self.bias)

    def forward(self, input: Any) -> Any:
        """Same shape as the input."""
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"


class _InstanceNorm(Module):
    weight: Parameter | None
    bias: Parameter | None
    ndim: int = 0

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        affine: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        kind = factory_dtype(dtype, device)
        self.num_features = positive(num_features, "num_features")
        self.eps, self.affine = eps, affine
        self.register_parameter("weight", empty((num_features,), kind) if affine else None)
        self.register_parameter("bias", empty((num_features,), kind) if affine else None)
        if self.weight is not None and self.bias is not None:
            init.ones_(self.weight)
            init.zeros_(self.bias)

    def forward(self, input: Any) -> Any:
        """Same shape as the input."""
        shape = shape_of(input)
        if len(shape) != self.ndim or shape[1] != self.num_features:
            raise ShapeError(
                f"{type(self).__name__} takes {self.ndim} axes with {self.num_features} channels on "
                f"axis 1, the input has shape {shape}"
            )
        return F.instance_norm(input, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return f"{self.num_features}, eps={self.eps}, affine={self.affine}"


class InstanceNorm1d(_InstanceNorm):
    """Each channel of each sample of (N, C, L) normalised; no running statistics."""

    ndim = 3


class InstanceNorm2d(_InstanceNorm):
    """Each channel of each sample of (N, C, H, W) normalised; no running statistics."""

    ndim = 4
