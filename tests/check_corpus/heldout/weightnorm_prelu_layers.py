import numpy as np


class WeightNormLinear:
    def __init__(self, v, g, bias):
        self.params = {'v': v, 'g': g, 'bias': bias}
        self.grads = {}

    def forward(self, inputs):
        self.inputs = inputs
        v, g = self.params['v'], self.params['g']
        self.length = np.sqrt((v ** 2).sum(axis=0))
        self.direction = v / self.length
        return inputs @ (self.direction * g) + self.params['bias']

    def backward(self, grad):
        self.grads['bias'] = grad.sum(axis=0)
        dw = self.inputs.T @ grad
        self.grads['g'] = (dw * self.direction).sum(axis=0)
        inner = self.grads['g'] * self.direction
        self.grads['v'] = self.params['g'] / self.length * (dw - inner)
        return grad @ (self.direction * self.params['g']).T


class PReLU:
    def __init__(self, slope):
        self.params = {'slope': slope}
        self.grads = {}

    def forward(self, inputs):
        self.inputs = inputs
        self.positive = inputs > 0
        return np.where(self.positive, inputs, self.params['slope'] * inputs)

    def backward(self, grad):
        self.grads['slope'] = np.sum(grad * self.inputs * ~self.positive, axis=0)
        return np.where(self.positive, grad, self.params['slope'] * grad)


class Net:
    def __init__(self, v1, g1, c1, slope, v2, g2, c2):
        self.layers = [WeightNormLinear(v1, g1, c1), PReLU(slope), WeightNormLinear(v2, g2, c2)]

    def forward(self, inputs):
        for layer in self.layers:
            inputs = layer.forward(inputs)
        return inputs

    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad
