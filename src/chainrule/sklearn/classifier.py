"""The classifier."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import (
    _check_partial_fit_first_call,
    check_classification_targets,
    type_of_target,
    unique_labels,
)
from sklearn.utils.validation import column_or_1d, validate_data

from chainrule.errors import ArgumentError
from chainrule.ops.activations import sigmoid
from chainrule.ops.neural import softmax
from chainrule.sklearn.base import STOCHASTIC, BaseMLP, _dense
from chainrule.sklearn.step import log_loss

__all__ = ["MLPClassifier"]


def _is_stochastic(estimator: BaseMLP) -> bool:
    if estimator.solver not in STOCHASTIC:
        raise AttributeError(
            "partial_fit is only available for stochastic optimizers. "
            f"{estimator.solver} is not stochastic."
        )
    return True


class MLPClassifier(ClassifierMixin, BaseMLP):  # type: ignore[misc]
    """Multi-layer perceptron classifier: scikit-learn's, and more, at native speed.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int
    activation : str or sequence of str
        One for all hidden layers or one for each: ``identity``, ``logistic``, ``tanh``, ``relu`` as in
        scikit-learn, and ``leaky_relu``, ``elu``, ``selu``, ``gelu``, ``silu``, ``softplus``, ``mish``.
    solver : {'adam', 'sgd', 'lbfgs'}
    alpha : float
        L2 penalty on the weights, ``alpha/2 ‖W‖²/n``.
    batch_size, learning_rate, learning_rate_init, power_t, max_iter, shuffle, random_state, tol,
    verbose, warm_start, momentum, nesterovs_momentum, early_stopping, validation_fraction, beta_1,
    beta_2, epsilon, n_iter_no_change, max_fun
        As in scikit-learn.
    dropout : float or sequence of float
        Probability of dropping a hidden activation, one for all layers or one for each.
    class_weight : dict, 'balanced' or None
    loss : callable or None
        ``loss(logits, targets)``, a scalar or one cost per sample; the log-loss if ``None``. Targets
        are class indices, or for two classes and for multi-label problems columns of 0 and 1.
    callbacks : sequence of callable, optional
        Each is called with the estimator after every epoch.
    compiled : {'auto', True, False}
        Whether epochs run as native code.

    Attributes
    ----------
    classes_, coefs_, intercepts_, loss_, best_loss_, loss_curve_, validation_scores_,
    best_validation_score_, n_iter_, n_layers_, n_outputs_, n_features_in_, feature_names_in_,
    out_activation_, t_
        As in scikit-learn; ``coefs_`` are (in, out).
    validation_loss_curve_ : list of float or None
        With ``early_stopping``: the loss on the validation part.
    module_ : Module
        The network.
    """

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
        max_fun: int = 15000,
        dropout: Any = 0.0,
        class_weight: Any = None,
        loss: Any = None,
        callbacks: Any = None,
        compiled: Any = "auto",
    ) -> None:
        super().__init__(
            hidden_layer_sizes=hidden_layer_sizes,
            activation=activation,
            solver=solver,
            alpha=alpha,
            batch_size=batch_size,
            learning_rate=learning_rate,
            learning_rate_init=learning_rate_init,
            power_t=power_t,
            max_iter=max_iter,
            shuffle=shuffle,
            random_state=random_state,
            tol=tol,
            verbose=verbose,
            warm_start=warm_start,
            momentum=momentum,
            nesterovs_momentum=nesterovs_momentum,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            beta_1=beta_1,
            beta_2=beta_2,
            epsilon=epsilon,
            n_iter_no_change=n_iter_no_change,
            max_fun=max_fun,
            dropout=dropout,
            loss=loss,
            callbacks=callbacks,
            compiled=compiled,
        )
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPClassifier:
        """Train on samples (n, features) and labels (n,), or indicators (n, labels)."""
        self._fit(X, y, sample_weight, incremental=False)
        return self

    @available_if(_is_stochastic)  # type: ignore[untyped-decorator]
    def partial_fit(
        self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None
    ) -> MLPClassifier:
        """One pass over some samples; the first call needs all ``classes``."""
        if _check_partial_fit_first_call(self, classes):
            self._label_binarizer = LabelBinarizer()
            if type_of_target(y).startswith("multilabel"):
                self._label_binarizer.fit(y)
            else:
                self._label_binarizer.fit(classes)
        self._partial(X, y, sample_weight)
        return self

    def predict(self, X: Any) -> Any:
        """Labels (n,), or indicators (n, labels)."""
        return self._labels(self._forward(X))

    def predict_proba(self, X: Any) -> Any:
        """Probabilities (n, classes)."""
        return self._probabilities(self._forward(X))

    def predict_log_proba(self, X: Any) -> Any:
        """Logarithms of the probabilities."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    # ---- how labels become targets

    def _validate(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Any, Any]:
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=("csr", "csc"),
            multi_output=True,
            dtype=(np.float64, np.float32),
            reset=reset,
        )
        X = _dense(X)
        if hasattr(y, "toarray"):
            y = y.toarray()
        check_classification_targets(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if not hasattr(self, "classes_") or (not self.warm_start and not incremental):
            self._label_binarizer = LabelBinarizer()
            self._label_binarizer.fit(y)
            self.classes_ = self._label_binarizer.classes_
        else:
            labels = unique_labels(y)
            if self.warm_start and not incremental:
                if set(self.classes_) != set(labels):
                    raise ArgumentError(
                        "warm_start can only be used where `y` has the same classes as in the "
                        f"previous call to fit. Previously got {self.classes_}, `y` has {labels}"
                    )
            elif len(np.setdiff1d(labels, self.classes_, assume_unique=True)):
                raise ArgumentError(
                    f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. "
                    f"'y' has {labels}."
                )
        self._multilabel = y.ndim == 2
        return X, y

    def _encode(self, y: Any) -> Any:
        if self._multilabel:
            self.out_activation_ = "logistic"
            return np.asarray(y, np.float64)
        if len(self.classes_) <= 2:
            self.out_activation_ = "logistic"
            return self._label_binarizer.transform(y).astype(np.float64)
        self.out_activation_ = "softmax"
        return np.searchsorted(self.classes_, y)

    def _count_outputs(self, targets: Any) -> int:
        return len(self.classes_) if targets.ndim == 1 else int(targets.shape[1])

    def _class_weighted(self, y: Any, weight: Any) -> Any:
        if self.class_weight is None:
            return weight
        factors = compute_sample_weight(self.class_weight, y)
        return factors if weight is None else weight * factors

    def _make_loss(self) -> Any:
        return log_loss if self.loss is None else self.loss

    def _strata(self, y: Any) -> Any:
        return y if not self._multilabel and self.n_outputs_ == 1 else None

    def _probabilities(self, out: Any) -> Any:
        if self.out_activation_ == "softmax":
            return softmax(out, axis=1)
        p = sigmoid(out)
        if self._multilabel:
            return p
        p = p.ravel()
        return np.vstack([1.0 - p, p]).T

    def _labels(self, out: Any) -> Any:
        if self.out_activation_ == "softmax":
            return self.classes_[out.argmax(axis=1)]
        if self._multilabel:
            return (out > 0).astype(int)
        chosen = (out.ravel() > 0).astype(int)
        return self.classes_[np.minimum(chosen, len(self.classes_) - 1)]

    def _held_score(self, X: Any, y: Any, weight: Any) -> float:
        out = self._forward(X, check=False)
        if not np.isfinite(out).all():
            return float("nan")
        return float(accuracy_score(y, self._labels(out), sample_weight=weight))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
