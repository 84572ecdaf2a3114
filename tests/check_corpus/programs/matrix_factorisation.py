import numpy as np


def loss(P, Q, bu, bi, R, known, lam):
    E = known * (P @ Q.T + bu[:, None] + bi[None, :] - R)
    return np.sum(E ** 2) + lam * (np.sum(P ** 2) + np.sum(Q ** 2))


def gradients(P, Q, bu, bi, R, known, lam):
    E = known * (P @ Q.T + bu[:, None] + bi[None, :] - R)
    gP = 2 * E @ Q + 2 * lam * P
    gQ = 2 * E.T @ P + 2 * lam * Q
    gbu = 2 * E.sum(axis=1)
    gbi = 2 * E.sum(axis=0)
    return gP, gQ, gbu, gbi
