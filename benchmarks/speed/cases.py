"""What is trained: networks, batch sizes, losses, optimisers, as plain records."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

__all__ = ["CASES", "Case", "Data", "make_data", "weights"]

Layer = tuple[object, ...]


@dataclass(frozen=True)
class Case:
    """One training problem.

    Parameters
    ----------
    name : str
    layers : tuple of tuples
        ``("linear", n_in, n_out)``, ``("conv", c_in, c_out, k, padding)``, ``("relu",)``,
        ``("tanh",)``, ``("sigmoid",)``, ``("maxpool", 2)``, ``("flatten",)``, ``("dropout", p)``,
        ``("batchnorm", n)``.
    inputs : tuple of int
        Shape of one sample.
    loss : {"cross_entropy", "mse", "quadratic"}
        ``quadratic`` is ½ Σ (y − a)² averaged over the batch, ``mse`` averages over elements.
    batch, steps : int
        Samples per step, whole steps per epoch.
    rest : int
        Samples of one more step with a smaller batch, at the end of the epoch.
    optimizer : {"sgd", "momentum", "decay", "adam", "sgd+clip"}
    limit : float or None
        The step time over the FLOP limit that is asked for, data in order.
    shuffled_limit : float or None
        The same with rows gathered in random order.
    """

    name: str
    layers: tuple[Layer, ...]
    inputs: tuple[int, ...]
    loss: str
    batch: int
    steps: int
    optimizer: str = "sgd"
    dtype: str = "float32"
    rate: float = 0.05
    limit: float | None = None
    shuffled_limit: float | None = None
    group: str = "main"
    rest: int = 0

    @property
    def rounds(self) -> float:
        """Steps per epoch, the last one counted by its share of a batch."""
        return self.steps + self.rest / self.batch

    @property
    def samples(self) -> int:
        """Samples of one epoch."""
        return self.batch * self.steps + self.rest

    @property
    def flops(self) -> int:
        """Multiply-adds of one step, counted as two operations each.

        Forward, and backward in the weights, of every product; backward in its inputs for all but
        the first.
        """
        total, shape, first = 0, self.inputs, True
        for layer in self.layers:
            work, shape = _work(layer, shape)
            if work:
                total += work * (2 if first else 3)
                first = False
        return 2 * self.batch * total

    @property
    def outputs(self) -> int:
        """Width of the output layer."""
        return next(int(layer[2]) for layer in reversed(self.layers) if layer[0] == "linear")


def _work(layer: Layer, shape: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    """Multiply-adds of one sample in the forward pass, and the shape of its result."""
    match layer:
        case ("linear", int(n_in), int(n_out)):
            return n_in * n_out, (n_out,)
        case ("conv", int(c_in), int(c_out), int(k), int(padding)):
            height, width = (n + 2 * padding - k + 1 for n in shape[1:])
            return c_in * c_out * k * k * height * width, (c_out, height, width)
        case ("maxpool", int(size)):
            return 0, (shape[0], shape[1] // size, shape[2] // size)
        case ("flatten",):
            return 0, (int(np.prod(shape)),)
    return 0, shape


def mlp(
    *sizes: int, activation: str, last: bool = False, extra: Layer | None = None
) -> tuple[Layer, ...]:
    """Linear layers of these sizes with an activation between them (``last``: also at the end)."""
    layers: list[Layer] = []
    for i, (n_in, n_out) in enumerate(pairwise(sizes)):
        layers.append(("linear", n_in, n_out))
        if i < len(sizes) - 2 or last:
            if extra is not None and extra[0] == "batchnorm":
                layers.append(("batchnorm", n_out))
            layers.append((activation,))
            if extra is not None and extra[0] == "dropout" and i < len(sizes) - 2:
                layers.append(extra)
    return tuple(layers)


_RELU = {"activation": "relu"}
_MNIST = mlp(784, 128, 64, 10, **_RELU)
_NIELSEN = mlp(784, 30, 10, activation="sigmoid", last=True)

mnist = Case("mnist", _MNIST, (784,), "cross_entropy", 64, 60, limit=1.08, shuffled_limit=1.15)
nielsen = Case(
    "nielsen", _NIELSEN, (784,), "quadratic", 10, 200, rate=0.5, limit=1.35, shuffled_limit=1.5
)
pinn = Case(
    "pinn",
    mlp(2, 64, 64, 64, 1, activation="tanh"),
    (2,),
    "mse",
    256,
    40,
    limit=1.25,
    shuffled_limit=1.27,
)
wide = Case(
    "wide",
    mlp(784, 512, 512, 10, **_RELU),
    (784,),
    "cross_entropy",
    128,
    12,
    limit=1.05,
    shuffled_limit=1.07,
)
digits = Case(
    "digits",
    mlp(64, 32, 10, **_RELU),
    (64,),
    "cross_entropy",
    32,
    560,  # ten passes over 1797 digits; an epoch call costs some 8 µs, see "digits 1 pass"
    limit=1.35,
    shuffled_limit=1.45,
)
digits_once = replace(
    digits, name="digits 1 pass", steps=56, limit=None, shuffled_limit=None, group="shapes"
)
tiny = Case(
    "tiny", mlp(2, 3, 2, activation="sigmoid", last=True), (2,), "quadratic", 1, 2000, rate=0.5
)
small4 = Case(
    "small4", mlp(4, 32, 16, 4, activation="tanh"), (4,), "mse", 10_000, 1, "adam", rate=1e-3
)
lenet = Case(
    "lenet",
    (
        ("conv", 1, 6, 5, 0),
        ("relu",),
        ("maxpool", 2),
        ("conv", 6, 16, 5, 0),
        ("relu",),
        ("maxpool", 2),
        ("flatten",),
        ("linear", 256, 120),
        ("relu",),
        ("linear", 120, 84),
        ("relu",),
        ("linear", 84, 10),
    ),
    (1, 28, 28),
    "cross_entropy",
    128,
    8,
    "adam",
    rate=1e-3,
    limit=1.2,
    group="conv",
)
convnet = Case(
    "convnet",
    (
        ("conv", 3, 32, 3, 1),
        ("relu",),
        ("conv", 32, 32, 3, 1),
        ("relu",),
        ("maxpool", 2),
        ("conv", 32, 64, 3, 1),
        ("relu",),
        ("conv", 64, 64, 3, 1),
        ("relu",),
        ("maxpool", 2),
        ("flatten",),
        ("linear", 4096, 128),
        ("relu",),
        ("linear", 128, 10),
    ),
    (3, 32, 32),
    "cross_entropy",
    64,
    3,
    "adam",
    rate=1e-3,
    limit=1.15,
    group="conv",
)


def _variants() -> list[Case]:
    """Optimisers and layers on mnist and nielsen; other shapes; float64."""
    found = []
    for base in (mnist, nielsen):
        for optimizer in ("adam", "momentum", "decay", "sgd+clip"):
            found.append(
                replace(
                    base,
                    name=f"{base.name} {optimizer}",
                    optimizer=optimizer,
                    rate=1e-3 if optimizer == "adam" else base.rate,
                    limit=None,
                    shuffled_limit=None,
                    group="variants",
                )
            )
        sizes = [int(layer[1]) for layer in base.layers if layer[0] == "linear"] + [10]
        activation = "relu" if base is mnist else "sigmoid"
        for name, extra in (("dropout", ("dropout", 0.2)), ("batchnorm", ("batchnorm",))):
            layers = mlp(*sizes, activation=activation, last=base is nielsen, extra=extra)
            found.append(
                replace(
                    base,
                    name=f"{base.name} {name}",
                    layers=layers,
                    limit=None,
                    shuffled_limit=None,
                    group="variants",
                )
            )
    shapes = [
        ("784-100-10 B50", (784, 100, 10), "relu", 50, 40),
        ("13-50-50-1 B64", (13, 50, 50, 1), "tanh", 64, 80),
        ("30-77-33-10 B100", (30, 77, 33, 10), "relu", 100, 60),
        ("784-1024-1024-10 B256", (784, 1024, 1024, 10), "relu", 256, 3),
        ("784-128-10 B1", (784, 128, 10), "relu", 1, 200),
    ]
    for name, sizes, activation, batch, steps in shapes:
        loss = "mse" if sizes[-1] == 1 else "cross_entropy"
        layers = mlp(*sizes, activation=activation)
        found.append(Case(name, layers, sizes[:1], loss, batch, steps, group="shapes"))
    for base, rest in ((mnist, 32), (digits_once, 5)):  # 60 000 and 1797 rows leave these
        name = f"{base.name} + rest"
        limits = {"limit": None, "shuffled_limit": None}
        found.append(replace(base, name=name, rest=rest, group="shapes", **limits))
    found.append(
        replace(
            mnist,
            name="mnist float64",
            dtype="float64",
            limit=1.15,
            shuffled_limit=None,
            group="float64",
        )
    )
    found.append(
        replace(
            pinn,
            name="pinn float64",
            dtype="float64",
            limit=1.4,
            shuffled_limit=None,
            group="float64",
        )
    )
    return found


CASES: dict[str, Case] = {
    case.name: case
    for case in (
        wide,
        mnist,
        pinn,
        nielsen,
        digits,
        digits_once,
        replace(tiny, group="main"),
        replace(small4, group="main"),
        lenet,
        convnet,
        *_variants(),
    )
}


@dataclass
class Data:
    """Inputs, targets (class numbers, or rows of numbers) and an order for the shuffled epoch."""

    x: np.ndarray
    y: np.ndarray
    order: np.ndarray


def make_data(case: Case, seed: int = 0) -> Data:
    """Random data of a case's shapes; the targets are learnable but that does not matter here."""
    rng = np.random.default_rng(seed)
    n = case.samples
    x = rng.random((n, *case.inputs)).astype(case.dtype)
    if case.loss == "cross_entropy":
        y = rng.integers(0, case.outputs, n)
    elif case.loss == "quadratic":
        y = np.eye(case.outputs, dtype=case.dtype)[rng.integers(0, case.outputs, n)]
    else:
        y = rng.normal(size=(n, case.outputs)).astype(case.dtype)
    return Data(x, y, rng.permutation(n))


def weights(case: Case, seed: int = 1) -> list[tuple[np.ndarray, np.ndarray]]:
    """The same initial parameters for every peer: weights as (out, in, …), biases.

    For a batch normalisation: scale and shift.
    """
    rng = np.random.default_rng(seed)
    found = []
    for layer in case.layers:
        if layer[0] == "linear":
            n_in, n_out = int(layer[1]), int(layer[2])
            w = rng.normal(size=(n_out, n_in)) / np.sqrt(n_in)
        elif layer[0] == "conv":
            c_in, c_out, k = int(layer[1]), int(layer[2]), int(layer[3])
            n_out = c_out
            w = rng.normal(size=(c_out, c_in, k, k)) / np.sqrt(c_in * k * k)
        elif layer[0] == "batchnorm":
            n_out = int(layer[1])
            w = np.ones(n_out)
        else:
            continue
        found.append((w.astype(case.dtype), np.zeros(n_out, case.dtype)))
    return found
