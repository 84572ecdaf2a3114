"""The detectors' answers together: is this training healthy, and if not, what ails it?"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from chainrule.diagnose.dead import DeadUnits
from chainrule.diagnose.divergence import divergence, without_gradient
from chainrule.diagnose.finding import Finding
from chainrule.diagnose.flow import flow
from chainrule.diagnose.measure import Look
from chainrule.diagnose.origin import Origin
from chainrule.diagnose.saturation import saturation

__all__ = ["Diagnosis", "diagnosis"]


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What was found; prints as a table of the layers and sentences.

    Attributes
    ----------
    findings : tuple of Finding
        What ails the training, the most fundamental first; empty for a healthy one.
    look : Look or None
        Figures of the last look.
    looks : int
        How many looks were taken.
    """

    findings: tuple[Finding, ...]
    look: Look | None
    looks: int

    @property
    def healthy(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def __str__(self) -> str:
        return self.text()

    def text(self, width: int = 80) -> str:
        """The table and the sentences, in lines of so many characters."""
        if self.look is None:
            return "Nothing was looked at yet: call step(loss) in the training loop."
        many = "1 look" if self.looks == 1 else f"{self.looks} looks"
        lines = [f"Step {self.look.step}, {many}, loss {self.look.loss:.4g}", ""]
        lines += [line[:width] for line in _table(self.look)]
        lines.append("")
        if self.healthy:
            lines.append("Healthy: errors reach every layer, and no layer is dead or saturated.")
        for finding in self.findings:
            lines += _paragraph(finding, width)
        return "\n".join(line.rstrip() for line in lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain data: the verdict, the findings, and the figures of the last look."""
        look = self.look
        return {
            "healthy": self.healthy,
            "looks": self.looks,
            "findings": [asdict(finding) for finding in self.findings],
            "step": None if look is None else look.step,
            "loss": None if look is None else look.loss,
            "layers": [
                {
                    "name": layer.name,
                    "delta": layer.delta,
                    "gradient": layer.gradient,
                    "weight": layer.weight,
                    "update": layer.update,
                }
                for layer in (look.layers.values() if look is not None else ())
            ],
            "activations": [
                {"name": a.name, "slope": a.slope, "flat": a.flat_share, "silent": a.silent_share}
                for a in (look.activations.values() if look is not None else ())
            ],
        }


def _table(look: Look) -> list[str]:
    width = min(max([len(name) for name in look.layers] + [5]), 22)
    head = f"{'layer':<{width}} {'‖δ‖':>9} {'‖∂C/∂w‖':>9} {'‖w‖':>9} {'update/w':>9}"
    rows = [f"{head}  activation"]
    for layer in look.layers.values():
        acts = [a for a in look.activations.values() if a.layer == layer.name]
        told = [f"{a.op} {a.flat_share:.0%} flat" for a in acts]
        figures = (layer.delta, layer.gradient, layer.weight, layer.update)
        cells = " ".join(f"{'' if math.isnan(v) else f'{v:.2e}':>9}" for v in figures)
        name = layer.name if len(layer.name) <= width else layer.name[: width - 1] + "…"
        rows.append(f"{name:<{width}} {cells}  {', '.join(told)}")
    return rows


def _paragraph(finding: Finding, width: int) -> list[str]:
    since = "" if finding.since == 0 else f" (since step {finding.since})"
    words = f"{finding.kind.upper()}{since}: {finding.words}"
    lines = textwrap.wrap(words, width, subsequent_indent="  ", break_on_hyphens=False)
    if finding.remedy:
        remedy = f"Remedy: {finding.remedy}"
        lines += textwrap.wrap(
            remedy, width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
        )
    return lines


def diagnosis(
    looks: Sequence[Look], dead: DeadUnits, origin: Origin | None, origin_step: int, taken: int
) -> Diagnosis:
    """All detectors asked, the most fundamental first.

    Where a value is not finite every other figure is a consequence. Where a whole layer is dead no
    error gets below it, so vanishing there would say the same a second time.
    """
    look = looks[-1] if looks else None
    if origin is not None:
        found = Finding("not finite", (), str(origin.words), origin.remedy, origin_step)
        return Diagnosis((found,), look, taken)
    killed = dead.findings(looks)
    saturated = saturation(looks)
    flows = flow(looks)
    if any(dead.share(name) == 1.0 for name in dead.silent):
        flows = [finding for finding in flows if finding.kind != "vanishing"]
    findings = (*divergence(looks), *killed, *saturated, *flows, *without_gradient(looks))
    return Diagnosis(findings, look, taken)
