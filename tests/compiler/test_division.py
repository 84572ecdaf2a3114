"""Kernels are divided among threads as their touches say, and threads meet where they must."""

from __future__ import annotations

import ctypes
from itertools import pairwise

import numpy as np
import pytest
from test_kernels import fma_loops

import chainrule as cr
from chainrule import nn, optim
from chainrule.compiler.division import check_meetings, meetings, touches
from chainrule.compiler.memory import Arena, strided
from chainrule.compiler.runtime import assembly, load
from chainrule.errors import CompileError

SOFTMAX = ("softmax", (40, 48, 32, 10), 48)


@pytest.fixture
def _free(monkeypatch):
    """What threads do together costs next to nothing: whatever can be cut is cut."""
    monkeypatch.setattr(meetings, "MEETING", 0.1)
    monkeypatch.setattr(meetings, "MOVING", 0.0)


def layers(kind, sizes):
    made = []
    for n_in, n_out in pairwise(sizes[:-1]):
        made.append(nn.Linear(n_in, n_out))
        if kind == "norm":
            made.append(nn.BatchNorm1d(n_out))
        if kind == "layernorm":
            made.append(nn.LayerNorm(n_out))
        made.append(nn.Tanh() if kind == "norm" else nn.ReLU())
    return nn.Sequential(*made, nn.Linear(*sizes[-2:]))


def convolutions():
    return nn.Sequential(
        nn.Conv2d(2, 6, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 20, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(20 * 16, 10),
    )


def problem(kind, sizes, batch):
    """A compiled training step, its data for four steps, and its parameters."""
    cr.manual_seed(3)
    module = convolutions() if kind == "conv" else layers(kind, sizes)
    make = optim.Adam if kind in ("norm", "conv") else optim.SGD
    optimizer = make(module.parameters(), lr=0.05)
    rng = np.random.default_rng(1)
    shape = (2, 8, 8) if kind == "conv" else (sizes[0],)
    x = rng.standard_normal((4 * batch, *shape)).astype("f")
    y = rng.integers(0, 10, 4 * batch)

    def step(x, y):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(module(x), y)
        loss.backward()
        if kind == "clip":
            nn.utils.clip_grad_norm_(module.parameters(), 0.5)
        optimizer.step()
        return loss

    return step, x, y, module


PROBLEMS = [
    SOFTMAX,
    ("softmax", (33, 70, 21, 10), 50),
    ("norm", (24, 64, 10), 32),
    ("layernorm", (24, 40, 10), 33),
    ("clip", (20, 36, 10), 20),
    ("conv", (), 16),
]


def form_of(kind, sizes, batch):
    step, x, y, _ = problem(kind, sizes, batch)
    compiled = cr.compile(step, threads=1)
    compiled.epoch(x, y, batch_size=batch)
    return compiled._last, x, y


def divided(form, threads):
    return form.build.together(threads)


class Memory:
    """The memory of a divided step: every block of bytes, and what lies where."""

    def __init__(self, form, made, x, y, batch):
        plan = made.parts[-1].plan
        self.listed, self.lists = plan.listed, {}
        self.blocks = {("arena", 0): Arena(made.arena)}
        rng = np.random.default_rng(0)
        buffers = {id(b): b for b in plan.buffers.values()}.values()
        self.buffers = [b for b in buffers if b.space != "const"]
        for b in self.buffers:
            if b.space in ("input", "state"):
                self.blocks[b.space, b.number] = Arena(max(64, b.bytes))
            if b.space == "state":
                home = form.homes[b.number]
                self.view(b)[...] = home.view
            elif b.space == "input":
                self.view(b)[...] = (x, y)[b.number][:batch]
            elif b.dtype.kind == "f":
                self.view(b)[...] = rng.standard_normal(b.layout.shape)
        for b, data in plan.constants:
            self.view(b)[...] = data

    def block(self, b):
        return self.blocks[(b.space, b.number) if b.space in ("input", "state") else ("arena", 0)]

    def view(self, b):
        return strided(self.block(b).bytes, max(b.offset, 0), b.layout, b.dtype)

    def save(self):
        return {k: block.bytes.copy() for k, block in self.blocks.items()}

    def restore(self, saved):
        for k, block in self.blocks.items():
            block.bytes[...] = saved[k]

    def address(self, b):
        start = self.block(b).address + max(b.offset, 0)
        if b.space != "input" or b.number not in self.listed:
            return start
        rows = b.layout.shape[0]
        here = start + np.arange(rows) * (b.bytes // rows)
        self.lists[b.number] = np.tile(here, 2)  # of this mini-batch, and of the next
        return self.lists[b.number].ctypes.data


def inside(touch, thread):
    """The positions a thread touches, as slices of the buffer."""
    rank = len(touch.buffer.layout.shape)
    low, high = touch.low[:rank, thread], touch.high[:rank, thread]
    if (touch.high[:, thread] <= touch.low[:, thread]).any():
        return None
    return tuple(slice(a, z) for a, z in zip(low, high, strict=True))


def masks(memory, found, thread, write):
    """Per buffer touched, which positions."""
    out = {}
    for touch in found:
        where = inside(touch, thread)
        if touch.write == write and where is not None:
            shape = touch.buffer.layout.shape
            mask = out.setdefault(id(touch.buffer), np.zeros(shape, bool))
            mask[where] = True
    return out


def bits(array):
    return np.ascontiguousarray(array).view(np.uint8)


def watch(form, x, y, batch, threads):
    """Run a step task by task and thread by thread; check what each reads and writes.

    A thread's part must change nothing but what its touches say, and must not depend on floats
    that they do not say are read.
    """
    made = divided(form, threads)
    (part,) = made.parts
    inline = part.phase.schedule.inline
    text = made.text.replace("define internal", "define")
    engine = load(text, form.target)
    memory = Memory(form, made, x, y, batch)
    cut = 0
    for turn, (name, used, _) in zip(part.division.turns, part.calls, strict=True):
        if turn.task.kernel is None:
            continue
        types = [ctypes.c_int64] + [ctypes.c_void_p] * len(used)
        call = ctypes.CFUNCTYPE(None, *types)(engine.address(name))
        given = [memory.address(b) for b in used]
        found = turn.task.touches(part.plan, inline, turn.split)
        saved = memory.save()
        for thread in range(threads):
            writes = masks(memory, found, thread, True)
            reads = masks(memory, found, thread, False)
            memory.restore(saved)
            before = {id(b): memory.view(b).copy() for b in memory.buffers}
            call(thread, *given)
            after = {id(b): memory.view(b).copy() for b in used if b.space != "const"}
            for b in used:
                if id(b) not in before:
                    continue
                changed = before[id(b)].view() != after[id(b)]
                changed &= ~(np.isnan(before[id(b)]) & np.isnan(after[id(b)]))
                allowed = writes.get(id(b), np.zeros(b.layout.shape, bool))
                assert not (changed & ~allowed).any(), f"{turn.task} writes more than it says"
            memory.restore(saved)
            for b in used:
                if id(b) in before and b.dtype.kind == "f":
                    view = memory.view(b)
                    view[~reads.get(id(b), np.zeros(b.layout.shape, bool))] = np.nan
            call(thread, *given)
            for b in used:
                mask = writes.get(id(b))
                if mask is not None:
                    same = bits(memory.view(b)[mask]) == bits(after[id(b)][mask])
                    assert same.all(), f"{turn.task} reads more than it says"
        memory.restore(saved)
        for thread in range(threads):
            call(thread, *given)
        cut += turn.split.axis >= 0
    return cut


@pytest.mark.usefixtures("_free")
@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("case", PROBLEMS, ids=lambda c: f"{c[0]}{len(c[1])}-{c[2]}")
def test_a_thread_reads_and_writes_what_its_touches_say(case, threads):
    form, x, y = form_of(*case)
    assert watch(form, x, y, case[2], threads) > 5


@pytest.mark.usefixtures("_free")
def test_touches_that_are_too_small_are_noticed(monkeypatch):
    """The check above, checked: products that say they read only their own rows of an operand."""

    def less(root, reader, inline, low, high):
        for operand in reader.plan.products[root.id].operands:
            base = touches.behind(touches.base_of(operand)[0])
            shape = np.array(base.shape).reshape(-1, 1)
            part = np.broadcast_to(shape // 2, (len(shape), low.shape[1]))
            reader.add(base, np.zeros_like(part), part, False)

    form, x, y = form_of(*SOFTMAX)
    monkeypatch.setattr(touches, "_operands", less)
    monkeypatch.setattr("chainrule.compiler.together.check_meetings", lambda *_: None)
    with pytest.raises(AssertionError, match="reads more than it says"):
        watch(form, x, y, SOFTMAX[2], 2)


@pytest.mark.usefixtures("_free")
@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("case", PROBLEMS, ids=lambda c: f"{c[0]}{len(c[1])}-{c[2]}")
def test_every_barrier_is_needed_and_its_absence_is_found(case, threads):
    form, *_ = form_of(*case)
    (part,) = divided(form, threads).parts
    inline, division = part.phase.schedule.inline, part.division
    check_meetings(division, part.plan, inline)
    turns = division.turns
    assert division.barriers >= 2
    for n, turn in enumerate(turns):
        if turn.meet:
            without = [*turns[:n], turn._replace(meet=False), *turns[n + 1 :]]
            with pytest.raises(CompileError, match="need a barrier between"):
                check_meetings(division._replace(turns=without), part.plan, inline)


@pytest.mark.usefixtures("_free")
@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("case", PROBLEMS, ids=lambda c: f"{c[0]}{len(c[1])}-{c[2]}")
def test_one_two_and_three_threads_give_the_same_bits(case, shuffled):
    found = []
    for threads in (1, 2, 3):
        step, x, y, module = problem(*case)
        order = np.random.default_rng(2).permutation(len(x)) if shuffled else None
        compiled = cr.compile(step, threads=threads)
        losses = [compiled.epoch(x, y, batch_size=case[2], order=order).outputs for _ in range(3)]
        state = [v.numpy().copy() for v in module.state_dict().values()]
        found.append([*losses, *state])
    assert np.isfinite(found[0][0]).all()
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_samples_are_cut_alike_where_moving_is_free(monkeypatch):
    """Forward and backward through a network need two barriers a step: around the updates."""
    monkeypatch.setattr(meetings, "MOVING", 0.0)
    form, *_ = form_of("softmax", (256, 128, 64, 10), 64)
    (part,) = divided(form, 2).parts
    assert part.division.barriers == 2


def test_large_weights_stay_with_the_thread_that_updates_them():
    """What a thread reads of the first layer's weights it has written itself."""
    form, *_ = form_of("softmax", (784, 128, 64, 10), 64)
    (part,) = divided(form, 2).parts
    found = [
        t
        for turn in part.division.turns
        for t in turn.task.touches(part.plan, part.phase.schedule.inline, turn.split)
        if t.buffer.space == "state" and t.buffer.layout.shape == (128, 784)
    ]
    assert {t.write for t in found} == {True, False}
    write = next(t for t in found if t.write)
    assert all(touches.moved(t, write) == 0 for t in found)
    assert part.division.barriers <= 4


def test_a_division_reads_as_text():
    form, *_ = form_of("softmax", (784, 128, 64, 10), 64)
    text = str(divided(form, 2))
    assert "-- all threads meet --" in text
    assert "cut along axis" in text


@pytest.mark.usefixtures("_free")
@pytest.mark.parametrize("layer", ["dense", "conv"])
def test_steps_made_of_tiles_are_divided_tile_by_tile(layer):
    """Threads meet between the parts of a step and its tiles; bits are those of one thread."""
    rng = np.random.default_rng(0)
    shape = (3, 12, 12) if layer == "conv" else (8,)
    x = rng.standard_normal((2 * 2048, *shape)).astype("f")
    y = rng.standard_normal((len(x), 4)).astype("f")
    found = []
    for threads in (1, 2, 3):
        cr.manual_seed(5)
        if layer == "conv":
            first = [nn.Conv2d(3, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
            module = nn.Sequential(*first, nn.Linear(150, 4))
        else:
            module = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 4))
        optimizer = optim.Adam(module.parameters(), lr=0.01)

        def step(x, y, module=module, optimizer=optimizer):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(module(x), y)
            loss.backward()
            optimizer.step()
            return loss

        compiled = cr.compile(step, threads=threads)
        losses = compiled.epoch(x, y, batch_size=2048).outputs
        found.append([losses, *(v.numpy().copy() for v in module.state_dict().values())])
        form = compiled._last
    assert form.tiled
    made = divided(form, 2)
    assert len(made.parts) > 1
    assert any(part.run.repeat > 1 for part in made.parts)
    assert all(part.division.turns[0].meet for part in made.parts)
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_products_ask_for_the_lines_they_will_write_only_among_threads():
    """What another core has read it has to give up first, which takes as long as a tile."""
    form, *_ = form_of("softmax", (64, 128, 64, 10), 64)
    asks = "call void @llvm.prefetch.p0(ptr %"
    writes = [line for line in divided(form, 2).text.splitlines() if asks in line]
    assert any(", i32 1, i32 3, i32 1)" in line for line in writes)
    alone = [line for line in form.build.code.text.splitlines() if asks in line]
    assert not any(", i32 1, i32 3, i32 1)" in line for line in alone)


@pytest.mark.parametrize("threads", [2, 3])
def test_fma_loops_of_divided_kernels_do_not_touch_the_stack(threads):
    form, *_ = form_of("softmax", (784, 128, 64, 10), 50)
    loops = fma_loops(assembly(divided(form, threads).text, form.target))
    assert len(loops) >= 4
    for loop in loops:
        touching = [i for i in loop if "(%rsp" in i]
        assert not touching, f"stack traffic: {touching[:3]}"
