import numpy as np


def cost(theta, A, b, alpha):
    residual = A @ theta - b
    return 0.5 * residual @ residual + 0.5 * alpha * theta @ theta


def gradient(theta, A, b, alpha):
    residual = A @ theta - b
    return A.T @ residual + alpha * theta
