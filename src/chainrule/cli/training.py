"""A training run, step by step: prepare, find a rate, fit, score, save."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, cast

import numpy as np

import chainrule as cr
from chainrule import nn
from chainrule.cli.network import build_loss, build_network, build_optimizer, chosen_loss, sizes
from chainrule.cli.range_test import range_test
from chainrule.cli.run_directory import RunDirectory
from chainrule.cli.schedule import build_schedule
from chainrule.cli.scores import baseline, gradient_norms, scores
from chainrule.cli.settings import Settings
from chainrule.cli.source import open_data
from chainrule.cli.terminal import plain
from chainrule.data import Dataset, Part, Pipeline, Prepared, Table, Task, prepare
from chainrule.diagnose import TrainingWatch
from chainrule.errors import CheckpointError, MissingExtraError
from chainrule.train import EarlyStopping, History, JSONLWriter, Trainer, plot_history
from chainrule.train.files import write_bytes

__all__ = [
    "Outcome",
    "Plan",
    "begin_run",
    "find_rate",
    "load_run",
    "new_watch",
    "parameter_count",
    "plan_run",
    "save_run",
    "train_run",
    "with_rate",
]


@dataclass(frozen=True, eq=False)
class Plan:
    """What a run will do: the settings with every 'auto' resolved but the rate, and the data."""

    settings: Settings
    source: Table | Dataset
    data: Prepared

    @property
    def score(self) -> str:
        """The name of the metric shown: 'accuracy' or 'mae'."""
        return "accuracy" if self.data.pipeline.target.task == "classification" else "mae"

    @property
    def parts(self) -> dict[str, Part]:
        """The parts that have rows, by name."""
        every = {
            "training": self.data.train,
            "validation": self.data.validation,
            "test": self.data.test,
        }
        return {name: part for name, part in every.items() if len(part.targets)}


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came out of a run."""

    model: nn.Module
    history: History
    seconds: float
    best_epoch: int | None
    scores: dict[str, dict[str, float]]
    gradient_norms: dict[str, float]


def plan_run(settings: Settings) -> Plan:
    """Read the data, divide and code them, and settle what was left open."""
    task = None if settings.task == "auto" else cast(Task, settings.task)
    size = cast("tuple[int, int]", settings.image_size) if settings.image_size else None
    source = open_data(
        settings.data,
        target=settings.target,
        task=task,
        encoding=settings.encoding,
        image_size=size,
    )
    data = prepare(
        source,
        settings.target,
        task=task,
        validation=settings.validation,
        test=settings.test,
        seed=settings.seed,
        categories=settings.category,
        ignore=settings.ignore,
    )
    code = data.pipeline.target
    # The batch is no larger than the data: what is saved is what was done.
    batch = min(settings.batch_size, len(data.train.targets))
    settled = {"task": code.task, "loss": chosen_loss(settings, code), "batch_size": batch}
    return Plan(settings.changed(settled), source, data)


def with_rate(plan: Plan, rate: float) -> Plan:
    """Return the plan with a learning rate."""
    return replace(plan, settings=plan.settings.changed({"lr": rate}))


def parameter_count(plan: Plan) -> int:
    """Return how many parameters the planned network has."""
    return sum(p.size for p in build_network(plan.settings, plan.data.pipeline).parameters())


def find_rate(plan: Plan) -> float:
    """Return a learning rate by a range test on a network that is thrown away."""
    settings, train = plan.settings, plan.data.train
    model = build_network(settings, plan.data.pipeline)
    trainer = Trainer(
        model, build_loss(settings.loss), build_optimizer(settings, model, 1e-5),
        clip_norm=settings.clip_norm or None,
    )  # fmt: skip
    rng = np.random.default_rng(settings.seed)

    def step(rate: float) -> float:
        rows = np.sort(rng.choice(len(train.targets), settings.batch_size, replace=False))
        trainer.optimizer.param_groups[0]["lr"] = rate
        batch = cr.tensor(train.inputs[rows]), cr.tensor(train.targets[rows])
        return float(trainer.step(*batch)[0])

    # Rates far beyond the useful overflow on their way to where the test ends.
    with np.errstate(all="ignore"):
        return range_test(step).chosen


def train_run(
    plan: Plan,
    run: RunDirectory,
    *,
    progress: bool,
    resume: bool = False,
    watch: TrainingWatch | None = None,
) -> Outcome:
    """Train as planned, with a checkpoint every second, and score what came out.

    With ``watch`` the training's health is looked at after every epoch.
    """
    settings, data = plan.settings, plan.data
    model = build_network(settings, data.pipeline)
    loss = build_loss(settings.loss)
    optimizer = build_optimizer(settings, model, float(settings.lr))
    scheduled = build_schedule(settings, optimizer, len(data.train.targets))
    trainer = Trainer(
        model, loss, optimizer, metrics=[plan.score], seed=settings.seed,
        clip_norm=settings.clip_norm or None, scheduler=scheduled.scheduler,
        schedule=scheduled.every,
    )  # fmt: skip
    stopping = EarlyStopping("val_loss", settings.patience) if _stops_early(plan) else None
    callbacks = [JSONLWriter(run.history), *([stopping] if stopping else [])]
    callbacks += [watch] if watch is not None else []
    start = perf_counter()
    # A loss that is no longer finite ends training with an error that says what to do.
    with np.errstate(over="ignore", invalid="ignore"):
        history = trainer.fit(
            data.train,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            validation=data.validation if "validation" in plan.parts else None,
            callbacks=callbacks,
            progress=progress,
            checkpoint=run.checkpoint,
            checkpoint_seconds=1.0,
            resume=resume,
        )
    seconds = perf_counter() - start
    return Outcome(
        model,
        history,
        seconds,
        stopping.best_epoch if stopping else None,
        {
            name: scores(model, loss, part, data.pipeline.target)
            for name, part in plan.parts.items()
        },
        gradient_norms(model, loss, data.train),
    )


def new_watch(run: RunDirectory, say: Callable[[str], None]) -> TrainingWatch:
    """A watch that says what it finds, and writes words and a picture into the run's directory."""
    return TrainingWatch(run.path, say=say)


def _stops_early(plan: Plan) -> bool:
    return plan.settings.patience > 0 and "validation" in plan.parts


def record_of(plan: Plan, outcome: Outcome, run: RunDirectory) -> dict[str, Any]:
    """Return what came out, as the command prints it with --json."""
    settings, pipeline = plan.settings, plan.data.pipeline
    target = pipeline.target
    return {
        "data": settings.data,
        "task": target.task,
        "target": target.name,
        "rows": {name: len(part.targets) for name, part in plan.parts.items()},
        "remarks": list(plan.data.remarks),
        "network": {
            "sizes": sizes(settings, pipeline),
            "activation": settings.activation,
            "parameters": sum(p.size for p in outcome.model.parameters()),
        },
        "settings": settings.to_dict(),
        "epochs": len(outcome.history),
        "kept_epoch": outcome.best_epoch,
        "stopped": outcome.history.stopped,
        "seconds": outcome.seconds,
        "baseline": baseline(plan.data),
        "scores": outcome.scores,
        "gradient_norms": outcome.gradient_norms,
        "directory": str(run.path),
    }


def begin_run(plan: Plan, run: RunDirectory, *, resume: bool = False) -> None:
    """Save what is known before training: enough to resume a run that is killed.

    Raises
    ------
    CheckpointError
        A run is resumed with data that give other rules than those it began with.
    """
    if resume and Pipeline.load(run.rules).to_dict() != plan.data.pipeline.to_dict():
        raise CheckpointError(
            f"{plan.settings.data} is not the data that the run in {run.path} began with. Train "
            "anew with another --out."
        )
    plan.data.pipeline.save(run.rules)
    write_bytes(run.config, plan.settings.to_toml().encode())


def _draw(plan: Plan, outcome: Outcome, run: RunDirectory) -> bool:
    """Draw the learning curves; False where matplotlib is absent."""
    try:
        plot_history(
            outcome.history,
            run.picture,
            names=("loss", plan.score),
            title=title_of(plan),
            kept=outcome.best_epoch,
            gradients=outcome.gradient_norms,
        )
    except MissingExtraError:
        return False
    return True


def save_run(
    plan: Plan, outcome: Outcome, run: RunDirectory, watch: TrainingWatch | None = None
) -> dict[str, Any]:
    """Save what came out and return its record; ``picture`` in it says whether one was drawn."""
    cr.save(run.model, outcome.model)
    record = record_of(plan, outcome, run)
    if watch is not None:
        record["diagnosis"] = watch.diagnosis().to_dict()
    record["picture"] = _draw(plan, outcome, run)
    text = json.dumps(plain(record), indent=1, ensure_ascii=False)
    write_bytes(run.result, f"{text}\n".encode())
    return record


def title_of(plan: Plan) -> str:
    """Return the run in a line: data, network, optimiser."""
    widths = "–".join(map(str, sizes(plan.settings, plan.data.pipeline)))
    s = plan.settings
    return f"{s.data}: {widths} {s.activation}, {s.optimizer}, learning rate {s.lr:g}"


def load_run(run: RunDirectory) -> tuple[Settings, Pipeline, nn.Module]:
    """Return the settings, rules and network of a finished run.

    Raises
    ------
    CheckpointError
        The run never finished, or a file of it is damaged.
    """
    settings = Settings.read(run.config)
    pipeline = Pipeline.load(run.rules)
    if not run.model.exists():
        raise CheckpointError(
            f"{run.path} holds a run that has not finished; go on with it: "
            f"chainrule train --resume --out {run.path}"
        )
    return settings, pipeline, cr.load(run.model, build_network(settings, pipeline))
