"""Optimisers and schedules: stored reference values, groups, saving, staging (SPEC C5)."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, CheckpointError
from chainrule.optim import lr_scheduler

# ten steps from (0.5, -1, 2) on Σ w⁴/4 + c·w with c = (1, -2, 0.5); values of PyTorch 2.13
REFERENCE: list[tuple[str, dict[str, Any], list[float]]] = [
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
     [-0.94701037651705, 1.2197484734391, -0.568533631704561]),
    ("SGD", {"lr": 0.1, "momentum": 0.8, "dampening": 0.3},
     [-1.31664759709457, 1.08710945850785, -0.64161757843042]),
    ("Adam", {"lr": 0.05, "weight_decay": 0.1},
     [0.00363270122896243, -0.507665838100398, 1.51555459448692]),
    ("Adam", {"lr": 0.05, "amsgrad": True},
     [0.00285946740925803, -0.507528351218772, 1.5158786599402]),
    ("AdamW", {"lr": 0.05}, [0.00148737689075238, -0.503708259976342, 1.50738959509037]),
    ("RMSprop", {"momentum": 0.5, "centered": True},
     [-0.434284932636245, -0.125099259115367, 1.24903725568772]),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1},
     [0.11982292159542, -0.631964851133609, 1.64884004314302]),
    ("Adadelta", {}, [0.466470083695547, -0.966588817999377, 1.9667347771372]),
    ("Adamax", {"lr": 0.1}, [-0.434979450587808, -0.148845098167242, 1.25730877917768]),
]  # fmt: skip
C = np.array([1.0, -2.0, 0.5])


def _step(w: Any, optimiser: Any) -> None:
    optimiser.zero_grad()
    ((w**4).sum() / 4 + (w * C).sum()).backward()
    optimiser.step()


@pytest.mark.parametrize(("name", "options", "expected"), REFERENCE, ids=lambda v: str(v)[:40])
def test_ten_steps_reach_the_reference(
    name: str, options: dict[str, Any], expected: list[float]
) -> None:
    w = cr.tensor([0.5, -1.0, 2.0], requires_grad=True)
    optimiser = getattr(cr.optim, name)([w], **options)
    for _ in range(10):
        _step(w, optimiser)
    np.testing.assert_allclose(w.detach().numpy(), expected, rtol=1e-12)


def test_lbfgs_reaches_the_reference() -> None:
    w = cr.tensor([-1.2, 1.0], requires_grad=True)
    optimiser = cr.optim.LBFGS([w], line_search_fn="strong_wolfe", max_iter=8)

    def closure() -> Any:
        optimiser.zero_grad()
        loss = (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2
        loss.backward()
        return loss

    optimiser.step(closure)
    np.testing.assert_allclose(
        w.detach().numpy(), [-0.8802131649658734, 0.7274772060719978], rtol=1e-9
    )


ALL = [*REFERENCE, ("NAdam", {"lr": 0.05}, [])]


@pytest.mark.parametrize(("name", "options", "_"), ALL, ids=lambda v: str(v)[:40])
def test_a_loaded_state_continues_with_the_same_bits(
    name: str, options: dict[str, Any], _: Any
) -> None:
    whole = cr.tensor([0.5, -1.0, 2.0], requires_grad=True)
    optimiser = getattr(cr.optim, name)([whole], **options)
    for _step_number in range(4):
        _step(whole, optimiser)
    saved, values = copy.deepcopy(optimiser.state_dict()), whole.detach().numpy().copy()
    for _step_number in range(4):
        _step(whole, optimiser)
    other = cr.tensor(values, requires_grad=True)
    resumed = getattr(cr.optim, name)([other])
    resumed.load_state_dict(saved)
    for _step_number in range(4):
        _step(other, resumed)
    assert other.detach().numpy().tobytes() == whole.detach().numpy().tobytes()


@pytest.mark.parametrize(("name", "options", "_"), ALL, ids=lambda v: str(v)[:40])
def test_a_compiled_step_equals_the_eager_one(name: str, options: dict[str, Any], _: Any) -> None:
    """The whole step is staged: gradients, slots, counters; the rate is read at every call."""
    results = []
    for compiled in (False, True):
        w = cr.tensor([0.5, -1.0, 2.0], requires_grad=True)
        optimiser = getattr(cr.optim, name)([w], **options)

        def step(c: Any, w: Any = w, optimiser: Any = optimiser) -> Any:
            optimiser.zero_grad()
            loss = (w**4).sum() / 4 + (w * c).sum()
            loss.backward()
            optimiser.step()
            return loss

        run = cr.compile(step) if compiled else step
        for index in range(6):
            if index == 3:
                optimiser.param_groups[0]["lr"] *= 0.5
            run(cr.tensor(C))
        results.append(w.detach().numpy())
    np.testing.assert_allclose(results[1], results[0], rtol=1e-12)


def test_dtype_stays() -> None:
    for name, options, _ in ALL:
        w = cr.tensor(np.ones(3, "f4"), requires_grad=True)
        optimiser = getattr(cr.optim, name)([w], **options)
        for _number in range(2):
            (w * w).sum().backward()
            optimiser.step()
        assert w.dtype == np.float32, name
        slots = optimiser.state.get(w, {})
        assert all(s.dtype == np.float32 for s in slots.values() if s.ndim), name


def test_a_step_replaces_values_and_leaves_the_graph_right() -> None:
    """What was recorded before the step still has the old values."""
    w = cr.tensor([2.0], requires_grad=True)
    cost = (w * w).sum()
    before = w._value
    cost.backward()
    cr.optim.SGD([w], lr=0.5).step()
    assert before.tolist() == [2.0]
    assert w.detach().tolist() == [0.0]
    again = cr.grad(lambda v: (v * v).sum())(np.array([2.0]))
    assert again.tolist() == [4.0]


def test_groups_have_their_own_options() -> None:
    a, b = (cr.tensor([1.0], requires_grad=True) for _ in range(2))
    optimiser = cr.optim.SGD([{"params": [a]}, {"params": [b], "lr": 0.0}], lr=0.5)
    (a + b).sum().backward()
    optimiser.step()
    assert a.detach().tolist() == [0.5]
    assert b.detach().tolist() == [1.0]
    assert "group 1: 1 tensors, 1 numbers; lr=0.0" in repr(optimiser)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda w: cr.optim.SGD([], lr=0.1), "got no parameters"),
        (lambda w: cr.optim.SGD(w, lr=0.1), r"write \[tensor\]"),
        (lambda w: cr.optim.SGD([w], lr=-1.0), "lr must be at least 0"),
        (lambda w: cr.optim.SGD([w], lr=0.1, nesterov=True), "needs momentum"),
        (lambda w: cr.optim.SGD([w, w], lr=0.1), "occurs twice"),
        (lambda w: cr.optim.SGD([w * 2], lr=0.1), "leaf tensors"),
        (lambda w: cr.optim.Adam([w], betas=(0.9, 1.0)), r"betas\[1\] must be"),
        (lambda w: cr.optim.Adam([{"params": [w], "rl": 1}]), "no option 'rl'"),
        (lambda w: cr.optim.LBFGS([w]).step(), "needs a closure"),
        (lambda w: cr.optim.LBFGS([w], line_search_fn="armijo"), "'strong_wolfe'"),
        (
            lambda w: lr_scheduler.OneCycleLR(cr.optim.SGD([w], lr=1.0), 1.0),
            "give total_steps",
        ),
    ],
)
def test_mistakes_are_explained(make: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        make(cr.tensor([1.0], requires_grad=True))


def test_a_state_that_does_not_fit_is_refused() -> None:
    w = cr.tensor([1.0], requires_grad=True)
    optimiser = cr.optim.Adam([w])
    (w * w).sum().backward()
    optimiser.step()
    saved = optimiser.state_dict()
    other = cr.optim.Adam([cr.tensor([1.0, 2.0], requires_grad=True)])
    with pytest.raises(CheckpointError, match="shape"):
        other.load_state_dict(saved)
    two = cr.optim.Adam([cr.tensor([1.0], requires_grad=True) for _ in range(2)])
    with pytest.raises(CheckpointError, match="groups of"):
        two.load_state_dict(saved)


def test_schedules_save_and_continue() -> None:
    def make() -> tuple[Any, Any]:
        optimiser = cr.optim.SGD([cr.tensor([1.0], requires_grad=True)], lr=0.1)
        return optimiser, lr_scheduler.CosineAnnealingLR(optimiser, T_max=10)

    first, schedule = make()
    for _ in range(4):
        schedule.step()
    second, resumed = make()
    second.load_state_dict(first.state_dict())
    resumed.load_state_dict(schedule.state_dict())
    for _ in range(4):
        schedule.step()
        resumed.step()
        assert second.param_groups[0]["lr"] == first.param_groups[0]["lr"]


def test_a_schedule_past_its_end_is_refused() -> None:
    optimiser = cr.optim.Adam([cr.tensor([1.0], requires_grad=True)])
    schedule = lr_scheduler.OneCycleLR(optimiser, max_lr=0.1, total_steps=3)
    for _ in range(3):  # one after each batch
        schedule.step()
    with pytest.raises(ArgumentError, match="made for 3 steps; this would be step 4"):
        schedule.step()


def test_clipping_reports_and_bounds() -> None:
    """SPEC C4."""
    w = cr.tensor([3.0, 4.0], requires_grad=True)
    (w * w).sum().backward()
    norm = cr.nn.utils.clip_grad_norm_([w], 1.0)
    assert float(norm) == pytest.approx(10.0)
    assert np.linalg.norm(w.grad.numpy()) == pytest.approx(1.0, rel=1e-6)
    assert float(cr.nn.utils.clip_grad_norm_([w], 5.0)) == pytest.approx(1.0, rel=1e-6)
    w.grad = np.array([np.nan, 1.0])
    with pytest.raises(cr.errors.GradientError, match="NaN or infinite"):
        cr.nn.utils.clip_grad_norm_([w], 1.0, error_if_nonfinite=True)


def test_the_norm_of_huge_gradients_does_not_overflow() -> None:
    w = cr.tensor(np.ones(4, "f4"), requires_grad=True)
    w.grad = np.full(4, 1e30, "f4")
    assert float(cr.nn.utils.clip_grad_norm_([w], 1.0)) == pytest.approx(2e30, rel=1e-5)
    np.testing.assert_allclose(w.grad.numpy(), 0.5, rtol=1e-5)
