"""Fit of a damped spring: one classical Runge-Kutta sweep, its reverse by hand, state by state."""
import numpy as np


def field(s, k, c):
    return np.array([s[1], -k * s[0] - c * s[1]])


def field_t(s, k, c, g):
    # transpose of the Jacobian, and the pull on the two constants
    gs = np.array([-k * g[1], g[0] - c * g[1]])
    return gs, -s[0] * g[1], -s[1] * g[1]


def fit(s0, k, c, h, target):
    path, stages = [s0], []
    for _ in range(len(target)):
        s = path[-1]
        k1 = field(s, k, c)
        s2 = s + 0.5 * h * k1
        k2 = field(s2, k, c)
        s3 = s + 0.5 * h * k2
        k3 = field(s3, k, c)
        s4 = s + h * k3
        k4 = field(s4, k, c)
        path.append(s + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4))
        stages.append((s, s2, s3, s4))
    misfit = sum(0.5 * np.sum((p[0] - y) ** 2) for p, y in zip(path[1:], target))

    gk = gc = 0.0
    lam = np.zeros(2)
    for j in range(len(target) - 1, -1, -1):
        lam = lam + np.array([path[j + 1][0] - target[j], 0.0])
        s, s2, s3, s4 = stages[j]
        a4, dk4, dc4 = field_t(s4, k, c, h / 6 * lam)
        a3, dk3, dc3 = field_t(s3, k, c, h / 3 * lam + h * a4)
        a2, dk2, dc2 = field_t(s2, k, c, h / 3 * lam + 0.5 * h * a3)
        a1, dk1, dc1 = field_t(s, k, c, h / 6 * lam + 0.5 * h * a2)
        gk += dk1 + dk2 + dk3 + dk4
        gc += dc1 + dc2 + dc3 + dc4
        lam = lam + a1 + a2 + a3 + a4
    return misfit, lam, gk, gc
