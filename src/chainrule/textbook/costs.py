"""Costs, and the two assumptions that backpropagation makes about them.

1. The cost of a batch is the sum (or the mean) of per-sample costs ``C_x``.
2. ``C_x`` is a function of the output activations ``a^L`` (the target y is a parameter of it).

So a :class:`Cost` is a value ``C_x(a, y)`` *per sample* and a gradient ``∇_a C_x``; it never sums,
averages or weighs over the batch. That is done once, by the network, according to its `reduction`;
a cost that divides by the number of samples is refused, because the division would happen twice.

A cost may carry fused forms: the exact ``δ^L`` and value in terms of ``z^L`` for the output
activation it was made for, such as ``δ^L = a − y`` for sigmoid with cross-entropy. They are the
same quantities, without ``0/0`` where the output saturates.

========================== ============================== =================== ==================
name                       C_x                            ∇_a C               other names
========================== ============================== =================== ==================
``quadratic``              ``½‖y − a‖²``                  ``a − y``           QuadraticCost
``squared_error``          ``‖y − a‖²``                   ``2(a − y)``
``mse``                    ``‖y − a‖² / n``               ``2(a − y) / n``    PyTorch's MSELoss
``half_mse``               ``½‖y − a‖² / n``              ``(a − y) / n``
``cross_entropy``          ``−Σ y ln a + (1−y) ln(1−a)``  ``(a−y)/(a(1−a))``  CrossEntropyCost
``binary_cross_entropy``   the same ``/ n``               the same ``/ n``    PyTorch's BCELoss
``log_likelihood``         ``−Σ y ln a``                  ``−y / a``          categorical (see note)
``softmax_cross_entropy``  the same                       the same            needs softmax outputs
``nll``                    ``−Σ y a``                     ``−y``              needs log_softmax
``kl``                     ``Σ y ln(y / a)``              ``−y / a``
``l1``                     ``Σ |a − y|``                  ``sign(a − y)``
``huber``, ``huber(1.0)``  ``½d²`` or ``w(|d| − w/2)``    ``clip(a−y, ±w)``
``hinge``                  ``Σ max(0, 1 − y a)``          ``−y`` if y a < 1   y is −1 or +1
========================== ============================== =================== ==================

Sums run over the n output neurons. ``categorical_cross_entropy`` is another name of
``log_likelihood``, which is the book's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from chainrule.errors import ArgumentError, DataError
from chainrule.textbook import cost_formulas as formulas
from chainrule.textbook._spec import format_spec, parse_spec, unknown
from chainrule.textbook._types import Array, Layout
from chainrule.textbook.activations import LayerActivation, sigmoid
from chainrule.textbook.user_cost import user_cost

__all__ = [
    "Cost",
    "CrossEntropyCost",
    "Fused",
    "QuadraticCost",
    "cost_names",
    "get_cost",
]

PerSample: TypeAlias = Callable[[Array, Array], Array]


class Fused(NamedTuple):
    """Value and output error in terms of the weighted input, for one output activation."""

    value: Callable[[Array, Array], Array]  # (z, y) -> C_x, shape (m,)
    delta: Callable[[Array, Array, Array], Array]  # (z, a, y) -> δ^L, shape (n, m)


@dataclass(frozen=True)
class Cost:
    """A per-sample cost with its gradient.

    Parameters
    ----------
    name : str
        Name used in reprs and saved files.
    value : callable
        ``value(a, y) -> (m,)``: one cost per sample; a and y in column form ``(n, m)``.
    nabla_a : callable
        ``nabla_a(a, y) -> (n, m)``: ``∇_a C_x`` of every sample, not divided by anything.
    fused : mapping of str to Fused
        Exact forms in terms of z for an output activation of that name.
    needs : str, optional
        The output activation without which the formula means something else.
    complaint : callable, optional
        ``complaint(y)`` says what is wrong with targets, or gives None.
    off : float
        Target value of the classes that are not the label's (−1 for the hinge, else 0).
    named : bool
        Whether `name` alone brings the record back.

    Examples
    --------
    >>> import numpy as np
    >>> cost = get_cost("quadratic")
    >>> a, y = np.array([[0.9], [0.2]]), np.array([[1.0], [0.0]])
    >>> cost.value(a, y).round(6), cost.nabla_a(a, y).ravel().round(6)
    (array([0.025]), array([-0.1,  0.2]))
    """

    name: str
    value: PerSample
    nabla_a: PerSample
    fused: Mapping[str, Fused] = field(default_factory=dict)
    needs: str | None = None
    complaint: Callable[[Array], str | None] | None = None
    off: float = 0.0
    named: bool = False

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Pickles by name, as formulas are not picklable; a user's own by its parts."""
        if self.named:
            return get_cost, (self.name,)
        return Cost, tuple(getattr(self, part.name) for part in fields(self))

    def fused_with(self, activation: LayerActivation) -> Fused | None:
        """The fused form for an output activation; a user's own never has one, by any name."""
        return self.fused.get(activation.name) if activation.named else None

    def by_sample(self, activation: LayerActivation, z: Array, a: Array, y: Array) -> Array:
        """``C_x`` of every sample, ``(m,)``, through the fused form where there is one."""
        fused = self.fused_with(activation)
        return self.value(a, y) if fused is None else fused.value(z, y)

    def output_error(self, activation: LayerActivation, z: Array, a: Array, y: Array) -> Array:
        """BP1, ``δ^L = Σ'(z)ᵀ ∇_a C`` of every sample, ``(n, m)``."""
        fused = self.fused_with(activation)
        if fused is None:
            return activation.pull(z, a, self.nabla_a(a, y))
        return fused.delta(z, a, y)

    def fn(self, a: Array, y: Array) -> float:
        """The cost summed over the batch, by the name of the book's cost classes."""
        return float(self.value(a, y).sum())

    def delta(self, z: Array, a: Array, y: Array) -> Array:
        """``δ^L`` of sigmoid output neurons, by the name of the book's cost classes."""
        return self.output_error(sigmoid, z, a, y)

    def check_targets(self, y: Array) -> None:
        """Raise :class:`~chainrule.errors.DataError` for targets the cost is not made for."""
        complaint = None if self.complaint is None else self.complaint(y)
        if complaint is not None:
            raise DataError(f"cost {self.name!r} {complaint}")

    def check_output(self, activation: LayerActivation) -> None:
        """Raise for an output activation that the cost cannot be used with."""
        if self.needs is not None and self.fused_with(activation) is None:
            raise ArgumentError(
                f"cost {self.name!r} needs {self.needs} output neurons, got {activation.name}; "
                f"give {self.needs!r} as the last activation, or use cost='log_likelihood' where "
                "the outputs are probabilities of another kind"
            )


def _scaled(name: str, cost: Cost) -> Cost:
    """The same cost divided by the number n of output neurons."""

    def value(a: Array, y: Array) -> Array:
        out: Array = cost.value(a, y) / a.shape[0]
        return out

    def nabla_a(a: Array, y: Array) -> Array:
        out: Array = cost.nabla_a(a, y) / a.shape[0]
        return out

    def scaled(part: Fused) -> Fused:
        return Fused(
            lambda z, y: part.value(z, y) / z.shape[0],
            lambda z, a, y: part.delta(z, a, y) / z.shape[0],
        )

    fused = {key: scaled(part) for key, part in cost.fused.items()}
    return Cost(name, value, nabla_a, fused, complaint=cost.complaint, named=True)


def _probabilities(y: Array) -> str | None:
    return formulas.complaint_if_not((y >= 0) & (y <= 1), y, "between 0 and 1")


def _not_negative(y: Array) -> str | None:
    return formulas.complaint_if_not(y >= 0, y, "that are not negative")


def _plus_minus_one(y: Array) -> str | None:
    return formulas.complaint_if_not(np.abs(y) == 1, y, "−1 and +1")


_QUADRATIC = Cost("quadratic", formulas.quadratic, lambda a, y: a - y, named=True)
_SQUARED = Cost("squared_error", formulas.squared, lambda a, y: 2.0 * (a - y), named=True)
_CROSS_ENTROPY = Cost(
    "cross_entropy",
    formulas.cross_entropy,
    formulas.cross_entropy_gradient,
    {"sigmoid": Fused(formulas.cross_entropy_of_logits, lambda z, a, y: a - y)},
    complaint=_probabilities,
    named=True,
)
_SOFTMAX = Fused(formulas.log_likelihood_of_logits, formulas.softmax_delta)


def _log_likelihood(name: str, needs: str | None = None) -> Cost:
    return Cost(
        name,
        formulas.log_likelihood,
        lambda a, y: -formulas.ratio(y, a),
        {"softmax": _SOFTMAX},
        needs=needs,
        complaint=_not_negative,
        named=True,
    )


_COSTS = {
    cost.name: cost
    for cost in (
        _QUADRATIC,
        _SQUARED,
        _scaled("mse", _SQUARED),
        _scaled("half_mse", _QUADRATIC),
        _CROSS_ENTROPY,
        _scaled("binary_cross_entropy", _CROSS_ENTROPY),
        _log_likelihood("log_likelihood"),
        _log_likelihood("softmax_cross_entropy", needs="softmax"),
        Cost(
            "nll",
            lambda a, y: -formulas.total(y * a),
            lambda a, y: -y,
            {"log_softmax": Fused(_SOFTMAX.value, lambda z, a, y: _SOFTMAX.delta(z, np.exp(a), y))},
            needs="log_softmax",
            named=True,
        ),
        Cost(
            "kl",
            lambda a, y: formulas.entropy_of_targets(y) + formulas.log_likelihood(a, y),
            lambda a, y: -formulas.ratio(y, a),
            {
                "softmax": Fused(
                    lambda z, y: formulas.entropy_of_targets(y) + _SOFTMAX.value(z, y),
                    _SOFTMAX.delta,
                )
            },
            complaint=_not_negative,
            named=True,
        ),
        Cost(
            "l1",
            lambda a, y: formulas.total(np.abs(a - y)),
            lambda a, y: np.sign(a - y),
            named=True,
        ),
        Cost(
            "hinge",
            formulas.hinge,
            formulas.hinge_gradient,
            complaint=_plus_minus_one,
            off=-1.0,
            named=True,
        ),
    )
}
_ALIASES = {
    "quadraticcost": "quadratic",
    "crossentropycost": "cross_entropy",
    "categorical_cross_entropy": "log_likelihood",
    "bce": "binary_cross_entropy",
    "mae": "l1",
    "kl_divergence": "kl",
}
QuadraticCost = _QUADRATIC
CrossEntropyCost = _CROSS_ENTROPY


def _huber(width: float = 1.0) -> Cost:
    if not width > 0:
        raise ArgumentError(f"the width of the Huber cost must be positive, got {width:g}")
    return Cost(
        format_spec("huber", (width,)),
        lambda a, y: formulas.huber(a, y, width),
        lambda a, y: np.clip(a - y, -width, width),
        named=True,
    )


def cost_names() -> tuple[str, ...]:
    """The names that :func:`get_cost` knows."""
    return (*_COSTS, "huber")


def get_cost(given: object, layout: Layout = "column") -> Cost:
    """The cost that `given` stands for.

    Parameters
    ----------
    given : str, Cost, pair of callables, or object with ``value`` and ``nabla_a``
        A name from the table above, ``"huber(0.5)"``, a record, or your own cost:
        ``value(a, y)`` gives one cost per sample, shape ``(m,)``, or is written for one sample and
        gives a number (it is then called once per sample); ``nabla_a(a, y)`` has a's shape.
    layout : {'column', 'row'}
        The form in which your own functions receive a and y.

    Raises
    ------
    ArgumentError
        If it is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> mine = get_cost((lambda a, y: np.abs(a - y).sum(axis=0), lambda a, y: np.sign(a - y)))
    >>> mine.value(np.array([[0.5, 1.0]]), np.array([[1.0, 1.0]]))
    array([0.5, 0. ])
    """
    if isinstance(given, Cost):
        return given
    if isinstance(given, str):
        name, parameters = parse_spec(given, "cost")
        name = _ALIASES.get(name.lower(), name.lower())
        if name == "huber" and len(parameters) <= 1:
            return _huber(*parameters)
        if name not in _COSTS:
            raise unknown("cost", name, cost_names())
        if parameters:
            raise ArgumentError(f"cost {given!r}: {name} takes no parameters")
        return _COSTS[name]
    name, value, nabla_a = user_cost(given, layout)
    return Cost(name, value, nabla_a)
