"""Gradient clipping, and parameters as one flat vector."""

from __future__ import annotations

from chainrule.nn.utils.clip import clip_grad_norm_, clip_grad_value_, get_total_norm
from chainrule.nn.utils.vector import parameters_to_vector, vector_to_parameters

__all__ = [
    "clip_grad_norm_",
    "clip_grad_value_",
    "get_total_norm",
    "parameters_to_vector",
    "vector_to_parameters",
]
