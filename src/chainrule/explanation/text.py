"""An explanation as text that fits 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

from chainrule.explanation.figures import compact

if TYPE_CHECKING:
    from chainrule.explanation.explain import Explanation
    from chainrule.explanation.steps import Step

__all__ = ["explanation_text", "step_text"]

WIDTH = 80


def explanation_text(explanation: Explanation) -> str:
    """Everything, forwards and backwards, one gate after the other."""
    steps = explanation.steps()
    given = explanation.given
    shown = {step.name: step.formula for step in steps if step.direction == "forward"}
    left = min(max((len(n) for n in (*given, *shown)), default=1), 16)
    lines = [*_wrapped(explanation.title, ""), ""]
    if given:
        lines.append("given")
        lines += [_given_line(name, compact(value), left) for name, value in given.items()]
        lines.append("")
    lines.append("forwards")
    for step in steps:
        if step.direction == "forward":
            lines.append(_forward_line(step, left))
    backwards = [step for step in steps if step.direction == "backward"]
    lines += ["", f"backwards: gradients of {explanation.output}"]
    if not backwards:
        lines.append(f"      {explanation.why_no_gradient}")
    else:
        lines.append(f"      {explanation.seed_words}")
        for step in backwards:
            lines += step_text(step, left)
        lines += ["", "gradients of what was given"]
        for name in given:
            gradient = explanation.gradients.get(name)
            said = "none: it does not lead to the output, or is no floating-point number"
            lines.append(f"      {name:<{left}}  {said if gradient is None else compact(gradient)}")
    lines += [line for note in explanation.notes for line in ["", *_wrapped(note, "")]]
    return "\n".join(line.rstrip() for line in lines)


def _given_line(name: str, value: str, left: int) -> str:
    return f"      {_cut(name, max(left, WIDTH - 8 - len(value))):<{left}}  {value}"


def _forward_line(step: Step, left: int) -> str:
    value = compact(step.value)
    room = WIDTH - left - 11 - max(len(value), 24)
    name, formula = _cut(step.name, left), _cut(step.formula, room)
    return f"{step.number:>4}  {name:<{left}} = {formula:<{room}}  {value}"


def step_text(step: Step, left: int = 0) -> list[str]:
    """One step as lines; ``left`` is the width of the column of names."""
    if step.direction == "forward":
        return [_forward_line(step, left or min(len(step.name), 16))]
    head, received = f"{step.number:>4}  {step.name} = {step.formula}", compact(step.gradient)
    lines = [f"{_cut(head, WIDTH - 11 - len(received))}  receives {received}"]
    for sentence in step.words:
        lines += _wrapped(sentence, "        ")
    return lines


def _wrapped(text: str, indent: str) -> Iterable[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False
    )


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
