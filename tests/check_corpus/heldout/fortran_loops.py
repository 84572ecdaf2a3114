import numpy as np


class ThreeLayerPerceptron:
    """Every unit in its own loop, as one writes it in C or Fortran. wij: input to hidden, wjk: hidden to output."""

    def __init__(self, wij, wjk, thj, thk):
        self.wij = wij
        self.wjk = wjk
        self.thj = thj
        self.thk = thk

    def error_and_gradients(self, x, t):
        ni, nj = self.wij.shape
        nk = self.wjk.shape[1]
        oj = np.zeros(nj)
        ok = np.zeros(nk)
        for j in range(nj):
            s = self.thj[j]
            for i in range(ni):
                s = s + x[i] * self.wij[i, j]
            oj[j] = 1.0 / (1.0 + np.exp(-s))
        e = 0.0
        for k in range(nk):
            s = self.thk[k]
            for j in range(nj):
                s = s + oj[j] * self.wjk[j, k]
            ok[k] = 1.0 / (1.0 + np.exp(-s))
            e = e + 0.5 * (ok[k] - t[k]) ** 2

        # errors of the output units, then of the hidden units
        dk = np.zeros(nk)
        dj = np.zeros(nj)
        gjk = np.zeros((nj, nk))
        gij = np.zeros((ni, nj))
        for k in range(nk):
            dk[k] = (ok[k] - t[k]) * ok[k] * (1.0 - ok[k])
        for j in range(nj):
            back = 0.0
            for k in range(nk):
                back = back + self.wjk[j, k] * dk[k]
                gjk[j, k] = oj[j] * dk[k]
            dj[j] = back * oj[j] * (1.0 - oj[j])
            for i in range(ni):
                gij[i, j] = x[i] * dj[j]
        return e, gij, gjk, dj, dk
