"""Scaled dot-product attention (Vaswani et al. 2017)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.tensor import Tensor
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn.functional.layers import dropout
from chainrule.ops.linalg import matmul, mT
from chainrule.ops.shape import shape_of

__all__ = ["scaled_dot_product_attention"]


def additive_mask(mask: Any, dtype: Any) -> Any:
    """A mask as numbers to be added to scores: -inf where a boolean mask is False."""
    mask = lib.asarray(mask)
    if mask.dtype.kind != "b":
        return mask
    low = np.asarray(-np.inf, dtype)
    return lib.where(mask, np.zeros((), dtype), low)


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> Any:
    """``softmax(Q Kᵀ scale + mask) V``.

    Parameters
    ----------
    query : array_like, shape (…, L, E)
    key : array_like, shape (…, S, E)
    value : array_like, shape (…, S, V)
    attn_mask : array_like, broadcasting to (…, L, S), optional
        Boolean, True where attention is allowed; or numbers that are added.
    dropout_p : float
    is_causal : bool
        Position ``i`` attends to positions up to ``i`` only.
    scale : float, optional
        ``1/√E`` by default.
    """
    out, _ = attend(query, key, value, attn_mask, dropout_p, is_causal, scale)
    return out


def attend(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> tuple[Any, Any]:
    """Output and weights of :func:`scaled_dot_product_attention`."""
    query, key, value = (lib.asarray(t) for t in (query, key, value))
    sq, sk, sv = shape_of(query), shape_of(key), shape_of(value)
    if sq[-1] != sk[-1] or sk[-2] != sv[-2]:
        raise ShapeError(
            f"attention: query {sq} and key {sk} need the same last axis, key and value {sv} the "
            "same length (axis -2)"
        )
    factor = 1.0 / math.sqrt(sq[-1]) if scale is None else float(scale)
    scores = matmul(query * factor, mT(key))
    if is_causal:
        if attn_mask is not None:
            raise ArgumentError("attention: give attn_mask or is_causal=True, not both")
        attn_mask = np.tril(np.ones((sq[-2], sk[-2]), bool))
    if attn_mask is not None:
        scores = scores + additive_mask(attn_mask, _dtype(scores))
    weights = lib.softmax(scores, axis=-1)
    dropped = dropout(weights, dropout_p) if dropout_p > 0.0 else weights
    return matmul(dropped, value), weights


def _dtype(x: Any) -> Any:
    return x.dtype if isinstance(x, Tensor) else np.asarray(x).dtype
