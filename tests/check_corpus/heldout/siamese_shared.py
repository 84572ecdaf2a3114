import numpy as np


class Siamese:
    """Two branches share one embedding; the absolute difference decides by a logistic unit."""

    def __init__(self, E, c, v, b):
        self.E, self.c, self.v, self.b = E, c, v, b

    def zero_grad(self):
        self.gE = np.zeros_like(self.E)
        self.gc = np.zeros_like(self.c)
        self.gv = np.zeros_like(self.v)
        self.gb = 0.0

    def embed(self, x):
        return np.tanh(x @ self.E + self.c)

    def embed_backward(self, x, h, gh):
        gpre = gh * (1 - h * h)
        self.gE += x.T @ gpre
        self.gc += gpre.sum(axis=0)

    def run(self, left, right, label):
        self.zero_grad()
        hl, hr = self.embed(left), self.embed(right)
        gap = hl - hr
        dist = np.abs(gap)
        logit = dist @ self.v + self.b
        loss = np.mean(np.logaddexp(0, logit) - label * logit)

        glogit = (1 / (1 + np.exp(-logit)) - label) / len(label)
        self.gb += glogit.sum()
        self.gv += dist.T @ glogit
        ggap = np.outer(glogit, self.v) * np.sign(gap)
        self.embed_backward(left, hl, ggap)
        self.embed_backward(right, hr, -ggap)
        return loss, (self.gE, self.gc, self.gv, self.gb)
