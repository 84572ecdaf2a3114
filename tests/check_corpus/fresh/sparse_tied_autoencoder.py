import numpy as np


class SparseAutoencoder:
    """Autoencoder with tied weights; a Kullback-Leibler term keeps the hidden units rarely active."""

    def __init__(self, W, b_enc, b_dec, rho=0.1, beta=3.0, lmbda=1e-2):
        self.W = W              # hidden x visible
        self.b_enc = b_enc
        self.b_dec = b_dec
        self.rho = rho
        self.beta = beta
        self.lmbda = lmbda

    def sigmoid(self, x):
        return 1.0 / (1.0 + np.exp(-x))

    def kl_divergence(self, rho, rho_hat):
        return np.sum(rho * np.log(rho / rho_hat) + (1 - rho) * np.log((1 - rho) / (1 - rho_hat)))

    def cost_and_grad(self, data):
        """data: visible x samples."""
        m = data.shape[1]

        # forward propagation
        z2 = self.W.dot(data) + self.b_enc[:, None]
        a2 = self.sigmoid(z2)
        z3 = self.W.T.dot(a2) + self.b_dec[:, None]
        a3 = self.sigmoid(z3)

        # sparsity
        rho_hat = np.mean(a2, axis=1)
        rho = np.tile(self.rho, rho_hat.shape[0])

        squared_error = 0.5 * np.sum((a3 - data) ** 2) / m
        weight_term = 0.5 * self.lmbda * np.sum(self.W ** 2)
        sparsity_term = self.beta * self.kl_divergence(rho, rho_hat)
        cost = squared_error + weight_term + sparsity_term

        # back propagation
        delta3 = -(data - a3) * a3 * (1 - a3)
        sparsity_delta = self.beta * (-rho / rho_hat + (1 - rho) / (1 - rho_hat))
        delta2 = (self.W.dot(delta3) + sparsity_delta[:, None]) * a2 * (1 - a2)

        W_grad = delta2.dot(data.T) / m + a2.dot(delta3.T) / m + self.lmbda * self.W
        b_enc_grad = np.sum(delta2, axis=1) / m
        b_dec_grad = np.sum(delta3, axis=1) / m
        return cost, {"W": W_grad, "b_enc": b_enc_grad, "b_dec": b_dec_grad}
