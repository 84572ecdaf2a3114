"""What the name of a statement's target says of its value."""

from __future__ import annotations

import ast

from ..instrument import Site
from ..leaves import is_gradient_name
from ..suspects.trees import is_blank


def is_vague(site: Site) -> bool:
    """True for a statement whose value is not meant to be a gradient, or not yet."""
    return is_blank(site.expr) or not any(is_gradient_name(word) for word in _words(site))


def _words(site: Site) -> list[str]:
    if site.target is None:
        return ["gradient"]
    return [n.id for n in ast.walk(site.target) if isinstance(n, ast.Name)] + [
        n.attr for n in ast.walk(site.target) if isinstance(n, ast.Attribute)
    ]
