"""An explanation as one HTML file: the picture, and a walk through it with keys or buttons.

The page needs no network and no library; ``page.html`` beside this file is its template. Without
scripts it shows the whole picture with all values and gradients, and the explanation as text.
"""

from __future__ import annotations

import json
import re
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from chainrule.explanation.figures import compact

if TYPE_CHECKING:
    from chainrule.explanation.explain import Explanation

__all__ = ["to_html"]


def to_html(explanation: Explanation) -> str:
    """See :meth:`Explanation.html`."""
    template = (files("chainrule.explanation") / "page.html").read_text(encoding="utf-8")
    parts = {
        "title": escape(explanation.title),
        "picture": explanation.svg(),
        "text": escape(explanation.text()),
        # a "</script>" in a name would end the element that holds the data
        "data": json.dumps(_data(explanation), ensure_ascii=False).replace("<", "\\u003c"),
    }
    # in one pass: what is put in is not searched again
    return re.sub(r"<!--(title|picture|text|data)-->", lambda found: parts[found[1]], template)


def _data(explanation: Explanation) -> dict[str, Any]:
    steps = explanation.steps()
    return {
        "title": explanation.title,
        "given": list(explanation.given),
        "output": explanation.output,
        "seed": None if explanation.seed is None else compact(explanation.seed),
        "seedWords": explanation.seed_words or explanation.why_no_gradient,
        "forwards": sum(step.direction == "forward" for step in steps),
        "steps": [
            {
                "direction": step.direction,
                "name": step.name,
                "formula": step.formula,
                "line": "" if step.location is None else f"{step.location}  {step.location.text}",
                "value": compact(step.value),
                "operands": {name: compact(value) for name, value in step.operands.items()},
                "gradient": None if step.gradient is None else compact(step.gradient),
                "local": {name: compact(value) for name, value in step.local.items()},
                "words": list(step.words),
                "shares": [
                    {
                        "to": share.name,
                        "share": compact(share.value),
                        "total": compact(share.total),
                        "nth": share.nth,
                        "count": share.count,
                    }
                    for share in step.shares
                ],
            }
            for step in steps
        ],
    }
