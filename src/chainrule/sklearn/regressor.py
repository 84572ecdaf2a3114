"""The regressor."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import column_or_1d, validate_data

from chainrule.errors import ArgumentError
from chainrule.sklearn.base import BaseMLP, _dense
from chainrule.sklearn.classifier import _is_stochastic
from chainrule.sklearn.step import half_squared_error, poisson_loss

__all__ = ["MLPRegressor"]

LOSSES = {"squared_error": half_squared_error, "poisson": poisson_loss}


class MLPRegressor(RegressorMixin, BaseMLP):  # type: ignore[misc]
    """Multi-layer perceptron regressor: scikit-learn's, and more, at native speed.

    Parameters
    ----------
    loss : {'squared_error', 'poisson'} or callable
        Half the squared error, the Poisson deviance of ``exp(output)``, or
        ``loss(output, targets)`` with targets (n, outputs), a scalar or one cost per sample.
    hidden_layer_sizes, activation, solver, dropout, callbacks, compiled, …
        As in :class:`MLPClassifier`.

    Attributes
    ----------
    coefs_, intercepts_, loss_, loss_curve_, n_iter_, validation_loss_curve_, module_, …
        As in :class:`MLPClassifier`.
    """

    def __init__(
        self,
        loss: Any = "squared_error",
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

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPRegressor:
        """Train on samples (n, features) and targets (n,) or (n, outputs)."""
        self._fit(X, y, sample_weight, incremental=False)
        return self

    @available_if(_is_stochastic)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPRegressor:
        """One pass over some samples."""
        self._partial(X, y, sample_weight)
        return self

    def predict(self, X: Any) -> Any:
        """Predicted values, (n,) or (n, outputs)."""
        return self._values(self._forward(X))

    def _values(self, out: Any) -> Any:
        if self.out_activation_ == "exp":
            out = np.exp(out)
        return out.ravel() if out.shape[1] == 1 else out

    def _validate(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Any, Any]:
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=("csr", "csc"),
            multi_output=True,
            y_numeric=True,
            dtype=(np.float64, np.float32),
            reset=reset,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if isinstance(self.loss, str) and self.loss not in LOSSES:
            raise ArgumentError(f"loss must be one of {sorted(LOSSES)}, not {self.loss!r}")
        if (
            isinstance(self.loss, str)
            and self.loss == "poisson"
            and (np.min(y) < 0 or not np.any(y))
        ):
            raise ArgumentError(
                "Some value(s) of y are out of the valid range of the loss 'poisson'."
            )
        return _dense(X), y

    def _encode(self, y: Any) -> Any:
        poisson = isinstance(self.loss, str) and self.loss == "poisson"
        self.out_activation_ = "exp" if poisson else "identity"
        return np.asarray(y, np.float64).reshape(len(y), -1)

    def _count_outputs(self, targets: Any) -> int:
        return int(targets.shape[1])

    def _make_loss(self) -> Any:
        return LOSSES[self.loss] if isinstance(self.loss, str) else self.loss

    def _held_score(self, X: Any, y: Any, weight: Any) -> float:
        out = self._forward(X, check=False)
        if not np.isfinite(out).all():
            return float("nan")
        return float(r2_score(y, self._values(out), sample_weight=weight))
