"""Recurrent layers and cells: RNN, LSTM, GRU, with PyTorch's names, layouts and gate orders.

Time steps are unrolled: a sequence of length T records T applications of the cell. Gates stand one
above the other in the weights, in PyTorch's order: LSTM input, forget, cell, output; GRU reset,
update, new.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.tensor import Tensor
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn import functional as F
from chainrule.nn import init
from chainrule.nn.linear import positive
from chainrule.nn.module import Module
from chainrule.nn.parameter import Parameter, empty, factory_dtype
from chainrule.ops.shape import shape_of

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNCell"]


def _parts(x: Any, count: int) -> list[Any]:
    """The last axis cut into equal parts."""
    size = shape_of(x)[-1] // count
    return [lib.getitem(x, (Ellipsis, slice(i * size, (i + 1) * size))) for i in range(count)]


def _rnn_step(
    projected: Any, state: tuple[Any, ...], w_hh: Any, b_hh: Any, nonlinearity: str
) -> tuple[Any, ...]:
    total = projected + F.linear(state[0], w_hh, b_hh)
    return (lib.tanh(total) if nonlinearity == "tanh" else lib.relu(total),)


def _lstm_step(
    projected: Any, state: tuple[Any, ...], w_hh: Any, b_hh: Any, nonlinearity: str
) -> tuple[Any, ...]:
    hidden, cell = state
    i, f, g, o = _parts(projected + F.linear(hidden, w_hh, b_hh), 4)
    cell = lib.sigmoid(f) * cell + lib.sigmoid(i) * lib.tanh(g)
    return lib.sigmoid(o) * lib.tanh(cell), cell


def _gru_step(
    projected: Any, state: tuple[Any, ...], w_hh: Any, b_hh: Any, nonlinearity: str
) -> tuple[Any, ...]:
    (hidden,) = state
    r_in, z_in, n_in = _parts(projected, 3)
    r_h, z_h, n_h = _parts(F.linear(hidden, w_hh, b_hh), 3)
    r, z = lib.sigmoid(r_in + r_h), lib.sigmoid(z_in + z_h)
    n = lib.tanh(n_in + r * n_h)
    return (n + z * (hidden - n),)


STEPS = {"RNN": (_rnn_step, 1, 1), "LSTM": (_lstm_step, 4, 2), "GRU": (_gru_step, 3, 1)}
"""Step, number of gates, number of states, by kind."""


def _zeros(x: Any, shape: tuple[int, ...]) -> Any:
    dtype = x.dtype if isinstance(x, Tensor) else np.asarray(x).dtype
    return lib.constant(np.zeros(shape, dtype))


class _Cell(Module):
    """One time step."""

    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None
    kind: str = ""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        dtype = factory_dtype(dtype, device)
        self.input_size = positive(input_size, "input_size")
        self.hidden_size = positive(hidden_size, "hidden_size")
        if nonlinearity not in ("tanh", "relu"):
            raise ArgumentError(f"nonlinearity is 'tanh' or 'relu', not {nonlinearity!r}")
        self.nonlinearity = nonlinearity
        rows = STEPS[self.kind][1] * hidden_size
        self.weight_ih = empty((rows, input_size), dtype)
        self.weight_hh = empty((rows, hidden_size), dtype)
        self.register_parameter("bias_ih", empty((rows,), dtype) if bias else None)
        self.register_parameter("bias_hh", empty((rows,), dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values, uniform in ±1/√hidden_size."""
        _reset(self, self.hidden_size)

    def _advance(self, input: Any, state: tuple[Any, ...] | None) -> tuple[Any, ...]:
        step, _, states = STEPS[self.kind]
        shape = shape_of(input)
        if not shape or shape[-1] != self.input_size:
            raise ShapeError(
                f"{type(self).__name__} takes (N, {self.input_size}), the input has shape {shape}"
            )
        if state is None:
            state = (_zeros(input, (*shape[:-1], self.hidden_size)),) * states
        projected = F.linear(input, self.weight_ih, self.bias_ih)
        return step(projected, state, self.weight_hh, self.bias_hh, self.nonlinearity)

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        return f"{self.input_size}, {self.hidden_size}"


def _reset(module: Module, hidden_size: int) -> None:
    bound = 1.0 / math.sqrt(hidden_size)
    for parameter in module.parameters(recurse=False):
        init.uniform_(parameter, -bound, bound)


class RNNCell(_Cell):
    """``h' = tanh(W_ih x + b_ih + W_hh h + b_hh)`` (or relu): one step of an Elman network."""

    kind = "RNN"

    def forward(self, input: Any, hx: Any = None) -> Any:
        """(N, input_size) and (N, hidden_size) to (N, hidden_size)."""
        return self._advance(input, None if hx is None else (hx,))[0]


class GRUCell(_Cell):
    """One step of a gated recurrent unit (Cho et al. 2014)."""

    kind = "GRU"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, device=device, dtype=dtype)

    def forward(self, input: Any, hx: Any = None) -> Any:
        """(N, input_size) and (N, hidden_size) to (N, hidden_size)."""
        return self._advance(input, None if hx is None else (hx,))[0]


class LSTMCell(_Cell):
    """One step of a long short-term memory (Hochreiter and Schmidhuber 1997)."""

    kind = "LSTM"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, device=device, dtype=dtype)

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """(N, input_size) and (h, c) to (h', c')."""
        hidden, cell = self._advance(input, None if hx is None else tuple(hx))
        return hidden, cell


class _Recurrent(Module):
    """Layers of cells over a sequence, one or both ways."""

    kind: str = ""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        dtype = factory_dtype(dtype, device)
        self.input_size = positive(input_size, "input_size")
        self.hidden_size = positive(hidden_size, "hidden_size")
        self.num_layers = positive(num_layers, "num_layers")
        if nonlinearity not in ("tanh", "relu"):
            raise ArgumentError(f"nonlinearity is 'tanh' or 'relu', not {nonlinearity!r}")
        self.nonlinearity, self.use_bias = nonlinearity, bias
        self.batch_first, self.dropout, self.bidirectional = batch_first, dropout, bidirectional
        directions = 2 if bidirectional else 1
        rows = STEPS[self.kind][1] * hidden_size
        for layer in range(num_layers):
            width = input_size if layer == 0 else hidden_size * directions
            for suffix in self._suffixes(layer):
                setattr(self, f"weight_ih_{suffix}", empty((rows, width), dtype))
                setattr(self, f"weight_hh_{suffix}", empty((rows, hidden_size), dtype))
                if bias:
                    setattr(self, f"bias_ih_{suffix}", empty((rows,), dtype))
                    setattr(self, f"bias_hh_{suffix}", empty((rows,), dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values, uniform in ±1/√hidden_size."""
        _reset(self, self.hidden_size)

    def _suffixes(self, layer: int) -> list[str]:
        return [f"l{layer}", f"l{layer}_reverse"][: 2 if self.bidirectional else 1]

    def _run(self, input: Any, states: list[tuple[Any, ...]] | None) -> tuple[Any, list[Any]]:
        """Output (T, N, directions · hidden) and the last states of every layer and direction."""
        step, _, count = STEPS[self.kind]
        length, batch = shape_of(input)[:2]
        final: list[Any] = []
        for layer in range(self.num_layers):
            outputs = []
            for way, suffix in enumerate(self._suffixes(layer)):
                state: tuple[Any, ...]
                if states is None:
                    state = (_zeros(input, (batch, self.hidden_size)),) * count
                else:
                    state = states[len(final)]
                w_ih, w_hh = (
                    getattr(self, f"weight_ih_{suffix}"),
                    getattr(self, f"weight_hh_{suffix}"),
                )
                b_ih = getattr(self, f"bias_ih_{suffix}") if self.use_bias else None
                b_hh = getattr(self, f"bias_hh_{suffix}") if self.use_bias else None
                # the input's part of all time steps at once: one large product instead of T small
                projected = F.linear(input, w_ih, b_ih)
                order = range(length - 1, -1, -1) if way else range(length)
                found: list[Any] = [None] * length
                for t in order:
                    state = step(lib.getitem(projected, t), state, w_hh, b_hh, self.nonlinearity)
                    found[t] = state[0]
                outputs.append(lib.stack(found))
                final.append(state)
            input = outputs[0] if len(outputs) == 1 else lib.concatenate(outputs, axis=-1)
            if self.dropout and layer < self.num_layers - 1:
                input = F.dropout(input, self.dropout, self.training)
        return input, final

    def _forward(self, input: Any, hx: Any) -> tuple[Any, list[Any]]:
        input = lib.asarray(input)
        shape = shape_of(input)
        if len(shape) not in (2, 3) or shape[-1] != self.input_size:
            layout = "(N, T, " if self.batch_first else "(T, N, "
            raise ShapeError(
                f"{type(self).__name__} takes {layout}{self.input_size}) or (T, {self.input_size}), "
                f"the input has shape {shape}"
            )
        single = len(shape) == 2
        if single:
            input = lib.expand_dims(input, 1)
        elif self.batch_first:
            input = lib.swapaxes(input, 0, 1)
        count = STEPS[self.kind][2]
        states = None
        if hx is not None:
            given = tuple(lib.asarray(h) for h in (hx if count > 1 else (hx,)))
            if single:
                given = tuple(lib.expand_dims(h, 1) for h in given)
            total = self.num_layers * (2 if self.bidirectional else 1)
            expected = (total, shape_of(input)[1], self.hidden_size)
            for h in given:
                if shape_of(h) != expected:
                    raise ShapeError(
                        f"{type(self).__name__}: initial states have shape {expected} (layers · "
                        f"directions, batch, hidden), got {shape_of(h)}"
                    )
            states = [tuple(lib.getitem(h, i) for h in given) for i in range(total)]
        output, final = self._run(input, states)
        last = [lib.stack([state[i] for state in final]) for i in range(count)]
        if single:
            output = lib.squeeze(output, 1)
            last = [lib.squeeze(h, 1) for h in last]
        elif self.batch_first:
            output = lib.swapaxes(output, 0, 1)
        return output, last

    def extra_repr(self) -> str:
        """The constructor's arguments."""
        shown = [f"{self.input_size}, {self.hidden_size}"]
        if self.num_layers != 1:
            shown.append(f"num_layers={self.num_layers}")
        shown += [f"{n}=True" for n in ("batch_first", "bidirectional") if getattr(self, n)]
        return ", ".join(shown)


class RNN(_Recurrent):
    """Elman network over a sequence.

    Parameters
    ----------
    input_size, hidden_size, num_layers : int
    nonlinearity : {'tanh', 'relu'}
    bias, batch_first, bidirectional : bool
    dropout : float
        Between layers.

    Notes
    -----
    ``output, h_n = rnn(input, h_0)``; input (T, N, input_size), or (N, T, …) with ``batch_first``, or
    (T, …) for one sequence; output (T, N, directions · hidden_size); h_n (layers · directions, N,
    hidden_size).
    """

    kind = "RNN"

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """Output of every step, and the last state."""
        output, (hidden,) = self._forward(input, hx)
        return output, hidden


class GRU(_Recurrent):
    """Gated recurrent units over a sequence (Cho et al. 2014); see :class:`RNN` for shapes."""

    kind = "GRU"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            "tanh",
            bias,
            batch_first,
            dropout,
            bidirectional,
            device,
            dtype,
        )

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """Output of every step, and the last state."""
        output, (hidden,) = self._forward(input, hx)
        return output, hidden


class LSTM(GRU):
    """Long short-term memory over a sequence (Hochreiter and Schmidhuber 1997).

    ``output, (h_n, c_n) = lstm(input, (h_0, c_0))``; see :class:`RNN` for shapes.
    """

    kind = "LSTM"

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """Output of every step, and the last states."""
        output, (hidden, cell) = self._forward(input, hx)
        return output, (hidden, cell)
