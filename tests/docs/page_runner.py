"""Runs the code of a Markdown page as a reader would: from top to bottom, in one directory.

What is run on a page, in its order:

- every ```` ```python ```` block. A block that holds ``>>>`` prompts is a doctest; any other is
  executed, and a ```` ```text ```` block directly below it must be what it printed;
- every ```` ```console ```` block's ``$ chainrule …`` commands. Lines below a command are what it
  prints; ``$ echo $?`` below it shows its exit code, which is 0 where nothing is shown.
  A block without a ``$ chainrule`` command (``$ make run``) is for the reader alone.

All blocks of a page share one namespace and one temporary directory. ``...`` in shown output
stands for any text, as in doctest. Other languages (``json``, ``mermaid``, ``text``) are not run.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import linecache
import os
import re
import shlex
import subprocess
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```", re.M | re.S
)
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_RUN_LANGUAGES = {"python", "console"}
_KNOWN_LANGUAGES = _RUN_LANGUAGES | {"text", "json", "toml", "mermaid", "csv", "html", "make", "c"}


class PageError(AssertionError):
    """A block of a page did not do what the page says."""


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, and the line of the page where the text starts."""

    language: str
    text: str
    line: int
    end: int


@dataclass(frozen=True)
class Command:
    """One shown command: what it prints (empty: not shown) and its exit code."""

    arguments: list[str]
    output: str
    exit_code: int


def blocks(page: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page's text, in order."""
    for match in _FENCE.finditer(page):
        first = page.count("\n", 0, match.start("body")) + 1
        indent = len(match["indent"])
        text = "".join(line[indent:] for line in match["body"].splitlines(keepends=True))
        yield Block(match["info"].strip(), text, first, match.end())


def commands(text: str) -> Iterator[Command]:
    """Yield the ``$ chainrule`` commands of a console block with the output and exit code shown."""
    shown = re.split(r"^\$ ", text, flags=re.M)[1:]
    pairs = [part.partition("\n")[::2] for part in shown]
    for index, (line, output) in enumerate(pairs):
        if not line.startswith("chainrule"):
            continue
        exit_code = 0
        if index + 1 < len(pairs) and pairs[index + 1][0].strip() == "echo $?":
            exit_code = int(pairs[index + 1][1])
        yield Command(shlex.split(line)[1:], output, exit_code)


def run_page(path: Path, directory: Path) -> int:
    """Run a page's blocks with ``directory`` as working directory; return how many were run."""
    page = path.read_text(encoding="utf-8")
    namespace: dict[str, object] = {"__name__": "__main__"}
    ran = 0
    found = list(blocks(page))
    with contextlib.chdir(directory):
        for index, block in enumerate(found):
            where = f"{path}:{block.line}"
            if block.language not in _KNOWN_LANGUAGES:
                raise PageError(
                    f"{where}: a block in the language {block.language!r}; expected one of "
                    f"{', '.join(sorted(_KNOWN_LANGUAGES))}. Every python block is run: there is "
                    "no mark to leave one out."
                )
            if block.language not in _RUN_LANGUAGES:
                continue
            ran += 1
            if block.language == "console":
                _run_console(block, where)
            elif ">>>" in block.text:
                _run_doctest(block, namespace, path)
            else:
                _run_python(block, namespace, path, _shown_output(page, found, index))
    return ran


def _shown_output(page: str, found: list[Block], index: int) -> str | None:
    """Return the text block that follows block ``index`` with nothing in between, or None."""
    if index + 1 == len(found) or found[index + 1].language != "text":
        return None
    between = page[found[index].end : found[index + 1].end]
    return found[index + 1].text if between.lstrip().startswith("```text") else None


def _run_python(
    block: Block, namespace: dict[str, object], path: Path, expected: str | None
) -> None:
    # Leading newlines give tracebacks the line numbers of the page.
    code = "\n" * (block.line - 1) + block.text
    # What reads its own source (a checker, a traceback) gets the block, not the page around it.
    linecache.cache[str(path)] = (len(code), None, code.splitlines(keepends=True), str(path))
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(code, str(path), "exec"), namespace)
    except Exception as error:
        raise PageError(f"{path}:{block.line}: {traceback.format_exc()}") from error
    if expected is not None:
        _compare(expected, printed.getvalue(), f"{path}:{block.line}")


def _run_doctest(block: Block, namespace: dict[str, object], path: Path) -> None:
    parser = doctest.DocTestParser()
    test = parser.get_doctest(block.text, namespace, path.name, str(path), block.line - 1)
    report = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=_FLAGS)
    runner.run(test, out=report.write, clear_globs=False)
    namespace.update(test.globs)
    if runner.failures:
        raise PageError(f"{path}:{block.line}:\n{report.getvalue()}")


def _run_console(block: Block, where: str) -> None:
    for command in commands(block.text):
        result = subprocess.run(
            [sys.executable, "-m", "chainrule", *command.arguments],
            capture_output=True,
            text=True,
            timeout=300,
            env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1"},
        )
        shown = shlex.join(["chainrule", *command.arguments])
        if result.returncode != command.exit_code:
            raise PageError(
                f"{where}: $ {shown}\nshown to exit with {command.exit_code}, exited with "
                f"{result.returncode}\n{result.stdout}{result.stderr}"
            )
        if command.output.strip():
            _compare(command.output, result.stdout + result.stderr, f"{where}: $ {shown}")


def _compare(expected: str, got: str, where: str) -> None:
    checker = doctest.OutputChecker()
    want, have = expected.strip() + "\n", got.strip() + "\n"
    if not checker.check_output(want, have, _FLAGS):
        raise PageError(f"{where}:\nshown on the page:\n{want}\nprinted:\n{have}")


def local_links(page: str) -> list[str]:
    """Return the targets of a page's links to files of the project, without their anchors."""
    prose = _FENCE.sub("", page)
    targets = re.findall(r"\]\(([^)\s#]+)(?:#[^)\s]*)?\)", prose)
    return [
        target for target in targets if "://" not in target and not target.startswith("mailto:")
    ]
