"""Loading saved values into a module: all or nothing, with errors that say what does not fit."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.core.tensor import Tensor, wrap
from chainrule.errors import CheckpointError

if TYPE_CHECKING:
    from chainrule.nn.module import Module

__all__ = ["KeyReport", "load_into"]


class KeyReport(NamedTuple):
    """Names that were not found on the one side or the other."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def load_into(module: Module, state: dict[str, Any], strict: bool) -> KeyReport:
    """See :meth:`Module.load_state_dict`."""
    own = targets(module)
    missing = [name for name in own if name not in state]
    unexpected = [name for name in state if name not in own]
    values = {name: _array(name, state[name]) for name in own if name in state}
    wrong = [
        f"{name}: saved {value.shape}, here {own[name].shape}"
        for name, value in values.items()
        if value.shape != own[name].shape
    ]
    problems = wrong
    if strict:
        problems = (
            [f"missing: {name}{_similar(name, unexpected)}" for name in missing]
            + [f"not in this module: {name}" for name in unexpected]
            + wrong
        )
    if problems:
        shown = problems[:12] + ([f"… and {len(problems) - 12} more"] if len(problems) > 12 else [])
        advice = "" if wrong else "\nWith strict=False what fits is loaded and the rest reported."
        raise CheckpointError(
            f"the saved state does not fit {type(module).__name__}; nothing was loaded:\n  "
            + "\n  ".join(shown)
            + advice
        )
    for name, value in values.items():
        target = own[name]
        target.assign(wrap(value.astype(target.dtype, copy=True), None))
    return KeyReport(missing, unexpected)


def targets(module: Module) -> dict[str, Tensor]:
    """The tensors that hold a module's state, by path; a shared one under each of its names."""
    found: dict[str, Tensor] = {}
    for path, part in module.named_modules():
        for name, value in {**part._parameters, **part._buffers}.items():
            if value is not None and name not in part._transient:
                found[f"{path}.{name}" if path else name] = value
    return found


def _array(name: str, value: Any) -> np.ndarray[Any, Any]:
    if isinstance(value, Tensor):
        value = value.detach()._concrete("loading")
    elif hasattr(value, "detach"):  # a tensor of another library
        value = value.detach().cpu().numpy()
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise CheckpointError(f"{name}: expected numbers, got {array.dtype}")
    return array


def _similar(name: str, others: list[str]) -> str:
    close = difflib.get_close_matches(name, others, n=1, cutoff=0.6)
    return f" (did it become {close[0]!r}?)" if close else ""
