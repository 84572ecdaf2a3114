import numpy as np


def tanh(z):
    return np.tanh(z)


def tanh_prime(z):
    return 1.0 - np.tanh(z) ** 2


def leaky_relu(z, alpha=0.1):
    return np.where(z > 0, z, alpha * z)


def leaky_relu_prime(z, alpha=0.1):
    dz = np.ones_like(z)
    dz[z <= 0] = alpha
    return dz


ACTIVATIONS = {
    'tanh': (tanh, tanh_prime),
    'leaky_relu': (leaky_relu, leaky_relu_prime),
    'linear': (lambda z: z, lambda z: np.ones_like(z)),
}


class MultiLayerPerceptron:
    """Fully connected network for classification.

    `layers` is a list of dicts with the keys 'W' (n_in, n_out), 'b' (1, n_out) and 'activation'.
    """

    def __init__(self, layers, weight_decay=0.0):
        self.layers = layers
        self.weight_decay = weight_decay
        self.cache = {}

    def forward(self, X):
        self.cache = {'A0': X}
        A = X
        for i, layer in enumerate(self.layers, start=1):
            Z = np.dot(A, layer['W']) + layer['b']
            activation, _ = ACTIVATIONS[layer['activation']]
            A = activation(Z)
            self.cache['Z' + str(i)] = Z
            self.cache['A' + str(i)] = A
        return A

    def softmax(self, scores):
        shifted = scores - np.max(scores, axis=1, keepdims=True)
        exp_scores = np.exp(shifted)
        return exp_scores / np.sum(exp_scores, axis=1, keepdims=True)

    def compute_loss(self, probs, labels):
        n_samples = labels.shape[0]
        log_likelihood = -np.log(probs[range(n_samples), labels])
        data_loss = np.sum(log_likelihood) / n_samples
        reg_loss = 0.0
        for layer in self.layers:
            reg_loss += np.sum(layer['W'] * layer['W'])
        return data_loss + 0.5 * self.weight_decay * reg_loss

    def backward(self, probs, labels):
        n_samples = labels.shape[0]
        grads = [None] * len(self.layers)

        dA = probs.copy()
        dA[range(n_samples), labels] -= 1
        dA = dA / n_samples

        for i in range(len(self.layers), 0, -1):
            layer = self.layers[i - 1]
            _, activation_prime = ACTIVATIONS[layer['activation']]
            dZ = dA * activation_prime(self.cache['Z' + str(i)])
            A_prev = self.cache['A' + str(i - 1)]
            dW = np.dot(A_prev.T, dZ)
            dW = dW + self.weight_decay * layer['W']
            db = np.sum(dZ, axis=0, keepdims=True)
            dA = np.dot(dZ, layer['W'].T)
            grads[i - 1] = {'dW': dW, 'db': db}
        return grads

    def train_on_batch(self, X, labels):
        scores = self.forward(X)
        probs = self.softmax(scores)
        loss = self.compute_loss(probs, labels)
        grads = self.backward(probs, labels)
        return loss, grads
