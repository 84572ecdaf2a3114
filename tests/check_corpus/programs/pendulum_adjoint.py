"""Controls of a driven pendulum: explicit Euler forwards, adjoint state backwards."""

import numpy as np


def cost_and_adjoint(u, theta0, omega0, dt, damping):
    steps = len(u)
    theta = [theta0]
    omega = [omega0]
    for k in range(steps):
        acc = -np.sin(theta[k]) - damping * omega[k] + u[k]
        theta.append(theta[k] + dt * omega[k])
        omega.append(omega[k] + dt * acc)
    cost = 0.5 * (theta[-1] - np.pi) ** 2 + 0.5 * omega[-1] ** 2 + 0.05 * dt * np.sum(u ** 2)

    # adjoint sweep
    theta_bar = theta[-1] - np.pi
    omega_bar = omega[-1]
    u_bar = 0.1 * dt * u
    damping_bar = 0.0
    for k in reversed(range(steps)):
        acc_bar = dt * omega_bar
        u_bar[k] += acc_bar
        damping_bar -= acc_bar * omega[k]
        omega_bar = omega_bar + dt * theta_bar - damping * acc_bar
        theta_bar = theta_bar - np.cos(theta[k]) * acc_bar
    return cost, u_bar, theta_bar, omega_bar, damping_bar
