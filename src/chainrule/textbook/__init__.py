"""The textbook network: the four equations of backpropagation, with nothing hidden.

Plain NumPy throughout, and independent of the library's graph: it is what the graph is compared
with. Start with :class:`Network`; ``equations.py`` is the algorithm on one page.

Notation is that of M. Nielsen, *Neural Networks and Deep Learning* (2015): layer l has weights
``w^l`` (rows: its neurons; columns: the neurons it reads), biases ``b^l``, weighted inputs
``z^l = w^l a^(l-1) + b^l``, activations ``a^l = σ(z^l)``, and errors ``δ^l = ∂C/∂z^l``.
"""

from __future__ import annotations

from chainrule.textbook.accounting import (
    Accounts,
    count_operations,
    difference_gradient,
    operations,
    time_passes,
)
from chainrule.textbook.activations import (
    Activation,
    activation_names,
    get_activation,
    sigmoid,
    sigmoid_prime,
)
from chainrule.textbook.cost_check import CostReport, check_cost
from chainrule.textbook.costs import (
    Cost,
    CrossEntropyCost,
    Fused,
    QuadraticCost,
    cost_names,
    get_cost,
)
from chainrule.textbook.initializers import Initializer, get_initializer, initializer_names
from chainrule.textbook.learning_speed import LearningSpeed, learning_speed
from chainrule.textbook.matrix_forms import (
    UnrolledProduct,
    matrix_deltas,
    sigma_prime_matrix,
    unrolled_product,
)
from chainrule.textbook.network import Network
from chainrule.textbook.paths import Path, all_paths, count_paths, path_sum, strongest_paths
from chainrule.textbook.record import Backprop, Forward, LayerRecord
from chainrule.textbook.sgd import History

load = Network.load

__all__ = [
    "Accounts",
    "Activation",
    "Backprop",
    "Cost",
    "CostReport",
    "CrossEntropyCost",
    "Forward",
    "Fused",
    "History",
    "Initializer",
    "LayerRecord",
    "LearningSpeed",
    "Network",
    "Path",
    "QuadraticCost",
    "UnrolledProduct",
    "activation_names",
    "all_paths",
    "check_cost",
    "cost_names",
    "count_operations",
    "count_paths",
    "difference_gradient",
    "get_activation",
    "get_cost",
    "get_initializer",
    "initializer_names",
    "learning_speed",
    "load",
    "matrix_deltas",
    "operations",
    "path_sum",
    "sigma_prime_matrix",
    "sigmoid",
    "sigmoid_prime",
    "strongest_paths",
    "time_passes",
    "unrolled_product",
]
