"""Arguments and instances made up from the names of parameters, for code that nothing calls.

Sizes are all different (six samples, four features in, three out, five hidden), so that a layout
that does not fit raises instead of broadcasting. The caller tries one after the other.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ArgumentError
from .signatures import required_parameters
from .written import literal_calls, settings

__all__ = ["Layout", "arguments", "instances", "layouts", "sizes_of", "targets_like"]

_SAMPLES, _IN, _OUT, _HIDDEN = 6, 4, 3, 5
_SIZES = {"0": 4, "1": 5, "2": 3, "3": 3}


@dataclass(frozen=True)
class Layout:
    """How arrays are laid out: what the parameter names leave open.

    Attributes
    ----------
    data : str
        ``rows`` (one sample per row), ``columns``, ``single`` (one vector), ``column`` (one column),
        ``images`` (N, C, H, W), ``images last`` (N, H, W, C), ``sequence`` (T, N, D) or ``indices``.
    bias : int
        Axes of a bias.
    target : str
        ``labels``, ``onehot`` or ``real``.
    classes : int
        Columns of the target.
    into, hidden : int
        Features of a sample, and units of a state.
    """

    data: str = "rows"
    bias: int = 1
    target: str = "labels"
    classes: int = 3
    into: int = 4
    hidden: int = 3

    @property
    def words(self) -> str:
        return {"rows": "one sample per row", "columns": "one sample per column"}.get(
            self.data, self.data
        )


def layouts(of_class: bool = False) -> Iterator[Layout]:
    """The layouts to try, the usual ones first."""
    if of_class:
        for data in (
            "rows", "columns", "images", "sequence", "indices", "column", "single", "images last",
        ):  # fmt: skip
            for target in (
                ("labels", "onehot", "real") if data in ("rows", "columns") else ("real",)
            ):
                yield Layout(data, 1, target)
        return
    for classes, data, bias, target in itertools.product(
        (3, 5, 1), ("rows", "columns"), (1, 2), ("labels", "onehot", "real")
    ):
        yield Layout(data, bias, target, classes)
    for data in ("images", "sequence", "single", "column", "indices", "images last"):
        yield Layout(data)


def arguments(function: Callable[..., Any], layout: Layout, seed: int = 0) -> dict[str, Any]:
    """Arguments of a function or bound method, by name.

    A parameter with a default keeps it, unless the default says "not given" of something that a
    gradient needs: a target that is None, a regularisation of zero, behind which slips would hide.

    Raises
    ------
    ArgumentError
        If the name of a parameter says nothing.
    """
    rng = np.random.default_rng(seed)
    required = required_parameters(function, False)
    values = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name not in required and not _stands_for_nothing(name, parameter.default):
            continue
        try:
            values[name] = _argument(name, function, layout, rng)
        except KeyError:
            raise ArgumentError(
                f"do not know what to pass for parameter {name!r} of {function.__name__}: call it"
                " with an example under if __name__ == '__main__', or use chainrule.check from"
                " Python"
            ) from None
    return values


def _argument(
    name: str, function: Callable[..., Any], layout: Layout, rng: np.random.Generator
) -> Any:
    try:
        return _value(name, layout, rng)
    except KeyError:
        path = getattr(inspect.unwrap(function), "__globals__", {}).get("__file__", "")
        return settings(name, path, _setting)


def _setting(key: str) -> Any:
    return _PLAIN[key.replace("_", "").lower()]


def sizes_of(holder: Any) -> Iterator[tuple[int, int]]:
    """Features in and units of the state that an instance might expect, by its attributes."""
    sizes = [(_IN, _OUT)]
    named: dict[str, int] = {}
    for name, value in getattr(holder, "__dict__", {}).items():
        plain = name.replace("_", "").lower()
        whole = isinstance(value, (list, tuple)) and all(type(v) is int for v in value)
        if plain in _LISTS and whole and value:
            sizes.append((value[0], value[-1]))
        for kind, words in (("into", _INTO), ("hidden", _MIDDLE), ("out", _OUTOF)):
            if type(value) is int and plain in words:
                named.setdefault(kind, value)
    if named:
        into = named.get("into", _IN)
        sizes += [(into, named[k]) for k in ("hidden", "out") if k in named] or [(into, _OUT)]
    yield from dict.fromkeys(sizes)


def _stands_for_nothing(name: str, default: Any) -> bool:
    stem = _stem(name)
    if default is None:
        return stem in _TARGETS
    return stem in _REGULAR and isinstance(default, (int, float)) and default == 0


def _stem(name: str) -> str:
    return name.replace("_", "").lower().rstrip("0123456789")


def targets_like(output: Any, seed: int = 0) -> Iterator[Any]:
    """Targets for an output: of its shape, one-hot in either layout, and labels."""
    rng = np.random.default_rng(seed)
    shape = np.shape(output)
    if len(shape) == 2 and min(shape) > 1:
        yield np.eye(shape[1])[rng.integers(0, shape[1], shape[0])]
        yield np.eye(shape[0])[rng.integers(0, shape[0], shape[1])].T
    if len(shape) == 1 and shape[0] > 1:
        yield np.eye(shape[0])[rng.integers(0, shape[0])]
    if len(shape) == 2 and shape[1] == 1 and shape[0] > 1:
        yield np.eye(shape[0])[:, [int(rng.integers(0, shape[0]))]]
    yield rng.uniform(0.1, 0.9, shape)
    if len(shape) == 2:
        yield rng.integers(0, shape[1], shape[0])
        yield rng.integers(0, shape[0], shape[1])


def instances(kind: type, seed: int = 0) -> Iterator[Any]:
    """Instances of a class, by the names of what its constructor takes."""
    rng = np.random.default_rng(seed)
    try:
        signature = inspect.signature(kind)
    except (TypeError, ValueError):
        return
    for args, kwargs in literal_calls(kind):
        made = _constructed_with(kind, args, kwargs, seed)
        if made is not None:
            yield _spread(made, rng)
    for depth, activation, data in itertools.product((3, 2), _ACTIVATIONS, ("rows", "columns")):
        arguments: dict[str, Any] = {}
        try:
            for name, parameter in signature.parameters.items():
                if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                    continue
                size = _constructed(name, depth, activation, Layout(data), rng, parameter)
                if size is not _UNKNOWN:
                    arguments[name] = size
                elif parameter.default is parameter.empty:
                    raise KeyError(name)
        except KeyError as error:
            raise ArgumentError(
                f"do not know what to pass for parameter {error.args[0]!r} of {kind.__name__}():"
                " make one and call it under if __name__ == '__main__'"
            ) from None
        made = _constructed_with(kind, [], arguments, seed)
        if made is not None:
            yield _spread(made, rng)


def _constructed_with(kind: type, args: list[Any], kwargs: dict[str, Any], seed: int) -> Any:
    """An instance, or None if these are no arguments for it."""
    state = np.random.get_state()  # noqa: NPY002  (what the user's code draws from)
    np.random.seed(seed)  # noqa: NPY002
    try:
        return kind(*args, **kwargs)
    except Exception:
        return None
    finally:
        np.random.set_state(state)  # noqa: NPY002


_UNKNOWN: Any = object()
_ACTIVATIONS = ("sigmoid", "relu", "tanh")
_INTO = (
    "inchannels", "inputchannels", "indim", "inputdim", "inputsize", "insize", "nin", "infeatures",
    "inputfeatures", "fanin", "inputs", "ninputs", "numinputs", "ninput", "inputnodes", "nx", "d",
    "features", "nfeatures", "numfeatures", "dim", "channels", "dmodel", "embeddingdim", "embeddim",
    "embedsize", "inputneurons", "size", "normalizedshape", "inputunits", "inch", "din", "nfeats",
    "inputlength", "featuredim", "dims0", "i", "vocabsize", "vocab", "v", "numembeddings",
)  # fmt: skip
_OUTOF = (
    "outchannels", "outputchannels", "outdim", "outputdim", "outputsize", "outsize", "nout",
    "outfeatures", "outputfeatures", "fanout", "outputs", "noutputs", "numoutputs", "noutput",
    "outputnodes", "ny", "units", "nunits", "neurons", "nneurons", "numneurons", "classes",
    "nclasses", "numclasses", "numfilters", "nfilters", "filters", "outputneurons", "outch", "dout",
    "outputunits", "o", "numclass", "nclass", "k", "c",
)  # fmt: skip
_MIDDLE = (
    "hidden", "hiddensize", "hiddendim", "nhidden", "numhidden", "hiddenunits", "hiddennodes", "h",
    "nh", "na", "hiddenneurons", "hidden1", "hidden2", "hiddensize1", "hiddensize2", "hdim", "hsize",
    "nhid", "hiddenlayersize",
)  # fmt: skip
_LISTS = (
    "sizes", "layers", "dims", "layersizes", "layerdims", "layersize", "layersdims", "nodes",
    "architecture", "structure", "shape", "layerssizes", "nn", "networkstructure", "topology",
    "neuronsperlayer",
)  # fmt: skip
_PLAIN: dict[str, Any] = {
    "kernelsize": 3, "filtersize": 3, "poolsize": 2, "kernel": 3, "k": 3, "f": 3, "fsize": 3,
    "poolh": 2, "poolw": 2, "hpool": 2, "wpool": 2, "poolheight": 2, "poolwidth": 2,
    "stride": 1, "s": 1, "pad": 0, "padding": 0, "p": 0.5,
    "lr": 0.1, "learningrate": 0.1, "eta": 0.1, "lrate": 0.1, "alpha": 0.1, "rate": 0.1,
    "reg": 0.1, "lam": 0.1, "lambd": 0.1, "lmbda": 0.1, "decay": 0.1, "weightdecay": 0.1,
    "l2": 0.1, "regularization": 0.1, "momentum": 0.9, "eps": 1e-5, "epsilon": 1e-5,
    "epochs": 1, "iterations": 1, "niter": 1, "numiterations": 1, "batchsize": _SAMPLES,
    "dropout": 0.5, "dropoutrate": 0.5, "keepprob": 0.5, "dropoutratio": 0.5, "seed": 0,
    "randomstate": 0, "verbose": False, "nheads": 2, "numheads": 2, "heads": 2, "name": "layer",
    "usebias": True, "bias": True, "trainflg": True, "axis": -1,
    "seqlen": 5, "seqlength": 5, "timesteps": 5, "t": 5,
}  # fmt: skip


def _constructed(
    name: str,
    depth: int,
    activation: str,
    layout: Layout,
    rng: np.random.Generator,
    parameter: inspect.Parameter,
) -> Any:
    """A value for a parameter of a constructor."""
    plain = name.replace("_", "").lower()
    required = parameter.default is parameter.empty
    if plain in _INTO:
        return _IN if required or isinstance(parameter.default, int) else _UNKNOWN
    if plain in _OUTOF and (required or isinstance(parameter.default, int)):
        return _OUT
    if plain in _MIDDLE and (required or isinstance(parameter.default, (int, list, tuple))):
        return [_HIDDEN] if isinstance(parameter.default, (list, tuple)) else _HIDDEN
    if plain in _LISTS and (required or isinstance(parameter.default, (list, tuple))):
        return [_IN, _HIDDEN, _OUT] if depth == 3 else [_IN, _OUT]
    if not required:
        return _UNKNOWN
    if plain in _PLAIN:
        return _PLAIN[plain]
    if "activation" in plain or plain in ("act", "fn", "nonlinearity"):
        return activation
    try:
        return _value(name, layout, rng)
    except KeyError:
        pass
    kinds: dict[Any, Any] = {int: _IN, float: 0.1, bool: True, str: "layer"}
    kinds.update({"int": _IN, "float": 0.1, "bool": True, "str": "layer"})
    return kinds.get(parameter.annotation, _UNKNOWN)


def _spread(made: Any, rng: np.random.Generator) -> Any:
    """An instance whose parameters are neither zero nor tiny: there a slip would not show."""
    for name, value in list(getattr(made, "__dict__", {}).items()):
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not value.size:
            continue
        largest = float(np.max(np.abs(value)))
        if "grad" in name.lower() or name.startswith(("d", "m_", "v_")):
            continue
        if 0 < largest < 0.05:
            setattr(made, name, value * (0.5 / largest))
        elif largest == 0 and ("b" in name.lower() or "beta" in name.lower()):
            setattr(made, name, rng.normal(size=value.shape) * 0.1)
    return made


def _value(name: str, layout: Layout, rng: np.random.Generator) -> Any:
    """A value for a parameter of a function, by its name."""
    rows = layout.data != "columns"
    plain = name.replace("_", "").lower()
    digit = plain[-1] if plain[-1].isdigit() else ""
    stem = _stem(name)
    out = _SIZES.get(digit, _OUT)
    into = _SIZES.get(str(int(digit) - 1), _IN) if digit else _IN
    if stem in _DATA:
        return _data(layout, rng)
    if stem in _TARGETS:
        return _target(layout, rows, rng)
    if stem in ("w", "weights", "weight", "theta", "wx"):
        if layout.data == "images" and stem != "theta":
            return rng.normal(size=(_OUT, _IN, 3, 3))
        return rng.normal(size=(into, out) if rows else (out, into))
    if stem in ("b", "bias", "biases"):
        if layout.bias == 1:
            return rng.normal(size=out)
        return rng.normal(size=(1, out) if rows else (out, 1))
    if stem in ("wh", "u", "whh"):
        return rng.normal(size=(out, out))
    if stem in ("gamma", "beta", "scale", "shift"):
        return rng.uniform(0.5, 1.5, _IN)
    if stem in _REGULAR:
        return 0.1
    if stem in ("lr", "learningrate", "eta", "rate"):
        return 0.1
    if stem in ("eps", "epsilon"):
        return 1e-5
    if stem in ("h", "hprev", "prevh", "aprev", "c", "cprev", "prevc", "hidden", "state"):
        single = {"single": (layout.hidden,), "column": (layout.hidden, 1)}.get(layout.data)
        several = (_SAMPLES, layout.hidden) if rows else (layout.hidden, _SAMPLES)
        return rng.normal(size=single or several)
    if stem in _FLAGS:
        return True
    if stem in _OUTPUTS:
        return rng.uniform(
            0.1, 0.9, (_SAMPLES, layout.classes) if rows else (layout.classes, _SAMPLES)
        )
    raise KeyError(name)


_FLAGS = ("istraining", "training", "train", "istrain", "trainmode", "trainflg", "trainflag")
_OUTPUTS = (
    "yscore",
    "yhat",
    "ypred",
    "pred",
    "preds",
    "predictions",
    "prediction",
    "probs",
    "outputs",
    "output",
)
_REGULAR = ("reg", "lam", "lambd", "lmbda", "lambda", "alpha", "l", "decay", "regstrength")
_DATA = (
    "x", "inputs", "input", "data", "inp", "a", "z", "xbatch", "xtrain", "features", "inputdata",
    "image", "images", "inputtensor", "batch", "xs", "aprev", "inputvector", "inputlayer",
    "layerinput", "logits", "scores", "activations", "prevactivation", "ain", "idx", "indices", "sample",
)  # fmt: skip
_TARGETS = (
    "y", "t", "target", "targets", "labels", "label", "ytrue", "ybatch", "ytrain", "truth", "ys",
    "groundtruth", "desired", "expected",
)  # fmt: skip


def _data(layout: Layout, rng: np.random.Generator) -> Any:
    shape = {
        "rows": (_SAMPLES, layout.into),
        "columns": (layout.into, _SAMPLES),
        "single": (layout.into,),
        "column": (layout.into, 1),
        "images": (2, _IN, 6, 6),
        "images last": (2, 6, 6, _IN),
        "sequence": (5, _SAMPLES, layout.into),
    }.get(layout.data)
    if shape is None:
        return rng.integers(0, _IN, _SAMPLES)
    return rng.normal(size=shape)


def _target(layout: Layout, rows: bool, rng: np.random.Generator) -> Any:
    classes = _IN if layout.data not in ("rows", "columns") else layout.classes
    if layout.target == "labels":
        return rng.integers(0, classes, _SAMPLES)
    if layout.target == "onehot":
        hot = np.eye(classes)[rng.integers(0, classes, _SAMPLES)]
    else:
        hot = rng.uniform(0.1, 0.9, (_SAMPLES, classes))
    return hot if rows else hot.T
