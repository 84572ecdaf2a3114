"""Views: tensors that follow another one's writes, as NumPy's views share memory.

Which results are views is decided by NumPy itself (whether memory is shared); how they follow is
in ``Tensor._replace`` and ``Tensor._refresh_views``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from chainrule.core.graph import Node, ancestors
from chainrule.core.op import STATE
from chainrule.errors import StagingError

if TYPE_CHECKING:
    from chainrule.core.tensor import Tensor

__all__ = ["View", "may_be_copied", "unsure_write"]


class View(NamedTuple):
    """How a view is read from its base, and how a write to the view changes the base.

    ``assigns`` marks ``t.data``: a write through it replaces values and is not differentiated.
    ``unsure`` marks a reshape of which only shapes are known, so that NumPy might have copied.
    """

    base: Tensor
    read: Callable[[Any], Any]
    write: Callable[[Any, Any], Any]
    assigns: bool = False
    unsure: bool = False


def may_be_copied(node: Node | None) -> bool:
    """Whether a staged reshape might be a copy in NumPy: if its operand may not be in C order.

    Layouts follow those of the operands; transposes and slices (and what is computed from them)
    are the ones that leave C order.
    """
    if node is None or node.op.name != "reshape":
        return False
    old = tuple(n for n in node.values[0].shape if n != 1)
    if old == tuple(n for n in node.shape if n != 1):
        return False
    found = ancestors(node.inputs, STATE.stage.start if STATE.stage else 0, tracked=False)
    return any(n.op.name in ("transpose", "getitem") and len(n.shape) > 1 for n in found)


def unsure_write(what: str) -> StagingError:
    """The error for a write of which only memory layout could say where it goes."""
    from chainrule.core.messages import where

    return StagingError(
        f"{what}: while only shapes are known it cannot be told whether this reshape shares memory "
        "with the tensor it was made from (NumPy copies where the order of the axes was changed). "
        f"Copy it first, t.reshape(...).copy(), or write before reshaping{where()}"
    )
