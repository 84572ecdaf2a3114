"""A model out of Function classes; each saves what it needs on its context and the calls are undone in turn."""
import numpy as np


class Context:
    def save_for_backward(self, *tensors):
        self.saved_tensors = tensors


class Linear:
    @staticmethod
    def forward(ctx, input, weight, bias):
        ctx.save_for_backward(input, weight)
        return input @ weight.T + bias

    @staticmethod
    def backward(ctx, grad_output):
        input, weight = ctx.saved_tensors
        grad_input = grad_output @ weight
        grad_weight = grad_output.T @ input
        grad_bias = grad_output.sum(0)
        return grad_input, grad_weight, grad_bias


class Swish:
    @staticmethod
    def forward(ctx, input, beta):
        sig = 1 / (1 + np.exp(-beta * input))
        ctx.save_for_backward(input, beta, sig)
        return input * sig

    @staticmethod
    def backward(ctx, grad_output):
        input, beta, sig = ctx.saved_tensors
        slope = sig * (1 - sig)
        grad_input = grad_output * (sig + beta * input * slope)
        grad_beta = np.sum(grad_output * input ** 2 * slope)
        return grad_input, grad_beta


class GaussianKL:
    """KL(N(mu, e^logvar) || N(0, prior_var)), averaged over the rows."""

    @staticmethod
    def forward(ctx, mu, logvar, prior_var):
        ctx.save_for_backward(mu, logvar, prior_var)
        inner = (np.exp(logvar) + mu ** 2) / prior_var - 1 - logvar + np.log(prior_var)
        return 0.5 * inner.sum() / len(mu)

    @staticmethod
    def backward(ctx, grad_output):
        mu, logvar, prior_var = ctx.saved_tensors
        scale = grad_output / len(mu)
        grad_mu = scale * mu / prior_var
        grad_logvar = 0.5 * scale * (np.exp(logvar) / prior_var - 1)
        return grad_mu, grad_logvar


def encoder_loss(x, params, prior_var):
    c1, c2, c3, c4 = Context(), Context(), Context(), Context()
    h = Linear.forward(c1, x, params["w1"], params["b1"])
    a = Swish.forward(c2, h, params["beta"])
    stats = Linear.forward(c3, a, params["w2"], params["b2"])
    latent = stats.shape[1] // 2
    loss = GaussianKL.forward(c4, stats[:, :latent], stats[:, latent:], prior_var)

    # undo the calls, last one first
    grad_mu, grad_logvar = GaussianKL.backward(c4, 1.0)
    grad_stats = np.concatenate([grad_mu, grad_logvar], axis=1)
    grads = {}
    grad_a, grads["w2"], grads["b2"] = Linear.backward(c3, grad_stats)
    grad_h, grads["beta"] = Swish.backward(c2, grad_a)
    grad_x, grads["w1"], grads["b1"] = Linear.backward(c1, grad_h)
    return loss, grads, grad_x
