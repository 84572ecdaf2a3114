"""``cr.save`` and ``cr.load``: models and trees of tensors, in safetensors files without pickle."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor, wrap
from chainrule.core.tree import tree_map
from chainrule.errors import ArgumentError, CheckpointError
from chainrule.nn.module import Module
from chainrule.train.architecture import build, describe
from chainrule.train.files import read_file, write_file

__all__ = ["load", "save"]


def save(path: str | os.PathLike[str], model: Any) -> None:
    """Save a model, or a tree of tensors such as a state dict.

    Parameters
    ----------
    path : path
    model : Module, or tree of tensors, arrays, numbers and text
        A model of this library's layers is saved with its structure and can be loaded without the
        code that made it.

    Raises
    ------
    CheckpointError
        If the file cannot be written; what stood there before is then intact.

    Notes
    -----
    The file is in safetensors format: other programs can read its tensors. Everything else stands
    as JSON in its metadata. ``cr.save(model, path)``, PyTorch's order, is understood as well.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
    >>> cr.save(path, cr.nn.Sequential(cr.nn.Linear(2, 3), cr.nn.ReLU()))
    >>> [name for name, _ in cr.load(path).named_parameters()]
    ['0.weight', '0.bias']
    """
    if isinstance(model, str | os.PathLike) and not isinstance(path, str | os.PathLike):
        path, model = model, path
    if not isinstance(path, str | os.PathLike):
        raise ArgumentError(f"cr.save(path, model): {type(path).__name__} is not a path")
    if isinstance(model, Module):
        state = {"structure": describe(model), "state": model.state_dict()}
        write_file(path, state, "model")
    else:
        write_file(path, {"tree": model}, "tensors")


def load(path: str | os.PathLike[str], model: Module | None = None) -> Any:
    """Load what :func:`save` wrote.

    Parameters
    ----------
    path : path
    model : Module, optional
        Load the values into this model, made by your own code; it is returned.

    Returns
    -------
    Module or tree of tensors

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    CheckpointError
        If it is damaged, foreign, or does not fit the model.
    """
    try:
        saved = read_file(path, "model")
    except CheckpointError as error:
        if "holds a tensors" not in str(error):
            raise
        tree = tree_map(_tensor, read_file(path, "tensors")["tree"])
        if model is None:
            return tree
        model.load_state_dict(tree)
        return model
    if model is None:
        model = build(saved["structure"])
        _take_dtypes(model, saved["state"])
    model.load_state_dict(saved["state"])
    return model


def _tensor(value: Any) -> Any:
    return wrap(value, None) if isinstance(value, np.ndarray) else value


def _take_dtypes(model: Module, state: dict[str, Any]) -> None:
    """Give parameters and buffers the dtypes they were saved in."""
    for path, module in model.named_modules():
        prefix = f"{path}." if path else ""
        for name, parameter in module._parameters.items():
            if parameter is not None and prefix + name in state:
                parameter.cast(state[prefix + name].dtype)
        for name, buffer in list(module._buffers.items()):
            if buffer is not None and prefix + name in state:
                value: Tensor = wrap(state[prefix + name], None)
                if value.dtype != buffer.dtype:
                    setattr(module, name, value)
