"""Weights from and to PyTorch modules with the same state names."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import MissingExtraError
from chainrule.nn.module import Module
from chainrule.nn.state import KeyReport

__all__ = ["from_torch", "to_torch"]


def from_torch(module: Module, source: Any, strict: bool = True) -> KeyReport:
    """Load the weights of a PyTorch module, or of its state dict, into a module of this library.

    Layers of the same names take the same constructor arguments and have the same state names, so a
    network built alike fits as it is.

    Raises
    ------
    CheckpointError
        If names or shapes do not fit; nothing is changed then.
    """
    state = source.state_dict() if hasattr(source, "state_dict") else source
    arrays = {name: value.detach().cpu().numpy() for name, value in state.items()}
    return module.load_state_dict(arrays, strict)


def to_torch(module: Module, target: Any = None, strict: bool = True) -> Any:
    """The state of a module as PyTorch tensors, loaded into ``target`` if one is given.

    Returns
    -------
    dict or torch.nn.Module
        The state dict, or ``target``.

    Raises
    ------
    MissingExtraError
        Without PyTorch.
    """
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError("to_torch needs PyTorch: pip install torch") from error
    state = {
        name: torch.from_numpy(np.array(value._value))
        for name, value in module.state_dict().items()
    }
    if target is None:
        return state
    target.load_state_dict(state, strict=strict)
    return target
