"""A very small imitation of a deep-learning library: modules, a container and a criterion."""
import numpy as np


class Module:
    def __init__(self):
        self.output = None
        self.grad_input = None

    def __call__(self, x):
        return self.forward(x)

    def parameters(self):
        return []


class Linear(Module):
    def __init__(self, weights, bias):
        super().__init__()
        self.weights = weights          # out_features x in_features, as in torch
        self.bias = bias
        self.grad_weights = np.zeros_like(weights)
        self.grad_bias = np.zeros_like(bias)

    def forward(self, x):
        self.input = x
        self.output = x @ self.weights.T + self.bias
        return self.output

    def backward(self, grad_output):
        self.grad_weights += grad_output.T @ self.input
        self.grad_bias += grad_output.sum(axis=0)
        self.grad_input = grad_output @ self.weights
        return self.grad_input

    def zero_grad(self):
        self.grad_weights[...] = 0
        self.grad_bias.fill(0)


class Tanh(Module):
    def forward(self, x):
        self.output = np.tanh(x)
        return self.output

    def backward(self, grad_output):
        self.grad_input = grad_output * (1 - np.square(self.output))
        return self.grad_input


class SoftPlus(Module):
    def forward(self, x):
        self.input = x
        self.output = np.log1p(np.exp(x))
        return self.output

    def backward(self, grad_output):
        self.grad_input = grad_output / (1 + np.exp(-self.input))
        return self.grad_input


class Sequential(Module):
    def __init__(self, *modules):
        super().__init__()
        self.modules = modules

    def forward(self, x):
        for module in self.modules:
            x = module(x)
        return x

    def backward(self, grad_output):
        for module in reversed(self.modules):
            grad_output = module.backward(grad_output)
        return grad_output


class SmoothL1Loss:
    def __init__(self, beta=1.0):
        self.beta = beta

    def forward(self, prediction, target):
        self.diff = prediction - target
        a = np.abs(self.diff)
        loss = np.where(a < self.beta, 0.5 * a * a / self.beta, a - 0.5 * self.beta)
        return loss.mean()

    def backward(self):
        grad = np.clip(self.diff / self.beta, -1, 1)
        return grad / self.diff.size


class Regressor:
    def __init__(self, w_in, b_in, w_hidden, b_hidden, w_out, b_out):
        self.fc1 = Linear(w_in, b_in)
        self.fc2 = Linear(w_hidden, b_hidden)
        self.fc3 = Linear(w_out, b_out)
        self.net = Sequential(self.fc1, Tanh(), self.fc2, SoftPlus(), self.fc3)
        self.criterion = SmoothL1Loss(beta=0.7)

    def loss_and_gradients(self, inputs, targets):
        for fc in (self.fc1, self.fc2, self.fc3):
            fc.zero_grad()
        loss = self.criterion.forward(self.net(inputs), targets)
        grad_inputs = self.net.backward(self.criterion.backward())
        gradients = []
        for fc in (self.fc1, self.fc2, self.fc3):
            gradients.extend([fc.grad_weights, fc.grad_bias])
        return loss, gradients, grad_inputs
