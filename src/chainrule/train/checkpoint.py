"""The complete state of a training run, in one file.

Model, optimiser, schedule, callbacks, history, random state, epoch, step within the epoch and the
sums of the epoch so far. The order of the data needs no saving: seed and epoch determine it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.errors import CheckpointError
from chainrule.ops.random import Generator, default_generator
from chainrule.train.files import read_file, write_file

if TYPE_CHECKING:
    from chainrule.train.trainer import Trainer

__all__ = ["read_checkpoint", "restore", "save_checkpoint", "snapshot"]

KIND = "checkpoint"


def _generators(trainer: Trainer) -> list[Generator]:
    """The default generator, and those that layers have of their own."""
    found = [default_generator]
    for module in trainer.model.modules():
        own = getattr(module, "generator", None)
        if isinstance(own, Generator) and own not in found:
            found.append(own)
    return found


def snapshot(trainer: Trainer) -> dict[str, Any]:
    """The state of a run as a tree."""
    scheduler = trainer.scheduler
    return {
        "run": trainer.description(),
        "model": trainer.model.state_dict(),
        "training": {name: module.training for name, module in trainer.model.named_modules()},
        "optimizer": trainer.optimizer.state_dict(),
        "scheduler": None if scheduler is None else scheduler_state(scheduler),
        "callbacks": [
            {"class": type(callback).__name__, "state": callback.state_dict()}
            for callback in trainer.callbacks
        ],
        "random": [list(generator.get_state()) for generator in _generators(trainer)],
        "history": trainer.history.rows,
        "stopped": trainer.history.stopped,
        "epoch": trainer.epoch,
        "row": trainer.row,
        "totals": trainer.totals.state(),
    }


def scheduler_state(scheduler: Any) -> dict[str, Any]:
    """State of a schedule, without what is not numbers (functions, nested schedules)."""
    state: dict[str, Any] = scheduler.state_dict()
    return state


def save_checkpoint(trainer: Trainer, path: Any) -> None:
    """Write the state of a run; see ``files.py`` for what can and cannot happen to the file."""
    write_file(path, snapshot(trainer), KIND)


def read_checkpoint(path: Any) -> dict[str, Any]:
    """The tree that :func:`save_checkpoint` wrote."""
    state: dict[str, Any] = read_file(path, KIND)
    return state


def restore(trainer: Trainer, state: dict[str, Any], path: Any) -> None:
    """Put a run into a saved state.

    Raises
    ------
    CheckpointError
        If the run was made with other data, settings or callbacks. The trainer is unchanged then.
    """
    saved, own = state["run"], trainer.description()
    differing = [
        f"{name}: saved {saved.get(name)!r}, now {value!r}"
        for name, value in own.items()
        if saved.get(name) != value
    ]
    names = [entry["class"] for entry in state["callbacks"]]
    present = [type(callback).__name__ for callback in trainer.callbacks]
    if names != present:
        differing.append(f"callbacks: saved {names}, now {present}")
    if (state["scheduler"] is None) != (trainer.scheduler is None):
        differing.append("schedule: one run has one, the other has none")
    if differing:
        raise CheckpointError(
            f"{path} belongs to a run with other settings, so resuming would not continue it:\n  "
            + "\n  ".join(differing)
        )
    trainer.model.load_state_dict(state["model"])
    trainer.optimizer.load_state_dict(state["optimizer"])
    if trainer.scheduler is not None:
        trainer.scheduler.load_state_dict(state["scheduler"])
    for callback, entry in zip(trainer.callbacks, state["callbacks"]):
        callback.load_state_dict(entry["state"])
    for generator, saved_state in zip(_generators(trainer), state["random"]):
        generator.set_state(tuple(saved_state))
    modules = dict(trainer.model.named_modules())
    for name, flag in state["training"].items():
        object.__setattr__(modules[name], "training", flag)
    trainer.resume_from(state)
