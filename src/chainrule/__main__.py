"""``python -m chainrule`` is the ``chainrule`` command."""

from __future__ import annotations

from chainrule.cli import main

main(prog_name="chainrule")
