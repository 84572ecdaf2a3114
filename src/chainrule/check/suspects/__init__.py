"""The catalogue of slips: small edits of a statement, each tied to the slip that it undoes.

An edit is only a proposal. :mod:`..localise` runs the program with it and keeps it if the gradients
come right. `cost` orders the proposals: taking away what is there comes before putting in what is
not, and what needs no new name before what does. Start reading at :mod:`.catalogue`.
"""

from .catalogue import doubt, sharing, suspects
from .rendering import edit_of
from .statement import Change, Edit, Statement
from .statements import other_targets

__all__ = [
    "Change",
    "Edit",
    "Statement",
    "doubt",
    "edit_of",
    "other_targets",
    "sharing",
    "suspects",
]
