import numpy as np


class GRUClassifier:
    """A GRU reads a batch of sequences; the last hidden state is classified.

    The gates' weights are stored side by side: U_* act on the input, V_* on the state.
    """

    def __init__(self, U_z, U_r, U_h, V_z, V_r, V_h, b_z, b_r, b_h, W_out, b_out):
        self.U_z, self.U_r, self.U_h = U_z, U_r, U_h
        self.V_z, self.V_r, self.V_h = V_z, V_r, V_h
        self.b_z, self.b_r, self.b_h = b_z, b_r, b_h
        self.W_out, self.b_out = W_out, b_out

    @staticmethod
    def _sigm(x):
        return 0.5 * (1.0 + np.tanh(0.5 * x))

    def _step(self, x_t, h_prev):
        z = self._sigm(x_t @ self.U_z + h_prev @ self.V_z + self.b_z)
        r = self._sigm(x_t @ self.U_r + h_prev @ self.V_r + self.b_r)
        rh = r * h_prev
        c = np.tanh(x_t @ self.U_h + rh @ self.V_h + self.b_h)
        h = z * h_prev + (1.0 - z) * c
        return h, {'x': x_t, 'h_prev': h_prev, 'z': z, 'r': r, 'rh': rh, 'c': c}

    def forward(self, X):
        batch, steps, _ = X.shape
        h = np.zeros((batch, self.V_z.shape[0]))
        self.caches = []
        for t in range(steps):
            h, cache = self._step(X[:, t, :], h)
            self.caches.append(cache)
        self.h_last = h
        return h @ self.W_out + self.b_out

    def loss(self, X, y):
        """Cross-entropy of the integer classes y, and the gradients of all parameters."""
        logits = self.forward(X)
        batch = X.shape[0]
        top = logits.max(axis=1, keepdims=True)
        log_norm = top + np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
        log_probs = logits - log_norm
        loss = -log_probs[np.arange(batch), y].mean()

        # start of backpropagation
        d_logits = np.exp(log_probs)
        d_logits[np.arange(batch), y] -= 1.0
        d_logits /= batch

        grads = {name: np.zeros_like(value) for name, value in vars(self).items()
                 if name[:2] in ('U_', 'V_', 'b_', 'W_')}
        grads['W_out'] = self.h_last.T @ d_logits
        grads['b_out'] = d_logits.sum(axis=0)
        dh = d_logits @ self.W_out.T

        while self.caches:
            s = self.caches.pop()
            dz = dh * (s['h_prev'] - s['c'])
            dc = dh * (1.0 - s['z'])
            dh_prev = dh * s['z']

            dc_in = dc * (1.0 - s['c'] ** 2)
            drh = dc_in @ self.V_h.T
            dr = drh * s['h_prev']
            dh_prev = dh_prev + drh * s['r']

            dz_in = dz * s['z'] * (1.0 - s['z'])
            dr_in = dr * s['r'] * (1.0 - s['r'])
            dh_prev += dz_in @ self.V_z.T
            dh_prev += dr_in @ self.V_r.T

            for gate, d_in, state in (('z', dz_in, s['h_prev']), ('r', dr_in, s['h_prev']), ('h', dc_in, s['rh'])):
                grads['U_' + gate] += s['x'].T @ d_in
                grads['V_' + gate] += state.T @ d_in
                grads['b_' + gate] += d_in.sum(axis=0)
            dh = dh_prev
        return loss, grads
