"""What a subcommand may say, and where: results on stdout, progress and errors on stderr.

Every subcommand takes ``--json``, ``--quiet`` and ``--traceback`` (:func:`common_options`).
With ``--json`` stdout holds one JSON document and nothing else, also when the command fails;
with ``--quiet`` only errors are said. Colours and progress appear on terminals only, and
``NO_COLOR`` is honoured (rich does that by itself).
"""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

__all__ = ["Terminal", "common_options", "pass_terminal"]

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Terminal:
    """The settings of one run and the two streams.

    Attributes
    ----------
    json : bool
        Write one JSON document on stdout instead of text.
    quiet : bool
        Say nothing but errors.
    traceback : bool
        Let errors through with Python's traceback.
    """

    json: bool = False
    quiet: bool = False
    traceback: bool = False

    @cached_property
    def out(self) -> Console:
        """The console on stdout."""
        from rich.console import Console

        return Console(highlight=False)

    @cached_property
    def err(self) -> Console:
        """The console on stderr."""
        from rich.console import Console

        return Console(stderr=True, highlight=False)

    @property
    def talks(self) -> bool:
        """Whether text is wanted on stdout."""
        return not (self.json or self.quiet)

    @property
    def shows_progress(self) -> bool:
        """Whether something that moves may be drawn on stderr."""
        return self.talks and self.err.is_terminal

    def say(self, *renderables: RenderableType, style: str | None = None) -> None:
        """Print text or a rich renderable on stdout, unless quiet or JSON is wanted.

        Text is printed as it is: square brackets are no markup here.
        """
        if self.talks:
            self.out.print(*renderables, style=style, markup=False, soft_wrap=_is_text(renderables))

    def result(self, record: Mapping[str, Any]) -> None:
        """Print the result's record as JSON on stdout, when JSON is wanted."""
        if self.json:
            click.echo(json.dumps(plain(record), indent=2, ensure_ascii=False))

    def note(self, text: str) -> None:
        """Print a remark on stderr, unless quiet."""
        if not self.quiet:
            self.err.print(text, style="dim", markup=False, soft_wrap=True)

    def error(self, error: BaseException) -> None:
        """Print an error's message on stderr, and as a record on stdout when JSON is wanted."""
        message = str(error)
        self.err.print("error:", style="bold red", end=" ")
        self.err.print(_wrapped(message, len("error: ")), markup=False, soft_wrap=True)
        self.result({"error": {"kind": type(error).__name__, "message": message}})


def _is_text(renderables: tuple[RenderableType, ...]) -> bool:
    # Lines of text are not wrapped: paths must stay whole for copying. Tables fit themselves.
    return all(isinstance(item, str) for item in renderables)


def _wrapped(message: str, first: int) -> str:
    """Lines of 80 columns, of which the first has room taken; paths and words stay whole."""
    lines: list[str] = []
    for line in message.splitlines():
        indent = " " * (0 if lines else first)
        parts = textwrap.wrap(
            line, 80, initial_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        lines += ["\n".join(parts)[len(indent) :]]
    return "\n".join(lines)


def plain(value: Any) -> Any:
    """Return a value with only JSON's types; NaN and infinities become strings JSON can hold.

    Examples
    --------
    >>> plain({"loss": float("nan"), "sizes": (64, 10)})
    {'loss': 'nan', 'sizes': [64, 10]}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):  # NumPy arrays and scalars
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)


def _set(name: str) -> Callable[[click.Context, click.Parameter, bool], None]:
    def callback(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
        if value:
            setattr(ctx.find_root().ensure_object(Terminal), name, True)

    return callback


def common_options(command: F) -> F:
    """Add ``--json``, ``--quiet`` and ``--traceback`` to a subcommand."""
    options = {
        "--json": "Print one JSON document on stdout.",
        "--quiet": "Say nothing but errors.",
        "--traceback": "Show where in the code an error arose.",
    }
    for flag, text in reversed(options.items()):
        option = click.option(
            flag, is_flag=True, expose_value=False, help=text, callback=_set(flag.strip("-"))
        )
        command = option(command)
    return command


pass_terminal = click.make_pass_decorator(Terminal, ensure=True)
