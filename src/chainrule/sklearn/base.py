"""What classifier and regressor share: parameters, validation, the two kinds of solver.

Formulas, defaults, stopping rules and the use of ``random_state`` are scikit-learn's: with the same
``random_state`` the same weights are drawn and the same batches seen, so the loss curves agree to
rounding.
"""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.optimize import _check_optimize_result
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from chainrule.core.modes import no_grad
from chainrule.errors import ArgumentError
from chainrule.sklearn.network import ACTIVATIONS, MultiLayer, build, per_layer
from chainrule.sklearn.solvers import VelocityAdam, VelocitySGD
from chainrule.sklearn.step import EstimatorStep
from chainrule.train.compiled import CompiledEpoch, worth_compiling
from chainrule.train.epoch import EagerEpoch, EpochRunner, Totals, as_tensors
from chainrule.train.feed import Feed
from chainrule.train.replay import ReplayedStep, worth_replaying

__all__ = ["BaseMLP"]

STOCHASTIC = ("sgd", "adam")


class BaseMLP(BaseEstimator):  # type: ignore[misc]
    """Multi-layer perceptron trained by SGD, Adam or L-BFGS."""

    # ---- parameters

    def __init__(
        self,
        hidden_layer_sizes: Any,
        activation: Any,
        solver: str,
        alpha: float,
        batch_size: Any,
        learning_rate: str,
        learning_rate_init: float,
        power_t: float,
        max_iter: int,
        shuffle: bool,
        random_state: Any,
        tol: float,
        verbose: bool,
        warm_start: bool,
        momentum: float,
        nesterovs_momentum: bool,
        early_stopping: bool,
        validation_fraction: float,
        beta_1: float,
        beta_2: float,
        epsilon: float,
        n_iter_no_change: int,
        max_fun: int,
        dropout: Any,
        loss: Any,
        callbacks: Any,
        compiled: Any,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.dropout = dropout
        self.loss = loss
        self.callbacks = callbacks
        self.compiled = compiled

    def _check_parameters(self) -> list[int]:
        sizes = self.hidden_layer_sizes
        hidden = [sizes] if isinstance(sizes, numbers.Integral) else list(sizes)
        if any(not isinstance(n, numbers.Integral) or n <= 0 for n in hidden):
            raise ArgumentError(f"hidden_layer_sizes must be > 0, got {hidden}.")
        choices = {
            "solver": ("lbfgs", "sgd", "adam"),
            "learning_rate": ("constant", "invscaling", "adaptive"),
            "compiled": ("auto", True, False),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ArgumentError(f"{name} must be one of {allowed}, not {getattr(self, name)!r}")
        for name in per_layer(self.activation, len(hidden), "activation"):
            if name not in ACTIVATIONS:
                raise ArgumentError(f"activation {name!r} is not one of {sorted(ACTIVATIONS)}")
        ranges = {
            "alpha": (0.0, np.inf),
            "learning_rate_init": (1e-300, np.inf),
            "max_iter": (1, np.inf),
            "tol": (0.0, np.inf),
            "momentum": (0.0, 1.0),
            "validation_fraction": (0.0, 1.0),
            "beta_1": (0.0, 1.0),
            "beta_2": (0.0, 1.0),
            "epsilon": (1e-300, np.inf),
            "n_iter_no_change": (1, np.inf),
            "max_fun": (1, np.inf),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if not isinstance(value, numbers.Real) or not low <= float(value) <= high:
                raise ArgumentError(f"{name} must be in [{low:g}, {high:g}], not {value!r}")
        return [int(n) for n in hidden]

    # ---- fitting

    def _fit(self, X: Any, y: Any, sample_weight: Any, incremental: bool) -> BaseMLP:
        hidden = self._check_parameters()
        first = not hasattr(self, "coefs_") or (not self.warm_start and not incremental)
        X, y = self._validate(X, y, incremental, first)
        weight = None
        if sample_weight is not None:
            weight = _check_sample_weight(sample_weight, X)
        weight = self._class_weighted(y, weight)
        targets = self._encode(y)
        self.n_outputs_ = self._count_outputs(targets)
        random = self._random_state = check_random_state(self.random_state)
        if first:
            sizes = [X.shape[1], *hidden, self.n_outputs_]
            self.module_ = build(sizes, self.activation, self.dropout, random, X.dtype)
            self.n_layers_ = len(sizes)
            self.t_ = 0
            self._no_improvement_count = 0
            self.loss_curve_: list[float] = []
            if self.early_stopping:
                self.validation_scores_: list[float] | None = []
                self.validation_loss_curve_: list[float] | None = []
                self.best_validation_score_: float | None = -np.inf
                self.best_loss_: float | None = None
            else:
                self.validation_scores_ = self.validation_loss_curve_ = None
                self.best_validation_score_ = None
                self.best_loss_ = np.inf
        elif hasattr(self, "coefs_"):
            self.module_.set_weights(self.coefs_, self.intercepts_)
        self.module_.train()
        if self.solver == "lbfgs":
            self._fit_lbfgs(X, targets, weight)
        else:
            self._fit_stochastic(X, y, targets, weight, incremental)
        self.module_.eval()
        self._publish()
        if not all(np.isfinite(w).all() for w in (*self.coefs_, *self.intercepts_)):
            raise ArgumentError(
                "Solver produced non-finite parameter weights. The input data may contain large "
                "values and need to be preprocessed."
            )
        return self

    def _publish(self) -> None:
        """Show the module's weights as scikit-learn's attributes."""
        self.coefs_ = self.module_.coefs()
        self.intercepts_ = self.module_.intercepts()

    def _step(self) -> EstimatorStep:
        return EstimatorStep(self.module_, self._make_loss(), self._optimizer, float(self.alpha))

    def _make_optimizer(self) -> Any:
        parameters = self.module_.parameters()
        if self.solver == "sgd":
            return VelocitySGD(
                parameters, self.learning_rate_init, self.momentum, self.nesterovs_momentum
            )
        return VelocityAdam(
            parameters, self.learning_rate_init, self.beta_1, self.beta_2, self.epsilon
        )

    def _batch(self, samples: int) -> int:
        if self.batch_size == "auto":
            return min(200, samples)
        if not isinstance(self.batch_size, numbers.Integral) or int(self.batch_size) < 1:
            raise ArgumentError(f"batch_size must be 'auto' or at least 1, not {self.batch_size!r}")
        if int(self.batch_size) > samples:
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped.",
                stacklevel=4,
            )
        return min(int(self.batch_size), samples)

    def _runner(self, samples: int, batch: int, epochs: int) -> EpochRunner:
        step = self._step()
        step.optimizer.prepare()
        native = self.compiled is True or (
            self.compiled == "auto" and worth_compiling(step, samples, batch, epochs)
        )
        if native:
            # one thread: estimators are run side by side by joblib, which counts on that
            return CompiledEpoch(step, self.compiled is True, threads=1)
        if worth_replaying(step, epochs * -(-samples // batch)):
            return EagerEpoch(ReplayedStep(step))
        return EagerEpoch(step)

    def _fit_stochastic(self, X: Any, y: Any, targets: Any, weight: Any, incremental: bool) -> None:
        if not incremental or not hasattr(self, "_optimizer"):
            self._optimizer = self._make_optimizer()
            self._rate = float(self.learning_rate_init)
        if self.early_stopping and incremental:
            raise ArgumentError("partial_fit does not support early_stopping=True")
        held = None
        if self.early_stopping:
            X, targets, weight, held = self._hold_back(X, y, targets, weight)
        feed = Feed((X, targets) if weight is None else (X, targets, weight), X.dtype)
        samples = len(feed)
        batch = self._batch(samples)
        epochs = 1 if incremental else self.max_iter
        runner = self._runner(samples, batch, epochs)
        order = np.arange(samples)
        self.n_iter_ = 0
        try:
            for _ in range(epochs):
                if self.shuffle:
                    order = order[self._permutation(samples)]
                totals = Totals()
                runner(feed, order, batch, totals, lambda _: None)
                self.n_iter_ += 1
                self.t_ += samples
                self.loss_ = totals.loss / samples
                self.loss_curve_.append(self.loss_)
                if self.verbose:
                    print(f"Iteration {self.n_iter_}, loss = {self.loss_:.8f}")
                self._note_improvement(held)
                for callback in self.callbacks or ():
                    callback(self)
                if self.solver == "sgd" and self.learning_rate == "invscaling":
                    rate = self.learning_rate_init / (self.t_ + 1) ** self.power_t
                    self._optimizer.param_groups[0]["lr"] = rate
                if self._no_improvement_count > self.n_iter_no_change:
                    if self._stops():
                        break
                    self._no_improvement_count = 0
                if not incremental and self.n_iter_ == self.max_iter:
                    warnings.warn(
                        f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and "
                        "the optimization hasn't converged yet.",
                        ConvergenceWarning,
                        stacklevel=4,
                    )
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=4)
        if held is not None:
            self.module_.load_state_dict(self._best_weights)

    def _permutation(self, samples: int) -> Any:
        """Row numbers in the order that ``sklearn.utils.shuffle`` would draw."""
        rows = np.arange(samples)
        self._random_state.shuffle(rows)
        return rows

    def _stops(self) -> bool:
        """Whether to stop after no improvement; an adaptive rate is divided by 5 first."""
        what = "Validation score" if self.early_stopping else "Training loss"
        message = (
            f"{what} did not improve more than tol={self.tol:f} for {self.n_iter_no_change} "
            "consecutive epochs."
        )
        group = self._optimizer.param_groups[0]
        if self.solver == "sgd" and self.learning_rate == "adaptive" and group["lr"] > 1e-6:
            group["lr"] = group["lr"] / 5.0
            if self.verbose:
                print(f"{message} Setting learning rate to {group['lr']:f}")
            return False
        if self.verbose:
            print(f"{message} Stopping.")
        return True

    def _hold_back(self, X: Any, y: Any, targets: Any, weight: Any) -> tuple[Any, ...]:
        """Training part, and the validation part as (X, y, targets, weight)."""
        arrays = [X, y, targets] + ([] if weight is None else [weight])
        split = train_test_split(
            *arrays,
            random_state=self._random_state,
            test_size=self.validation_fraction,
            stratify=self._strata(y),
        )
        X_train, X_val, _, y_val, t_train, t_val = split[:6]
        w_train, w_val = split[6:] if weight is not None else (None, None)
        if len(X_val) < 2:
            raise ArgumentError(
                "The validation set is too small. Increase 'validation_fraction' or the size of "
                "your dataset."
            )
        return X_train, t_train, w_train, (X_val, y_val, t_val, w_val)

    def _note_improvement(self, held: Any) -> None:
        if held is None:
            assert self.best_loss_ is not None
            if self.loss_ > self.best_loss_ - self.tol:
                self._no_improvement_count += 1
            else:
                self._no_improvement_count = 0
            self.best_loss_ = min(self.loss_, self.best_loss_)
            return
        assert self.validation_scores_ is not None
        assert self.validation_loss_curve_ is not None
        assert self.best_validation_score_ is not None
        X, y, targets, weight = held
        self._publish()
        score = self._held_score(X, y, weight)
        self.validation_scores_.append(score)
        self.validation_loss_curve_.append(self._loss_of(X, targets, weight))
        if self.verbose:
            print(f"Validation score: {score:f}")
        if score < self.best_validation_score_ + self.tol:
            self._no_improvement_count += 1
        else:
            self._no_improvement_count = 0
        if score > self.best_validation_score_:
            self.best_validation_score_ = score
            self._best_weights = self.module_.state_dict()

    def _loss_of(self, X: Any, targets: Any, weight: Any) -> float:
        self.module_.eval()
        with no_grad():
            extra = None if weight is None else as_tensors(weight)
            loss, _ = self._step().forward(as_tensors(X), as_tensors(targets), extra)
        self.module_.train()
        return float(loss)

    def _fit_lbfgs(self, X: Any, targets: Any, weight: Any) -> None:
        from scipy.optimize import minimize

        self._optimizer = VelocitySGD(self.module_.parameters(), 1.0, 0.0, False)
        step = self._step()
        x, y = as_tensors(X), as_tensors(targets.astype(X.dtype) if targets.ndim > 1 else targets)
        extra = None if weight is None else as_tensors(weight)
        # scikit-learn's order: all weights (in, out), then all biases; the path depends on rounding
        network = self.module_
        replayed = ReplayedStep(step) if worth_replaying(step, self.max_iter) else None

        def cost(vector: Any) -> tuple[float, Any]:
            network.set_weights(*_unpacked(vector, network))
            if replayed is not None:
                loss, _ = replayed.gradients(x, y, extra)
            else:
                network.zero_grad()
                loss, _ = step.forward(x, y, extra)
                loss.backward()
            self.loss_curve_.append(float(loss))
            grads = [layer.weight.grad._value.T.ravel() for layer in network.affine()]
            grads += [layer.bias.grad._value for layer in network.affine()]
            return float(loss), np.concatenate(grads).astype(np.float64)

        start = np.concatenate(
            [w.ravel() for w in (*network.coefs(), *network.intercepts())]
        ).astype(np.float64)
        result = minimize(
            cost,
            start,
            method="L-BFGS-B",
            jac=True,
            options={"maxfun": self.max_fun, "maxiter": self.max_iter, "gtol": self.tol},
        )
        self.n_iter_ = _check_optimize_result("lbfgs", result, self.max_iter)
        self.loss_ = float(result.fun)
        network.set_weights(*_unpacked(result.x, network))

    def _partial(self, X: Any, y: Any, sample_weight: Any) -> BaseMLP:
        if self.solver not in STOCHASTIC:
            raise AttributeError(
                "partial_fit is only available for stochastic optimizers. "
                f"{self.solver} is not stochastic."
            )
        return self._fit(X, y, sample_weight, incremental=True)

    # ---- predicting

    def _forward(self, X: Any, check: bool = True) -> Any:
        """Output of the last affine layer; in NumPy, from ``coefs_`` and ``intercepts_``."""
        if check:
            check_is_fitted(self)
            X = self._checked_inputs(X, reset=False)
        *hidden, last = zip(self.coefs_, self.intercepts_)
        activations = list(self.module_.activations)
        for (w, b), activation in zip(hidden, activations):
            X = activation(X @ w + b)
        return X @ last[0] + last[1]

    def hidden_activations(self, X: Any) -> list[Any]:
        """The activations of every hidden layer, a list of arrays (n, units)."""
        check_is_fitted(self)
        X = self._checked_inputs(X, reset=False)
        found = []
        for w, b, activation in zip(self.coefs_, self.intercepts_, self.module_.activations):
            X = activation(X @ w + b)
            found.append(X)
        return found

    def _checked_inputs(self, X: Any, reset: bool) -> Any:
        X = validate_data(
            self, X, accept_sparse=("csr", "csc"), dtype=(np.float64, np.float32), reset=reset
        )
        return _dense(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coefs_")

    # ---- what classifier and regressor define

    def _validate(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Any, Any]:
        raise NotImplementedError

    def _encode(self, y: Any) -> Any:
        raise NotImplementedError

    def _count_outputs(self, targets: Any) -> int:
        raise NotImplementedError

    def _class_weighted(self, y: Any, weight: Any) -> Any:
        return weight

    def _make_loss(self) -> Any:
        raise NotImplementedError

    def _strata(self, y: Any) -> Any:
        return None

    def _held_score(self, X: Any, y: Any, weight: Any) -> float:
        raise NotImplementedError


def _dense(X: Any) -> Any:
    return X.toarray() if hasattr(X, "toarray") else X


def _unpacked(vector: Any, network: MultiLayer) -> tuple[Sequence[Any], Sequence[Any]]:
    """Weights and biases from one vector, in the dtype of the network."""
    coefs, intercepts = network.coefs(), network.intercepts()
    parts = []
    start = 0
    for like in (*coefs, *intercepts):
        parts.append(vector[start : start + like.size].reshape(like.shape).astype(like.dtype))
        start += like.size
    return parts[: len(coefs)], parts[len(coefs) :]
