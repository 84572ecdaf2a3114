import numpy as np


class BatchNormLayer(object):
    """Batch normalisation of dense activations, with running statistics for test time."""

    def __init__(self, gamma, beta, momentum=0.9, eps=1e-5):
        self.gamma = gamma
        self.beta = beta
        self.momentum = momentum
        self.eps = eps
        self.running_mean = np.zeros(gamma.shape)
        self.running_var = np.ones(gamma.shape)
        self.training = True

    def forward(self, X):
        if not self.training:
            X_hat = (X - self.running_mean) / np.sqrt(self.running_var + self.eps)
            return self.gamma * X_hat + self.beta

        self.mean = np.mean(X, axis=0)
        self.var = np.var(X, axis=0)
        self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * self.mean
        self.running_var = self.momentum * self.running_var + (1 - self.momentum) * self.var

        self.X_centered = X - self.mean
        self.stddev_inv = 1 / np.sqrt(self.var + self.eps)
        self.X_hat = self.X_centered * self.stddev_inv
        return self.gamma * self.X_hat + self.beta

    def backward(self, grad_output):
        N = grad_output.shape[0]
        self.dgamma = np.sum(grad_output * self.X_hat, axis=0)
        self.dbeta = np.sum(grad_output, axis=0)

        dX_hat = grad_output * self.gamma
        dvar = np.sum(dX_hat * self.X_centered, axis=0) * -0.5 * self.stddev_inv ** 3
        dmean = np.sum(dX_hat * -self.stddev_inv, axis=0) + dvar * np.mean(-2.0 * self.X_centered, axis=0)
        dX = dX_hat * self.stddev_inv + dvar * 2.0 * self.X_centered / N + dmean / N
        return dX


class DenseLayer(object):
    def __init__(self, W):
        self.W = W

    def forward(self, X):
        self.X = X
        return np.dot(X, self.W)

    def backward(self, grad_output):
        self.dW = np.dot(self.X.T, grad_output)
        return np.dot(grad_output, self.W.T)


class ReLULayer(object):
    def forward(self, X):
        self.X = X
        return X * (X > 0)

    def backward(self, grad_output):
        grad_input = grad_output.copy()
        grad_input[self.X <= 0] = 0
        return grad_input


class NormalisedNet(object):
    """dense - batch norm - relu - dense, no biases in front of the normalisation."""

    def __init__(self, W_in, gamma, beta, W_out):
        self.layers = [DenseLayer(W_in), BatchNormLayer(gamma, beta), ReLULayer(), DenseLayer(W_out)]

    def forward(self, X):
        out = X
        for layer in self.layers:
            out = layer.forward(out)
        return out

    def backward(self, dout):
        for layer in self.layers[::-1]:
            dout = layer.backward(dout)
        return dout
