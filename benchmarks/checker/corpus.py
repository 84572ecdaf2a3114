"""Programs of the corpus: what they are, how to load them, run them and hand them to a checker.

A program is a file of plain NumPy with a hand-written backward pass. Its `Program` record says how to
build inputs, which function is the entry, and which outputs are the gradients of which inputs. The
records live in ``tests/check_corpus/records``; the files know nothing of them.
"""

from __future__ import annotations

import copy
import importlib.util
import itertools
import linecache
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np

Form = Literal["loss-and-grads", "forward-backward", "cost-and-gradient", "network", "layer"]
Inputs = dict[str, Any]

#: Where the programs are: those the checker grew up with, those for a last look, those of strangers.
FOLDERS = ("programs", "heldout", "fresh")

CORPUS = Path(__file__).resolve().parents[2] / "tests" / "check_corpus"
_serial = itertools.count()


@dataclass(frozen=True)
class Program:
    """One program of the corpus and everything a neutral harness needs to run it.

    Parameters
    ----------
    name : str
        Stem of the file.
    form : str
        ``loss-and-grads``: ``entry(*args)`` returns cost and gradients; ``forward-backward``: two
        functions, ``forward(*args) -> outputs…, cache`` and ``backward(*cotangents, cache)``;
        ``cost-and-gradient``: two functions of the same arguments; ``network``: an object whose
        method computes gradients but not the cost, which is ``cost(predict(x), y)``; ``layer``:
        an object with ``forward(*args)`` and ``backward(*cotangents)``, which caches on itself.
    entry : str
        Names joined by ``", "``; a method as ``Class.method``.
    inputs : callable
        ``inputs(rng) -> dict``: the arguments in order; the key ``"self"`` holds a dict of what
        the constructor takes.
    gradients : dict of str to str
        Path in the result to path in the inputs, as in ``{"out.1.W1": "model.W1"}``. A path
        starts with ``out`` (what was returned) or ``self`` (the object afterwards); ``*`` stands
        for every key, as in ``{"out.1.d*": "parameters.*"}``.
    backward : tuple of str
        Where the backward statements are: names of functions or methods, or ``name@text`` for the
        part of a function from the first line with the text on, ``name@text:n`` for n statements.
    loss : str
        Path of the cost in the result of the entry (``loss-and-grads`` only).
    outputs : int
        How many leading entries of what ``forward`` returns are outputs; the rest is the cache. 0
        means that it returns the output alone.
    construct : callable, optional
        ``construct(cls, attributes) -> object``, by default ``cls(**attributes)``.
    cost : callable, optional
        ``cost(a, y)`` for ``network``, where `predict` names the method that computes ``a``.
    kinks : bool
        Whether the program has kinks that inputs rounded to halves would hit.
    pairs : tuple of (str, str)
        Expressions of pre-activation and activation of the same layer in the backward part.
    helpers : tuple of str
        Names assigned in the backward part that are not gradients of the cost by design
        (residuals, errors still to be divided by m).
    softmax : tuple of str
        Texts of the lines in which the softmax Jacobian is applied.
    slips : tuple of (str, str, str)
        Slips written by hand: kinds joined by ``|``, old text, new text; the old text occurs once
        in the file.
    style : str
        What is particular about how it is written.
    folder : str
        One of `FOLDERS`.
    """

    name: str
    form: Form
    entry: str
    inputs: Callable[[np.random.Generator], Inputs]
    gradients: dict[str, str]
    backward: tuple[str, ...]
    style: str
    loss: str = "out.0"
    outputs: int = 1
    construct: Callable[[type, Inputs], Any] | None = None
    cost: Callable[[Any, Any], Any] | None = None
    predict: str = "feedforward"
    kinks: bool = False
    pairs: tuple[tuple[str, str], ...] = ()
    helpers: tuple[str, ...] = ()
    softmax: tuple[str, ...] = ()
    slips: tuple[tuple[str, str, str], ...] = ()
    folder: str = "programs"
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        return CORPUS / self.folder / f"{self.name}.py"

    @property
    def source(self) -> str:
        return self.path.read_text(encoding="utf-8")

    def make_inputs(self, rng: np.random.Generator, dtype: Any = np.float64) -> Inputs:
        """Random inputs with every array of floats in `dtype`; numbers and labels stay."""
        return cast(self.inputs(rng), dtype)

    def make_kinked_inputs(self, rng: np.random.Generator, dtype: Any = np.float64) -> Inputs:
        """Random inputs rounded to halves: ReLUs meet exact zeros and maxima meet ties."""
        return tree_map(_to_halves, self.make_inputs(rng, dtype))


def _to_halves(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return (np.round(value * 2) / 2).astype(value.dtype)
    return value


def tree_map(f: Callable[[Any], Any], tree: Any) -> Any:
    """`tree` with `f` applied to every leaf; dicts, lists and tuples are the branches."""
    if isinstance(tree, dict):
        return {k: tree_map(f, v) for k, v in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(tree_map(f, v) for v in tree)
    return f(tree)


def cast(tree: Any, dtype: Any) -> Any:
    """`tree` with every array of floats in `dtype`."""

    def convert(value: Any) -> Any:
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            return value.astype(dtype)
        return value

    return tree_map(convert, tree)


def get(tree: Any, path: str) -> Any:
    """The value at `path` ("model.W1", "out.1.0"): keys, positions, then attributes."""
    for key in path.split("."):
        if isinstance(tree, dict):
            tree = tree[key] if key in tree else tree[int(key)]
        elif isinstance(tree, list | tuple):
            tree = tree[int(key)]
        else:
            tree = getattr(tree, key)
    return tree


def put(tree: Any, path: str, value: Any) -> Any:
    """A copy of `tree` with `value` at `path`; what is off the path is shared."""
    key, _, rest = path.partition(".")
    if isinstance(tree, dict):
        return {**tree, key: put(tree[key], rest, value) if rest else value}
    items = list(tree)
    items[int(key)] = put(items[int(key)], rest, value) if rest else value
    return type(tree)(items)


def expand(gradients: dict[str, str], inputs: Inputs) -> dict[str, str]:
    """`gradients` with every ``*`` replaced by the keys that the inputs have there."""
    found: dict[str, str] = {}
    for output, where in gradients.items():
        if "*" not in where:
            found[output] = where
            continue
        branch = where[: where.index("*")].rstrip(".")
        tree = get(inputs, branch)
        keys = tree.keys() if isinstance(tree, dict) else range(len(tree))
        for key in keys:
            found[output.replace("*", str(key))] = where.replace("*", str(key))
    return found


def load(path: Path | str) -> ModuleType:
    """The module in the file at `path`, executed afresh under a name of its own."""
    name = f"corpus_{Path(path).stem}_{next(_serial)}"
    linecache.checkcache(str(path))
    spec = importlib.util.spec_from_file_location(name, str(path))
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def unload(module: ModuleType) -> None:
    """Forget a module from `load`."""
    sys.modules.pop(module.__name__, None)


@dataclass(frozen=True)
class Bound:
    """A program's functions, bound to one set of inputs and ready to call."""

    program: Program
    functions: tuple[Callable[..., Any], ...]
    instance: Any
    args: tuple[Any, ...]


def bind(program: Program, module: ModuleType, inputs: Inputs) -> Bound:
    """`program`, taken from `module`, with a fresh copy of `inputs`."""
    inputs = copy.deepcopy(inputs)
    attributes = inputs.pop("self", None)
    names = program.entry.split(", ")
    instance = None
    if "." in names[0]:
        cls = getattr(module, names[0].split(".")[0])
        instance = program.construct(cls, attributes) if program.construct else cls(**attributes)
        functions = tuple(getattr(instance, name.split(".")[1]) for name in names)
    else:
        functions = tuple(getattr(module, name) for name in names)
    return Bound(program, functions, instance, tuple(inputs.values()))


def _outputs(program: Program, result: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    if program.outputs == 0 or program.form == "layer":
        outs = result if isinstance(result, tuple) else (result,)
        return outs, ()
    return tuple(result[: program.outputs]), tuple(result[program.outputs :])


def cotangents(outputs: tuple[Any, ...], seed: int = 7) -> tuple[Any, ...]:
    """Cotangents for `outputs`: normal numbers fixed by `seed`, never all alike."""
    rng = np.random.default_rng(seed)
    drawn = []
    for out in outputs:
        out = np.asarray(out)
        value = (rng.standard_normal(out.shape) + 0.3).astype(out.dtype)
        drawn.append(value if out.ndim else value[()])
    return tuple(drawn)


def cost(program: Program, module: ModuleType, inputs: Inputs) -> Any:
    """The scalar whose gradient `program` computes.

    For a pair forward and backward it is the inner product of outputs and `cotangents`.
    """
    bound = bind(program, module, inputs)
    if program.form == "loss-and-grads":
        return get({"out": bound.functions[0](*bound.args)}, program.loss)
    if program.form == "cost-and-gradient":
        return bound.functions[0](*bound.args)
    if program.form == "network":
        if program.cost is None:
            raise ValueError(f"{program.name}: a network needs a cost")
        x, y = bound.args
        return program.cost(getattr(bound.instance, program.predict)(x), y)
    outs, _ = _outputs(program, bound.functions[0](*bound.args))
    return sum(np.sum(g * out) for g, out in zip(cotangents(outs), outs, strict=True))


def gradients(program: Program, module: ModuleType, inputs: Inputs) -> dict[str, Any]:
    """What the program says the gradients are: a dict from path in the inputs to value.

    A gradient that the program does not give is NaN.
    """
    bound = bind(program, module, inputs)
    if program.form in ("loss-and-grads", "network"):
        out = bound.functions[0](*bound.args)
    elif program.form == "cost-and-gradient":
        out = bound.functions[1](*bound.args)
    else:
        outs, cache = _outputs(program, bound.functions[0](*bound.args))
        out = bound.functions[1](*cotangents(outs), *cache)
    roots = {"out": out, "self": bound.instance}
    found = {}
    for output, where in expand(program.gradients, inputs).items():
        try:
            value = get(roots, output)
        except (AttributeError, IndexError, KeyError, ValueError):
            value = None
        found[where] = np.nan if value is None else value
    return found


def programs(folder: str | None = None) -> Iterator[Program]:
    """Every program in the order of the records, or those of `folder`."""
    for path in sorted((CORPUS / "records").glob("*.py")):
        module = load(path)
        for program in module.PROGRAMS:
            if folder in (None, program.folder):
                yield program
