"""Cuts for every kernel, and an order of kernels in which threads meet seldom.

A barrier is needed where a thread reads what another has written, or writes what another still
reads. Two kernels that are cut along the same samples need none: the second finds what its own
thread made. So the choice of the cut matters, and so does the order, as kernels that need the same
barrier can wait for it together.

The steps of an epoch form a circle. Kernels are taken one at a time: the first that is ready and
touches nothing that another thread has touched since the last barrier; if there is none, the
threads meet. Where a kernel can be cut in several ways, several continuations are followed and the
cheapest are kept. What is touched after the last barrier of a step is where the next one begins;
the circle is closed when two turns end alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..inlining import Inlined
from ..lower.sharing import Split
from ..plan import Plan
from .touches import Task, Touch, cross, moved

__all__ = ["Division", "Turn", "divide"]

MEETING = 4000.0  # cycles: a barrier, and waiting for the slower thread
MOVING = 0.2  # cycles a byte: from the cache of one core to that of another, and back
_BEAM = 16  # continuations followed
_BRANCHED = 60  # tasks up to which several are followed
_TIE = 1e-3
_TURNS = 4  # of the circle, before it is cut open by a barrier


class Turn(NamedTuple):
    """One task of a step: how it is cut, and whether threads meet before it."""

    task: Task
    split: Split
    meet: bool


class Division(NamedTuple):
    """The tasks of a step in the order they run.

    Attributes
    ----------
    turns : list of Turn
    threads : int
    """

    turns: list[Turn]
    threads: int

    @property
    def barriers(self) -> int:
        """Barriers of a step."""
        return sum(turn.meet for turn in self.turns)

    @property
    def moments(self) -> list[int]:
        """Per task, the number of barriers of the step before it."""
        found, now = [], 0
        for turn in self.turns:
            now += turn.meet
            found.append(now)
        return found

    def __str__(self) -> str:
        lines = []
        for turn in self.turns:
            if turn.meet:
                lines.append("-- all threads meet --")
            at = "by one thread" if turn.split.axis < 0 else f"cut along axis {turn.split.axis}"
            lines.append(f"{turn.task}: {at}, {' '.join(map(str, turn.split.bounds))}")
        return "\n".join(lines)


@dataclass(eq=False)
class _Option:
    """One way to cut a task: what is touched then, and what is lost by uneven parts."""

    split: Split
    touches: list[Touch]
    loss: float
    expected: dict[int, int] = field(default_factory=dict)


Pending = dict[int, tuple[Touch, ...]]


@dataclass(eq=False)
class _Path:
    """A beginning of a step.

    Attributes
    ----------
    done : int
        Bit set of tasks.
    pending : dict
        By buffer, what was touched since the last barrier.
    since : frozenset
        Tasks and cuts since the last barrier.
    writers : dict
        By buffer, what has been written in this step.
    readers : dict
        By buffer not yet written in this step, what was read of the step before's, and how many
        bytes of it were already counted as moved.
    fetched : dict
        By buffer, the bytes that have moved between threads: they move once.
    """

    cost: float
    done: int
    pending: Pending
    since: frozenset[tuple[int, Split]]
    writers: dict[int, Touch]
    readers: dict[int, tuple[tuple[Touch, int], ...]]
    fetched: dict[int, int]
    last: tuple[_Path, Turn] | None = None
    met: bool = False

    def turns(self) -> list[Turn]:
        """Return the tasks taken so far."""
        found: list[Turn] = []
        here = self
        while here.last is not None:
            here, turn = here.last
            found.append(turn)
        return found[::-1]


def _touch_key(touch: Touch) -> int:
    return id(touch.buffer)


def _clear(option: _Option, pending: Pending) -> bool:
    """Tell whether a task cut so meets nothing of another thread's."""
    for touch in option.touches:
        for old in pending.get(_touch_key(touch), ()):
            if (touch.write or old.write) and cross(touch, old):
                return False
    return True


def _options(task: Task, plan: Plan, inline: Inlined, threads: int, lanes: int) -> list[_Option]:
    """Return the ways to cut a task, the most even first."""
    splits: dict[Split, None] = {}
    for way in task.ways:
        # Cuts at whole vectors are those that other kernels along the same axis can have too.
        for unit in (-(-lanes // way.unit) * way.unit, way.unit):
            if way.extent > 1:
                splits[way.split(threads, unit)] = None
    splits[Split(-1, (0, *[1] * threads))] = None
    found = []
    for split in splits:
        extent = split.bounds[-1]
        loss = task.work * (max(split.lengths) / extent - 1 / threads)
        option = _Option(split, task.touches(plan, inline, split), loss)
        # Within a kernel too, no thread may touch what another writes.
        touches = option.touches
        if not any(a.write and cross(a, b) for a in touches for b in touches):
            found.append(option)
    return sorted(found, key=lambda o: o.loss)


def _prefer_common_cuts(options: Sequence[list[_Option]]) -> None:
    """Of cuts that cost the same prefer those that other users of what is written can have too."""
    users: dict[int, list[tuple[int, _Option, Touch]]] = {}
    for number, ways in enumerate(options):
        for option in ways:
            for touch in option.touches:
                users.setdefault(_touch_key(touch), []).append((number, option, touch))
    for number, ways in enumerate(options):
        for option in ways:
            apart = 0
            for touch in option.touches:
                if touch.write:
                    others = users[_touch_key(touch)]
                    alike = {n for n, _, t in others if n != number and not cross(touch, t)}
                    apart += len({n for n, _, _ in others} - alike - {number})
            option.loss += _TIE * apart
        ways.sort(key=lambda o: o.loss)


def _expect_moves(options: Sequence[Sequence[_Option]]) -> None:
    """Note what a cut must at least make move, whichever way its operands are written later.

    A state is read before the end of the step, where it is written.
    """
    written: dict[int, list[list[Touch]]] = {}
    for ways in options:
        found: dict[int, list[Touch]] = {}
        for option in ways:
            for touch in option.touches:
                if touch.write:
                    found.setdefault(_touch_key(touch), []).append(touch)
        for key, touches in found.items():
            written.setdefault(key, []).append(touches)
    for ways in options:
        for option in ways:
            for touch in option.touches:
                key = _touch_key(touch)
                for writes in written.get(key, []):
                    least = min(moved(touch, w) for w in writes)
                    option.expected[key] = max(least, option.expected.get(key, 0))


def _before(options: Sequence[Sequence[_Option]]) -> list[int]:
    """Return, per task, the set of those that have to run before it, as bits."""
    wrote: dict[int, int] = {}
    read: dict[int, int] = {}
    found = []
    for number, ways in enumerate(options):
        need = 0
        touches = ways[0].touches
        for t in touches:
            key = _touch_key(t)
            need |= wrote.get(key, 0) | (read.get(key, 0) if t.write else 0)
        for t in touches:
            key = _touch_key(t)
            if t.write:
                wrote[key] = 1 << number
                read[key] = 0
            else:
                read[key] = read.get(key, 0) | 1 << number
        found.append(need)
    return found


def divide(
    tasks: Sequence[Task],
    plan: Plan,
    inline: Inlined,
    threads: int,
    lanes: int,
    circle: bool = True,
) -> Division:
    """Cut and order the tasks of a step that is repeated, or of a part of one.

    Parameters
    ----------
    tasks : sequence of Task
        In an order in which one thread may run them.
    circle : bool
        Whether nothing but these tasks runs between one time and the next. Otherwise threads meet
        before the first.
    plan : Plan
        With a buffer per value; values whose lives do not overlap may share memory only as far as
        the division allows (``Division.moments``).
    """
    options = [_options(task, plan, inline, threads, lanes) for task in tasks]
    _prefer_common_cuts(options)
    _expect_moves(options)
    before = _before(options)
    width = _BEAM if len(tasks) <= _BRANCHED else 1

    def walk(pending: Pending, since: frozenset[tuple[int, Split]]) -> _Path:
        paths = [_Path(0.0, 0, pending, since, {}, {}, {})]
        for _ in tasks:
            paths = _best(
                [p for path in paths for p in _continue(path, tasks, options, before)], width
            )
        return paths[0]

    first = path = walk({}, frozenset())
    for _ in range(_TURNS if circle else 0):
        following = walk(path.pending, path.since)
        if following.met and following.since == path.since:
            return Division(following.turns(), threads)
        path = following
    turns = first.turns()
    turns[:1] = [turn._replace(meet=True) for turn in turns[:1]]
    return Division(turns, threads)


def _best(paths: Iterable[_Path], width: int) -> list[_Path]:
    """Return the cheapest paths; of those that have come to the same, one."""
    kept: dict[object, _Path] = {}
    for path in sorted(paths, key=lambda p: p.cost):
        kept.setdefault((path.done, path.since), path)
        if len(kept) == width:
            break
    return list(kept.values())


def _continue(
    path: _Path,
    tasks: Sequence[Task],
    options: Sequence[Sequence[_Option]],
    before: Sequence[int],
) -> list[_Path]:
    """Return the paths one task longer."""
    ready = [n for n in range(len(tasks)) if not path.done >> n & 1 and before[n] & ~path.done == 0]
    for n in ready:
        free = [o for o in options[n] if _clear(o, path.pending)]
        if free:
            found = [_take(path, tasks[n], n, o, False) for o in free]
            if free[0].loss > MEETING:
                found += [_take(path, tasks[n], n, o, True) for o in options[n] if o not in free]
            return found
    n = ready[0]
    return [_take(path, tasks[n], n, o, True) for o in options[n]]


def _take(path: _Path, task: Task, number: int, option: _Option, meet: bool) -> _Path:
    """Return the path with one task more."""
    pending = {} if meet else dict(path.pending)
    writers, readers, fetched = dict(path.writers), dict(path.readers), dict(path.fetched)
    bytes_moved = 0
    for touch in option.touches:
        key = _touch_key(touch)
        pending[key] = (*pending.get(key, ()), touch)
        if not touch.write:
            writer = writers.get(key)
            counted = option.expected.get(key, 0) if writer is None else moved(touch, writer)
            if writer is None:
                readers[key] = (*readers.get(key, ()), (touch, counted))
            bytes_moved += max(0, counted - fetched.get(key, 0))
            fetched[key] = max(counted, fetched.get(key, 0))
    for touch in option.touches:
        key = _touch_key(touch)
        if touch.write:
            writers[key] = touch
            for read, _ in readers.pop(key, ()):
                now = moved(read, touch)
                bytes_moved += max(0, now - fetched.get(key, 0))
                fetched[key] = max(now, fetched.get(key, 0))
    mark = (number, option.split)
    return _Path(
        path.cost + option.loss + MOVING * bytes_moved + (MEETING if meet else 0.0),
        path.done | 1 << number,
        pending,
        frozenset((mark,)) if meet else path.since | {mark},
        writers,
        readers,
        fetched,
        (path, Turn(task, option.split, meet)),
        path.met or meet,
    )
