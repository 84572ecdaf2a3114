"""Losses as modules, with PyTorch's names, defaults and reductions (SPEC C1)."""

from __future__ import annotations

from typing import Any

from chainrule.core.tensor import Tensor, tensor
from chainrule.nn import functional as F
from chainrule.nn.module import Module
from chainrule.ops.losses import check_reduction

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CosineEmbeddingLoss",
    "CrossEntropyLoss",
    "GaussianNLLLoss",
    "HingeEmbeddingLoss",
    "HingeLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "MarginRankingLoss",
    "MultiMarginLoss",
    "NLLLoss",
    "PoissonNLLLoss",
    "SmoothL1Loss",
    "SoftMarginLoss",
    "TripletMarginLoss",
]


class Loss(Module):
    """Base of the losses: a reduction, and class or element weights as a buffer."""

    arguments: tuple[str, ...] = ()

    def __init__(self, reduction: str = "mean", weight: Any = None) -> None:
        super().__init__()
        self.reduction = reduction
        if reduction != "batchmean":
            check_reduction(reduction, type(self).__name__)
        if weight is not None:
            self.register_buffer("weight", weight if isinstance(weight, Tensor) else tensor(weight))
        else:
            self.weight = None

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return ", ".join(
            f"{name}={getattr(self, name)!r}" for name in (*self.arguments, "reduction")
        )


class MSELoss(Loss):
    """``(x - y)²``."""

    def forward(self, input: Any, target: Any) -> Any:
        """The reduced loss."""
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(Loss):
    """``|x - y|``."""

    def forward(self, input: Any, target: Any) -> Any:
        """The reduced loss."""
        return F.l1_loss(input, target, reduction=self.reduction)


class HuberLoss(Loss):
    """``d²/2`` for ``|d| < delta``, else linear (Huber 1964)."""

    arguments = ("delta",)

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = delta

    def forward(self, input: Any, target: Any) -> Any:
        """The reduced loss."""
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class SmoothL1Loss(Loss):
    """The Huber loss divided by ``beta``."""

    arguments = ("beta",)

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        self.beta = beta

    def forward(self, input: Any, target: Any) -> Any:
        """The reduced loss."""
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class KLDivLoss(Loss):
    """``y (ln y - x)`` of log-probabilities ``x``; use ``reduction='batchmean'``."""

    arguments = ("log_target",)

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction)
        self.log_target = log_target

    def forward(self, input: Any, target: Any) -> Any:
        """The reduced loss."""
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class HingeLoss(Loss):
    """``max(0, margin - y x)`` for targets of -1 and 1."""

    arguments = ("margin",)

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input: Any, target: Any) -> Any:
        """The reduced loss."""
        return F.hinge_loss(input, target, reduction=self.reduction, margin=self.margin)


class SoftMarginLoss(Loss):
    """``ln(1 + e^(-yx))`` for targets of -1 and 1."""

    def forward(self, input: Any, target: Any) -> Any:
        """The reduced loss."""
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class HingeEmbeddingLoss(Loss):
    """``x`` for a target of 1, ``max(0, margin - x)`` for -1."""

    arguments = ("margin",)

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input: Any, target: Any) -> Any:
        """The reduced loss."""
        return F.hinge_embedding_loss(input, target, reduction=self.reduction, margin=self.margin)


class CrossEntropyLoss(Loss):
    """Cross-entropy of softmax(logits) and class indices or probabilities.

    Parameters
    ----------
    weight : array_like, shape (C,), optional
        Class weights.
    ignore_index : int
        Samples of this class do not count.
    reduction : {'mean', 'sum', 'none'}
    label_smoothing : float
        The part of the target that is spread evenly over the classes.
    """

    arguments = ("ignore_index", "label_smoothing")

    def __init__(
        self,
        weight: Any = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(reduction, weight)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Any, target: Any) -> Any:
        """The reduced loss."""
        return F.cross_entropy(
            input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing
        )


class NLLLoss(Loss):
    """Minus the log-probability of the target class."""

    arguments = ("ignore_index",)

    def __init__(
        self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction, weight)
        self.ignore_index = ignore_index

    def forward(self, input: Any, target: Any) -> Any:
        """The reduced loss."""
        return F.nll_loss(input, target, self.weight, self.ignore_index, self.reduction)


class BCELoss(Loss):
    """Binary cross-entropy of probabilities."""

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction, weight)

    def forward(self, input: Any, target: Any) -> Any:
        """The reduced loss."""
        return F.binary_cross_entropy(input, target, self.weight, self.reduction)


class BCEWithLogitsLoss(Loss):
    """Binary cross-entropy of the sigmoid of logits; ``pos_weight`` balances rare positives."""

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(reduction, weight)
        if pos_weight is not None:
            self.register_buffer("pos_weight", tensor(pos_weight))
        else:
            self.pos_weight = None

    def forward(self, input: Any, target: Any) -> Any:
        """The reduced loss."""
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, self.reduction, self.pos_weight
        )


class MultiMarginLoss(Loss):
    """The multi-class hinge loss."""

    arguments = ("p", "margin")

    def __init__(
        self, p: int = 1, margin: float = 1.0, weight: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction, weight)
        self.p, self.margin = p, margin

    def forward(self, input: Any, target: Any) -> Any:
        """The reduced loss."""
        return F.multi_margin_loss(input, target, self.p, self.margin, self.weight, self.reduction)


class MarginRankingLoss(Loss):
    """``max(0, -y (x₁ - x₂) + margin)``."""

    arguments = ("margin",)

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: Any, input2: Any, target: Any) -> Any:
        """The reduced loss."""
        return F.margin_ranking_loss(input1, input2, target, self.margin, self.reduction)


class TripletMarginLoss(Loss):
    """``max(0, ‖a - p‖ - ‖a - n‖ + margin)``."""

    arguments = ("margin", "p", "eps", "swap")

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        self.margin, self.p, self.eps, self.swap = margin, p, eps, swap

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Any:
        """The reduced loss."""
        return F.triplet_margin_loss(
            anchor, positive, negative, self.margin, self.p, self.eps, self.swap, self.reduction
        )


class CosineEmbeddingLoss(Loss):
    """``1 - cos`` for a target of 1, ``max(0, cos - margin)`` for -1."""

    arguments = ("margin",)

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: Any, input2: Any, target: Any) -> Any:
        """The reduced loss."""
        return F.cosine_embedding_loss(input1, input2, target, self.margin, self.reduction)


class PoissonNLLLoss(Loss):
    """``eˣ - y x``: counts with a Poisson distribution."""

    arguments = ("log_input", "full", "eps")

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        eps: float = 1e-8,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, input: Any, target: Any) -> Any:
        """The reduced loss."""
        return F.poisson_nll_loss(
            input, target, self.log_input, self.full, self.eps, self.reduction
        )


class GaussianNLLLoss(Loss):
    """``(ln v + (x - y)²/v)/2`` with a predicted variance."""

    arguments = ("full", "eps")

    def __init__(self, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.full, self.eps = full, eps

    def forward(self, input: Any, target: Any, var: Any) -> Any:
        """The reduced loss."""
        return F.gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)
