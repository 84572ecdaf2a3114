"""Loading a file that was not written to be imported: scripts, notebooks, parts of packages.

The file is executed statement by statement. A statement that fails (a package or a data file that
is not here) is skipped and reported, and what needs it fails in its turn; what does not, goes on.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import io
import itertools
import os
import sys
import time
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ArgumentError

__all__ = ["Stopped", "definitions", "execute", "load_module", "parse"]

#: Seconds for which the statements of a file may run.
PATIENCE = 30.0
_SERIAL = itertools.count()
#: What Python 2 called otherwise, for files that import it from a package that is not here.
_RENAMED = {"xrange": range, "raw_input": input, "unicode": str, "zip": zip, "range": range}


class Stopped(BaseException):
    """Ends the execution of a file: what was wanted is known, or it takes too long."""


def parse(path: str) -> ast.Module:
    """The syntax tree of a file.

    Raises
    ------
    ArgumentError
        If there is no such file, or it is not Python.
    """
    file = Path(path)
    if not file.is_file():
        raise ArgumentError(f"there is no file {path}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(file.read_text(encoding="utf-8"), str(file.resolve()))
    except SyntaxError as error:
        raise ArgumentError(f"{path} is not Python 3: line {error.lineno}: {error.msg}") from None
    except UnicodeDecodeError:
        raise ArgumentError(f"{path} is not text in UTF-8") from None


def load_module(path: str) -> Any:
    """The module in a file, run as an import would run it."""
    file = Path(path).resolve()
    if not file.is_file():
        raise ArgumentError(f"there is no file {path}")
    name = f"_checked_{file.stem}_{next(_SERIAL)}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    with _beside(file):
        spec.loader.exec_module(module)
    return module


def definitions(path: str) -> tuple[types.ModuleType, list[str]]:
    """A module with what a file defines, and what had to be left out, in words.

    Loops and calls at the top level, which train or plot, are not run.
    """
    return execute(path, "_checked", _defines)


def execute(
    path: str,
    name: str,
    wanted: Callable[[ast.stmt], bool] = lambda s: True,
    left_out: list[str] | None = None,
) -> tuple[types.ModuleType, list[str]]:
    """Run the statements of a file for which `wanted` holds, as a module called `name`.

    After a statement that failed, other than an import, only those follow that define something:
    what a script does next was not meant for the state that the failure left.

    Returns
    -------
    module : ModuleType
        What was defined.
    left_out : list of str
        The statements that failed, in words; the list given, if one was.
    """
    tree = parse(path)
    file = Path(path).resolve()
    module = types.ModuleType(name)
    module.__file__ = str(file)
    if any(isinstance(n, ast.ImportFrom) and n.level for n in ast.walk(tree)):
        # A part of a package: its neighbours are found through the folder's own folder.
        module.__package__ = file.parent.name
    registered = f"_checked_{file.stem}_{next(_SERIAL)}"
    if name != "__main__":
        module.__name__ = registered
    sys.modules[registered] = module
    left_out = [] if left_out is None else left_out
    deadline = time.monotonic() + PATIENCE
    with _beside(file), _quietly(str(file)):
        for statement in tree.body:
            if not wanted(statement):
                continue
            if time.monotonic() > deadline:
                left_out.append("the file takes too long to run")
                break
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    code = compile(ast.Module([statement], []), str(file), "exec")
                    exec(code, vars(module))
            except (Exception, SystemExit) as error:
                _substitute(statement, vars(module))
                words = str(error).splitlines()[0][:100] if str(error) else ""
                left_out.append(f"line {statement.lineno}: {type(error).__name__}: {words}")
                if not isinstance(statement, (ast.Import, ast.ImportFrom, ast.Try)):
                    wanted = _defines
    return module, left_out


def _defines(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.If):
        return not any(
            isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(statement.test)
        )
    return not isinstance(statement, (ast.Expr, ast.For, ast.While, ast.With, ast.Delete))


def _substitute(statement: ast.stmt, namespace: dict[str, Any]) -> None:
    """Names that Python 3 has under another name, where their import failed."""
    if isinstance(statement, ast.ImportFrom):
        for alias in statement.names:
            if alias.name in _RENAMED:
                namespace[alias.asname or alias.name] = _RENAMED[alias.name]


@contextlib.contextmanager
def _beside(file: Path) -> Iterator[None]:
    """Imports find the file's neighbours, and its package."""
    added = [str(file.parent), str(file.parent.parent)]
    sys.path[:0] = added
    try:
        yield
    finally:
        for entry in added:
            with contextlib.suppress(ValueError):
                sys.path.remove(entry)


@contextlib.contextmanager
def _quietly(path: str) -> Iterator[None]:
    """No output, no input, no windows, no command line of ours."""
    arguments, sys.argv = sys.argv, [path]
    stdin, sys.stdin = sys.stdin, io.StringIO()
    backend = os.environ.get("MPLBACKEND")
    os.environ["MPLBACKEND"] = "Agg"
    try:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            np.errstate(all="ignore"),
        ):
            yield
    finally:
        sys.argv, sys.stdin = arguments, stdin
        if backend is None:
            del os.environ["MPLBACKEND"]
        else:
            os.environ["MPLBACKEND"] = backend
