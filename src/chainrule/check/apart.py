"""Checks on made-up arguments, each in a process of its own.

Code that is called with arguments it was not written for may do anything: read memory that is not
its own (``as_strided``), loop for ever, end the interpreter. None of that may end the check.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from dataclasses import astuple
from pathlib import Path

from .doubt import CALL_IT
from .report import CANNOT_TELL, Report
from .targets import Case

__all__ = ["in_a_process"]


def in_a_process(path: str, case: Case, budget: float, seed: int) -> Report:
    """What :func:`~chainrule.check.command.check_made_up` says, or why it came to nothing."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "report"
        command = [sys.executable, "-m", "chainrule.check.apart", str(answer)]
        task = pickle.dumps((path, astuple(case), budget, seed, sys.path))
        root = str(Path(__file__).parents[2])
        search = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        try:
            done = subprocess.run(
                command,
                input=task,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=30 + 8 * budget,
                env={**os.environ, "PYTHONPATH": search},
                check=False,
            )
        except subprocess.TimeoutExpired:
            return _nothing(case, "the code does not come to an end on made-up arguments")
        if answer.is_file():
            # Written by our own program below, in a folder that only this user can write to.
            report: Report = pickle.loads(answer.read_bytes())
            return report
    if done.returncode < 0:
        return _nothing(case, f"the code crashes Python on made-up arguments ({-done.returncode})")
    words = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    return _nothing(case, f"the code fails on made-up arguments: {words or 'without a message'}")


def _nothing(case: Case, why: str) -> Report:
    return Report(case.name, notes=(f"{why}: {CALL_IT}",), verdict=CANNOT_TELL)


def _main() -> None:
    import warnings

    from .command import check_made_up

    path, names, budget, seed, search = pickle.loads(sys.stdin.buffer.read())
    sys.path[:] = search
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = check_made_up(path, Case(*names), budget, seed)
    whole = Path(sys.argv[1] + ".part")
    whole.write_bytes(pickle.dumps(report))
    whole.rename(sys.argv[1])


if __name__ == "__main__":
    _main()
