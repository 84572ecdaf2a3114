"""Going through a computation step by step, forwards and backwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.explanation.figures import compact
from chainrule.explanation.text import WIDTH, step_text

if TYPE_CHECKING:
    from chainrule.explanation.explain import Explanation
    from chainrule.explanation.steps import Step

__all__ = ["Stepper"]


class Stepper:
    """A place in the steps of an explanation.

    Attributes
    ----------
    position : int
        How many steps have been done: 0 before the first gate.

    Examples
    --------
    >>> stepper = cr.explain(lambda x, y: x * y, 3.0, 2.0).stepper()
    >>> print(stepper.forward())
       1  %1 = x * y                                        6
    >>> stepper.forward().direction, stepper.position, stepper.forward()
    ('backward', 2, None)
    >>> stepper.back().direction
    'backward'
    """

    def __init__(self, explanation: Explanation) -> None:
        self.explanation = explanation
        self.steps = explanation.steps()
        self.position = 0

    def forward(self) -> Step | None:
        """Do the next step and return it; ``None`` at the end."""
        if self.position == len(self.steps):
            return None
        self.position += 1
        return self.steps[self.position - 1]

    def back(self) -> Step | None:
        """Undo the last step and return it; ``None`` at the beginning."""
        if self.position == 0:
            return None
        self.position -= 1
        return self.steps[self.position]

    def go(self, position: int) -> None:
        """Go to a place; beyond the ends, to the end."""
        self.position = min(max(position, 0), len(self.steps))

    @property
    def step(self) -> Step | None:
        """The step done last."""
        return self.steps[self.position - 1] if self.position else None

    def values(self) -> dict[str, Any]:
        """Values known at this place."""
        done = self.steps[: self.position]
        found = dict(self.explanation.given)
        found.update((s.name, s.value) for s in done if s.direction == "forward")
        return found

    def gradients(self) -> dict[str, tuple[Any, int, int]]:
        """Gradients known at this place: the sum so far, and how many shares of how many it has."""
        found: dict[str, tuple[Any, int, int]] = {}
        forwards = sum(step.direction == "forward" for step in self.steps)
        if self.explanation.seed is not None and self.position >= forwards:
            found[self.explanation.output] = (self.explanation.seed, 1, 1)
        for step in self.steps[: self.position]:
            for share in step.shares:
                found[share.name] = (share.total, share.nth, share.count)
        return found

    def frame(self, height: int = 24) -> str:
        """A screen of 80 columns: every gate with its value and gradient so far, and the step in words."""
        step = self.step
        words = step_text(step)[1:] if step is not None and step.direction == "backward" else []
        where = "" if step is None else f", {step.direction}s"
        place = f"step {self.position} of {len(self.steps)}{where}"
        title = self.explanation.title[: WIDTH - len(place) - 2]
        lines = [f"{title:<{WIDTH - len(place)}}{place}", f"{'value':>57}{'gradient':>23}"]
        lines += self._rows(max(height - len(lines) - len(words) - 3, 3))
        return "\n".join(line.rstrip() for line in [*lines, "", *words])

    def _rows(self, room: int) -> list[str]:
        formulas = dict.fromkeys(self.explanation.given, "")
        formulas |= {s.name: f"= {s.formula}" for s in self.steps if s.direction == "forward"}
        values, gradients = self.values(), self.gradients()
        current = self.step.name if self.step is not None else ""
        left = min(max(map(len, formulas), default=1), 14)
        rows = []
        for name, formula in formulas.items():
            said = f"{name:<{left}} {formula}"
            said = said if len(said) <= 33 else said[:32] + "…"
            value = compact(values[name]) if name in values else "·"
            total, nth, count = gradients.get(name, (None, 1, 1))
            gradient = "·" if total is None else compact(total)
            gradient += f" ({nth}/{count})" if nth < count else ""
            mark = ">" if name == current else " "
            rows.append(f"{mark} {said:<33}{value:>22}{gradient:>23}")
        here = next((i for i, name in enumerate(formulas) if name == current), 0)
        if len(rows) <= room:
            return rows
        first = min(max(here - room // 2, 0), len(rows) - room)
        return rows[first : first + room]

    def __str__(self) -> str:
        return self.frame(len(self.steps) + len(self.explanation.given) + 12)
