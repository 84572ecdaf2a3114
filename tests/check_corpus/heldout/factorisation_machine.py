import numpy as np


class FM:
    def __init__(self, bias: float, linear: np.ndarray, latent: np.ndarray, l2: float) -> None:
        self.bias, self.linear, self.latent, self.l2 = bias, linear, latent, l2

    def predict(self, X: np.ndarray) -> np.ndarray:
        sums = X @ self.latent
        squares = (X ** 2) @ (self.latent ** 2)
        return self.bias + X @ self.linear + 0.5 * (sums ** 2 - squares).sum(axis=1)

    def objective(self, X: np.ndarray, y: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
        margin = y * self.predict(X)
        loss = np.logaddexp(0, -margin).mean()
        loss += self.l2 * ((self.linear ** 2).sum() + (self.latent ** 2).sum())
        gradient = self._gradient(X, y, margin)
        return loss, gradient

    def _gradient(self, X: np.ndarray, y: np.ndarray, margin: np.ndarray) -> dict[str, np.ndarray]:
        outer = -y / (1 + np.exp(margin)) / len(y)
        sums = X @ self.latent
        pairwise = X.T @ (outer[:, None] * sums)
        own = ((X ** 2).T @ outer)[:, None] * self.latent
        return {
            'bias': outer.sum(),
            'linear': X.T @ outer + 2 * self.l2 * self.linear,
            'latent': pairwise - own + 2 * self.l2 * self.latent,
        }
