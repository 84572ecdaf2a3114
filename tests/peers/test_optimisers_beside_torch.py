"""Optimisers and schedules step by step beside PyTorch's (SPEC C5, D7)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr

torch = pytest.importorskip("torch")

OPTIMISERS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.1, "momentum": 0.8, "dampening": 0.3}),
    ("SGD", {"lr": 0.1, "maximize": True}),
    ("Adam", {"lr": 0.05}),
    ("Adam", {"lr": 0.05, "weight_decay": 0.1, "betas": (0.8, 0.95)}),
    ("Adam", {"lr": 0.05, "amsgrad": True}),
    ("AdamW", {"lr": 0.05}),
    ("AdamW", {"lr": 0.05, "weight_decay": 0.3, "eps": 1e-3}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.5, "centered": True, "weight_decay": 0.1}),
    ("Adagrad", {"lr": 0.1}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.5}),
    ("Adadelta", {}),
    ("Adamax", {"lr": 0.1, "weight_decay": 0.05}),
    ("NAdam", {"lr": 0.05}),
    ("NAdam", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True}),
]


def _cost(w: Any, b: Any, x: Any, y: Any) -> Any:
    return ((x @ w + b - y) ** 2).mean() + (w**4).sum() * 0.1


def _problem(dtype: Any) -> tuple[Any, ...]:
    rng = np.random.default_rng(0)
    shapes = ((3, 2), (2,), (5, 3), (5, 2))
    return tuple(rng.normal(size=shape).astype(dtype) for shape in shapes)


@pytest.mark.parametrize(("name", "options"), OPTIMISERS, ids=lambda v: str(v))
@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_trajectory_equals_torch(name: str, options: dict[str, Any], dtype: str) -> None:
    """SPEC C5: 50 steps stay together to rounding."""
    w, b, x, y = _problem(dtype)
    ours = [cr.tensor(w, requires_grad=True), cr.tensor(b, requires_grad=True)]
    theirs = [torch.tensor(w, requires_grad=True), torch.tensor(b, requires_grad=True)]
    optimiser = getattr(cr.optim, name)(ours, **options)
    peer = getattr(torch.optim, name)(theirs, foreach=False, **options)
    for _ in range(50):
        optimiser.zero_grad()
        _cost(*ours, cr.tensor(x), cr.tensor(y)).backward()
        optimiser.step()
        peer.zero_grad()
        _cost(*theirs, torch.tensor(x), torch.tensor(y)).backward()
        peer.step()
        if options.get("maximize") and not np.isfinite(theirs[0].detach().numpy()).all():
            break
        for mine, their in zip(ours, theirs):
            np.testing.assert_allclose(
                mine.detach().numpy(), their.detach().numpy(), **_tolerance(dtype, name)
            )
            assert mine.dtype == np.dtype(dtype)
            if options.get("maximize"):
                return


def _tolerance(dtype: str, name: str) -> dict[str, float]:
    if dtype == "f8" and name == "NAdam":  # PyTorch keeps the product of the momenta in float32
        return {"rtol": 1e-6, "atol": 1e-8}
    # float32 differs in the order of operations; fifty steps amplify that a little
    return {"rtol": 1e-11, "atol": 1e-13} if dtype == "f8" else {"rtol": 2e-4, "atol": 2e-5}


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
@pytest.mark.parametrize("history", [100, 3])
def test_lbfgs_trajectory_equals_torch(search: str | None, history: int) -> None:
    """SPEC C5: the same evaluations, the same points."""
    start = np.array([-1.2, 1.0, -0.5, 0.8])

    def rosenbrock(v: Any) -> Any:
        return ((1 - v[:-1]) ** 2).sum() + (10 * (v[1:] - v[:-1] ** 2) ** 2).sum()

    mine = cr.tensor(start, requires_grad=True)
    their = torch.tensor(start, requires_grad=True)
    options = {"lr": 0.02 if search is None else 1.0, "max_iter": 7, "history_size": history}
    ours = cr.optim.LBFGS([mine], line_search_fn=search, **options)
    peer = torch.optim.LBFGS([their], line_search_fn=search, **options)
    counts = [0, 0]

    def our_closure() -> Any:
        counts[0] += 1
        ours.zero_grad()
        loss = rosenbrock(mine)
        loss.backward()
        return loss

    def peer_closure() -> Any:
        counts[1] += 1
        peer.zero_grad()
        loss = rosenbrock(their)
        loss.backward()
        return loss

    for _ in range(4):
        ours.step(our_closure)
        peer.step(peer_closure)
        np.testing.assert_allclose(
            mine.detach().numpy(), their.detach().numpy(), rtol=1e-6, atol=1e-8
        )
        assert counts[0] == counts[1]


SCHEDULES: list[tuple[str, dict[str, Any]]] = [
    ("StepLR", {"step_size": 3, "gamma": 0.5}),
    ("MultiStepLR", {"milestones": [2, 5, 5, 9], "gamma": 0.5}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("ConstantLR", {"factor": 0.25, "total_iters": 4}),
    ("LinearLR", {"start_factor": 0.1, "total_iters": 6}),
    ("PolynomialLR", {"total_iters": 8, "power": 2.0}),
    ("CosineAnnealingLR", {"T_max": 10, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 2, "eta_min": 0.01}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 20}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 20, "three_phase": True}),
    ("OneCycleLR", {"max_lr": 0.5, "epochs": 4, "steps_per_epoch": 5, "anneal_strategy": "linear"}),
    ("LambdaLR", {"lr_lambda": lambda epoch: 1.0 / (epoch + 1)}),
]


def _optimisers(name: str = "SGD", **options: Any) -> tuple[Any, Any]:
    ours = getattr(cr.optim, name)([cr.tensor([1.0], requires_grad=True)], lr=0.3, **options)
    peer = getattr(torch.optim, name)([torch.tensor([1.0], requires_grad=True)], lr=0.3, **options)
    return ours, peer


@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*")
@pytest.mark.parametrize(("name", "options"), SCHEDULES, ids=lambda v: str(v).split("<")[0][:50])
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_schedule_equals_torch(name: str, options: dict[str, Any], kind: str) -> None:
    """SPEC C5: the learning rate (and cycled momentum) of every epoch."""
    ours, peer = _optimisers(kind, **({"momentum": 0.9} if kind == "SGD" else {}))
    mine = getattr(cr.optim.lr_scheduler, name)(ours, **options)
    their = getattr(torch.optim.lr_scheduler, name)(peer, **options)
    for _ in range(19):
        assert mine.get_last_lr() == pytest.approx(their.get_last_lr(), rel=1e-12, abs=1e-15)
        key = "momentum" if kind == "SGD" else "betas"
        assert ours.param_groups[0][key] == pytest.approx(peer.param_groups[0][key], rel=1e-12)
        mine.step()
        their.step()


@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*")
def test_sequence_of_warm_up_and_decay_equals_torch() -> None:
    ours, peer = _optimisers()
    made = []
    for schedules, optimiser in ((cr.optim.lr_scheduler, ours), (torch.optim.lr_scheduler, peer)):
        warm = schedules.LinearLR(optimiser, start_factor=0.1, total_iters=4)
        decay = schedules.CosineAnnealingLR(optimiser, T_max=10)
        made.append(schedules.SequentialLR(optimiser, [warm, decay], milestones=[4]))
    for _ in range(12):
        assert made[0].get_last_lr() == pytest.approx(made[1].get_last_lr(), rel=1e-12)
        for schedule in made:
            schedule.step()


@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*")
def test_two_schedules_combine_as_in_torch() -> None:
    ours, peer = _optimisers()
    pairs = []
    for schedules, optimiser in ((cr.optim.lr_scheduler, ours), (torch.optim.lr_scheduler, peer)):
        first = schedules.ExponentialLR(optimiser, gamma=0.9)
        second = schedules.StepLR(optimiser, step_size=3, gamma=0.5)
        pairs.append((first, second))
    for _ in range(10):
        mine, their = ours.param_groups[0]["lr"], peer.param_groups[0]["lr"]
        assert mine == pytest.approx(their, rel=1e-12)
        for pair in pairs:
            pair[0].step()
            pair[1].step()


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
def test_plateau_equals_torch(mode: str, threshold_mode: str) -> None:
    ours, peer = _optimisers()
    options = {
        "mode": mode,
        "threshold_mode": threshold_mode,
        "patience": 2,
        "cooldown": 1,
        "factor": 0.5,
        "threshold": 0.05,
        "min_lr": 0.02,
    }
    mine = cr.optim.lr_scheduler.ReduceLROnPlateau(ours, **options)
    their = torch.optim.lr_scheduler.ReduceLROnPlateau(peer, **options)
    for value in np.random.default_rng(3).normal(1.0, 0.1, size=40):
        mine.step(value)
        their.step(value)
        assert ours.param_groups[0]["lr"] == pytest.approx(peer.param_groups[0]["lr"], rel=1e-12)
