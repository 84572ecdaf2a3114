"""Mini-batch stochastic gradient descent.

:func:`run_epoch` is the inner loop and nothing else: everything it needs is in its arguments, so
another implementation can stand in its place: :mod:`chainrule.textbook.native` is one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from chainrule.errors import ArgumentError
from chainrule.textbook import equations
from chainrule.textbook._types import Array
from chainrule.textbook.interruption import Interruption
from chainrule.textbook.progress import Progress
from chainrule.textbook.samples import Samples

if TYPE_CHECKING:
    from chainrule.textbook.network import Network

__all__ = ["History", "apply_gradients", "decay_factor", "run_epoch", "train"]

# Compiling takes about 0.2 s; a NumPy step of a small network about 50 µs.
COMPILING_PAYS_FROM = 2000
"""Steps of training from which on compiling is worth its time, where the choice is automatic."""

MONITORS = ("evaluation_cost", "evaluation_accuracy", "training_cost", "training_accuracy")


@dataclass
class History:
    """What was monitored, one figure per epoch that was finished.

    Unpacks as the book's four lists: ``evaluation_cost, evaluation_accuracy, training_cost,
    training_accuracy``. A list is empty where it was not asked for.

    Attributes
    ----------
    evaluation_cost, training_cost : list of float
        Mean cost, regularisation included.
    evaluation_accuracy, training_accuracy : list of int
        Numbers of samples that were right.
    epochs : int
        Epochs finished.
    stopped : str or None
        Why and where training ended before the last epoch.
    best_epoch : int or None
        With early stopping: the epoch, from 1, whose parameters the network has now.
    """

    evaluation_cost: list[float] = field(default_factory=list)
    evaluation_accuracy: list[int] = field(default_factory=list)
    training_cost: list[float] = field(default_factory=list)
    training_accuracy: list[int] = field(default_factory=list)
    epochs: int = 0
    stopped: str | None = None
    best_epoch: int | None = None

    def __iter__(self) -> Iterator[list[float] | list[int]]:
        return iter(getattr(self, name) for name in MONITORS)


def decay_factor(eta: float, lmbda: float, n: int | None) -> float:
    """``1 − ηλ/n``, what a step leaves of a weight (weight decay)."""
    if not (math.isfinite(eta) and eta >= 0):
        raise ArgumentError(f"eta must be a finite number ≥ 0, got {eta!r}")
    if not (math.isfinite(lmbda) and lmbda >= 0):
        raise ArgumentError(f"lmbda must be a finite number ≥ 0, got {lmbda!r}")
    if lmbda == 0:
        return 1.0
    if n is None:
        raise ArgumentError("lmbda needs n, the size of the training set: the penalty is λ/2n Σ w²")
    return 1.0 - float(eta) * float(lmbda) / n


def apply_gradients(
    weights: Sequence[Array],
    biases: Sequence[Array],
    nabla_w: Sequence[Array],
    nabla_b: Sequence[Array],
    rate: float,
    decay: float,
) -> None:
    """``w ← decay · w − rate · ∇w`` and ``b ← b − rate · ∇b``, in place."""
    for w, b, gw, gb in zip(weights, biases, nabla_w, nabla_b):
        if decay != 1.0:
            w *= decay
        w -= rate * gw
        b -= rate * gb


def run_epoch(
    network: Network,
    samples: Samples,
    order: npt.NDArray[np.int64],
    mini_batch_size: int,
    eta: float,
    decay: float,
    interruption: Interruption,
) -> int:
    """One pass over `samples` in the given order; the number of mini-batches done.

    Parameters
    ----------
    order : ndarray of int, shape (N,)
        A permutation; consecutive pieces of it are the mini-batches.
    decay : float
        What each step leaves of a weight.
    interruption : Interruption
        Looked at after every mini-batch.
    """
    weights, biases, activations = network.weights, network.biases, network.activations
    done = 0
    for start in range(0, len(order), mini_batch_size):
        picked = order[start : start + mini_batch_size]
        x, y = samples.x[picked].T, samples.y[picked].T  # (n_in, m), (n_out, m)
        z, a = equations.forward(weights, biases, activations, x)
        delta = equations.backward(weights, activations, network.cost, z, a, y)
        nabla_w, nabla_b = equations.gradients(a, delta)  # sums over the batch
        apply_gradients(weights, biases, nabla_w, nabla_b, eta / len(picked), decay)
        done += 1
        if interruption.requested:
            break
    return done


def train(
    network: Network,
    samples: Samples,
    evaluation: Samples | None,
    *,
    epochs: int,
    mini_batch_size: int,
    eta: float,
    lmbda: float,
    monitors: Mapping[str, bool],
    early_stopping_n: int,
    progress: bool | None,
    rng: np.random.Generator,
    compiled: bool | None = None,
) -> History:
    """The epochs of :meth:`Network.SGD`: shuffle, run, monitor, stop in time."""
    n = len(samples)
    for name, value in (("epochs", epochs), ("early_stopping_n", early_stopping_n)):
        if not _is_count(value):
            raise ArgumentError(f"{name} must be an integer ≥ 0, got {value!r}")
    if not _is_count(mini_batch_size) or mini_batch_size == 0:
        raise ArgumentError(f"mini_batch_size must be an integer ≥ 1, got {mini_batch_size!r}")
    if evaluation is None:
        asked = [name for name in MONITORS[:2] if monitors[name]]
        if asked:
            what = "early_stopping_n" if early_stopping_n else f"monitor_{asked[0]}"
            raise ArgumentError(f"{what} needs evaluation_data")
    decay = decay_factor(eta, lmbda, n)
    eta = float(eta)  # a NumPy float64 would widen float32 parameters
    network.check_parameters()
    history = History()
    best = _Best(early_stopping_n)
    batches = -(-n // mini_batch_size)
    native = None
    if compiled or (compiled is None and epochs * batches >= COMPILING_PAYS_FROM):
        from chainrule.textbook.native import native_epochs

        native = native_epochs(network, samples, eta, decay, must=compiled is True)
    with Interruption() as interruption, Progress(epochs, progress) as shown:
        for epoch in range(1, epochs + 1):
            order = rng.permutation(n)
            if native is not None:
                done = native.run(samples, order, mini_batch_size, interruption)
            else:
                done = run_epoch(network, samples, order, mini_batch_size, eta, decay, interruption)
            if done == batches:
                _monitor(network, samples, evaluation, lmbda, monitors, history)
                shown.epoch_done(_words(history, samples, evaluation))
                if early_stopping_n and best.too_long_ago(network, history):
                    history.stopped = (
                        f"no better evaluation accuracy for {early_stopping_n} epochs; the "
                        f"parameters are those of epoch {best.epoch}"
                    )
                    break
            if interruption.requested and not (done == batches and epoch == epochs):
                history.stopped = (
                    f"interrupted in epoch {epoch} of {epochs}, after mini-batch {done} of "
                    f"{batches}; the parameters are those after that mini-batch"
                )
                break
    if early_stopping_n and not interruption.requested:
        best.restore(network)
        history.best_epoch = best.epoch
    if interruption.requested and history.stopped:
        shown.say(f"Training {history.stopped}.")
    return history


def _is_count(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and int(value) >= 0


def _monitor(
    network: Network,
    samples: Samples,
    evaluation: Samples | None,
    lmbda: float,
    monitors: Mapping[str, bool],
    history: History,
) -> None:
    history.epochs += 1
    for name in MONITORS:
        data = samples if name.startswith("training") else evaluation
        if not monitors[name] or data is None:
            continue
        measured = (
            network.total_cost(data, lmbda) if name.endswith("cost") else network.accuracy(data)
        )
        getattr(history, name).append(measured)


def _words(history: History, samples: Samples, evaluation: Samples | None) -> str:
    """The last figures, for the progress bar."""
    words = []
    for name in MONITORS:
        figures = getattr(history, name)
        if figures:
            data = samples if name.startswith("training") else evaluation
            of = (
                f"{figures[-1]:.4g}"
                if name.endswith("cost")
                else f"{figures[-1]}/{len(data or ())}"
            )
            words.append(f"{name.replace('_', ' ')} {of}")
    return " · ".join(words)


class _Best:
    """The parameters of the epoch with the best evaluation accuracy so far."""

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.epoch: int | None = None
        self._accuracy = -1
        self._parameters: tuple[list[Array], list[Array]] | None = None

    def too_long_ago(self, network: Network, history: History) -> bool:
        """Take note of the last epoch; whether the best one is `patience` epochs back."""
        if history.evaluation_accuracy[-1] > self._accuracy:
            self._accuracy = history.evaluation_accuracy[-1]
            self.epoch = history.epochs
            self._parameters = (
                [w.copy() for w in network.weights],
                [b.copy() for b in network.biases],
            )
        return history.epochs - (self.epoch or 0) >= self.patience

    def restore(self, network: Network) -> None:
        """Give the network the parameters of the best epoch."""
        if self._parameters is not None:
            network.weights, network.biases = self._parameters
