"""How a module prints: its parts, indented, with the shapes and initialisers of parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.nn.module import Module

__all__ = ["describe"]


def describe(module: Module) -> str:
    """The ``repr`` of a module: one line for a layer, an indented block for a container."""
    head = type(module).__name__
    extra = module.extra_repr()
    own = _parameters(module)
    children = list(module.named_children())
    if not children:
        return f"{head}({'; '.join(part for part in (extra, own) if part)})"
    lines = [part for part in (extra, own) if part]
    for name, child in children:
        text = describe(child).replace("\n", "\n  ")
        lines.append(f"({name}): {text}")
    return f"{head}(\n  " + "\n  ".join(lines) + "\n)"


def _parameters(module: Module) -> str:
    """``weight (32, 64) kaiming_uniform(a=2.24), bias (32,) uniform(…)``."""
    found = []
    for name, parameter in module._parameters.items():
        if parameter is None:
            continue
        made = f" {parameter.initializer}" if parameter.initializer else ""
        frozen = "" if parameter.requires_grad else " frozen"
        found.append(f"{name} {parameter.shape}{made}{frozen}")
    return ", ".join(found)
