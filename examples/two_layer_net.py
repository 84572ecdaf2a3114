"""A two-layer network with softmax loss and L2 regularisation, in plain NumPy.

The function below returns the total loss and, beside it, its two parts. Nothing in it is special to
this library; ``cr.value_and_grad`` gives the gradients of all parameters as a dict.
"""

from __future__ import annotations

import numpy as np

import chainrule as cr


def loss(params, x, y, reg):
    """Mean cross-entropy of the softmax of two layers, plus ``reg/2 Σ W²``; and both parts."""
    hidden = np.maximum(0, x @ params["W1"] + params["b1"])
    scores = hidden @ params["W2"] + params["b2"]
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    logs = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    data_loss = -np.mean(logs[np.arange(len(y)), y])
    reg_loss = 0.5 * reg * (np.sum(params["W1"] ** 2) + np.sum(params["W2"] ** 2))
    return data_loss + reg_loss, {"data": data_loss, "regularisation": reg_loss}


def main() -> None:
    """Train on three interleaved spirals."""
    rng = np.random.default_rng(0)
    x, y = spirals(rng, 100)
    params = {
        "W1": 0.01 * rng.normal(size=(2, 100)),
        "b1": np.zeros(100),
        "W2": 0.01 * rng.normal(size=(100, 3)),
        "b2": np.zeros(3),
    }
    step = cr.value_and_grad(loss, has_aux=True)
    for epoch in range(601):
        (total, parts), grads = step(params, x, y, 1e-3)
        if epoch % 200 == 0:
            shown = "  ".join(f"{name} {value:.3f}" for name, value in parts.items())
            print(f"step {epoch:4}  loss {total:.3f}  ({shown})")
        for name, gradient in grads.items():
            params[name] = params[name] - 1.0 * gradient
    hidden = np.maximum(0, x @ params["W1"] + params["b1"])
    predicted = np.argmax(hidden @ params["W2"] + params["b2"], axis=1)
    accuracy = float(np.mean(predicted == y))
    print(f"accuracy {accuracy:.2f}")
    assert accuracy > 0.85


def spirals(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Three arms of n points each, shape (3n, 2), and the number of the arm of each point."""
    radius = np.tile(np.linspace(0, 1, n), 3)
    arm = np.repeat(np.arange(3), n)
    angle = 4 * (radius + arm) + 0.2 * rng.normal(size=3 * n)
    return np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1), arm


if __name__ == "__main__":
    main()
