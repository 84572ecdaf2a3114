"""Convolution and pooling layers with PyTorch's names and arguments."""

from __future__ import annotations

import math
from typing import Any

from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn import functional as F
from chainrule.nn import init
from chainrule.nn.linear import bias_uniform, positive
from chainrule.nn.module import Module
from chainrule.nn.parameter import Parameter, empty, factory_dtype
from chainrule.ops.convolution import conv, conv_transpose, tuple_of
from chainrule.ops.shape import shape_of

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d"]


class _Convolution(Module):
    """What all convolution layers share."""

    weight: Parameter
    bias: Parameter | None
    nd: int = 0
    transposed: bool = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        kind = factory_dtype(dtype, device)
        self.in_channels = positive(in_channels, "in_channels")
        self.out_channels = positive(out_channels, "out_channels")
        self.groups = positive(groups, "groups")
        if in_channels % groups or out_channels % groups:
            raise ArgumentError(
                f"{type(self).__name__}: in_channels {in_channels} and out_channels {out_channels} "
                f"must be divisible by groups={groups}"
            )
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ArgumentError(f"{type(self).__name__}: no padding_mode {padding_mode!r}")
        nd = self.nd
        self.kernel_size = tuple_of(kernel_size, nd, "kernel_size")
        self.stride = tuple_of(stride, nd, "stride")
        self.padding = (
            padding if isinstance(padding, str) else tuple_of(padding, nd, "padding", smallest=0)
        )
        self.dilation = tuple_of(dilation, nd, "dilation")
        self.padding_mode = padding_mode
        first, second = out_channels, in_channels
        if self.transposed:
            first, second = second, first
        self.weight = empty((first, second // groups, *self.kernel_size), kind)
        self.register_parameter("bias", empty((out_channels,), kind) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values, uniform in ±1/√fan_in."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5.0))
        if self.bias is not None:
            bias_uniform(self.bias, init.fans(self.weight.shape)[0])

    def forward(self, input: Any) -> Any:
        """(N, C, *L) to (N, O, *P); the batch axis may be left out."""
        shape = shape_of(input)
        if len(shape) not in (self.nd + 1, self.nd + 2) or shape[-self.nd - 1] != self.in_channels:
            raise ShapeError(
                f"{type(self).__name__} takes (N, {self.in_channels}, "
                f"{', '.join('DHW'[3 - self.nd :] if self.nd > 1 else 'L')}), "
                f"the input has shape {shape}"
            )
        padding: Any = self.padding
        if self.padding_mode != "zeros" and padding != "valid":
            input = F.pad(input, self._pads(), self.padding_mode)
            padding = 0
        return conv(
            self.nd,
            input,
            self.weight,
            self.bias,
            self.stride,
            padding,
            self.dilation,
            self.groups,
        )

    def _pads(self) -> tuple[int, ...]:
        """Padding in the order that ``F.pad`` takes: last axis first, both sides."""
        if self.padding == "same":
            totals = [d * (k - 1) for k, d in zip(self.kernel_size, self.dilation)]
            pairs = [(t // 2, t - t // 2) for t in totals]
        else:
            pairs = [(int(p), int(p)) for p in self.padding]
        return tuple(side for pair in reversed(pairs) for side in pair)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        shown = [
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}",
            f"stride={self.stride}",
        ]
        if self.padding != (0,) * self.nd:
            shown.append(f"padding={self.padding}")
        if self.dilation != (1,) * self.nd:
            shown.append(f"dilation={self.dilation}")
        if self.groups != 1:
            shown.append(f"groups={self.groups}")
        if self.bias is None:
            shown.append("bias=False")
        if self.padding_mode != "zeros":
            shown.append(f"padding_mode={self.padding_mode!r}")
        return ", ".join(shown)


class Conv1d(_Convolution):
    """Convolution of (N, C, L).

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, dilation : int or tuple
    padding : int, tuple, 'same' or 'valid'
    groups : int
    bias : bool
    padding_mode : {'zeros', 'reflect', 'replicate', 'circular'}

    Attributes
    ----------
    weight : Parameter, shape (out_channels, in_channels / groups, *kernel_size)
    bias : Parameter, shape (out_channels,), or None

    Examples
    --------
    >>> cr.nn.Conv1d(2, 4, 3, padding=1)(np.zeros((1, 2, 8), "f4")).shape
    (1, 4, 8)
    """

    nd = 1


class Conv2d(_Convolution):
    """Convolution of (N, C, H, W); parameters as :class:`Conv1d`."""

    nd = 2


class Conv3d(_Convolution):
    """Convolution of (N, C, D, H, W); parameters as :class:`Conv1d`."""

    nd = 3


class _ConvTranspose(_Convolution):
    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            device=device,
            dtype=dtype,
        )
        self.output_padding = tuple_of(output_padding, self.nd, "output_padding", smallest=0)

    def forward(self, input: Any) -> Any:
        """(N, C, *L) to (N, O, *P), longer than the input where the stride is above 1."""
        return conv_transpose(
            self.nd,
            input,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            self.output_padding,
            self.groups,
            self.dilation,
        )


class ConvTranspose1d(_ConvTranspose):
    """The transpose of :class:`Conv1d` in its input; weight (in, out / groups, *kernel_size)."""

    nd = 1


class ConvTranspose2d(_ConvTranspose):
    """The transpose of :class:`Conv2d` in its input; weight (in, out / groups, *kernel_size)."""

    nd = 2
