"""The checks of ``chainrule doctor``: small, real, and independent of the test suite.

Each check returns whether it passed and the figure it was judged by. They use the public names
only, as a user's program would.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np

import chainrule as cr

__all__ = ["CHECKS"]

Outcome = tuple[bool, str]


def worked_example() -> Outcome:
    """Compare one gradient, by the four equations, with values worked out by hand.

    The 2-3-2 sigmoid network with quadratic cost: ∂C/∂w¹ to twelve decimals.
    """
    w1, b1 = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]), np.array([0.7, 0.8, 0.9])
    w2, b2 = np.array([[0.2, 0.3, 0.4], [0.5, 0.6, 0.7]]), np.array([1.0, 1.1])
    x, y = np.array([0.6, 0.4]), np.array([0.8, 0.2])

    def cost(w: cr.Tensor) -> cr.Tensor:
        hidden = 1 / (1 + np.exp(-(w @ x + b1)))
        output = 1 / (1 + np.exp(-(w2 @ hidden + b2)))
        return 0.5 * ((y - output) ** 2).sum()

    by_hand = np.array(
        [
            [0.003428002147, 0.002285334765],
            [0.003624518666, 0.002416345777],
            [0.003593596803, 0.002395731202],
        ]
    )
    deviation = float(np.abs(np.asarray(cr.grad(cost)(w1)) - by_hand).max())
    return deviation < 1e-11, f"largest deviation {deviation:.0e}"


def differences() -> Outcome:
    """Compare the gradient of a small network with central differences, in every entry."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(5, 4)), rng.normal(size=(5, 2))  # (samples, features)

    def cost(w: cr.Tensor, v: cr.Tensor) -> cr.Tensor:
        return ((np.tanh(x @ w) @ v - y) ** 2).mean()

    arguments = [rng.normal(size=(4, 6)), rng.normal(size=(6, 2))]
    worst = 0.0
    for index, exact in enumerate(cr.grad(cost, argnums=(0, 1))(*arguments)):
        numeric = np.empty_like(arguments[index])
        for position in np.ndindex(numeric.shape):
            numeric[position] = _central_difference(cost, arguments, index, position)
        scale = np.abs(numeric).max()
        worst = max(worst, float(np.abs(np.asarray(exact) - numeric).max() / scale))
    return worst < 1e-7, f"largest relative error {worst:.0e}"


def _central_difference(
    cost: Callable[..., cr.Tensor],
    arguments: list[np.ndarray],
    index: int,
    position: tuple[int, ...],
    step: float = 1e-5,
) -> float:
    values = []
    for sign in (1.0, -1.0):
        moved = [argument.copy() for argument in arguments]
        moved[index][position] += sign * step
        values.append(float(cost(*moved)))
    return (values[0] - values[1]) / (2 * step)


def learning() -> Outcome:
    """Train a 2-4-1 network on XOR by gradient descent; it must separate the four points."""
    rng = np.random.default_rng(1)
    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = np.array([[0.0], [1.0], [1.0], [0.0]])
    parameters = [rng.normal(size=(2, 4)), np.zeros(4), rng.normal(size=(4, 1)), np.zeros(1)]

    def cost(parameters: list[cr.Tensor]) -> cr.Tensor:
        w, b, v, c = parameters
        return ((np.tanh(x @ w + b) @ v + c - y) ** 2).mean()

    start = perf_counter()
    first = last = 0.0
    for step in range(300):
        value, gradient = cr.value_and_grad(cost)(parameters)
        last = float(value)
        first = first if step else last
        parameters = [p - 0.2 * np.asarray(g) for p, g in zip(parameters, gradient, strict=True)]
    seconds = perf_counter() - start
    return last < 0.01, f"loss {first:.2f} → {last:.1e} in {seconds:.2f} s"


def native_code() -> Outcome:
    """Train the same network natively and step by step; the parameters must come out alike."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(64, 5)), rng.normal(size=(64, 2))
    first = [rng.normal(size=(8, 5)), np.zeros(8), rng.normal(size=(2, 8)), np.zeros(2)]
    ends, seconds = [], 0.0
    for compiled in (False, True):
        model = cr.nn.Sequential(cr.nn.Linear(5, 8), cr.nn.Tanh(), cr.nn.Linear(8, 2))
        names = [name for name, _ in model.named_parameters()]
        model.load_state_dict(dict(zip(names, first, strict=True)))
        optimizer = cr.optim.SGD(model.parameters(), lr=0.1)
        trainer = cr.Trainer(model, "mse", optimizer, compiled=compiled)
        start = perf_counter()
        trainer.fit((x, y), epochs=3, batch_size=8, progress=False)
        seconds = perf_counter() - start
        ends.append(np.concatenate([p.detach().numpy().ravel() for p in model.parameters()]))
    deviation = float(np.abs(ends[1] - ends[0]).max())
    moved = float(np.abs(ends[0] - np.concatenate([p.ravel() for p in first])).max())
    passed = deviation < 1e-5 and moved > 0.01
    return passed, f"off by {deviation:.0e}, compiled in {seconds:.2f} s"


CHECKS: dict[str, Callable[[], Outcome]] = {
    "the worked example, to twelve decimals": worked_example,
    "gradients against central differences": differences,
    "a small network learns XOR": learning,
    "native epochs equal step by step": native_code,
}
