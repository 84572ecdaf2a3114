"""Threads that work together: each on a core of its own, none pinned, errors passed on."""

from __future__ import annotations

import os
import threading

import pytest

from chainrule.compiler import threads
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
