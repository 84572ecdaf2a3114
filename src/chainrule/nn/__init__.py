"""Networks: modules, layers, activations, losses, initialisers, with PyTorch's names.

``functional`` holds the same computations as functions, ``init`` the initialisers, ``utils``
gradient clipping and flat parameter vectors.
"""

from __future__ import annotations

from chainrule.nn import activations as _activations
from chainrule.nn import attention as _attention
from chainrule.nn import containers as _containers
from chainrule.nn import convolution as _convolution
from chainrule.nn import functional, init, losses, utils
from chainrule.nn import linear as _linear
from chainrule.nn import normalization as _normalization
from chainrule.nn import pooling as _pooling
from chainrule.nn import recurrent as _recurrent
from chainrule.nn import regularization as _regularization
from chainrule.nn.activations import *  # noqa: F403
from chainrule.nn.attention import *  # noqa: F403
from chainrule.nn.containers import *  # noqa: F403
from chainrule.nn.convolution import *  # noqa: F403
from chainrule.nn.linear import *  # noqa: F403
from chainrule.nn.losses import *  # noqa: F403
from chainrule.nn.module import Module
from chainrule.nn.normalization import *  # noqa: F403
from chainrule.nn.parameter import Parameter
from chainrule.nn.pooling import *  # noqa: F403
from chainrule.nn.recurrent import *  # noqa: F403
from chainrule.nn.regularization import *  # noqa: F403

_FAMILIES = (
    _activations,
    _attention,
    _containers,
    _convolution,
    _linear,
    losses,
    _normalization,
    _pooling,
    _recurrent,
    _regularization,
)

__all__ = ["Module", "Parameter", "functional", "init", "losses", "utils"]
__all__ += sorted({name for family in _FAMILIES for name in family.__all__})
