"""Epochs as machine code: the same equations, the same results."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import StagingError
from chainrule.textbook import native, sgd


def data(n: int = 203) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    return rng.random((n, 12)), rng.integers(0, 4, n)


def trained(compiled: bool, **options: object) -> cr.Network:
    net = cr.Network([12, 9, 4], layout="row", seed=3, **options)
    net.SGD(data(), 3, 10, 0.3, lmbda=0.1, seed=1, compiled=compiled)
    return net


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"cost": "cross_entropy"},
        {"cost": "softmax_cross_entropy"},
        {"activations": "tanh"},
        {"activations": ["relu", "sigmoid"]},
        {"activations": [["relu", "tanh", "sigmoid"] * 3, "sigmoid"]},
        {"dtype": np.float32},
    ],
    ids=str,
)
def test_compiled_epochs_equal_numpys(options: dict[str, object]) -> None:
    """SPEC A9: 63 steps with weight decay and a smaller last mini-batch, in any cost and layer."""
    fast, slow = trained(True, **options), trained(False, **options)
    tolerance = 2e-5 if options.get("dtype") is np.float32 else 1e-12
    for a, b in zip([*fast.weights, *fast.biases], [*slow.weights, *slow.biases]):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance)


def test_compiled_epochs_move_the_parameters() -> None:
    start = cr.Network([12, 9, 4], layout="row", seed=3)
    assert np.abs(trained(True).weights[0] - start.weights[0]).max() > 1e-3


def test_few_steps_are_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    monkeypatch.setattr(native.NativeEpochs, "__init__", lambda self, *_: made.append(1))
    net = cr.Network([12, 9, 4], layout="row", seed=3)
    net.SGD(data(), 3, 10, 0.3, seed=1)
    assert not made
    monkeypatch.setattr(sgd, "COMPILING_PAYS_FROM", 1)
    with pytest.raises(AttributeError):  # the hollow object made above cannot run
        net.SGD(data(), 3, 10, 0.3, seed=1)
    assert made


def test_what_cannot_be_compiled_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sgd, "COMPILING_PAYS_FROM", 1)

    def f(z: np.ndarray) -> np.ndarray:
        return z if z.sum() > 0 else 0.5 * z

    def slope(z: np.ndarray) -> np.ndarray:
        return np.ones_like(z) if z.sum() > 0 else np.full_like(z, 0.5)

    def network() -> cr.Network:
        return cr.Network([12, 9, 4], activations=[(f, slope), "sigmoid"], layout="row", seed=3)

    with pytest.raises(StagingError, match=r"z\.sum\(\) > 0"):
        network().SGD(data(), 3, 10, 0.3, seed=1, compiled=True)
    left, right = network(), network()
    with pytest.warns(UserWarning, match=r"(?s)runs in NumPy.*z\.sum\(\) > 0"):
        left.SGD(data(), 3, 10, 0.3, seed=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        right.SGD(data(), 3, 10, 0.3, seed=1, compiled=False)
    assert np.array_equal(left.weights[0], right.weights[0])


def test_interruption_leaves_whole_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parameters after Ctrl-C are those after the number of mini-batches that is said."""

    class Pressed(sgd.Interruption):
        def __enter__(self) -> Pressed:
            self.requested = True
            return self

    net = cr.Network([12, 9, 4], layout="row", seed=3)
    monkeypatch.setattr(sgd, "Interruption", Pressed)
    history = net.SGD(data(), 2, 10, 0.3, seed=1, compiled=True)
    assert history.stopped is not None
    done = int(history.stopped.split("after mini-batch ")[1].split()[0])
    assert 0 < done < 21

    class After(sgd.Interruption):
        count = 0

        @property
        def requested(self) -> bool:
            After.count += 1
            return After.count >= done

        @requested.setter
        def requested(self, value: bool) -> None: ...

    monkeypatch.setattr(sgd, "Interruption", After)
    slow = cr.Network([12, 9, 4], layout="row", seed=3)
    slow.SGD(data(), 2, 10, 0.3, seed=1, compiled=False)
    np.testing.assert_allclose(net.weights[0], slow.weights[0], atol=1e-13)
