"""``chainrule predict``: what a trained network says of new data."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from chainrule.cli.terminal import Terminal, common_options, pass_terminal
from chainrule.errors import ArgumentError

if TYPE_CHECKING:
    from chainrule.cli.settings import Settings
    from chainrule.data import Pipeline

__all__ = ["command"]

_ROWS_ON_A_TERMINAL = 20


@click.command("predict")
@click.argument("run", type=click.Path(path_type=Path), metavar="DIR")
@click.argument("new_data")
@click.option("--proba", is_flag=True, help="Also the probability of every class.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.csv",
    help="Write a CSV file; without it the CSV goes to stdout.",
)  # fmt: skip
@common_options
@pass_terminal
def command(
    terminal: Terminal, /, run: Path, new_data: str, proba: bool, output: Path | None
) -> None:
    """Predict with the model in DIR, made by `chainrule train`, for every row of NEW_DATA.

    NEW_DATA is of the kind the model was trained on, with the same columns in any order; the
    target may be absent. One line per row, in the order of the rows. Where NEW_DATA has the target,
    the score is said as well.
    """
    from chainrule.cli.run_directory import RunDirectory
    from chainrule.cli.scores import judged, outputs_of
    from chainrule.cli.training import load_run
    from chainrule.data import Classes, Dataset, Table

    settings, pipeline, model = load_run(RunDirectory.existing(run))
    code = pipeline.target
    if proba and not isinstance(code, Classes):
        raise ArgumentError("--proba: the model predicts numbers; probabilities are of classes.")
    data = _open(new_data, settings, pipeline)
    inputs, remarks = pipeline.transform(data)
    outputs = outputs_of(model, inputs)
    header: list[str] = ["prediction"]
    columns: list[list[Any]]
    record: dict[str, Any] = {"task": code.task, "rows": len(outputs)}
    if isinstance(code, Classes):
        columns = [[code.classes[index] for index in outputs.argmax(axis=1)]]
        if proba:
            shares = _softmax(outputs)
            header += [f"p({name})" for name in code.classes]
            columns += [[f"{value:.6g}" for value in column] for column in shares.T]
            record |= {"classes": code.classes, "probabilities": shares}
        record["predictions"] = columns[0]
    else:
        numbers = code.decode(outputs)
        header = (
            header if code.outputs == 1 else [f"prediction {k + 1}" for k in range(code.outputs)]
        )
        columns = [[f"{value:.6g}" for value in column] for column in numbers.T]
        record["predictions"] = numbers[:, 0] if code.outputs == 1 else numbers
    for remark in remarks:
        terminal.note(remark)
    record["remarks"] = remarks
    truth = pipeline.true_targets(data) if isinstance(data, Table | Dataset) else None
    if truth is not None:
        record["scores"] = judged(outputs, truth, code)
    _write(terminal, header, columns, output)
    if truth is not None:
        said = ", ".join(f"{name} {value:.4g}" for name, value in record["scores"].items())
        terminal.note(f"{len(outputs)} rows with known {code.name}: {said}")
    if output is not None:
        terminal.note(f"{len(outputs)} predictions in {output}")
        record["output"] = str(output)
    terminal.result(record)


def _open(new_data: str, settings: Settings, pipeline: Pipeline) -> Any:
    """Return the new data; the name of a built-in set stands for the whole of it."""
    from chainrule.data import BUILT_IN, Scaling, load, read_inputs

    if new_data in BUILT_IN and not Path(new_data).exists():
        return load(new_data)
    size = settings.image_size
    return read_inputs(
        new_data,
        pipeline.inputs.shape if isinstance(pipeline.inputs, Scaling) else None,
        target=settings.target,
        encoding=settings.encoding,
        image_size=(size[0], size[1]) if size else None,
    )


def _softmax(outputs: Any) -> Any:
    powers = np.exp(outputs.astype(np.float64) - outputs.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _write(
    terminal: Terminal, header: list[str], columns: list[list[Any]], output: Path | None
) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(zip(*columns, strict=True))
    if output is not None:
        from chainrule.train.files import write_bytes

        write_bytes(output, stream.getvalue().encode())
        return
    lines = stream.getvalue().splitlines()
    shown = len(lines)
    if terminal.out.is_terminal and len(lines) > _ROWS_ON_A_TERMINAL + 1:
        shown = _ROWS_ON_A_TERMINAL + 1
    for line in lines[:shown]:
        terminal.say(line)
    if shown < len(lines):
        terminal.note(f"… {len(lines) - shown} more; -o FILE.csv writes them all")
