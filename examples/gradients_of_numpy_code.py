"""Gradients of plain NumPy code: nothing in `energy` knows that it is differentiated.

A chain of masses on springs finds its resting shape by gradient descent on its energy, and the
Hessian there gives its frequencies.
"""

from __future__ import annotations

import numpy as np

import chainrule as cr

MASSES, STIFFNESS, GRAVITY = 8, 50.0, 1.0


def energy(height):
    """Return the energy of heights, shape (MASSES,), of a chain held at height 0 at both ends."""
    chain = np.concatenate([np.zeros(1), height, np.zeros(1)])
    stretch = chain[1:] - chain[:-1]
    return 0.5 * STIFFNESS * np.sum(stretch**2) + GRAVITY * np.sum(height)


height = np.zeros(MASSES)
slope = cr.grad(energy)
for step in range(2000):
    gradient = slope(height)
    height = height - 0.005 * gradient
    if step % 500 == 0:
        print(
            f"step {step:5d}  energy {energy(height):9.6f}  |gradient| {np.abs(gradient).max():.1e}"
        )

# At rest every mass is held up by its neighbours: a parabola, which can be written down.
place = np.arange(1, MASSES + 1)
exact = -GRAVITY / (2 * STIFFNESS) * place * (MASSES + 1 - place)
print("largest deviation from the exact shape:", f"{np.abs(height - exact).max():.1e}")
assert np.allclose(height, exact, atol=1e-6)

frequencies = np.sqrt(np.linalg.eigvalsh(cr.hessian(energy)(height)))
print("frequencies:", frequencies.round(3))
