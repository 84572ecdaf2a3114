"""``chainrule train``: from a file or a built-in set to a trained and saved network."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from chainrule.cli.settings import ACTIVATIONS, LOSSES, OPTIMIZERS, SCHEDULES, Settings
from chainrule.cli.terminal import Terminal, common_options, pass_terminal

__all__ = ["command"]

_DEFAULT = Settings()


class _Widths(click.ParamType[Any]):
    """Whole numbers with commas between them; 'none' for no hidden layer."""

    name = "N,N,…"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return () if value == "none" else tuple(int(width) for width in value.split(","))
        except ValueError:
            self.fail(f"{value!r}: whole numbers with commas between them, or 'none'", param, ctx)


class _Size(click.ParamType[Any]):
    """Height and width, as 28x28."""

    name = "HxW"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            height, width = value.lower().split("x")
            return int(height), int(width)
        except ValueError:
            self.fail(f"{value!r}: height and width are expected, as 28x28", param, ctx)


class _Rate(click.ParamType[Any]):
    """A number above 0, or 'auto'."""

    name = "RATE|auto"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        if not isinstance(value, str) or value == "auto":
            return value
        try:
            return float(value)
        except ValueError:
            self.fail(f"{value!r}: a number, or 'auto'", param, ctx)


def _option(name: str, text: str, kind: Any = None, **more: Any) -> Any:
    """Return an option for a setting; its default is the settings', so None means 'not given'."""
    default = getattr(_DEFAULT, name)
    shown = ",".join(map(str, default)) if isinstance(default, tuple) else default
    note = f"  [{shown}]" if shown not in (None, "") else ""
    flag = f"--{name.replace('_', '-')}"
    return click.option(flag, name, type=kind, default=None, help=f"{text}{note}", **more)


def _options(command: Any) -> Any:
    """Add an option for every setting but the data."""
    share = click.FloatRange(0, 1, max_open=True)
    for option in reversed(
        (
            _option("target", "Column to learn (of .npz: array; of .npy: column's index).", str),
            _option(
                "task", "What to learn.", click.Choice(["auto", "classification", "regression"])
            ),
            _option("category", "Take this column as categories. Repeatable.", str, multiple=True),
            _option("ignore", "Leave this column out. Repeatable.", str, multiple=True),
            _option("hidden", "Widths of the hidden layers, or 'none'.", _Widths()),
            _option("activation", "Of the hidden layers.", click.Choice(list(ACTIVATIONS))),
            _option("dropout", "Share of hidden outputs dropped in training.", share),
            _option("loss", "What is minimised.", click.Choice(["auto", *LOSSES])),
            _option("optimizer", "How.", click.Choice(list(OPTIMIZERS))),
            _option("lr", "Learning rate; 'auto' finds one by a short test.", _Rate()),
            _option("schedule", "How the learning rate changes.", click.Choice(list(SCHEDULES))),
            _option("weight_decay", "L2 penalty.", click.FloatRange(min=0)),
            _option("clip_norm", "Largest gradient norm; 0: any.", click.FloatRange(min=0)),
            _option("epochs", "At most so many passes over the data.", click.IntRange(min=1)),
            _option("batch_size", "Samples per step.", click.IntRange(min=1)),
            _option("validation", "Share of rows that decide when to stop.", share),
            _option("test", "Share of rows for the final score.", share),
            _option(
                "patience", "Epochs without improvement; 0: never stop.", click.IntRange(min=0)
            ),
            _option("seed", "Of the division, the weights and the order.", click.IntRange(min=0)),
            _option("encoding", "Of text files.", str),
            _option("image_size", "Bring images to this size.", _Size()),
        )
    ):
        command = option(command)
    return command


@click.command("train")
@click.argument("data", required=False)
@_options
@click.option("--out", type=click.Path(path_type=Path), help="Directory of the run.  [runs/NAME]")
@click.option(
    "--config", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Settings to start from, a config.toml; options given besides change them.",
)  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on with the run in --out where it was stopped.")
@click.option(
    "--diagnose", is_flag=True,
    help="Watch the training's health; say it, and save words and a picture in the run.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would be done and what it would cost.")
@common_options
@pass_terminal
def command(
    terminal: Terminal,
    /,
    data: str | None,
    out: Path | None,
    config: Path | None,
    resume: bool,
    diagnose: bool,
    dry_run: bool,
    **options: Any,
) -> None:
    """Train a network on DATA, a file or a built-in data set (digits when not given).

    Files: CSV, TSV, Parquet, NPZ, NPY, IDX, mnist.pkl.gz, or a folder of images with one folder
    per class. Built in: digits, iris, wine, breast_cancer, diabetes, moons, circles, spirals, xor,
    sine. Types, missing values, scaling and the division into training, validation and test rows
    are worked out, said, and saved with the model.
    """
    given = {name: value for name, value in options.items() if value not in (None, ())}
    if options["hidden"] == ():
        given["hidden"] = ()
    if data is not None:
        given["data"] = data
    # Imported here: what an answer to --help or a mistyped option does not need.
    from chainrule.cli import report, training
    from chainrule.cli.run_directory import RunDirectory
    from chainrule.cli.source import run_name

    run = _existing(resume, out, config)
    settings = Settings.read(config or run.config) if (config or run) else Settings()
    changed = settings.changed(given)
    if resume:
        _same_schedule(settings, changed)
    plan = training.plan_run(changed)
    report.say_plan(terminal, plan)
    rate_found = plan.settings.lr == "auto"
    if rate_found:
        plan = training.with_rate(plan, training.find_rate(plan))
    parameters = training.parameter_count(plan)
    report.say_network(terminal, plan, parameters, rate_found)
    if dry_run:
        from chainrule.cli.estimate import estimate

        cost = estimate(plan, float(plan.settings.lr))
        report.say_estimate(terminal, plan, cost)
        terminal.result({"settings": plan.settings.to_dict(), "estimate": asdict(cost)})
        return
    if run is None:
        run = RunDirectory.new(out, run_name(plan.settings.data))
    training.begin_run(plan, run, resume=resume)
    watch = training.new_watch(run, terminal.note) if diagnose else None
    try:
        outcome = training.train_run(
            plan, run, progress=terminal.shows_progress, resume=resume, watch=watch
        )
    except KeyboardInterrupt:
        terminal.note(f"go on with it: chainrule train --resume --out {run.path}")
        raise
    record = training.save_run(plan, outcome, run, watch)
    report.say_outcome(terminal, plan, outcome, record)
    if watch is not None:
        report.say_diagnosis(terminal, watch)
    report.say_files(terminal, run, plan.settings, record["picture"])
    terminal.result(record)


def _existing(resume: bool, out: Path | None, config: Path | None) -> Any:
    """Return the directory of the run to go on with, or None."""
    if not resume:
        return None
    if out is None:
        raise click.UsageError("--resume needs --out DIR, the directory of the run.")
    if config is not None:
        raise click.UsageError("--resume goes on with the run's own settings: leave --config out.")
    from chainrule.cli.run_directory import RunDirectory

    return RunDirectory.existing(out)


def _same_schedule(begun: Settings, wanted: Settings) -> None:
    """Refuse to go on with a schedule that was made for another number of epochs."""
    fixed = begun.schedule not in ("constant", "plateau")
    if begun.schedule != wanted.schedule or (fixed and begun.epochs != wanted.epochs):
        raise click.UsageError(
            f"the run was begun with --schedule {begun.schedule} for --epochs {begun.epochs}, and "
            "a schedule cannot be changed on the way: leave both out to go on, or begin a new run."
        )
