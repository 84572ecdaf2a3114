"""From IR text to callable machine code, with a cache of object code on disk.

A compiled module is one object file, kept on disk (``disk.py``) under a hash of the IR text, the
processor and the versions of the generator and of LLVM.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from ..errors import CompileError
from . import disk
from .target import Target

__all__ = ["Engine", "assembly", "key", "load", "load_object", "toolchain"]

# Raise it when generated code changes meaning without its text changing.
FORMAT = 1
_lock = threading.Lock()
_ready = False


@dataclass
class Engine:
    """Machine code in memory, alive for as long as this object is.

    Attributes
    ----------
    seconds : dict
        Time spent in each phase (``parse``, ``codegen``, ``load``).
    cached : bool
        Whether the code came from the disk.
    size : int
        Bytes of object code.
    """

    execution: Any
    keep: tuple[Any, ...]
    cached: bool
    size: int
    seconds: dict[str, float] = field(default_factory=dict)

    def address(self, name: str) -> int:
        """Return the address of an exported function."""
        address = self.execution.get_function_address(name)
        if not address:
            raise CompileError(f"compiled module has no function {name!r}")
        return int(address)


def _initialise() -> None:
    global _ready
    with _lock:
        if not _ready:
            llvm.initialize_native_target()
            llvm.initialize_native_asmprinter()
            _ready = True


def _machine(target: Target) -> Any:
    _initialise()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=target.cpu, features=target.features, opt=2, jit=True
    )


def _parse(text: str, machine: Any) -> Any:
    try:
        module = llvm.parse_assembly(text)
        module.triple = llvm.get_process_triple()
        module.data_layout = str(machine.target_data)
        module.verify()
    except RuntimeError as error:
        raise CompileError(
            f"generated code is not valid LLVM IR ({error}). This is a defect of the compiler: "
            "please report it with the function that was compiled."
        ) from error
    return module


def toolchain(target: Target) -> tuple[str, ...]:
    """Return what machine code depends on beside the program: LLVM and the processor."""
    return (
        str(FORMAT),
        llvmlite.__version__,
        ".".join(map(str, llvm.llvm_version_info)),
        llvm.get_process_triple(),
        target.cpu,
        target.features,
    )


def key(text: str, target: Target) -> str:
    """Return the name of the cache entry of a module."""
    return hashlib.sha256("\0".join((*toolchain(target), text)).encode()).hexdigest()[:40]


def load(text: str, target: Target) -> Engine:
    """Return machine code for a module of IR, from the cache where possible.

    Parameters
    ----------
    text : str
        LLVM IR.
    target : Target
        The processor to generate for.

    Raises
    ------
    CompileError
        If LLVM rejects the IR.
    """
    name = key(text, target)
    found = load_object(name, target)
    if found is not None:
        return found
    start = time.perf_counter()
    machine = _machine(target)
    module = _parse(text, machine)
    parsed = time.perf_counter()
    code = bytes(machine.emit_object(module))
    emitted = time.perf_counter()
    disk.write(f"{name}.o", code)
    engine = _link(code, machine, cached=False)
    engine.seconds.update(parse=parsed - start, codegen=emitted - parsed)
    return engine


def load_object(name: str, target: Target) -> Engine | None:
    """Return the machine code that a module had when it was compiled before, if it is on disk.

    Parameters
    ----------
    name : str
        As :func:`key` gives it.
    """
    code = disk.read(f"{name}.o")
    return None if code is None else _link(code, _machine(target), cached=True)


def _link(code: bytes, machine: Any, cached: bool) -> Engine:
    """Make object code callable."""
    start = time.perf_counter()
    empty = llvm.parse_assembly("")
    empty.triple = llvm.get_process_triple()
    execution = llvm.create_mcjit_compiler(empty, machine)
    execution.add_object_file(llvm.ObjectFileRef.from_data(code))
    execution.finalize_object()
    seconds = {"load": time.perf_counter() - start}
    return Engine(execution, (machine, empty), cached, len(code), seconds)


def assembly(text: str, target: Target) -> str:
    """Return the assembly of a module (for tests and for reading)."""
    machine = _machine(target)
    return str(machine.emit_assembly(_parse(text, machine)))
