"""``torch.nn.functional``'s names and arguments, on tensors and plain arrays."""

from __future__ import annotations

from chainrule.nn.functional import activations as _activations
from chainrule.nn.functional import attention as _attention
from chainrule.nn.functional import layers as _layers
from chainrule.nn.functional import losses as _losses
from chainrule.nn.functional import spatial as _spatial
from chainrule.nn.functional.activations import *  # noqa: F403
from chainrule.nn.functional.attention import *  # noqa: F403
from chainrule.nn.functional.layers import *  # noqa: F403
from chainrule.nn.functional.losses import *  # noqa: F403
from chainrule.nn.functional.spatial import *  # noqa: F403

_FAMILIES = (_activations, _attention, _layers, _losses, _spatial)

__all__ = sorted({name for family in _FAMILIES for name in family.__all__})
