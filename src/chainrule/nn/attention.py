"""Multi-head attention and the encoder layer of the transformer (Vaswani et al. 2017)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.core.lib import lib
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn import functional as F
from chainrule.nn import init
from chainrule.nn.functional.attention import additive_mask, attend
from chainrule.nn.linear import Linear, positive
from chainrule.nn.module import Module
from chainrule.nn.normalization import LayerNorm
from chainrule.nn.parameter import Parameter, empty, factory_dtype
from chainrule.nn.regularization import Dropout
from chainrule.ops.shape import shape_of

__all__ = ["MultiheadAttention", "TransformerEncoderLayer"]


class MultiheadAttention(Module):
    """Attention by several heads, each on a part of the embedding.

    Parameters
    ----------
    embed_dim, num_heads : int
        ``embed_dim`` is split evenly among the heads.
    dropout : float
        Of attention weights.
    bias : bool
    batch_first : bool
        Inputs are (N, L, E) instead of (L, N, E).

    Attributes
    ----------
    in_proj_weight : Parameter, shape (3 embed_dim, embed_dim)
        Query, key and value projections, one above the other.
    in_proj_bias : Parameter, shape (3 embed_dim,), or None
    out_proj : Linear

    Notes
    -----
    In masks of this module, as in PyTorch, True means *not allowed* (the opposite of
    ``scaled_dot_product_attention``).
    """

    in_proj_weight: Parameter
    in_proj_bias: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        dtype = factory_dtype(dtype, device)
        if positive(embed_dim, "embed_dim") % positive(num_heads, "num_heads"):
            raise ArgumentError(
                f"MultiheadAttention: embed_dim {embed_dim} does not split into {num_heads} heads"
            )
        self.embed_dim, self.num_heads = embed_dim, num_heads
        self.dropout, self.batch_first = dropout, batch_first
        self.in_proj_weight = empty((3 * embed_dim, embed_dim), dtype)
        self.register_parameter("in_proj_bias", empty((3 * embed_dim,), dtype) if bias else None)
        self.out_proj = Linear(embed_dim, embed_dim, bias=bias, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Xavier-uniform projections, biases 0."""
        init.xavier_uniform_(self.in_proj_weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
        if self.out_proj.bias is not None:
            init.zeros_(self.out_proj.bias)

    def _project(self, x: Any, part: int) -> Any:
        rows = slice(part * self.embed_dim, (part + 1) * self.embed_dim)
        bias = None if self.in_proj_bias is None else lib.getitem(self.in_proj_bias, rows)
        return F.linear(x, lib.getitem(self.in_proj_weight, rows), bias)

    def _heads(self, x: Any) -> Any:
        """(N, L, E) to (N, heads, L, E / heads)."""
        n, length, width = shape_of(x)
        return lib.swapaxes(
            lib.reshape(x, (n, length, self.num_heads, width // self.num_heads)), 1, 2
        )

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        """Attention of queries to keys.

        Parameters
        ----------
        query : (L, N, E), or (N, L, E) with ``batch_first``, or (L, E)
        key, value : likewise, of length S
        key_padding_mask : (N, S), optional
            True for keys to be left out.
        need_weights : bool
        attn_mask : (L, S) or (N · heads, L, S), optional
            True where attention is not allowed; or numbers that are added.
        average_attn_weights : bool
        is_causal : bool
            A hint, as in PyTorch: give the mask as well.

        Returns
        -------
        output, weights
            ``weights`` (N, L, S), or (N, heads, L, S) if not averaged, or ``None``.
        """
        query, key, value = (lib.asarray(t) for t in (query, key, value))
        single = len(shape_of(query)) == 2
        if single:
            query, key, value = (lib.expand_dims(t, 0) for t in (query, key, value))
        elif not self.batch_first:
            query, key, value = (lib.swapaxes(t, 0, 1) for t in (query, key, value))
        for name, t in (("query", query), ("key", key), ("value", value)):
            if len(shape_of(t)) != 3 or shape_of(t)[-1] != self.embed_dim:
                raise ShapeError(
                    f"MultiheadAttention: {name} needs {self.embed_dim} features on its last axis "
                    f"and at most 3 axes; batch first it is {shape_of(t)}"
                )
        n, length = shape_of(query)[:2]
        q, k, v = (self._heads(self._project(t, i)) for i, t in enumerate((query, key, value)))
        mask = self._mask(attn_mask, key_padding_mask, n, query.dtype)
        dropped = self.dropout if self.training else 0.0
        out, weights = attend(q, k, v, mask, dropped)
        out = lib.reshape(lib.swapaxes(out, 1, 2), (n, length, self.embed_dim))
        out = self.out_proj(out)
        if single:
            out = lib.squeeze(out, 0)
        elif not self.batch_first:
            out = lib.swapaxes(out, 0, 1)
        if not need_weights:
            return out, None
        if average_attn_weights:
            weights = lib.mean(weights, axis=1)
        return out, lib.squeeze(weights, 0) if single else weights

    def _mask(self, attn_mask: Any, padding: Any, n: int, dtype: Any) -> Any:
        total = None
        if attn_mask is not None:
            total = _forbidden(attn_mask, dtype)
            if len(shape_of(total)) == 3:
                total = lib.reshape(total, (n, self.num_heads, *shape_of(total)[1:]))
        if padding is not None:
            keys = _forbidden(padding, dtype)
            keys = lib.reshape(keys, (n, 1, 1, shape_of(keys)[-1]))
            total = keys if total is None else total + keys
        return total

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return f"embed_dim={self.embed_dim}, num_heads={self.num_heads}, batch_first={self.batch_first}"


def _forbidden(mask: Any, dtype: Any) -> Any:
    mask = lib.asarray(mask)
    return additive_mask(lib.logical_not(mask), dtype) if mask.dtype.kind == "b" else mask


class TransformerEncoderLayer(Module):
    """Self-attention and a two-layer network, each with a residual path and layer normalisation.

    Parameters
    ----------
    d_model, nhead, dim_feedforward : int
    dropout : float
    activation : {'relu', 'gelu'} or callable
    layer_norm_eps : float
    batch_first : bool
    norm_first : bool
        Normalise before attention and network instead of after.
    bias : bool
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        dtype = factory_dtype(dtype, device)
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout=dropout, bias=bias, batch_first=batch_first, dtype=dtype
        )
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, dtype=dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, dtype=dtype)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1, self.dropout2 = Dropout(dropout), Dropout(dropout)
        if isinstance(activation, str):
            if activation not in ("relu", "gelu"):
                raise ArgumentError(
                    f"activation is 'relu', 'gelu' or a function, not {activation!r}"
                )
            activation = F.relu if activation == "relu" else F.gelu
        self.activation = activation

    def forward(
        self,
        src: Any,
        src_mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,
    ) -> Any:
        """Same shape as the input."""
        masks = (src_mask, src_key_padding_mask)
        if self.norm_first:
            x = src + self._attend(self.norm1(src), *masks)
            return x + self._network(self.norm2(x))
        x = self.norm1(src + self._attend(src, *masks))
        return self.norm2(x + self._network(x))

    def _attend(self, x: Any, mask: Any, padding: Any) -> Any:
        out, _ = self.self_attn(
            x, x, x, attn_mask=mask, key_padding_mask=padding, need_weights=False
        )
        return self.dropout1(out)

    def _network(self, x: Any) -> Any:
        return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))
