from dataclasses import dataclass, field

import numpy as np

Array = np.ndarray


@dataclass
class Affine:
    kernel: Array
    bias: Array
    grads: dict[str, Array] = field(default_factory=dict)
    _input: Array | None = None

    def forward(self, x: Array) -> Array:
        self._input = x
        return x @ self.kernel + self.bias

    def backward(self, dy: Array) -> Array:
        assert self._input is not None
        self.grads["kernel"] = self._input.T @ dy
        self.grads["bias"] = dy.sum(axis=0)
        return dy @ self.kernel.T


@dataclass
class Softplus:
    _input: Array | None = None

    def forward(self, x: Array) -> Array:
        self._input = x
        return np.logaddexp(0.0, x)

    def backward(self, dy: Array) -> Array:
        return dy / (1.0 + np.exp(-self._input))


@dataclass(frozen=True)
class FocalLoss:
    """Cross-entropy that makes little of easy examples (binary, from logits)."""

    gamma: float = 2.0
    alpha: float = 0.25

    def __call__(self, logits: Array, labels: Array) -> tuple[float, Array]:
        p: Array = 1.0 / (1.0 + np.exp(-logits))
        pt: Array = np.where(labels == 1, p, 1.0 - p)
        weight: Array = np.where(labels == 1, self.alpha, 1.0 - self.alpha)
        log_pt = np.log(pt)
        losses = -weight * (1.0 - pt) ** self.gamma * log_pt
        value = losses.sum() / logits.shape[0]

        focus = self.gamma * (1.0 - pt) ** (self.gamma - 1.0) * log_pt
        d_pt = weight * (focus - (1.0 - pt) ** self.gamma / pt)
        direction = np.where(labels == 1, 1.0, -1.0)
        d_logits = d_pt * direction * p * (1.0 - p) / logits.shape[0]
        return value, d_logits


@dataclass
class Detector:
    layers: list
    criterion: FocalLoss

    @classmethod
    def build(cls, k1: Array, b1: Array, k2: Array, b2: Array, gamma: float) -> "Detector":
        return cls([Affine(k1, b1), Softplus(), Affine(k2, b2)], FocalLoss(gamma))

    def loss_and_grads(self, x: Array, labels: Array) -> tuple[float, list[dict[str, Array]]]:
        out = x
        for layer in self.layers:
            out = layer.forward(out)
        loss, dout = self.criterion(out, labels)
        for layer in self.layers[::-1]:
            dout = layer.backward(dout)
        return loss, [layer.grads for layer in self.layers if isinstance(layer, Affine)]
