import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def cost_function_reg(theta, X, y, lambda_):
    """Regularised logistic regression; theta[0] (the intercept) is not regularised."""
    m = len(y)
    h = sigmoid(X @ theta)
    J = (-y @ np.log(h) - (1 - y) @ np.log(1 - h)) / m
    J = J + lambda_ / (2 * m) * np.sum(theta[1:] ** 2)

    grad = X.T @ (h - y) / m
    grad[1:] = grad[1:] + (lambda_ / m) * theta[1:]
    return J, grad
