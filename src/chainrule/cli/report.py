"""What `chainrule train` says: the data, the network, the scores, the files, what to try next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chainrule.cli.estimate import Estimate
from chainrule.cli.network import sizes
from chainrule.cli.run_directory import RunDirectory
from chainrule.cli.settings import Settings
from chainrule.cli.table_view import columns_view
from chainrule.cli.terminal import Terminal
from chainrule.cli.training import Outcome, Plan
from chainrule.data import Classes, Table
from chainrule.diagnose import TrainingWatch

__all__ = ["say_diagnosis", "say_estimate", "say_files", "say_outcome", "say_plan"]

LOSS_WORDS = {"cross_entropy": "cross-entropy", "mse": "mean squared error",
              "l1": "mean absolute error", "huber": "Huber loss"}  # fmt: skip
_BAR = 24


def say_plan(terminal: Terminal, plan: Plan) -> None:
    """Say what was read out of the data and how it is divided."""
    settings, source, code = plan.settings, plan.source, plan.data.pipeline.target
    if isinstance(source, Table):
        terminal.say(f"{source.name}: {len(source)} rows, {len(source.columns)} columns\n")
        terminal.say(columns_view(source, plan.data.pipeline, terminal.out.width))
        terminal.say("")
    else:
        shape = " × ".join(map(str, source.inputs.shape[1:]))
        terminal.say(f"{source.name}: {len(source)} samples of {shape} numbers")
    what = (
        f"classification into {code.outputs}: {_names(code.classes)}"
        if isinstance(code, Classes)
        else "regression"
    )
    _entry(terminal, "task", what)
    counts = " · ".join(f"{len(part.targets)} {name}" for name, part in plan.parts.items())
    _entry(terminal, "rows", f"{counts} (seed {settings.seed})")
    for remark in plan.data.remarks:
        _entry(terminal, "note", remark)


def say_network(terminal: Terminal, plan: Plan, parameters: int, rate_found: bool) -> None:
    """Say what is trained, and how."""
    s = plan.settings
    widths = " → ".join(map(str, sizes(s, plan.data.pipeline)))
    dropout = f", dropout {s.dropout:g}" if s.dropout else ""
    _entry(terminal, "network", f"{widths}, {s.activation}{dropout}; {parameters:,} parameters")
    rate = f"{s.lr:g}{' (found by a range test)' if rate_found else ''}"
    rate += "" if s.schedule == "constant" else f", schedule {s.schedule}"
    extra = f", weight decay {s.weight_decay:g}" if s.weight_decay else ""
    extra += f", gradient norm at most {s.clip_norm:g}" if s.clip_norm else ""
    _entry(terminal, "loss", LOSS_WORDS[s.loss])
    _entry(
        terminal,
        "optimiser",
        f"{s.optimizer}, learning rate {rate}, batches of {s.batch_size}{extra}",
    )


def say_outcome(
    terminal: Terminal, plan: Plan, outcome: Outcome, record: Mapping[str, Any]
) -> None:
    """Say how training went and how good the network is."""
    epochs = len(outcome.history)
    _entry(terminal, "trained", f"{epochs} epochs in {outcome.seconds:.1f} s")
    if outcome.best_epoch is not None and outcome.best_epoch < epochs:
        kept = f"weights of epoch {outcome.best_epoch}: least validation loss"
        why = (
            ""
            if epochs == plan.settings.epochs
            else f", {plan.settings.patience} more did not help"
        )
        _entry(terminal, "kept", kept + why)
    terminal.say("")
    names = list(next(iter(outcome.scores.values())))
    terminal.say("  " + f"{'':<12}" + "".join(f"{name:>12}" for name in names), style="bold")
    for part, found in outcome.scores.items():
        _scores(terminal, part, found, names, "bold" if part == "test" else None)
    _scores(terminal, "baseline", record["baseline"], names, "dim")
    said = "the commonest class" if plan.score == "accuracy" else "the mean"
    terminal.say(f"  baseline: always saying {said}", style="dim")
    terminal.say("\nGradient norms at the end, over the training rows", style="bold")
    largest = max(outcome.gradient_norms.values()) or 1.0
    for name, norm in outcome.gradient_norms.items():
        terminal.say(f"  {name:<12}{norm:>10.2e}  {'█' * max(1, round(_BAR * norm / largest))}")


def say_diagnosis(terminal: Terminal, watch: TrainingWatch) -> None:
    """Say how healthy the training was."""
    terminal.say("\nHealth of the training", style="bold")
    for line in watch.diagnosis().text(78).splitlines():
        terminal.say(f"  {line}" if line else "")


def say_files(terminal: Terminal, run: RunDirectory, settings: Settings, picture: bool) -> None:
    """Say where everything is and what to try next."""
    terminal.say(f"\nSaved in {run.path}", style="bold")
    files = {
        run.model: "the network; cr.load reads it",
        run.rules: "rules from data to inputs",
        run.config: "every setting; --config with it does the same run again",
        run.history: "figures of every epoch",
        run.result: "all of the above figures",
    }
    if picture:
        files[run.picture] = "learning curves"
    if run.diagnosis.exists():
        files[run.diagnosis] = "the training's health in words"
    if (drawn := run.diagnosis.with_suffix(".png")).exists():
        files[drawn] = "the same: gradients by layer, over training"
    for path, what in files.items():
        terminal.say(f"  {path.name:<22}{what}")
    if not picture:
        terminal.say("  no picture: pip install 'chainrule[plot]' brings matplotlib", style="dim")
    terminal.say("\nTry next", style="bold")
    target = f" --target {_quoted(settings.target)}" if settings.target else ""
    data = _quoted(settings.data)
    for command in (
        f"chainrule predict {_quoted(str(run.path))} {data}",
        f"chainrule train {data}{target} --hidden 128 --dropout 0.2",
        "chainrule train YOUR.csv --target COLUMN" if not settings.target else
        f"chainrule train --config {_quoted(str(run.config))} --seed 1",
    ):  # fmt: skip
        terminal.say(f"  {command}")


def say_estimate(terminal: Terminal, plan: Plan, cost: Estimate) -> None:
    """Say what a run would cost."""
    forward, backward = _count(cost.operations_forward), _count(cost.operations_backward)
    _entry(terminal, "a step", f"{forward} operations forward, {backward} backward")
    _entry(terminal, "memory", f"{_bytes(cost.memory)} of parameters, gradients and data")
    epochs = plan.settings.epochs
    _entry(
        terminal,
        "time",
        f"about {_seconds(cost.seconds_per_epoch)} for an epoch of {cost.steps_per_epoch} steps, "
        f"{_seconds(cost.seconds_per_epoch * epochs)} for {epochs} (on this machine, now)",
    )


def _names(classes: Sequence[str]) -> str:
    shown = ", ".join(classes)
    return shown if len(shown) < 48 else f"{', '.join(classes[:3])} … {classes[-1]}"


def _entry(terminal: Terminal, name: str, text: str) -> None:
    terminal.say(f"  {name:<12}{text}")


def _scores(
    terminal: Terminal, part: str, found: Mapping[str, float], names: list[str], style: str | None
) -> None:
    cells = "".join(f"{_figure(name, found[name]) if name in found else '':>12}" for name in names)
    terminal.say(f"  {part:<12}{cells}", style=style)


def _figure(name: str, value: float) -> str:
    return f"{100 * value:.2f} %" if name == "accuracy" else f"{value:.4g}"


def _quoted(text: str | None) -> str:
    import shlex

    return shlex.quote(text or "")


def _count(number: float) -> str:
    for factor, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= factor:
            return f"{number / factor:.3g} {unit}"
    return f"{number:.0f}"


def _bytes(number: float) -> str:
    for factor, unit in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if number >= factor:
            return f"{number / factor:.3g} {unit}"
    return f"{number:.0f} bytes"


def _seconds(number: float) -> str:
    if number >= 90:
        return f"{number / 60:.3g} min"
    return f"{number:.2g} s" if number >= 0.1 else f"{1000 * number:.2g} ms"
