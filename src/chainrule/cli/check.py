"""``chainrule check``: is the backward pass in a file right, and if not, which line is wrong?"""

from __future__ import annotations

from typing import Any

import click

from chainrule.cli.terminal import Terminal, common_options, pass_terminal

__all__ = ["command"]


@click.command("check")
@click.argument("target", metavar="FILE.py[:FUNCTION]")
@click.option("--budget", type=float, default=10.0, show_default=True, help="Seconds per function.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of NumPy's generators.")
@common_options
@pass_terminal
def command(terminal: Terminal, target: str, budget: float, seed: int) -> None:
    """Check hand-written gradients and name the first wrong line.

    The file is run as a script until it calls the function, and that call's arguments are used;
    if it makes no such call, arrays and instances are made up from the names of the parameters.
    On made-up arguments code can turn out right, never wrong. Statements that fail are skipped.

    Exit code 0 right, 1 wrong, 3 cannot tell, 2 wrong usage.
    """
    from chainrule.check.command import check_file

    reports = check_file(target, budget=budget, seed=seed)
    record: dict[str, Any] = {"file": target, "reports": [r.to_dict() for r in reports]}
    codes = [r.exit_code for r in reports]
    code = 1 if 1 in codes else max(codes)
    record["exit_code"] = code
    for number, report in enumerate(reports):
        terminal.say(("\n" if number else "") + str(report))
    terminal.result(record)
    raise SystemExit(code)
