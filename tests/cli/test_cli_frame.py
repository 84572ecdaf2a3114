"""The command's frame: help without imports, errors as one message, exit codes, JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from chainrule import __version__
from chainrule.cli import SUBCOMMANDS
from chainrule.cli.group import LazyGroup, Subcommand

# A subcommand's module that does what its argument says.
PROBE = """
import click
from chainrule.cli.terminal import common_options, pass_terminal
from chainrule.errors import DataError

@click.command("probe")
@click.argument("what")
@common_options
@pass_terminal
def command(terminal, what):
    terminal.say(f"[b]said[/b] {what}")
    terminal.note("remark")
    if what == "data":
        raise DataError("data.csv, line 3: expected 4 columns, found 5")
    if what == "file":
        open("no/such/file")
    if what == "defect":
        raise ZeroDivisionError("nothing to do with the user")
    if what == "interrupt":
        raise KeyboardInterrupt
    terminal.result({"what": what, "loss": float("nan"), "sizes": (1, 2)})
"""


@pytest.fixture
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LazyGroup:
    (tmp_path / "probe_command.py").write_text(PROBE)
    monkeypatch.syspath_prepend(str(tmp_path))
    return LazyGroup({"probe": Subcommand("probe_command", "For tests.")})


def test_version_is_the_packages() -> None:
    output = subprocess.check_output([sys.executable, "-m", "chainrule", "--version"], text=True)
    assert output == f"chainrule {__version__}\n"


def test_help_lists_every_subcommand_and_imports_none() -> None:
    code = (
        "import sys, click.testing, chainrule.cli as c\n"
        "print(click.testing.CliRunner().invoke(c.main, ['--help']).output)\n"
        "print('LOADED', [s.module for s in c.SUBCOMMANDS.values() if s.module in sys.modules])"
    )
    output = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert "LOADED []" in output
    assert all(name in output and sub.summary in output for name, sub in SUBCOMMANDS.items())


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_every_subcommand_answers_help_and_takes_json(name: str) -> None:
    from chainrule.cli import main

    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert "--json" in result.output


def test_unknown_subcommand_is_a_usage_error() -> None:
    from chainrule.cli import main

    result = CliRunner().invoke(main, ["trian"])
    assert result.exit_code == 2
    assert "trian" in result.output


def test_text_goes_to_stdout_and_remarks_to_stderr(probe: LazyGroup) -> None:
    result = CliRunner().invoke(probe, ["probe", "fine"])
    assert (result.exit_code, result.stdout, result.stderr) == (
        0,
        "[b]said[/b] fine\n",
        "remark\n",
    )


def test_json_alone_is_on_stdout(probe: LazyGroup) -> None:
    result = CliRunner().invoke(probe, ["probe", "fine", "--json"])
    assert json.loads(result.stdout) == {"what": "fine", "loss": "nan", "sizes": [1, 2]}


def test_quiet_says_nothing(probe: LazyGroup) -> None:
    result = CliRunner().invoke(probe, ["probe", "fine", "--quiet"])
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("what", "code", "message"),
    [
        ("data", 2, "error: data.csv, line 3: expected 4 columns, found 5\n"),
        ("file", 2, "error: [Errno 2] No such file or directory: 'no/such/file'\n"),
        ("interrupt", 130, "interrupted\n"),
    ],
)
def test_an_error_is_one_message_and_its_exit_code(
    probe: LazyGroup, what: str, code: int, message: str
) -> None:
    result = CliRunner().invoke(probe, ["probe", what])
    assert (result.exit_code, result.stderr) == (code, f"remark\n{message}")


def test_an_error_is_json_too_when_json_is_wanted(probe: LazyGroup) -> None:
    result = CliRunner().invoke(probe, ["probe", "data", "--json"])
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["kind"] == "DataError"


def test_traceback_lets_the_error_through(probe: LazyGroup) -> None:
    result = CliRunner().invoke(probe, ["probe", "data", "--traceback"])
    assert type(result.exception).__name__ == "DataError"


def test_a_defect_is_not_taken_for_a_finding(probe: LazyGroup) -> None:
    result = CliRunner().invoke(probe, ["probe", "defect"])
    assert result.exit_code == 70
    assert "defect in chainrule" in result.stderr
