"""``python -m benchmarks``: training speed beside the peers, in one run, on one core.

Each line is a case; times are microseconds per training step (forward, backward, update), medians
over interleaved repeats. *over limit* is the time divided by that of the multiply-adds alone at the
peak measured in the same repeats; *asked* is the figure the project has set itself.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from benchmarks.speed import ours
from benchmarks.speed.cases import CASES, Case, make_data
from benchmarks.speed.peak import peak_loop
from benchmarks.speed.peers import MODULES, load
from benchmarks.speed.timing import Timing, interleaved, pin

GROUPS = ("main", "conv", "variants", "shapes", "float64")


def measure(
    case: Case, shuffled: bool, peers: dict[str, Any], repeats: int, seconds: float
) -> dict[str, Any]:
    """Times of everything that can train a case, in microseconds per step."""
    data = make_data(case)
    peak, operations = peak_loop(case.dtype)
    contenders = {"peak": peak}
    for variants in (ours.variants, *peers.values()):
        contenders.update(variants(case, data, shuffled))
    timings = interleaved(contenders, repeats, seconds)
    limit = Timing()
    limit.seconds = [t * case.flops / operations for t in timings.pop("peak").seconds]
    per_step = {name: _per_step(timing, case.rounds) for name, timing in timings.items()}
    mine = per_step["chainrule"]
    asked = case.shuffled_limit if shuffled else case.limit
    others = {name: t for name, t in per_step.items() if name != "chainrule"}
    return {
        "case": case.name,
        "shuffled": shuffled,
        "limit_us": limit.median * 1e6,
        "gflops_peak": case.flops / limit.median / 1e9,
        "chainrule_us": mine.median * 1e6,
        "chainrule_best_us": mine.best * 1e6,
        "over_limit": mine.over(limit),
        "asked": asked,
        "gflops": case.flops / mine.median / 1e9,
        "peers_us": {name: t.median * 1e6 for name, t in others.items()},
        "ahead": {name: t.over(mine) for name, t in others.items()},
    }


def _per_step(timing: Timing, steps: float) -> Timing:
    made = Timing()
    made.seconds = [t / steps for t in timing.seconds]
    return made


def line(row: dict[str, Any]) -> str:
    """One row of the table."""
    asked = "" if row["asked"] is None else f"asked {row['asked']:.2f} "
    order = "shuffled" if row["shuffled"] else "in order"
    head = (
        f"{row['case']:22}{order:9}{row['chainrule_us']:10.3f} us  limit {row['limit_us']:9.3f}  "
        f"over limit {row['over_limit']:6.3f} {asked:11}{row['gflops']:6.1f} GFLOP/s"
    )
    peers = "  ".join(
        f"{name} {us:.2f} ({row['ahead'][name]:.2f}x)" for name, us in row["peers_us"].items()
    )
    return head + (f"\n{'':24}{peers}" if peers else "")


@click.command()
@click.option(
    "--group", "groups", multiple=True, type=click.Choice((*GROUPS, "all")), help="Default: main."
)
@click.option(
    "--case", "names", multiple=True, type=click.Choice(list(CASES)), help="Only these cases."
)
@click.option("--peers/--no-peers", default=True, help="Measure the peers that are installed.")
@click.option("--shuffled/--in-order", "which", default=None, help="Only one order of the rows.")
@click.option("--repeats", default=7, show_default=True)
@click.option("--seconds", default=0.1, show_default=True, help="Per contender and repeat.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def main(
    groups: tuple[str, ...],
    names: tuple[str, ...],
    peers: bool,
    which: bool | None,
    repeats: int,
    seconds: float,
    as_json: bool,
) -> None:
    """Measure training speed on one core."""
    cores = pin(1)
    found, absent = load(list(MODULES) if peers else [])
    if not as_json:
        click.echo(f"one core (number {cores[0]}), {repeats} interleaved repeats, medians")
        if absent:
            click.echo(f"not installed, so not measured: {', '.join(absent)}")
    wanted = GROUPS if "all" in groups else (groups or ("main",))
    chosen = [CASES[n] for n in names] or [c for c in CASES.values() if c.group in wanted]
    for case in chosen:
        for shuffled in (False, True) if which is None else (which,):
            row = measure(case, shuffled, found, repeats, seconds)
            click.echo(json.dumps(row) if as_json else line(row))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
