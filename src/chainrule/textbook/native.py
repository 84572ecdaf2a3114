"""The epoch of :mod:`chainrule.textbook.sgd` as machine code, from the same equations.

Nothing is written twice: ``equations.py`` is run on tensors of which only shapes are known, what it
does is recorded, and the compiler makes one native call of the whole epoch.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chainrule.core.op import Abstract
from chainrule.core.tensor import Tensor, tensor
from chainrule.core.trace import trace
from chainrule.errors import CompileError, DtypeError, StagingError, UnsupportedError
from chainrule.textbook import equations
from chainrule.textbook.interruption import Interruption
from chainrule.textbook.samples import Samples

if TYPE_CHECKING:
    from chainrule.textbook.network import Network

__all__ = ["NativeEpochs", "native_epochs"]

_REFUSALS = (CompileError, DtypeError, StagingError, UnsupportedError)


class _Stop(Exception):
    """Leaves the native loop between two chunks, after Ctrl-C."""


class NativeEpochs:
    """Compiled epochs of one network.

    Parameters
    ----------
    network : Network
        Its parameters are copied in and, after each epoch, back.
    eta, decay : float
        As in :func:`chainrule.textbook.sgd.run_epoch`.
    """

    def __init__(self, network: Network, eta: float, decay: float) -> None:
        from chainrule.compiler import compile

        self._network = network
        weights = [tensor(w) for w in network.weights]
        biases = [tensor(b) for b in network.biases]
        self._parameters = [*weights, *biases]

        def step(x: Tensor, y: Tensor) -> None:
            columns, targets = x.T, y.T  # (n_in, m), (n_out, m)
            z, a = equations.forward(weights, biases, network.activations, columns)  # type: ignore[arg-type]
            delta = equations.backward(
                weights,  # type: ignore[arg-type]
                network.activations,
                network.cost,
                z,
                a,
                targets,
            )
            nabla_w, nabla_b = equations.gradients(a, delta)
            rate = eta / x.shape[0]
            for w, gw in zip(weights, nabla_w):
                w.assign((w if decay == 1.0 else decay * w) - rate * gw)
            for b, gb in zip(biases, nabla_b):
                b.assign(b - rate * gb)

        self._step = compile(step)

    def trace(self, samples: Samples) -> None:
        """Record one step on shapes, which is where a function without a compiled form shows."""
        trace(
            self._step.function,
            Abstract((1, *samples.x.shape[1:]), samples.x.dtype),
            Abstract((1, *samples.y.shape[1:]), samples.y.dtype),
        )

    def run(
        self,
        samples: Samples,
        order: npt.NDArray[np.int64],
        mini_batch_size: int,
        interruption: Interruption,
    ) -> int:
        """One epoch; the number of mini-batches done.

        Ctrl-C is seen every 50 to 100 ms, between two mini-batches.
        """
        done = 0

        def look(steps: int, total: int, results: Any) -> None:
            nonlocal done
            done = steps
            if interruption.requested and steps < total:
                raise _Stop

        try:
            outcome = self._step.epoch(
                samples.x, samples.y, batch_size=mini_batch_size, order=order, progress=look
            )
            done = outcome.steps
        except _Stop:
            pass
        finally:
            homes = [*self._network.weights, *self._network.biases]
            for home, parameter in zip(homes, self._parameters):
                home[...] = parameter.numpy()
        return done


def native_epochs(
    network: Network, samples: Samples, eta: float, decay: float, must: bool
) -> NativeEpochs | None:
    """The compiled epochs, or ``None`` where they cannot be had.

    Raises
    ------
    CompileError, DtypeError, StagingError, UnsupportedError
        If they ``must`` be had and an activation or a cost does something that has no compiled
        form; the message names it and its line. Otherwise that is a warning.
    """
    made = NativeEpochs(network, eta, decay)
    try:
        made.trace(samples)
    except _REFUSALS as error:
        if must:
            raise
        warnings.warn(
            f"training runs in NumPy, since the network cannot be compiled: {error}\n"
            "compiled=False says that this is meant",
            stacklevel=4,
        )
        return None
    return made
