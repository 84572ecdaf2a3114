"""Plain safetensors files: names and tensors, readable by every program that knows the format."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor, wrap
from chainrule.nn.module import Module
from chainrule.nn.state import KeyReport
from chainrule.train.files import parse, write_bytes

__all__ = ["load_safetensors", "save_safetensors"]


def save_safetensors(path: str | os.PathLike[str], source: Module | dict[str, Any]) -> None:
    """Write the state of a module, or a dictionary of tensors, without any metadata of ours.

    Raises
    ------
    CheckpointError
        If the file cannot be written; what stood there before is then intact.
    """
    from safetensors.numpy import save

    state = source.state_dict() if isinstance(source, Module) else source
    arrays = {
        name: np.asarray(value._value if isinstance(value, Tensor) else value, order="C")
        for name, value in state.items()
    }
    write_bytes(path, save(arrays))


def load_safetensors(
    path: str | os.PathLike[str], module: Module | None = None, strict: bool = True
) -> dict[str, Tensor] | KeyReport:
    """Tensors by name; with a module, load them into it and report the names that did not match.

    Raises
    ------
    CheckpointError
        If the file is not a safetensors file, or does not fit the module.
    """
    _, arrays = parse(Path(path).read_bytes(), path)
    if module is not None:
        return module.load_state_dict(arrays, strict)
    return {name: wrap(array, None) for name, array in arrays.items()}
