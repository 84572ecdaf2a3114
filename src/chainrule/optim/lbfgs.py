"""L-BFGS: a quasi-Newton method for small problems and full batches (SPEC C5)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.core.modes import enable_grad
from chainrule.core.op import STATE
from chainrule.core.tensor import Tensor, wrap
from chainrule.errors import ArgumentError, CheckpointError, StagingError
from chainrule.optim.line_search import Trial, strong_wolfe
from chainrule.optim.optimizer import Optimizer, check_range

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """Limited-memory BFGS (Liu and Nocedal 1989), with PyTorch's options and stopping rules.

    ``step`` needs a closure that clears the gradients, computes the loss, calls ``backward`` and
    returns the loss; it is called several times a step.

    Parameters
    ----------
    params : iterable of Tensor
        One group only.
    lr : float
        Step length, or with a line search its first trial.
    max_iter : int
        Iterations per step.
    max_eval : int, optional
        Evaluations per step; ``max_iter * 5 // 4`` by default.
    tolerance_grad, tolerance_change : float
        Stop where the largest gradient element, or the change, is this small.
    history_size : int
    line_search_fn : {None, 'strong_wolfe'}

    Examples
    --------
    >>> x = cr.tensor([-1.2, 1.0], requires_grad=True)
    >>> optimizer = cr.optim.LBFGS([x], line_search_fn="strong_wolfe", max_iter=100)
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    ...     loss.backward()
    ...     return loss
    >>> _ = optimizer.step(closure)
    >>> x.detach().numpy().round(3)
    array([1., 1.])
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_range("lr", lr)
        if line_search_fn not in (None, "strong_wolfe"):
            raise ArgumentError(
                f"line_search_fn must be None or 'strong_wolfe', not {line_search_fn!r}"
            )
        super().__init__(
            params,
            {
                "lr": lr,
                "max_iter": max_iter,
                "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
                "tolerance_grad": tolerance_grad,
                "tolerance_change": tolerance_change,
                "history_size": history_size,
                "line_search_fn": line_search_fn,
            },
        )
        if len(self.param_groups) != 1:
            raise ArgumentError("LBFGS takes one parameter group: its step couples all parameters")
        self._params: list[Tensor] = self.param_groups[0]["params"]
        self._forget()

    def _forget(self) -> None:
        self._steps: deque[Any] = deque()
        self._changes: deque[Any] = deque()
        self._scale = 1.0
        self._iterations = 0
        self._evaluations = 0
        self._direction: Any = None
        self._length = 0.0
        self._last_gradient: Any = None

    # ---- flat vectors

    def _gradient(self) -> Any:
        parts = [
            np.zeros(p.size, p.dtype) if p._grad is None else p._grad._value.reshape(-1)
            for p in self._params
        ]
        return np.concatenate(parts)

    def _values(self) -> list[Any]:
        return [p._value for p in self._params]

    def _move(self, origin: list[Any], length: float, direction: Any) -> None:
        """Set the parameters to ``origin + length * direction``."""
        start = 0
        for parameter, value in zip(self._params, origin):
            part = direction[start : start + value.size].reshape(value.shape)
            moved = value + (part * length).astype(value.dtype, copy=False)
            parameter.assign(wrap(moved, None))
            start += value.size

    # ---- the step

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Run up to ``max_iter`` iterations; returns the first loss.

        Raises
        ------
        ArgumentError
            Without a closure.
        """
        if closure is None:
            raise ArgumentError(
                "LBFGS.step needs a closure that computes the loss and its gradients"
            )
        if STATE.stage is not None:
            raise StagingError(
                "LBFGS decides by values how far to go, so its step cannot be staged; compile the "
                "closure instead"
            )
        group = self.param_groups[0]
        with enable_grad():
            first_loss = closure()
        loss, gradient = float(first_loss), self._gradient()
        evaluations = 1
        self._evaluations += 1
        if _largest(gradient) <= group["tolerance_grad"]:
            return first_loss
        for iteration in range(1, group["max_iter"] + 1):
            self._iterations += 1
            direction = self._next_direction(gradient)
            self._last_gradient, previous_loss = gradient, loss
            length = float(group["lr"])
            if self._iterations == 1:
                length *= min(1.0, 1.0 / float(np.abs(gradient).sum()))
            slope = float(np.dot(gradient, direction))
            self._direction, self._length = direction, length
            if slope > -group["tolerance_change"]:
                break
            last = iteration == group["max_iter"]
            trials = group["max_eval"] - evaluations
            loss, gradient, used = self._advance(closure, loss, gradient, slope, last, trials)
            evaluations += used
            self._evaluations += used
            moved = _largest(self._direction * self._length)
            if (
                last
                or evaluations >= group["max_eval"]
                or _largest(gradient) <= group["tolerance_grad"]
                or moved <= group["tolerance_change"]
                or abs(loss - previous_loss) < group["tolerance_change"]
            ):
                break
        return first_loss

    def _advance(
        self,
        closure: Callable[[], Any],
        loss: float,
        gradient: Any,
        slope: float,
        last: bool,
        trials: int,
    ) -> tuple[float, Any, int]:
        """Move along the direction; loss and gradient there, and the evaluations it took."""
        origin, direction = self._values(), self._direction

        def evaluate(length: float) -> tuple[float, Any]:
            self._move(origin, length, direction)
            with enable_grad():
                value = float(closure())
            return value, self._gradient()

        if self.param_groups[0]["line_search_fn"] == "strong_wolfe":
            start = Trial(0.0, loss, gradient, slope)
            found, used = strong_wolfe(evaluate, self._length, direction, start, max_trials=trials)
            self._length = found.t
            self._move(origin, found.t, direction)
            return found.loss, found.gradient, used
        if last:  # nobody will look at the loss: do not compute it
            self._move(origin, self._length, direction)
            return loss, gradient, 0
        value, gradient = evaluate(self._length)
        return value, gradient, 1

    def _next_direction(self, gradient: Any) -> Any:
        """``-H g`` by the two loops of Nocedal and Wright, algorithm 7.4."""
        if self._direction is None or self._last_gradient is None:
            return -gradient
        change = gradient - self._last_gradient
        step = self._direction * self._length
        curvature = float(np.dot(change, step))
        if curvature > 1e-10:
            if len(self._steps) == self.param_groups[0]["history_size"]:
                self._steps.popleft()
                self._changes.popleft()
            self._steps.append(step)
            self._changes.append(change)
            self._scale = curvature / float(np.dot(change, change))
        q = -gradient
        factors = []
        for s, y in zip(reversed(self._steps), reversed(self._changes)):
            rho = 1.0 / float(np.dot(y, s))
            factor = float(np.dot(s, q)) * rho
            factors.append((factor, rho))
            q = q - factor * y
        r = q * self._scale
        for s, y, (factor, rho) in zip(self._steps, self._changes, reversed(factors)):
            r = r + s * (factor - float(np.dot(y, r)) * rho)
        return r

    # ---- saving

    def state_dict(self) -> dict[str, Any]:
        """Hyperparameters, and the memory of the last steps."""
        saved = super().state_dict()
        if self._direction is not None:
            arrays = {
                "steps": np.stack(self._steps) if self._steps else None,
                "changes": np.stack(self._changes) if self._changes else None,
                "direction": self._direction,
                "last_gradient": self._last_gradient,
                "scalars": np.array(
                    [self._scale, self._length, self._iterations, self._evaluations], np.float64
                ),
            }
            saved["state"] = {0: {k: wrap(v, None) for k, v in arrays.items() if v is not None}}
        return saved

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned."""
        memory = state_dict["state"].get(0, state_dict["state"].get("0"))
        super().load_state_dict({"state": {}, "param_groups": state_dict["param_groups"]})
        self._forget()
        if memory is None:
            return
        arrays = {
            name: value._value if isinstance(value, Tensor) else np.asarray(value)
            for name, value in memory.items()
        }
        size = sum(p.size for p in self._params)
        if arrays["direction"].shape != (size,):
            raise CheckpointError(
                f"the saved direction has {arrays['direction'].size} elements, the parameters {size}"
            )
        self._steps.extend(arrays.get("steps", ()))
        self._changes.extend(arrays.get("changes", ()))
        self._direction, self._last_gradient = arrays["direction"], arrays["last_gradient"]
        self._scale, self._length = (float(v) for v in arrays["scalars"][:2])
        self._iterations, self._evaluations = (int(v) for v in arrays["scalars"][2:])


def _largest(vector: Any) -> float:
    return float(np.max(np.abs(vector), initial=0.0))
