"""Pooling layers with PyTorch's names and arguments."""

from __future__ import annotations

from typing import Any

from chainrule.nn.module import Module
from chainrule.ops import pooling

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AvgPool1d",
    "AvgPool2d",
    "MaxPool1d",
    "MaxPool2d",
]


class _MaxPool(Module):
    nd: int = 0

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Any) -> Any:
        """The maximum of each window."""
        return pooling.max_pool(
            self.nd,
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            self.return_indices,
        )

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The maximum of each window of (N, C, L); one winner per window gets the gradient."""

    nd = 1


class MaxPool2d(_MaxPool):
    """The maximum of each window of (N, C, H, W); one winner per window gets the gradient."""

    nd = 2


class _AvgPool(Module):
    nd: int = 0

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def forward(self, input: Any) -> Any:
        """The mean of each window."""
        return pooling.avg_pool(
            self.nd,
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPool):
    """The mean of each window of (N, C, L)."""

    nd = 1


class AvgPool2d(_AvgPool):
    """The mean of each window of (N, C, H, W)."""

    nd = 2


class _Adaptive(Module):
    nd: int = 0
    maximum: bool = False

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Any) -> Any:
        """Windows chosen so that the output has the size asked for."""
        pool = pooling.adaptive_max_pool if self.maximum else pooling.adaptive_avg_pool
        return pool(self.nd, input, self.output_size)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_Adaptive):
    """Means of windows such that (N, C, L) becomes (N, C, output_size)."""

    nd = 1


class AdaptiveAvgPool2d(_Adaptive):
    """Means of windows such that (N, C, H, W) becomes (N, C, *output_size)."""

    nd = 2


class AdaptiveMaxPool1d(_Adaptive):
    """Maxima of windows such that (N, C, L) becomes (N, C, output_size)."""

    nd = 1
    maximum = True


class AdaptiveMaxPool2d(_Adaptive):
    """Maxima of windows such that (N, C, H, W) becomes (N, C, *output_size)."""

    nd = 2
    maximum = True
