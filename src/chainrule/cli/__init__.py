"""The ``chainrule`` command.

One file per subcommand; each is imported only when it is called, so that ``chainrule --help``
answers at once. A subcommand's module holds a click command named ``command`` and is listed in
:data:`SUBCOMMANDS`; what they share (terminal, options, errors) is in :mod:`.terminal`.

Exit codes: 0 fine; 1 the thing checked is wrong; 2 wrong usage or data that cannot be used;
3 the checker cannot tell; 70 a defect of chainrule itself; 130 interrupted.
"""

from __future__ import annotations

from chainrule.cli.group import LazyGroup, Subcommand

__all__ = ["main"]

SUBCOMMANDS = {
    "train": Subcommand("chainrule.cli.train", "Train a network on a file or a built-in data set."),
    "predict": Subcommand("chainrule.cli.predict", "Say what a trained network says of new data."),
    "check": Subcommand(
        "chainrule.cli.check", "Check hand-written gradients; name the wrong line."
    ),
    "explain": Subcommand(
        "chainrule.cli.explain", "Say what every gate does, forwards and backwards; draw it."
    ),
    "doctor": Subcommand("chainrule.cli.doctor", "Versions, processor, and whether it all works."),
}

main = LazyGroup(SUBCOMMANDS)
