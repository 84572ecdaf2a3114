"""Which statement is wrong, and how should it read? Start reading at :mod:`.search`."""

from .search import Case, wrong_statements

__all__ = ["Case", "wrong_statements"]
