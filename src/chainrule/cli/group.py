"""The command group: subcommands loaded when called, errors turned into one readable message."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Mapping
from typing import Any, NamedTuple

import click

from chainrule import __version__
from chainrule.cli.terminal import Terminal
from chainrule.errors import ChainruleError

__all__ = ["LazyGroup", "Subcommand"]

USAGE, DEFECT, INTERRUPTED = 2, 70, 130


class Subcommand(NamedTuple):
    """Where a subcommand is, and the line that ``chainrule --help`` shows for it."""

    module: str
    summary: str


class LazyGroup(click.Group):
    """A click group that imports a subcommand's module when the subcommand is called."""

    def __init__(self, subcommands: Mapping[str, Subcommand]) -> None:
        super().__init__(
            "chainrule",
            help="Train, check and look into neural networks and their gradients.",
            context_settings={"help_option_names": ["-h", "--help"]},
            epilog="chainrule COMMAND --help tells more about a command.",
        )
        self.subcommands = subcommands
        click.version_option(__version__, message="chainrule %(version)s")(self)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table: the commonest first."""
        return list(self.subcommands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a subcommand, or None where there is none of that name."""
        if cmd_name not in self.subcommands:
            return None
        command = importlib.import_module(self.subcommands[cmd_name].module).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of subcommands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, sub.summary) for name, sub in self.subcommands.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand; an error that the user can mend becomes a message and exit code 2."""
        terminal = ctx.ensure_object(Terminal)
        try:
            return super().invoke(ctx)
        except (ChainruleError, OSError) as error:
            # A closed pipe (`chainrule … | head`) is no error of anyone's: click ends quietly.
            if terminal.traceback or isinstance(error, BrokenPipeError):
                raise
            terminal.error(error)
            ctx.exit(USAGE)
        except KeyboardInterrupt:
            terminal.note("interrupted")
            ctx.exit(INTERRUPTED)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception:
            # Not 1: that means "the thing checked is wrong", and nothing was found out here.
            traceback.print_exc()
            terminal.note("This is a defect in chainrule; the lines above show where.")
            ctx.exit(DEFECT)
