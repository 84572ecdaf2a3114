import numpy as np


class Workspace:
    """Two layers trained in place: every array is allocated once, products go to out=."""

    def __init__(self, W0, b0, W1, b1, batch):
        self.W0, self.b0, self.W1, self.b1 = W0, b0, W1, b1
        hidden, outputs = W1.shape
        self.batch = batch
        self.pre = np.empty((batch, hidden), W0.dtype)
        self.act = np.empty((batch, hidden), W0.dtype)
        self.out = np.empty((batch, outputs), W0.dtype)
        self.err = np.empty((batch, outputs), W0.dtype)
        self.back = np.empty((batch, hidden), W0.dtype)
        self.slope = np.empty((batch, hidden), W0.dtype)
        self.gW0, self.gW1 = np.empty_like(W0), np.empty_like(W1)
        self.gb0, self.gb1 = np.empty_like(b0), np.empty_like(b1)

    def loss_and_gradients(self, x, target):
        np.dot(x, self.W0, out=self.pre)
        self.pre += self.b0
        np.tanh(self.pre, out=self.act)
        np.dot(self.act, self.W1, out=self.out)
        self.out += self.b1
        np.subtract(self.out, target, out=self.err)
        loss = 0.5 * np.sum(self.err ** 2) / self.batch

        # gradients, no temporaries
        self.err /= self.batch
        np.dot(self.act.T, self.err, out=self.gW1)
        np.sum(self.err, axis=0, out=self.gb1)
        np.dot(self.err, self.W1.T, out=self.back)
        np.multiply(self.act, self.act, out=self.slope)
        np.subtract(1.0, self.slope, out=self.slope)
        np.multiply(self.back, self.slope, out=self.back)
        np.dot(x.T, self.back, out=self.gW0)
        np.sum(self.back, axis=0, out=self.gb0)
        return loss, self.gW0, self.gb0, self.gW1, self.gb1
