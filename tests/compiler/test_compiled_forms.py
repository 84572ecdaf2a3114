"""Compiled programs are found again, in memory and on disk, and only where they are the same."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler import build, forms
from chainrule.compiler import fingerprint as naming
from chainrule.compiler.build import Build
from chainrule.compiler.fingerprint import fingerprint
from chainrule.compiler.layout import contiguous, padded
from chainrule.compiler.program import Builder, Program
from chainrule.compiler.recipe import Place, Recipe
from chainrule.compiler.target import host, named

X = np.linspace(-1.0, 1.0, 12).reshape(4, 3)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache on disk, and none in memory."""
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    forget(monkeypatch)
    return tmp_path


def forget(monkeypatch):
    """As in a process that has compiled nothing yet."""
    monkeypatch.setattr(forms, "_known", type(forms._known)())


def never_build(monkeypatch):
    def refuse(*_):
        raise AssertionError("a program that is in the cache was built again")

    monkeypatch.setattr(build, "Build", refuse)


def training(seed, rate=0.1):
    """A step of a small network, its parameters and a compiled function."""
    generator = np.random.default_rng(seed)
    w = cr.tensor(generator.normal(size=(3, 2)), requires_grad=True)

    def step(x):
        loss = (np.tanh(x @ w) ** 2).sum()
        loss.backward()
        w.assign(w.detach() - rate * w.grad)
        w.grad = None
        return loss.detach()

    return w, step, cr.compile(step)


def compare(pair):
    """Three compiled steps equal three eager ones."""
    w, step, compiled = pair
    start = w.detach().numpy().copy()
    losses = [float(compiled(X)) for _ in range(3)]
    after = w.detach().numpy().copy()
    w.assign(cr.tensor(start))
    np.testing.assert_allclose(losses, [float(step(cr.tensor(X))) for _ in range(3)], rtol=1e-13)
    np.testing.assert_allclose(after, w.detach().numpy(), rtol=1e-13)
    return compiled.form


def test_a_second_model_of_the_same_shape_shares_the_machine_code_and_nothing_else():
    pairs = [training(seed) for seed in (1, 2)]
    first, second = (compare(pair) for pair in pairs)
    assert second.compilation is first.compilation
    assert [f.staged.found.cached for f in (first, second)] == [False, True]
    assert first.arena is not second.arena
    kept = pairs[0][0].detach().numpy().copy()
    pairs[1][2](X)
    np.testing.assert_array_equal(pairs[0][0].detach().numpy(), kept)


def test_another_number_in_the_function_is_another_program():
    first, second = (compare(training(1, rate)) for rate in (0.1, 0.2))
    assert second.compilation is not first.compilation


@pytest.mark.parametrize("batch", [4, 3])
def test_another_process_builds_nothing(cache, monkeypatch, batch):
    def run():
        w, _, compiled = training(3)
        losses = compiled.epoch(X, batch_size=batch).last
        return np.asarray(losses), w.detach().numpy().copy(), compiled.form.staged.found.cached

    first = run()
    forget(monkeypatch)
    never_build(monkeypatch)
    second = run()
    assert (first[2], second[2]) == (False, True)
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_code_for_threads_is_found_on_disk_too(monkeypatch):
    def threaded():
        _, _, compiled = training(3)
        compiled.epoch(X, batch_size=4)
        return compiled.form.threaded(2).engine

    assert not threaded().cached
    forget(monkeypatch)
    never_build(monkeypatch)
    assert threaded().cached


def test_constants_and_split_rows_come_back_from_the_disk(monkeypatch):
    """A tall batch is split, with accumulators; a table of numbers is part of the program."""
    table = np.random.default_rng(0).normal(size=(16, 16))
    x = np.random.default_rng(1).normal(size=(8192, 16))

    def run():
        compiled = cr.compile(lambda x: (np.tanh(x @ table) ** 2).sum(axis=0))
        return compiled(x), compiled

    first, compiled = run()
    assert compiled.form.tiled, "the program was meant to be one that is split"
    assert compiled.form.recipe.neutral
    forget(monkeypatch)
    never_build(monkeypatch)
    second, _ = run()
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first, (np.tanh(x @ table) ** 2).sum(axis=0), rtol=1e-12)


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: [p.write_bytes(p.read_bytes()[:-3]) for p in folder.glob("*.form")],
        lambda folder: [p.write_bytes(p.read_bytes()[:-3]) for p in folder.glob("*.o")],
        lambda folder: [p.unlink() for p in folder.glob("*.o")],
        lambda folder: [p.unlink() for p in folder.glob("*.form")],
    ],
)
def test_damaged_or_missing_entries_are_made_again(cache, monkeypatch, harm):
    compare(training(5))
    assert len(list(cache.glob("*.form"))) == len(list(cache.glob("*.o"))) == 1
    harm(cache)
    forget(monkeypatch)
    compare(training(5))
    forget(monkeypatch)
    assert compare(training(5)).staged.found.cached


def test_threads_that_compile_the_same_program_at_once_all_get_it_right():
    failed: list[BaseException] = []

    def work(seed):
        try:
            compare(training(seed))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failed
    assert len(forms._known) == 1


def test_a_cache_that_is_off_changes_no_result(monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", "0")
    compare(training(1))


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(forms, "_KEPT", 2)
    for rate in (0.1, 0.2, 0.3, 0.4):
        compare(training(1, rate))
    assert len(forms._known) == 2


# -- names ------------------------------------------------------------------------------


def product(
    rows=4, dtype=np.float64, number=2.0, function="exp", update=0, swapped=False
) -> Program:
    """``function(x @ w) * number``, returned and written to one of two states."""
    b = Builder()
    x = b.make("input", (), (rows, 3), dtype, 0)
    w = b.make("state", (), (3, 3), dtype, 0)
    v = b.make("state", (), (3, 3), dtype, 1)
    y = b.map(function, b.contract(x, w, 0, 1, 1))
    outputs = [b.map("mul", y, b.full(number, y.shape, dtype)), b.map("neg", y)]
    changed = b.map("copy", b.transpose(w, (1, 0)))
    return Program([x], [w, v], outputs[:: -1 if swapped else 1], [(update, changed)])


FREE = {0: None, 1: None}


def test_equal_programs_have_equal_names():
    assert fingerprint(product(), FREE, host(), None) == fingerprint(product(), FREE, host(), None)


@pytest.mark.parametrize(
    "change",
    [
        {"rows": 5},
        {"dtype": np.float32},
        {"number": np.nextafter(2.0, 3.0)},
        {"function": "tanh"},
        {"update": 1},
        {"swapped": True},
    ],
    ids=str,
)
def test_whatever_a_program_computes_is_in_its_name(change):
    one = fingerprint(product(), FREE, host(), None)
    assert fingerprint(product(**change), FREE, host(), None) != one


def test_what_it_is_compiled_for_is_in_its_name(monkeypatch):
    names = [
        fingerprint(product(), FREE, host(), None),
        fingerprint(product(), FREE, host(), ["rows"]),
        fingerprint(product(), FREE, host(), ["whole"]),
        fingerprint(product(), {**FREE, 1: contiguous((3, 3))}, host(), None),
        fingerprint(product(), {**FREE, 1: padded((3, 3), 0, 8)}, host(), None),
        fingerprint(product(), {**FREE, 1: padded((3, 3), 1, 8)}, host(), None),
    ]
    if host().name in ("avx2", "avx512"):
        names.append(fingerprint(product(), FREE, named("sse"), None))
    monkeypatch.setattr(naming, "sources", lambda: b"a compiler changed in one byte")
    names.append(fingerprint(product(), FREE, host(), None))
    monkeypatch.setattr(naming, "toolchain", lambda _: ("another LLVM",))
    names.append(fingerprint(product(), FREE, host(), None))
    assert len(set(names)) == len(names)


def test_without_readable_sources_nothing_is_reused(monkeypatch):
    monkeypatch.setattr(naming, "sources", lambda: None)
    assert fingerprint(product(), FREE, host(), None) is None
    first, second = (compare(training(seed)) for seed in (1, 2))
    assert second.compilation is not first.compilation


def test_a_value_with_an_array_in_it_has_no_name():
    """Written out, long arrays are abbreviated: two of them could look the same."""
    program = product()
    program.outputs[0].data = np.zeros(3)
    assert fingerprint(program, FREE, host(), None) is None


def test_a_recipe_survives_writing():
    layout = padded((5, 3), 0, 8)
    constant = np.array([[1.5, -0.0], [np.inf, np.nan]], np.float32)
    recipe = Recipe(
        4096,
        128,
        (Place(0, layout, np.dtype("f4")), Place(0, contiguous(()), np.dtype("i8"))),
        (0.0, -np.inf, 1 / 3),
        (Place(64, contiguous((2, 2)), np.dtype("f8")),),
        ((Place(192, contiguous((2, 2)), np.dtype("f4")), constant),),
        True,
        False,
        "abc",
    )
    again = Recipe.from_bytes(recipe.to_bytes())
    assert again.constants[0][1].tobytes() == constant.tobytes()
    assert again.constants[0][0] == recipe.constants[0][0]
    for name in ("arena", "lines", "states", "neutral", "results", "tiled", "resident", "code"):
        assert getattr(again, name) == getattr(recipe, name)


def test_a_build_is_the_same_twice():
    """What is written again for ``explain`` is what runs."""
    texts = {Build(product(), FREE, host(), None).code.text for _ in range(2)}
    assert len(texts) == 1
