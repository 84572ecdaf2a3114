"""Threads that enter the same native function together, and the choice of how many.

A :class:`Team` keeps its threads between calls; each enters the native function with its number,
without the interpreter's lock. :class:`Pace` decides from measured times: one thread to
begin with, more once that was seen to be faster, and it keeps looking, as another process may take
or leave a core at any time. Results do not depend on the choice: see ``lower/sharing.py``.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
from collections.abc import Callable

import numpy as np

from .lower.sharing import LINE
from .standing import BOARD, SLEEPS, standing

__all__ = ["Pace", "Places", "Team", "available", "team"]

Entry = Callable[[int], None]
_CHUNK = 0.07  # seconds of a native call with one thread
_CHUNK_TOGETHER = 0.02  # with several: what they lose when a core is taken ends with the chunk
_FIRST = 32  # steps of the first chunk, when nothing is known yet
_LOOK = 0.008  # seconds after which a look is over
_FEW = 4  # steps with which it begins
_GAIN = 0.85  # of the time with one thread: less is not worth another core, or is noise
_HOPELESS = 2.0  # times the other choice: a look ends at once
_RARELY = 100  # times what a look has cost pass before the next one
_PATIENCE = 0.8  # seconds before the slower choice is looked at again, at first
_LONGEST = 12.8  # and at most
_INVESTED = 0.3  # seconds that making the code for several threads takes, at least
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


def _current_core() -> Callable[[], int] | None:
    """Return a function that tells which core runs the calling thread, where there is one."""
    try:
        found = ctypes.PyDLL(None).sched_getcpu
    except (AttributeError, OSError, TypeError):  # not Linux
        return None
    return found if hasattr(os, "sched_setaffinity") else None


class Places:
    """Keeps the threads of a team apart: one core for each, while there are enough.

    A scheduler may put a thread that was woken on the core of the one that woke it and leave it
    there; both then take turns, and wait for each other at every barrier. A thread that finds
    itself on a core of the team moves to another one. It may be moved on from there: nothing stays
    pinned.
    """

    def __init__(self) -> None:
        self._core = _current_core()
        self._taken: set[int] = set()

    def start(self) -> None:
        """Note where the caller is; the others have not begun."""
        if self._core is not None:
            self._taken = {self._core()}

    def enter(self) -> None:
        """Move the calling thread if its core is taken; note where it is."""
        if self._core is None:
            return
        here = self._core()
        if here in self._taken:
            allowed = os.sched_getaffinity(0)
            free = allowed - self._taken
            if free:
                here = min(free)
                with contextlib.suppress(OSError):  # the set has changed meanwhile
                    os.sched_setaffinity(0, {here})
                    os.sched_setaffinity(0, allowed)
        self._taken.add(here)


class Team:
    """Threads waiting to work together with the one that calls.

    Between native calls they stand by for a while (``standing.py``) before they go to sleep.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._entry: Entry | None = None
        self._places = Places()
        self._go = [threading.Semaphore(0) for _ in range(size)]
        self._done = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._call = 0
        self._native = _Native(size)
        for number in range(1, size):
            thread = threading.Thread(
                target=self._work, args=(number,), daemon=True, name=f"chainrule-{number}"
            )
            thread.start()

    def _work(self, number: int) -> None:
        seen = 0
        while True:
            self._go[number].acquire()
            self._places.enter()
            entry = self._entry
            if entry is None:
                seen = self._native.serve(self._native.board, number, seen)
                continue
            try:
                entry(number)
            finally:
                self._done.release()

    def run(self, entry: Entry) -> None:
        """Call ``entry(thread)`` on every thread, the caller being number 0."""
        with self._lock:
            self._entry = entry
            self._places.start()
            for number in range(1, self.size):
                self._go[number].release()
            try:
                entry(0)
            finally:
                for _ in range(1, self.size):
                    self._done.acquire()
                self._entry = None

    def call(self, function: int, arena: int, table: int, order: int, low: int, high: int) -> None:
        """Call a native ``function(arena, table, order, low, high, thread)`` on every thread."""
        native = self._native
        with self._lock:
            self._places.start()
            self._call += 1
            try:
                native.post(native.board, self._call, function, arena, table, order, low, high)
            finally:  # an interrupt must not leave the others waiting
                for number in range(1, self.size):
                    if native.asleep(native.board, number):
                        self._go[number].release()
                native.lead(native.board, self._call, self.size)


class _Native:
    """The board of a team and the functions that read and write it."""

    def __init__(self, size: int) -> None:
        found = standing()
        self._keep = np.zeros(BOARD + (size + 1) * LINE, np.uint8)
        start = self._keep.__array_interface__["data"][0]
        self.board = start + -start % LINE
        for number in range(1, size):
            ctypes.c_int64.from_address(self.board + BOARD + number * LINE + SLEEPS).value = 1
        p, i = ctypes.c_void_p, ctypes.c_int64
        self.serve = ctypes.CFUNCTYPE(i, p, i, i)(found.serve)
        self.post = ctypes.CFUNCTYPE(None, p, i, p, p, p, p, i, i)(found.post)
        self.asleep = ctypes.CFUNCTYPE(i, p, i)(found.asleep)
        self.lead = ctypes.CFUNCTYPE(None, p, i, i)(found.lead)


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
    invested : float
        Seconds that making the code for several threads is expected to take.

    Notes
    -----
    Epochs may be short: what counts is time over all of them. Several threads are tried once more
    work than their code costs to make lies ahead, or has been done, as then as much again is likely.
    While one choice is used the other is looked at after some time, and the later the oftener it
    was slower. A look begins with a few steps: on a machine with more to do than cores, threads
    that wait for each other may be a hundred times slower than one.
    """

    def __init__(self, threads: int | None = None, invested: float = _INVESTED) -> None:
        self.fixed = threads
        self.invested = max(invested, _INVESTED)
        self.most = threads if threads is not None else available()
        self.rate: dict[int, float] = {}
        self._spent = 0.0
        self._since = 0.0  # seconds since the slower choice was looked at
        self._patience = _PATIENCE
        self._look = 0  # steps of the next part of a look, 0 if there is none
        self._looked = (0.0, 0)  # seconds and steps of the look so far

    @property
    def best(self) -> int:
        """The number of threads to use from what is known: several if they gain enough."""
        alone, together = self.rate.get(1), self.rate.get(self.most)
        if alone is None or together is None:
            return 1
        return self.most if together < _GAIN * alone else 1

    @property
    def settled(self) -> bool:
        """Whether there is nothing to choose: one thread it is."""
        if self.fixed is not None:
            return self.fixed == 1
        return self.most < 2 or self.rate.get(1, _WORTH) < _WORTH

    @property
    def looking(self) -> bool:
        """Whether the next chunk is part of a look."""
        return self._look > 0

    def choose(self, seconds_left: float | None) -> int:
        """Return how many threads the next chunk should use.

        ``seconds_left`` is what remains with one thread, if known.
        """
        if self.fixed is not None:
            return self.fixed
        if 1 not in self.rate or self.settled:
            return 1
        best = self.best
        if not self._look:
            if self.most in self.rate:
                wanted = self._since >= self._patience
            else:
                wanted = seconds_left is None or max(seconds_left, self._spent) > self.invested
            if wanted:
                self._look, self._looked = _FEW, (0.0, 0)
        if not self._look:
            return best
        return self.most if best == 1 else 1

    def steps(self, threads: int) -> int:
        """Return how many steps the next chunk should have."""
        if self._look:
            return self._look
        rate = self.rate.get(threads, self.rate.get(1))
        if rate is None:
            return _FIRST
        length = _CHUNK if threads == 1 or self.fixed is not None else _CHUNK_TOGETHER
        return max(1, int(length / max(rate, 1e-9)))

    def note(self, threads: int, seconds: float, steps: int) -> None:
        """Enter the time of a chunk. Newer times count as much as all before."""
        self._spent += seconds
        if self._look and threads != self.best:
            self._judge(threads, seconds, steps)
            return
        rate = seconds / max(1, steps)
        old = self.rate.get(threads)
        self.rate[threads] = rate if old is None else 0.5 * (old + rate)
        self._since += seconds

    def _judge(self, threads: int, seconds: float, steps: int) -> None:
        """Go on with a look, or end it: when it has taken long enough, or is hopeless."""
        total, count = self._looked[0] + seconds, self._looked[1] + max(1, steps)
        self._looked = total, count
        best = self.rate[self.best]
        if total < _LOOK and total / count < _HOPELESS * best:
            self._look *= 2
            return
        self.rate[threads] = total / count
        self._look, self._since = 0, 0.0
        if self.rate[threads] < best:
            self._patience = _PATIENCE
        else:
            longer = min(2 * self._patience, _LONGEST)
            self._patience = max(longer, _RARELY * total)
