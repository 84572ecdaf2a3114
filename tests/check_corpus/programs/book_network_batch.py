"""The book's network with the mini-batch as a matrix: one column per sample."""

import numpy as np


class CrossEntropyCost:
    @staticmethod
    def fn(a, y):
        return np.sum(-y * np.log(a) - (1 - y) * np.log(1 - a))

    @staticmethod
    def delta(z, a, y):
        return a - y


class Network:
    def __init__(self, weights, biases, cost=CrossEntropyCost):
        self.weights = weights
        self.biases = biases
        self.cost = cost

    def feedforward(self, a):
        for b, w in zip(self.biases, self.weights):
            a = sigmoid(w @ a + b)
        return a

    def backprop(self, X, Y):
        """X is (n_in, m) and Y is (n_out, m); gradients are summed over the batch."""
        activations, zs = [X], []
        for b, w in zip(self.biases, self.weights):
            zs.append(w @ activations[-1] + b)
            activations.append(sigmoid(zs[-1]))

        # now backwards
        L = len(self.weights)
        nabla_b = [None] * L
        nabla_w = [None] * L
        delta = self.cost.delta(zs[-1], activations[-1], Y)
        nabla_b[L - 1] = delta.sum(axis=1, keepdims=True)
        nabla_w[L - 1] = delta @ activations[L - 1].T
        for l in range(L - 2, -1, -1):
            delta = (self.weights[l + 1].T @ delta) * sigmoid_prime(zs[l])
            nabla_b[l] = delta.sum(axis=1, keepdims=True)
            nabla_w[l] = delta @ activations[l].T
        return nabla_b, nabla_w


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_prime(z):
    s = sigmoid(z)
    return s * (1 - s)
