"""The object cache: warm starts, damaged entries, concurrent writers, separate targets."""

from __future__ import annotations

import ctypes
import threading
from pathlib import Path

import pytest

from chainrule.compiler import disk, runtime, target
from chainrule.compiler.ir import I64, Function, Module, Val
from chainrule.errors import ArgumentError, CompileError


def module_returning(number: int) -> str:
    module = Module(128)
    f = Function(module, "answer", [], internal=False, returns=I64)
    module.add(f, Val(str(number), I64))
    return module.text()


def answer(engine: runtime.Engine) -> int:
    return ctypes.CFUNCTYPE(ctypes.c_int64)(engine.address("answer"))()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    return tmp_path


def test_second_load_comes_from_the_disk(cache):
    text = module_returning(41)
    first, second = (runtime.load(text, target.host()) for _ in range(2))
    assert (first.cached, second.cached) == (False, True)
    assert (answer(first), answer(second)) == (41, 41)


def test_another_program_or_target_is_another_entry(cache):
    keys = {
        runtime.key(module_returning(1), target.host()),
        runtime.key(module_returning(2), target.host()),
    }
    if target.host().name in ("avx2", "avx512"):
        keys.add(runtime.key(module_returning(1), target.named("sse")))
        assert len(keys) == 3
    assert len(keys) >= 2


@pytest.mark.parametrize(
    "damage", [lambda d: d[:-7], lambda d: d[:60] + bytes([d[60] ^ 1]) + d[61:], lambda d: b""]
)
def test_a_damaged_entry_is_discarded_and_rebuilt(cache, damage):
    text = module_returning(7)
    runtime.load(text, target.host())
    (entry,) = cache.glob("*.o")
    entry.write_bytes(damage(entry.read_bytes()))
    engine = runtime.load(text, target.host())
    assert not engine.cached
    assert answer(engine) == 7
    assert runtime.load(text, target.host()).cached


def test_concurrent_writers_do_not_disturb_each_other(cache):
    found: list[int] = []
    texts = [module_returning(n % 3) for n in range(12)]

    def work(text: str) -> None:
        found.append(answer(runtime.load(text, target.host())))

    threads = [threading.Thread(target=work, args=(t,)) for t in texts]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(found) == sorted(n % 3 for n in range(12))
    assert len(list(cache.glob("*.o"))) == 3
    assert not list(cache.glob("*.tmp"))


@pytest.mark.parametrize("setting", ["0", "off", "No", "FALSE", " off "])
def test_the_cache_can_be_off(cache, monkeypatch, setting):
    monkeypatch.chdir(cache)
    monkeypatch.setenv("CHAINRULE_CACHE", setting)
    assert not runtime.load(module_returning(3), target.host()).cached
    assert not runtime.load(module_returning(3), target.host()).cached
    assert not list(cache.iterdir())


@pytest.mark.parametrize("setting", ["offline", "./off", "cache"])
def test_any_other_setting_of_the_cache_names_a_directory(monkeypatch, setting):
    monkeypatch.setenv("CHAINRULE_CACHE", setting)
    assert disk.cache_directory() == Path(setting)


def test_an_unwritable_cache_is_no_error(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    monkeypatch.setenv("CHAINRULE_CACHE", str(blocked))
    assert answer(runtime.load(module_returning(9), target.host())) == 9


def test_invalid_ir_is_reported_as_a_defect(cache):
    with pytest.raises(CompileError, match="defect of the compiler"):
        runtime.load("define void @f() { ret i32 0 }", target.host())


def test_unknown_target_names_the_choices():
    with pytest.raises(ArgumentError, match="avx512, avx2, sse, neon"):
        target.named("pentium")
