"""Threads that stand by for native work: how they are called without a detour through Python.

Waking a thread that sleeps takes some fifty microseconds, as much as a step of training. So a
thread that has finished its part of a native call looks out for the next one for a while, in native
code and without the interpreter's lock, before it goes to sleep. Everything is said through a
*board* in memory: the number of the call, what is to be called, and per thread what it has finished
and whether it sleeps.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

from .ir import BOOL, I32, I64, PTR, VOID, Function, Index, Module, Val
from .lower.sharing import LINE
from .runtime import Engine, load
from .target import Target, host

__all__ = ["BOARD", "DONE", "SLEEPS", "Standing", "standing"]

# Bytes from the beginning of the board: the number of the call; its function and arguments.
_CALL, _WORK = 0, 8
_ARGUMENTS = (PTR, PTR, PTR, I64, I64)  # arena, table, order, low, high; then the thread
BOARD = LINE  # then a line per thread: what it has finished, whether it sleeps
DONE, SLEEPS = 0, 8
_LOOKS = 2000  # some tens of microseconds
_SPINS = 500


class Standing(NamedTuple):
    """Native functions, by address.

    Attributes
    ----------
    serve : int
        ``serve(board, thread, seen) -> seen``: do calls that come after number ``seen``; return
        the last one's number when there has been none for a while. The thread then has to sleep.
    post : int
        ``post(board, call, function, arena, table, order, low, high)``: announce a call.
    asleep : int
        ``asleep(board, thread) -> bool``: tell whether a thread sleeps; it then has to be woken.
    lead : int
        ``lead(board, call, threads)``: do the caller's part of a call that was announced, as
        thread 0, and wait for the others.
    """

    engine: Engine
    serve: int
    post: int
    asleep: int
    lead: int


@functools.cache
def standing() -> Standing:
    """Return the functions for this machine."""
    target = host()
    module = Module(target.vector_bits, target.has_fma)
    _serve(module, target)
    _post(module)
    _asleep(module)
    _lead(module, target)
    engine = load(module.text(), target)
    names = ("serve", "post", "asleep", "lead")
    return Standing(engine, *(engine.address(name) for name in names))


def _line(f: Function, board: Val, thread: Index, field: int) -> Val:
    return f.at(f.at(board, BOARD + field), f.imul(thread, LINE))


def _read(f: Function, place: Val) -> Val:
    return f.emit(I64, f"load atomic i64, ptr {place.text} seq_cst, align 8")


def _write(f: Function, value: Val, place: Val) -> None:
    f.do(f"store atomic i64 {value.text}, ptr {place.text} seq_cst, align 8")


def _exchange(f: Function, place: Val, value: int) -> Val:
    return f.emit(I64, f"atomicrmw xchg ptr {place.text}, i64 {value} seq_cst, align 8")


def _work(f: Function, board: Val, thread: Val) -> None:
    """Call what the board says."""
    function = f.load(PTR, f.at(board, _WORK))
    given = [f.load(t, f.at(board, _WORK + 8 * n)) for n, t in enumerate(_ARGUMENTS, 1)]
    arguments = ", ".join(v.typed for v in (*given, thread))
    f.do(f"call void {function.text}({arguments})")


def _pause(f: Function, target: Target) -> None:
    if target.is_x86:
        f.call(VOID, "llvm.x86.sse2.pause", [])


def _serve(module: Module, target: Target) -> None:
    args = [("board", PTR, ""), ("thread", I64, ""), ("seen", I64, "")]
    f = Function(module, "serve", args, internal=False, returns=I64)
    board, thread, first = f.args
    start, look, again, tired, wake, work, leave = (f.label() for _ in range(7))
    entry = f.block
    f.do(f"br label %{start}")
    f.start(start)
    seen, call = Val(f.fresh(), I64), Val(f.fresh(), I64)
    f.do(f"{seen.text} = phi i64 [ {first.text}, %{entry} ], [ {call.text}, %{work} ]")
    f.do(f"br label %{look}")
    f.start(look)
    n, after = Val(f.fresh(), I64), Val(f.fresh(), I64)
    f.do(f"{n.text} = phi i64 [ 0, %{start} ], [ {after.text}, %{again} ]")
    found = _read(f, f.at(board, _CALL))
    f.do(f"br i1 {f.compare('ne', found, seen).text}, label %{work}, label %{again}")
    f.start(again)
    _pause(f, target)
    f.do(f"{after.text} = add i64 {n.text}, 1")
    more = f.emit(BOOL, f"icmp ult i64 {after.text}, {_LOOKS}")
    f.do(f"br i1 {more.text}, label %{look}, label %{tired}")
    f.start(tired)
    # Going to sleep, unless a call has come meanwhile and nobody has seen this thread asleep.
    _exchange(f, _line(f, board, thread, SLEEPS), 1)
    late = _read(f, f.at(board, _CALL))
    f.do(f"br i1 {f.compare('ne', late, seen).text}, label %{wake}, label %{leave}")
    f.start(wake)
    asleep = _exchange(f, _line(f, board, thread, SLEEPS), 0)
    still = f.compare("ne", asleep, Val("0", I64))
    f.do(f"br i1 {still.text}, label %{work}, label %{leave}")
    f.start(work)
    f.do(f"{call.text} = phi i64 [ {found.text}, %{look} ], [ {late.text}, %{wake} ]")
    _work(f, board, thread)
    _write(f, call, _line(f, board, thread, DONE))
    f.do(f"br label %{start}")
    f.start(leave)
    module.add(f, seen)


def _post(module: Module) -> None:
    args = [("board", PTR, ""), ("call", I64, ""), ("function", PTR, "")]
    args += [(f"argument_{n}", t, "") for n, t in enumerate(_ARGUMENTS)]
    f = Function(module, "post", args, internal=False)
    board, call, function, *arguments = f.args
    for n, value in enumerate((function, *arguments)):
        f.store(value, f.at(board, _WORK + 8 * n))
    _write(f, call, f.at(board, _CALL))
    module.add(f)


def _asleep(module: Module) -> None:
    args = [("board", PTR, ""), ("thread", I64, "")]
    f = Function(module, "asleep", args, internal=False, returns=I64)
    board, thread = f.args
    module.add(f, _exchange(f, _line(f, board, thread, SLEEPS), 0))


def _lead(module: Module, target: Target) -> None:
    args = [("board", PTR, ""), ("call", I64, ""), ("threads", I64, "")]
    f = Function(module, "lead", args, internal=False)
    board, call, threads = f.args
    module.declare("declare i32 @sched_yield()")

    def all_of_it() -> None:
        _work(f, board, Val("0", I64))
        f.loop(1, threads, 1, wait)

    def wait(thread: Index, _: list[Val]) -> None:
        place = _line(f, board, thread, DONE)
        head, again, rest, done = (f.label() for _ in range(4))
        before = f.block
        f.do(f"br label %{head}")
        f.start(head)
        n, after = Val(f.fresh(), I64), Val(f.fresh(), I64)
        f.do(
            f"{n.text} = phi i64 [ 0, %{before} ], [ {after.text}, %{again} ], "
            f"[ {after.text}, %{rest} ]"
        )
        finished = _read(f, place)
        f.do(f"{after.text} = add i64 {n.text}, 1")
        tired = f.emit(BOOL, f"icmp ugt i64 {after.text}, {_SPINS}")
        ready = f.compare("eq", finished, call)
        block = f.label()
        f.do(f"br i1 {ready.text}, label %{done}, label %{block}")
        f.start(block)
        f.do(f"br i1 {tired.text}, label %{rest}, label %{again}")
        f.start(again)
        _pause(f, target)
        f.do(f"br label %{head}")
        f.start(rest)
        f.emit(I32, "call i32 @sched_yield()")
        f.do(f"br label %{head}")
        f.start(done)

    f.when(f.compare("eq", _read(f, f.at(board, _CALL)), call), all_of_it)
    module.add(f)
