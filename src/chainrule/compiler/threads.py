"""Threads that enter the same native function together, and the choice of how many.

A :class:`Team` keeps its threads between calls; each enters the native function with its number
(ctypes lets go of the interpreter lock). :class:`Pace` decides from measured times: one thread to
begin with, more once that was seen to be faster, and it keeps looking, as another process may take
or leave a core at any time. Results do not depend on the choice: see ``lower/sharing.py``.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

__all__ = ["Pace", "Team", "available", "team"]

Entry = Callable[[int, int], None]
_RECHECK = 12  # chunks between two looks at the other choice
_WORTH = 50e-6  # seconds a step: below, meeting costs more than a second core gives


def available() -> int:
    """Return how many threads may be used: the cores given to this process, or less if asked for.

    ``CHAINRULE_NUM_THREADS`` and ``OMP_NUM_THREADS`` are honoured, in this order.
    """
    for name in ("CHAINRULE_NUM_THREADS", "OMP_NUM_THREADS"):
        value = os.environ.get(name, "").split(",")[0].strip()
        if value.isdigit() and int(value) > 0:
            return int(value)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Team:
    """Threads waiting to work together with the one that calls."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._entry: Entry | None = None
        self._go = [threading.Semaphore(0) for _ in range(size)]
        self._done = threading.Semaphore(0)
        self._lock = threading.Lock()
        for number in range(1, size):
            thread = threading.Thread(
                target=self._work, args=(number,), daemon=True, name=f"chainrule-{number}"
            )
            thread.start()

    def _work(self, number: int) -> None:
        while True:
            self._go[number].acquire()
            entry = self._entry
            try:
                if entry is not None:
                    entry(number, self.size)
            finally:
                self._done.release()

    def run(self, entry: Entry) -> None:
        """Call ``entry(thread, threads)`` on every thread, the caller being number 0."""
        with self._lock:
            self._entry = entry
            for number in range(1, self.size):
                self._go[number].release()
            try:
                entry(0, self.size)
            finally:
                for _ in range(1, self.size):
                    self._done.acquire()
                self._entry = None


_teams: dict[int, Team] = {}
_teams_lock = threading.Lock()


def team(size: int) -> Team:
    """Return the process's team of this size."""
    with _teams_lock:
        if size not in _teams:
            _teams[size] = Team(size)
        return _teams[size]


def _forget_teams() -> None:
    _teams.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_teams)  # threads do not survive a fork


class Pace:
    """Chooses between one thread and several from the time that steps took.

    Parameters
    ----------
    threads : int or None
        A fixed number, or None to choose among one and all that are available.
    """

    def __init__(self, threads: int | None = None) -> None:
        self.fixed = threads
        self.most = threads if threads is not None else available()
        self.rate: dict[int, float] = {}
        self._since = 0

    def choose(self, seconds_left: float | None) -> int:
        """Return how many threads the next chunk should use.

        ``seconds_left`` is what remains with one thread, if known: a little work is not worth
        compiling the threaded form.
        """
        if self.fixed is not None:
            return self.fixed
        alone = self.rate.get(1)
        if self.most < 2 or alone is None or alone < _WORTH:
            return 1
        if self.most not in self.rate:
            enough = seconds_left is None or seconds_left > 0.3
            return self.most if enough else 1
        best = min(self.rate, key=lambda n: self.rate[n])
        self._since += 1
        if self._since >= _RECHECK:
            self._since = 0
            return next(n for n in (1, self.most) if n != best)
        return best

    def note(self, threads: int, seconds: float, steps: int) -> None:
        """Enter the time of a chunk. Newer times count as much as all before."""
        rate = seconds / max(1, steps)
        old = self.rate.get(threads)
        self.rate[threads] = rate if old is None else 0.5 * (old + rate)

    def trying(self, threads: int) -> bool:
        """Tell whether the next chunk is only a look (it should be short)."""
        if self.fixed is not None or not self.rate:
            return False
        return self.rate.get(threads) != min(self.rate.values())
