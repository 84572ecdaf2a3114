"""Chain of masses with nonlinear springs, integrated by kick-drift-kick; fit of start, springs and masses."""
import numpy as np

CUBIC = 0.25


def spring_force(q, k):
    stretch = np.diff(np.concatenate(([0.0], q, [0.0])))
    return np.diff(k * (stretch + CUBIC * stretch ** 3))


def spring_force_bar(q, k, force_bar):
    """What arrives at positions and stiffnesses when force_bar arrives at the forces."""
    stretch = np.diff(np.concatenate(([0.0], q, [0.0])))
    tension_bar = -np.diff(np.concatenate(([0.0], force_bar, [0.0])))
    k_bar = tension_bar * (stretch + CUBIC * stretch ** 3)
    stretch_bar = tension_bar * k * (1 + 3 * CUBIC * stretch ** 2)
    return -np.diff(stretch_bar), k_bar


def misfit(q0, p0, k, mass, dt, data):
    positions, halves = [q0], []
    q, p = q0, p0
    value = 0.0
    for seen in data:
        p_half = p + 0.5 * dt * spring_force(q, k)
        q = q + dt * p_half / mass
        p = p_half + 0.5 * dt * spring_force(q, k)
        positions.append(q)
        halves.append(p_half)
        value += 0.5 * np.sum((q - seen) ** 2)

    # backwards in time
    q_bar, p_bar = np.zeros_like(q0), np.zeros_like(p0)
    k_bar, mass_bar = np.zeros_like(k), np.zeros_like(mass)
    for n in range(len(data), 0, -1):
        q_bar = q_bar + positions[n] - data[n - 1]
        dq, dk = spring_force_bar(positions[n], k, 0.5 * dt * p_bar)
        q_bar = q_bar + dq
        k_bar += dk
        p_bar = p_bar + dt * q_bar / mass
        mass_bar -= dt * q_bar * halves[n - 1] / mass ** 2
        dq, dk = spring_force_bar(positions[n - 1], k, 0.5 * dt * p_bar)
        q_bar = q_bar + dq
        k_bar += dk
    return value, {'q0': q_bar, 'p0': p_bar, 'k': k_bar, 'mass': mass_bar}
