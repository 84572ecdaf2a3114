"""Exchange with other programs: safetensors, ONNX, PyTorch, DLPack, TensorBoard.

Each module imports what it needs when it is called; nothing here is imported by ``import chainrule``.
"""

from __future__ import annotations

from chainrule.interop.dlpack import from_dlpack
from chainrule.interop.onnx import export_onnx
from chainrule.interop.tensorboard import TensorBoard
from chainrule.interop.torch import from_torch, to_torch
from chainrule.interop.weights import load_safetensors, save_safetensors

__all__ = [
    "TensorBoard",
    "export_onnx",
    "from_dlpack",
    "from_torch",
    "load_safetensors",
    "save_safetensors",
    "to_torch",
]
