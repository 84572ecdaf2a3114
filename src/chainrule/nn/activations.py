"""Activation functions as modules, with PyTorch's names and defaults (SPEC C2)."""

from __future__ import annotations

from typing import Any

from chainrule.nn import functional as F
from chainrule.nn import init
from chainrule.nn.module import Module
from chainrule.nn.parameter import Parameter, empty, factory_dtype

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "SELU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "PReLU",
    "ReLU",
    "ReLU6",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
]


class Activation(Module):
    """Base of the activations: no parameters, the function's arguments kept and shown."""

    arguments: tuple[str, ...] = ()

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in self.arguments)


class ReLU(Activation):
    """``max(x, 0)``; 0 at 0."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.relu(input)


class ReLU6(Activation):
    """``min(max(x, 0), 6)``."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.relu6(input)


class LeakyReLU(Activation):
    """``x`` where positive, else ``negative_slope * x``."""

    arguments = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.leaky_relu(input, self.negative_slope)


class ELU(Activation):
    """``x`` where positive, else ``alpha (eˣ - 1)``."""

    arguments = ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.elu(input, self.alpha)


class SELU(Activation):
    """The self-normalising ELU (Klambauer et al. 2017)."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.selu(input)


class CELU(Activation):
    """An ELU with a continuous slope (Barron 2017)."""

    arguments = ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.celu(input, self.alpha)


class GELU(Activation):
    """``x Φ(x)`` (Hendrycks and Gimpel 2016); ``approximate='tanh'`` by a tanh."""

    arguments = ("approximate",)

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.gelu(input, self.approximate)


class SiLU(Activation):
    """``x σ(x)``."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.silu(input)


class Mish(Activation):
    """``x tanh(softplus(x))``."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.mish(input)


class Sigmoid(Activation):
    """``1/(1 + e⁻ˣ)``."""

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.sigmoid(input)


class Tanh(Activation):
    """``tanh x``."""

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.tanh(input)


class LogSigmoid(Activation):
    """``ln σ(x)``."""

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.logsigmoid(input)


class Softplus(Activation):
    """``ln(1 + e^(βx))/β``."""

    arguments = (
        "beta",
        "threshold",
    )

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.softplus(input, self.beta, self.threshold)


class Softsign(Activation):
    """``x/(1 + |x|)``."""

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.softsign(input)


class Tanhshrink(Activation):
    """``x - tanh x``."""

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.tanhshrink(input)


class Softshrink(Activation):
    """``x`` moved towards 0 by ``lambd``."""

    arguments = ("lambd",)

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.softshrink(input, self.lambd)


class Hardshrink(Activation):
    """``x`` outside ``[-lambd, lambd]``, else 0."""

    arguments = ("lambd",)

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.hardshrink(input, self.lambd)


class Hardtanh(Activation):
    """``x`` kept within ``[min_val, max_val]``."""

    arguments = (
        "min_val",
        "max_val",
    )

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.min_val = min_val
        self.max_val = max_val

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.hardtanh(input, self.min_val, self.max_val)


class Hardsigmoid(Activation):
    """``x/6 + 1/2`` kept within [0, 1]."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.hardsigmoid(input)


class Hardswish(Activation):
    """``x hardsigmoid(x)``."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.hardswish(input)


class Threshold(Activation):
    """``x`` where ``x > threshold``, else ``value``."""

    arguments = (
        "threshold",
        "value",
    )

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.threshold(input, self.threshold, self.value)


class GLU(Activation):
    """The first half times the sigmoid of the second."""

    arguments = ("dim",)

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        """Along ``dim``."""
        return F.glu(input, self.dim)


class Softmax(Activation):
    """``eˣ/Σeˣ`` along ``dim``."""

    arguments = ("dim",)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        """Along ``dim``."""
        return F.softmax(input, self.dim)


class Softmin(Activation):
    """``softmax(-x)``."""

    arguments = ("dim",)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        """Along ``dim``."""
        return F.softmin(input, self.dim)


class LogSoftmax(Activation):
    """``ln softmax(x)`` along ``dim``."""

    arguments = ("dim",)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        """Along ``dim``."""
        return F.log_softmax(input, self.dim)


class PReLU(Module):
    """``x`` where positive, else ``weight * x`` with trained weights (He et al. 2015).

    Parameters
    ----------
    num_parameters : int
        1, or the number of channels (axis 1).
    init : float
        Initial slope.
    """

    weight: Parameter

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = empty((num_parameters,), factory_dtype(dtype, device))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the slopes back."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Any) -> Any:
        """Elementwise."""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return f"num_parameters={self.num_parameters}"
