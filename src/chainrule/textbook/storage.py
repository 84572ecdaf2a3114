"""Networks as JSON files: the book's format, with what the book left implicit written down.

The book's own files (``sizes, weights, biases, cost``) are read too: column layout, sigmoid
neurons.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from chainrule.errors import ChainruleError, CheckpointError
from chainrule.textbook.activations import LayerActivation, Mixed
from chainrule.textbook.initializers import Initializer, get_initializer

if TYPE_CHECKING:
    from chainrule.textbook.network import Network

    N = TypeVar("N", bound=Network)

__all__ = ["load", "save"]

FORMAT = "chainrule.textbook.Network"
VERSION = 1


def save(network: Network, path: str | os.PathLike[str]) -> None:
    """Write `network` to `path`, all of it or nothing.

    Raises
    ------
    CheckpointError
        For parameters that are not finite, which JSON cannot hold.
    """
    for name, arrays in (("weights", network.weights), ("biases", network.biases)):
        for number, array in enumerate(arrays, start=1):
            if not np.isfinite(array).all():
                raise CheckpointError(
                    f"{name} of layer {number} are not finite; nothing was written to {path}"
                )
    document = {
        "format": FORMAT,
        "version": VERSION,
        "sizes": network.sizes,
        "cost": _cost_text(network),
        "activations": [_activation_text(activation) for activation in network.activations],
        "layout": network.layout,
        "reduction": network.reduction,
        "initializer": network.initializer.name,
        "dtype": network.dtype.name,
        "weights": [w.tolist() for w in network.weights],
        "biases": [b.tolist() for b in network.biases],
    }
    target = Path(path)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.write_text(json.dumps(document, allow_nan=False), encoding="utf-8")
        os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _cost_text(network: Network) -> str:
    return network.cost.name if network.cost.named else f"own: {network.cost.name}"


def _activation_text(activation: LayerActivation) -> str | list[str]:
    if isinstance(activation, Mixed):
        return [part.name if part.named else f"own: {part.name}" for part in activation.parts]
    return activation.name if activation.named else f"own: {activation.name}"


def load(kind: type[N], path: str | os.PathLike[str], *, cost: object, activations: object) -> N:
    """The network in the file `path`; `cost` and `activations` stand in for a user's own."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        document = json.loads(text)
    except UnicodeDecodeError:
        raise CheckpointError(f"{path} is no JSON file: it is not text") from None
    except json.JSONDecodeError as error:
        raise CheckpointError(f"{path} is no complete JSON file: {error}") from None
    if not isinstance(document, dict) or not {"sizes", "weights", "biases"} <= document.keys():
        raise CheckpointError(
            f"{path} holds no network: expected an object with sizes, weights and biases"
        )
    book = "format" not in document
    if not book and (document["format"], document.get("version")) != (FORMAT, VERSION):
        raise CheckpointError(
            f"{path} has format {document['format']!r} version {document.get('version')!r}; this "
            f"library reads {FORMAT!r} version {VERSION}"
        )
    try:
        network = kind(
            document["sizes"],
            cost if cost is not None else _own(document.get("cost", "quadratic"), "cost", path),
            activations if activations is not None else _activations(document, path),
            layout=document.get("layout", "column"),
            reduction=document.get("reduction", "sum"),
            dtype=document.get("dtype", "float64"),
            initializer="constant",
        )
        network.weights = document["weights"]
        network.biases = document["biases"]
        network.initializer = _initializer(document.get("initializer", "book"))
    except CheckpointError:
        raise
    except (ChainruleError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} does not fit together: {error}") from error
    for arrays in (network.weights, network.biases):
        if not all(np.isfinite(array).all() for array in arrays):
            raise CheckpointError(f"{path} holds parameters that are not finite")
    return network


def _initializer(name: str) -> Initializer:
    try:
        return get_initializer(name)
    except ChainruleError:  # a user's own: only its name is of use, until it draws again

        def draw(*_: object) -> Any:
            raise CheckpointError(
                f"the initialiser {name!r} of the saved network is not known here"
            )

        return Initializer(name, draw)


def _activations(document: dict[str, Any], path: object) -> object:
    given = document.get("activations")
    if given is None:
        return None
    if not isinstance(given, list):
        raise CheckpointError(f"{path}: activations must be a list, one item per layer")
    for item in given:
        for name in item if isinstance(item, list) else [item]:
            _own(name, "activations", path)
    return given


def _own(text: Any, argument: str, path: object) -> Any:
    if not isinstance(text, str):
        raise CheckpointError(f"{path}: {argument} must be named by a text, got {text!r}")
    if text.startswith("own: "):
        raise CheckpointError(
            f"{path} was saved with a function of your own ({text[5:]!r}), which a JSON file "
            f"cannot hold; give it again: load(path, {argument}=…)"
        )
    return text
