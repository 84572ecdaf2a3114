"""What a detector says."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Finding", "listed", "persistent"]

PATIENCE = 3
"""Looks in a row that must show an illness before it is said; all of them, while there are fewer."""


@dataclass(frozen=True)
class Finding:
    """One illness, in words.

    Attributes
    ----------
    kind : str
        ``'vanishing'``, ``'exploding'``, ``'diverging'``, ``'saturated'``, ``'dead'``, ``'not finite'``,
        ``'no gradient'``.
    layers : tuple of str
        Where.
    words : str
        What was seen, with the figures.
    remedy : str
        What to do about it.
    since : int
        The step at which it was first seen.
    """

    kind: str
    layers: tuple[str, ...]
    words: str
    remedy: str
    since: int

    def __str__(self) -> str:
        return f"{self.kind}: {self.words} Remedy: {self.remedy}"


def persistent(shown: list[bool]) -> int | None:
    """Where the last unbroken run of looks that show something begins; ``None`` if it is too short."""
    run = 0
    for one in reversed(shown):
        if not one:
            break
        run += 1
    return len(shown) - run if run and run >= min(PATIENCE, len(shown)) else None


def listed(names: list[str], most: int = 3) -> str:
    """``'0', '2' and 5 more``."""
    shown = [f"'{name}'" for name in names[:most]]
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
