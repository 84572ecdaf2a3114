"""Threads that work together: each on a core of its own, none pinned, errors passed on."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest

from chainrule.compiler import threads
from chainrule.compiler.ir import I64, PTR, Function, Module
from chainrule.compiler.runtime import load
from chainrule.compiler.target import host
from chainrule.compiler.threads import Places, Team

linux = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be chosen")


class Machine:
    """Cores of a machine that exists in the test only."""

    def __init__(self, monkeypatch, cores, at):
        self.allowed, self.at, self.moves = set(cores), at, []
        monkeypatch.setattr(threads, "_current_core", lambda: lambda: self.at)
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(self.allowed))
        monkeypatch.setattr(os, "sched_setaffinity", lambda _, cores: self.moves.append(set(cores)))


@linux
def test_a_thread_on_a_taken_core_moves_to_a_free_one_and_is_not_pinned_there(monkeypatch):
    machine = Machine(monkeypatch, {0, 1, 2}, 1)
    places = Places()
    places.start()
    places.enter()
    assert machine.moves == [{0}, {0, 1, 2}]
    places.enter()
    assert machine.moves[2:] == [{2}, {0, 1, 2}]


@linux
def test_a_thread_on_a_core_of_its_own_stays(monkeypatch):
    machine = Machine(monkeypatch, {0, 1}, 1)
    places = Places()
    places.start()
    machine.at = 0
    places.enter()
    assert machine.moves == []


@linux
def test_more_threads_than_cores_share_them(monkeypatch):
    machine = Machine(monkeypatch, {0}, 0)
    places = Places()
    places.start()
    places.enter()
    assert machine.moves == []


def test_every_thread_enters_once_and_the_caller_is_number_zero():
    seen = []
    Team(3).run(lambda number: seen.append((number, threading.get_ident())))
    assert sorted(n for n, _ in seen) == [0, 1, 2]
    assert len({ident for _, ident in seen}) == 3
    assert (0, threading.get_ident()) in seen


@pytest.fixture(scope="module")
def counting():
    """A native function whose threads each add ``high`` to their number, at ``arena``."""
    module = Module(128)
    args = [("arena", PTR, ""), ("table", PTR, ""), ("order", PTR, "")]
    args += [("low", I64, ""), ("high", I64, ""), ("thread", I64, "")]
    f = Function(module, "count", args, internal=False)
    arena, _, _, _, high, thread = f.args
    place = f.at(arena, f.imul(thread, 8))
    f.store(f.add(f.load(I64, place), high), place)
    module.add(f)
    return load(module.text(), host())


@pytest.mark.parametrize("size", [2, 3])
def test_no_call_is_lost_whether_threads_stand_by_or_sleep(counting, size):
    """Calls follow each other at once, when threads are about to go to sleep, and when they sleep."""
    counts = np.zeros(size, np.int64)
    group, total = Team(size), 0
    pauses = [0.0, 2e-5, 5e-5, 1e-4, 2e-4, 1e-3]
    for n in range(1, 1200):
        group.call(counting.address("count"), counts.ctypes.data, 0, 0, 0, n)
        total += n
        assert counts.tolist() == [total] * size
        if n % 3 == 0:
            time.sleep(pauses[n % len(pauses)])
        if n % 100 == 0:  # Python functions in between
            seen = []
            group.run(seen.append)
            assert sorted(seen) == list(range(size))


def test_one_team_takes_one_call_at_a_time(counting):
    counts = np.zeros(2, np.int64)
    group = Team(2)

    def caller():
        for _ in range(200):
            group.call(counting.address("count"), counts.ctypes.data, 0, 0, 0, 1)

    callers = [threading.Thread(target=caller) for _ in range(3)]
    for thread in callers:
        thread.start()
    for thread in callers:
        thread.join()
    assert counts.tolist() == [600, 600]
