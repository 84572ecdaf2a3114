"""``torch.nn.functional``'s names and arguments, on tensors and plain arrays."""

from __future__ import annotations

from chainrule.nn.functional import activations as _activations
from chainrule.nn.functional import layers as _layers
from chainrule.nn.functional import losses as _losses
from chainrule.nn.functional.activations import *  # noqa: F403
from chainrule.nn.functional.layers import *  # noqa: F403
from chainrule.nn.functional.losses import *  # noqa: F403

__all__ = sorted({*_activations.__all__, *_layers.__all__, *_losses.__all__})
