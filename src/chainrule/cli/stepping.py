"""Stepping through an explanation on a terminal, with the arrow keys."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from chainrule.explanation import Explanation

__all__ = ["step_through"]

HELP = "→ forward   ← back   Home, End   q quit"

_FORWARD = ("\x1b[C", "\x1bOC", "\xe0M", " ", "n", "l", "\r", "\n")
_BACK = ("\x1b[D", "\x1bOD", "\xe0K", "b", "p", "h", "\x7f")
_FIRST = ("\x1b[H", "\x1bOH", "\x1b[1~", "\xe0G", "0", "g")
_LAST = ("\x1b[F", "\x1bOF", "\x1b[4~", "\xe0O", "$", "G")
_QUIT = ("q", "Q", "\x1b", "\x03", "\x04")


_KEY = re.compile(r"\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|.", re.DOTALL)


def step_through(
    explanation: Explanation,
    key: Callable[[], str] | None = None,
    show: Callable[[str], None] | None = None,
) -> None:
    """Show a screen, wait for a key, go where it says, until ``q``.

    Parameters
    ----------
    explanation : Explanation
    key : callable, optional
        Returns the next key; the keyboard's if left out.
    show : callable, optional
        Puts a screen up; the terminal is cleared before each one if left out.
    """
    if key is None:
        with _keyboard() as pressed:
            _walk(explanation, pressed, show or _put)
    else:
        _walk(explanation, key, show or _put)


def _walk(explanation: Explanation, key: Callable[[], str], show: Callable[[str], None]) -> None:
    stepper = explanation.stepper()
    while True:
        show(f"{stepper.frame(shutil.get_terminal_size().lines - 3)}\n\n{HELP}")
        try:
            pressed = key()
        except (EOFError, KeyboardInterrupt):
            return
        if pressed in _QUIT:
            return
        if pressed in _FORWARD:
            stepper.forward()
        elif pressed in _BACK:
            stepper.back()
        elif pressed in _FIRST:
            stepper.go(0)
        elif pressed in _LAST:
            stepper.go(len(stepper.steps))


def _put(screen: str) -> None:
    click.clear()
    click.echo(screen)


@contextmanager
def _keyboard() -> Iterator[Callable[[], str]]:
    """Keys as they are pressed, without echo.

    The terminal stays in that mode between two keys: ``click.getchar`` sets it anew for each one,
    and drops what was typed in between, so that held-down arrows would be lost.
    """
    try:
        import termios
        import tty
    except ImportError:  # no POSIX terminal
        yield click.getchar
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    waiting: list[str] = []

    def key() -> str:
        if not waiting:
            typed = os.read(descriptor, 1024).decode(errors="replace")
            if not typed:
                raise EOFError
            waiting.extend(_KEY.findall(typed))
        return waiting.pop(0)

    try:
        tty.setcbreak(descriptor, termios.TCSADRAIN)
        yield key
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
