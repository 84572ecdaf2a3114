"""scikit-learn's multi-layer perceptron, one epoch by ``partial_fit``. Dense layers only."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from benchmarks.speed.cases import Case, Data

_ACTIVATIONS = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic"}


def variants(case: Case, data: Data, shuffled: bool) -> Iterator[tuple[str, Callable[[], object]]]:
    """One variant, where the case is within its means: softmax or linear output, SGD or Adam."""
    kinds = [str(layer[0]) for layer in case.layers]
    hidden = [int(layer[2]) for layer in case.layers if layer[0] == "linear"][:-1]
    activations = {kind for kind in kinds if kind != "linear"}
    if len(activations) != 1 or not activations <= set(_ACTIVATIONS) or kinds[-1] != "linear":
        return
    if case.optimizer not in ("sgd", "adam", "momentum"):
        return
    model = (MLPClassifier if case.loss == "cross_entropy" else MLPRegressor)(
        hidden_layer_sizes=hidden,
        activation=_ACTIVATIONS[activations.pop()],
        solver="adam" if case.optimizer == "adam" else "sgd",
        batch_size=case.batch,
        learning_rate_init=case.rate,
        momentum=0.9 if case.optimizer == "momentum" else 0.0,
        nesterovs_momentum=False,
        alpha=0.0,
        shuffle=shuffled,
        random_state=0,
    )
    targets = data.y if data.y.ndim == 1 or data.y.shape[1] > 1 else data.y.ravel()
    options = {"classes": np.arange(case.outputs)} if case.loss == "cross_entropy" else {}

    def epoch() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return model.partial_fit(data.x, targets, **options)

    yield "scikit-learn", epoch
