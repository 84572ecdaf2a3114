"""The textbook network: the book's API, both layouts, every quantity in reach."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from chainrule.errors import ArgumentError, ShapeError
from chainrule.textbook import equations, storage
from chainrule.textbook._types import Array, Layout, Reduction
from chainrule.textbook.activations import LayerActivation, layer_activation
from chainrule.textbook.costs import Cost, get_cost
from chainrule.textbook.evaluation import correct, mean_cost
from chainrule.textbook.initializers import Initializer
from chainrule.textbook.layout import as_columns, as_given, check_layout, check_reduction
from chainrule.textbook.parameters import Parameters
from chainrule.textbook.record import Backprop, Forward
from chainrule.textbook.samples import Samples, as_samples
from chainrule.textbook.sgd import History, apply_gradients, decay_factor, train

__all__ = ["Network"]


class Network(Parameters):
    """A fully connected network with the four equations of backpropagation.

    Parameters
    ----------
    sizes : sequence of int
        Neurons per layer, from the input to the output: ``[784, 30, 10]``.
    cost : str, Cost, pair of functions, or object, default ``'quadratic'``
        See :mod:`chainrule.textbook.costs`. A pair is ``(value, nabla_a)``, functions of ``(a, y)``.
    activations : str, Activation, pair of functions, or list, default sigmoid
        One for all layers, or a list with one per layer; an item of that list may itself be a list
        with one per neuron. A pair is ``(f, f_prime)``, functions of z. When not given, every
        layer is sigmoid, except an output layer whose cost needs another (softmax).
    layout : {'column', 'row'}
        Whether a batch is ``(features, m)``, as in the book, or ``(m, features)``. Weights are
        ``(out, in)`` and biases ``(out, 1)`` in both.
    reduction : {'sum', 'mean'}
        Whether :meth:`backprop` gives the cost and gradients as a sum or as a mean over the batch.
        Training does not depend on it: a step is always ``η`` times the mean gradient.
    initializer : str or Initializer, default ``'book'``
        See :mod:`chainrule.textbook.initializers`.
    dtype : float64 or float32
        Of the parameters; inputs are converted to it.
    seed : int, Generator or None
        For the initial parameters and the shuffling, from streams of their own.

    Attributes
    ----------
    sizes : list of int
    weights, biases : list of ndarray
        ``weights[l-1][j, k]`` is the weight from neuron k of layer l−1 to neuron j of layer l,
        ``biases[l-1][j, 0]`` the bias of neuron j. Assigning a list copies it and checks shapes.
    rng : numpy.random.Generator
        The stream of the initial parameters.

    Raises
    ------
    ArgumentError
        For sizes, names or combinations that make no network.

    References
    ----------
    M. Nielsen, *Neural Networks and Deep Learning* (2015), ``network.py`` and ``network2.py``.

    Examples
    --------
    >>> import numpy as np
    >>> net = Network([2, 3, 2], seed=0)
    >>> net.weights = [np.array([[.1, .2], [.3, .4], [.5, .6]]),
    ...                np.array([[.2, .3, .4], [.5, .6, .7]])]
    >>> net.biases = [np.array([[.7], [.8], [.9]]), np.array([[1.0], [1.1]])]
    >>> record = net.backprop(np.array([[0.6], [0.4]]), np.array([[0.8], [0.2]]))
    >>> round(record.cost, 12)
    0.261618055022
    >>> record.layer(2).delta.ravel()
    array([0.00582094, 0.05192636])
    >>> nabla_b, nabla_w = record
    """

    def __init__(
        self,
        sizes: Iterable[int],
        cost: object = "quadratic",
        activations: object = None,
        *,
        layout: Layout = "column",
        reduction: Reduction = "sum",
        initializer: str | Initializer = "book",
        dtype: npt.DTypeLike = np.float64,
        seed: int | np.random.Generator | None = None,
    ) -> None:
        # Streams of their own: what is drawn for the weights does not shift the shuffling.
        rng, self._shuffling = np.random.default_rng(seed).spawn(2)
        super().__init__(sizes, initializer, dtype, rng)
        self.layout = check_layout(layout)
        self.reduction = check_reduction(reduction)
        self.cost: Cost = get_cost(cost, self.layout)
        self.activations: list[LayerActivation] = _per_layer(activations, self.sizes, self.cost)
        self.cost.check_output(self.activations[-1])

    def forward(self, x: npt.ArrayLike) -> Forward:
        """Every ``z^l`` and ``a^l``.

        Parameters
        ----------
        x : array_like, shape (n, m) or (m, n) by `layout`, or (n,) for one sample

        Returns
        -------
        Forward
            ``z`` (layers 1 … L) and ``a`` (the input first), in the form of x.

        Raises
        ------
        ShapeError
            If x has another shape: nothing is reshaped or transposed by guess.
        """
        columns, single = self._columns("x", x, self.sizes[0])
        z, a = equations.forward(self._weights, self._biases, self.activations, columns)
        return Forward(self._given(z, single), self._given(a, single))

    def feedforward(self, a: npt.ArrayLike) -> Array:
        """The network's output ``a^L`` for the input `a`, in the form of `a`."""
        return self.forward(a).output

    def backprop(self, x: npt.ArrayLike, y: npt.ArrayLike) -> Backprop:
        """Forward and backward pass: z, a, δ, ∇w, ∇b and the cost.

        Parameters
        ----------
        x : array_like, shape (n_in, m) or (m, n_in) by `layout`, or (n_in,)
            A batch, or one sample.
        y : array_like, shape (n_out, m) or (m, n_out), or (n_out,)
            The targets, in the same form.

        Returns
        -------
        Backprop
            Also unpacks as the book's ``(nabla_b, nabla_w)``.

        Raises
        ------
        ShapeError
            If x or y has another shape, or their numbers of samples differ.
        DataError
            For targets that the cost is not made for.

        Notes
        -----
        BP1 ``δ^L = ∇_a C ⊙ σ'(z^L)``; BP2 ``δ^l = (w^(l+1))ᵀ δ^(l+1) ⊙ σ'(z^l)``;
        BP3 ``∂C/∂b^l = Σ δ^l``; BP4 ``∂C/∂w^l = δ^l (a^(l−1))ᵀ``. With reduction ``'mean'`` the
        factor 1/m is in BP1, so in every δ, and nowhere else.
        """
        xs, ys = self.columns(x, y)
        m, single = xs.shape[1], np.ndim(x) == 1
        z, a = equations.forward(self._weights, self._biases, self.activations, xs)
        share = self._share(m)
        delta = equations.backward(self._weights, self.activations, self.cost, z, a, ys, share)
        nabla_w, nabla_b = equations.gradients(a, delta)
        by_sample = self.cost.by_sample(self.activations[-1], z[-1], a[-1], ys)
        return Backprop(
            self._given(z, single),
            self._given(a, single),
            self._given(delta, single),
            nabla_w,
            nabla_b,
            float(by_sample.sum(dtype=np.float64)) * share,
            by_sample,
            self.reduction,
            m,
            self.layout,
            tuple(activation.name for activation in self.activations),
        )

    def columns(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Array, Array]:
        """A batch and its targets, checked, in column form ``(n_in, m)`` and ``(n_out, m)``."""
        xs, _ = self._columns("x", x, self.sizes[0])
        ys, _ = self._columns("y", y, self.sizes[-1])
        m = xs.shape[1]
        if ys.shape[1] != m:
            raise ShapeError(
                f"x has {m} samples (shape {np.shape(x)}) and y has {ys.shape[1]} "
                f"(shape {np.shape(y)}) in {self.layout} layout; give one target per sample"
            )
        if m == 0:
            raise ShapeError(f"x has shape {np.shape(x)}: a batch without samples has no gradient")
        self.cost.check_targets(ys)
        return xs, ys

    def batch_cost(self, x: npt.ArrayLike, y: npt.ArrayLike) -> float:
        """C of a batch, ``Σ C_x`` or its mean by `reduction`: a forward pass and no more."""
        xs, ys = self.columns(x, y)
        z, a = equations.forward(self._weights, self._biases, self.activations, xs)
        by_sample = self.cost.by_sample(self.activations[-1], z[-1], a[-1], ys)
        return float(by_sample.sum(dtype=np.float64)) * self._share(xs.shape[1])

    def _share(self, m: int) -> float:
        """What one sample counts in a batch of m: the one place where m is divided by."""
        return 1.0 / m if self.reduction == "mean" else 1.0

    def nabla_x(self, record: Backprop) -> Array:
        """``∂C/∂x = (w^1)ᵀ δ^1`` of every sample, in the form of x."""
        if record.layout == "row" and record.delta[0].ndim == 2:
            return record.delta[0] @ self._weights[0]
        return self._weights[0].T @ record.delta[0]

    def cost_derivative(self, output_activations: npt.ArrayLike, y: npt.ArrayLike) -> Array:
        """``∇_a C`` of every sample, not reduced, in the form of its arguments (the book's name)."""
        a, single = self._columns("output_activations", output_activations, self.sizes[-1])
        ys, _ = self._columns("y", y, self.sizes[-1])
        return as_given(self.cost.nabla_a(a, ys), self.layout, single)

    def step(self, record: Backprop, eta: float, lmbda: float = 0.0, n: int | None = None) -> None:
        """One step down a gradient: ``w ← (1 − ηλ/n) w − η ∇w``, ``b ← b − η ∇b``.

        The gradients are brought to the mean over their batch first; a record knows its reduction,
        so 1/m enters once whatever the network's.

        Parameters
        ----------
        record : Backprop
        eta : float
            Learning rate η.
        lmbda : float
            L2 regularisation λ; needs n.
        n : int
            Size of the training set.

        Raises
        ------
        ShapeError
            If the record is of a network of other sizes.
        """
        self._check_shapes("nabla_w", record.nabla_w, self._weight_shapes)
        decay = decay_factor(eta, lmbda, n)
        mean = record.reduced("mean")
        apply_gradients(self._weights, self._biases, mean.nabla_w, mean.nabla_b, float(eta), decay)

    def update_mini_batch(
        self, mini_batch: object, eta: float, lmbda: float = 0.0, n: int | None = None
    ) -> None:
        """One step from the mean gradient over `mini_batch`, a list of ``(x, y)`` pairs."""
        batch = self.samples("mini_batch", mini_batch)
        x, y = (part if self.layout == "row" else part.T for part in (batch.x, batch.y))
        self.step(self.backprop(x, y), eta, lmbda, n)

    def SGD(  # the book's name
        self,
        training_data: object,
        epochs: int,
        mini_batch_size: int,
        eta: float,
        lmbda: float = 0.0,
        evaluation_data: object = None,
        monitor_evaluation_cost: bool = False,
        monitor_evaluation_accuracy: bool = False,
        monitor_training_cost: bool = False,
        monitor_training_accuracy: bool = False,
        early_stopping_n: int = 0,
        *,
        test_data: object = None,
        progress: bool | None = None,
        seed: int | np.random.Generator | None = None,
        compiled: bool | None = None,
    ) -> History:
        """Train by mini-batch stochastic gradient descent.

        Parameters
        ----------
        training_data : iterable of (x, y), or tuple of two arrays
            See :mod:`chainrule.textbook.samples`.
        epochs, mini_batch_size : int
            The last mini-batch of an epoch is smaller where the size does not divide n.
        eta : float
            Learning rate η; a step is η times the mean gradient of the mini-batch.
        lmbda : float
            L2 regularisation λ: the cost gets ``λ/2n Σ w²``, biases apart.
        evaluation_data : as `training_data`, optional
        monitor_… : bool
            What to record after each epoch. Accuracies are numbers of samples, costs include the
            regularisation, both as in the book.
        early_stopping_n : int
            Stop after this many epochs without a better evaluation accuracy, and bring the
            parameters of the best epoch back (the book keeps the last). 0 never stops.
        test_data : optional
            The name of `evaluation_data` in the book's first chapter; monitors its accuracy.
        progress : bool, optional
            Show a progress bar on stderr; by default only where stderr is a terminal.
        seed : int, Generator or None
            For the shuffling; by default the network's own stream goes on.
        compiled : bool, optional
            Whether epochs run as machine code made from the same equations (float64 results agree
            with NumPy's to rounding) or in NumPy. By default as machine code where there are
            enough steps to pay for compiling and every function of the network has a compiled
            form; where one has none, a warning names it.

        Returns
        -------
        History
            Unpacks as the book's four lists.

        Notes
        -----
        Ctrl-C finishes the mini-batch under way, says where it stopped, and returns what was
        recorded so far; the parameters are those after that mini-batch.
        """
        if test_data is not None:
            if evaluation_data is not None:
                raise ArgumentError(
                    "give evaluation_data or test_data, which is the same, not both"
                )
            evaluation_data, monitor_evaluation_accuracy = test_data, True
        return train(
            self,
            self.samples("training_data", training_data),
            None if evaluation_data is None else self.samples("evaluation_data", evaluation_data),
            epochs=epochs,
            mini_batch_size=mini_batch_size,
            eta=eta,
            lmbda=lmbda,
            monitors={
                "evaluation_cost": monitor_evaluation_cost,
                "evaluation_accuracy": monitor_evaluation_accuracy or early_stopping_n > 0,
                "training_cost": monitor_training_cost,
                "training_accuracy": monitor_training_accuracy,
            },
            early_stopping_n=early_stopping_n,
            progress=progress,
            compiled=compiled,
            rng=self._shuffling if seed is None else np.random.default_rng(seed),
        )

    def accuracy(self, data: object, convert: bool | None = None) -> int:
        """Number of samples whose largest output is the right one; with one output, whose output
        is on the right side of ½.

        Parameters
        ----------
        data : iterable of (x, y), or tuple of two arrays
            y is a vector or a label.
        convert : bool, optional
            Accepted for the book's callers; whether y is a vector or a label shows from y.
        """
        self.check_parameters()
        return correct(self, self.samples("data", data))

    def evaluate(self, test_data: object) -> int:
        """The same as :meth:`accuracy`, by the name of the book's first chapter."""
        return self.accuracy(test_data)

    def total_cost(self, data: object, lmbda: float = 0.0, convert: bool | None = None) -> float:
        """``(1/n) Σ C_x + λ/2n Σ w²`` over `data`, whatever the network's reduction.

        Parameters
        ----------
        data : iterable of (x, y), or tuple of two arrays
        lmbda : float
            λ; n is the number of samples of `data`.
        convert : bool, optional
            Accepted for the book's callers; labels become vectors wherever they are met.
        """
        self.check_parameters()
        samples = self.samples("data", data)
        return mean_cost(self, samples) + self.penalty(lmbda, len(samples))

    def penalty(self, lmbda: float, n: int) -> float:
        """The regularisation term ``λ/2n Σ w²``; its gradient is ``λ/n w``, and 0 for biases."""
        return 0.5 * lmbda / n * sum(float(np.vdot(w, w)) for w in self._weights)

    def samples(self, name: str, data: object) -> Samples:
        """`data` checked and brought to two matrices; `name` is for the messages."""
        prepared = as_samples(
            name,
            data,
            self.sizes[0],
            self.sizes[-1],
            self.layout,
            self.dtype,
            self.title,
            self.cost.off,
        )
        self.cost.check_targets(prepared.y)
        return prepared

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a JSON file; every number to its last bit."""
        storage.save(self, path)

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], *, cost: object = None, activations: object = None
    ) -> Self:
        """The network in a file written by :meth:`save` or by the book's own code.

        Parameters
        ----------
        path : str or PathLike
        cost, activations : optional
            Your own, where the file names functions that are not the library's.

        Raises
        ------
        CheckpointError
            If the file is damaged, foreign, or does not fit together.
        """
        return storage.load(cls, path, cost=cost, activations=activations)

    def __repr__(self) -> str:
        form = "(features, m)" if self.layout == "column" else "(m, features)"
        fused = self.cost.fused_with(self.activations[-1])
        lines = [
            f"{self.title}: {self.layout} layout {form}, weights (out, in), biases (out, 1), "
            f"{self.dtype}",
            *(
                f"  layer {number}: {n_in} -> {n_out}  {activation.name}"
                for number, (n_in, n_out, activation) in enumerate(
                    zip(self.sizes, self.sizes[1:], self.activations), start=1
                )
            ),
            f"  cost {self.cost.name}, reduction {self.reduction}"
            + (f", fused with {self.activations[-1].name}" if fused else "")
            + f"; initialiser {self.initializer.name}; {self.parameter_count} parameters",
        ]
        return "\n".join(lines)

    def _columns(self, name: str, given: object, features: int) -> tuple[Array, bool]:
        self.check_parameters()
        columns = as_columns(name, given, features, self.layout, self.dtype, self.title)
        return columns, np.ndim(given) == 1  # type: ignore[arg-type]

    def _given(self, arrays: Sequence[Array], single: bool) -> list[Array]:
        return [as_given(array, self.layout, single) for array in arrays]


def _per_layer(given: object, sizes: list[int], cost: Cost) -> list[LayerActivation]:
    layers = len(sizes) - 1
    items: list[Any]
    if given is None:
        items = ["sigmoid"] * (layers - 1) + [cost.needs or "sigmoid"]
    elif isinstance(given, list):
        items = given
    else:
        items = [given] * layers
    if len(items) != layers:
        raise ArgumentError(
            f"activations has {len(items)} items for {layers} layers (the input layer has none); "
            "give one per layer, or a single one for all"
        )
    return [
        layer_activation(item, n, number)
        for number, (item, n) in enumerate(zip(items, sizes[1:]), start=1)
    ]
