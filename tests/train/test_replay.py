"""Replayed training steps give what the steps give, to the bit, and are used only where they may be."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.core.replay import Replay
from chainrule.core.trace import stage
from chainrule.sklearn import MLPClassifier, MLPRegressor
from chainrule.sklearn import base as estimators
from chainrule.train.replay import ReplayedStep, worth_replaying
from chainrule.train.step import TrainingStep

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(50, 4))
CLASSES = GENERATOR.integers(0, 3, 50)
WEIGHTS = GENERATOR.uniform(0.5, 2.0, 50)


def fitted(kind, y, replayed, monkeypatch, weight=None, **options):
    monkeypatch.setattr(estimators, "worth_replaying", lambda *_: replayed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = kind(
            hidden_layer_sizes=(6, 5), max_iter=5, batch_size=16, random_state=0, **options
        )
        return model.set_params(compiled=False).fit(X, y, weight)


@pytest.mark.parametrize(
    ("kind", "y", "options"),
    [
        (MLPClassifier, CLASSES, {}),
        (MLPClassifier, CLASSES % 2, {"activation": "tanh", "solver": "sgd"}),
        (MLPClassifier, CLASSES, {"activation": ["gelu", "logistic"], "alpha": 0.0}),
        (MLPClassifier, CLASSES, {"dropout": 0.3, "activation": "selu"}),
        (MLPClassifier, CLASSES, {"weight": WEIGHTS}),
        (MLPClassifier, CLASSES, {"solver": "lbfgs"}),
        (MLPRegressor, X[:, 0] * 2, {"activation": "elu"}),
        (MLPRegressor, X[:, 0] * 2, {"solver": "lbfgs", "weight": WEIGHTS}),
        (MLPRegressor, X[:, :2] ** 2, {"activation": "softplus", "solver": "sgd"}),
        (MLPRegressor, CLASSES, {"loss": "poisson", "weight": WEIGHTS}),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_estimators_fit_the_same_bits(monkeypatch, kind, y, options, dtype):
    monkeypatch.setattr(f"{__name__}.X", X.astype(dtype))
    one, other = (fitted(kind, y, on, monkeypatch, **options) for on in (True, False))
    assert one.loss_curve_ == other.loss_curve_
    for a, b in zip(one.coefs_ + one.intercepts_, other.coefs_ + other.intercepts_, strict=True):
        np.testing.assert_array_equal(a, b)


def network(seed=0):
    cr.manual_seed(seed)
    model = nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 3)
    )
    return TrainingStep(
        model, nn.CrossEntropyLoss(), cr.optim.AdamW(model.parameters()), clip_norm=0.5
    )


def operands():
    return cr.tensor(X.astype("f4")), cr.tensor(CLASSES)


def state(step):
    return {name: np.array(value.detach()) for name, value in step.model.state_dict().items()}


def test_running_statistics_random_numbers_and_clipping_are_those_of_the_step():
    plain, replayed = network(), network()
    replay = ReplayedStep(replayed)
    cr.manual_seed(5)
    expected = [[float(v) for v in plain(*operands())] for _ in range(4)]
    cr.manual_seed(5)
    found = [[float(v) for v in replay(*operands())] for _ in range(4)]
    assert found == expected
    assert expected[0] != expected[1]
    for name, value in state(plain).items():
        np.testing.assert_array_equal(state(replayed)[name], value, err_msg=name)


def test_a_module_switched_to_evaluation_is_not_replayed_as_in_training():
    plain, replayed = network(), network()
    replay = ReplayedStep(replayed)
    for step, run in ((plain, plain), (replayed, replay)):
        cr.manual_seed(5)
        run(*operands())
        step.model.eval()
        run(*operands())
    for name, value in state(plain).items():
        np.testing.assert_array_equal(state(replayed)[name], value, err_msg=name)


def test_another_number_of_rows_is_recorded_anew():
    plain, replayed = network(), network()
    replay = ReplayedStep(replayed)
    for run in (plain, replay):
        cr.manual_seed(5)
        for rows in (50, 20, 50):
            x, y = operands()
            run(x[:rows], y[:rows])
    for name, value in state(plain).items():
        np.testing.assert_array_equal(state(replayed)[name], value, err_msg=name)


def test_errors_are_those_of_the_step():
    replay = ReplayedStep(network())
    x, y = operands()
    replay(x, y)
    with pytest.raises(IndexError, match="class 3 is outside 0 … 2"):
        replay(x, cr.tensor(CLASSES + 1))


class Printing(nn.Module):
    """A module of the user's that does something besides computing."""

    def forward(self, x):
        return x


@pytest.mark.parametrize("part", [Printing(), nn.ReLU()])
def test_only_the_librarys_own_parts_are_replayed(part):
    model = nn.Sequential(nn.Linear(4, 3), part)
    step = TrainingStep(model, nn.CrossEntropyLoss(), cr.optim.SGD(model.parameters(), 0.1))
    assert worth_replaying(step, 1000) is (type(part) is nn.ReLU)
    assert not worth_replaying(step, 3)


# -- graphs -----------------------------------------------------------------------------


def replayed(function, *shapes):
    graph = stage(function, tuple(cr.Abstract(s) for s in shapes), {}, abstract=True)
    return Replay(graph)


def test_what_is_computed_twice_or_from_constants_is_computed_once():
    replay = replayed(lambda x: (cr.exp(x) * 2.0, cr.exp(x) * 2.0, cr.exp(cr.tensor(1.0))), (3,))
    assert len(replay._calls) == 2
    one, same, constant = replay([np.arange(3.0)])
    np.testing.assert_array_equal(one, np.exp(np.arange(3.0)) * 2.0)
    np.testing.assert_array_equal(same, one)
    assert constant == np.exp(1.0)


def test_numbers_that_look_alike_are_not_the_same():
    replay = replayed(lambda x: (x * 0.0, x * -0.0, x + 1, x + 1.0, x + True), (2,))
    assert len(replay._calls) == 5


def test_results_share_no_memory():
    replay = replayed(lambda x: (x, cr.exp(x), cr.exp(x), cr.ones(3)), (3,))
    given = np.arange(3.0)
    first, second = replay([given]), replay([given])
    arrays = [given, *first, *second]
    for i, a in enumerate(arrays):
        assert not any(np.shares_memory(a, b) for b in arrays[:i])


def test_state_is_read_when_it_runs_and_written_afterwards():
    p = cr.tensor(np.ones(2), requires_grad=True)

    def step(x):
        p.grad = None
        (p * x).sum().backward()
        old = p.detach()
        p.assign(old - p.grad)
        return old

    replay = replayed(step, (2,))
    x = np.array([0.25, 0.5])
    np.testing.assert_array_equal(replay([x]), [1, 1])
    p.assign(cr.tensor(np.array([3.0, 4.0])))
    np.testing.assert_array_equal(replay([x]), [3, 4])
    np.testing.assert_array_equal(p.detach().numpy(), [2.75, 3.5])
    np.testing.assert_array_equal(p.grad.numpy(), x)
    assert p.requires_grad
    assert p.is_leaf
