"""From IR text to callable machine code, with a cache of object code on disk.

A compiled module is one object file. Its cache key is a hash of the IR text, the processor and the
versions of the generator and of LLVM, so a stale entry cannot be met: it has another name. Entries
are written to a temporary file and renamed (safe under concurrent use) and carry a checksum
(a damaged entry is discarded and rebuilt).

``CHAINRULE_CACHE`` names the directory; ``CHAINRULE_CACHE=0`` turns the cache off.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from ..errors import CompileError
from .target import Target

__all__ = ["Engine", "assembly", "cache_directory", "load"]

# Raise it when generated code changes meaning without its text changing.
FORMAT = 1
_MAGIC = b"chainrule-object-1\n"
_LIMIT_BYTES = 256 << 20
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


def cache_directory() -> Path | None:
    """Return where object code is kept, or None if the cache is off."""
    setting = os.environ.get("CHAINRULE_CACHE")
    if setting == "0":
        return None
    if setting:
        return Path(setting)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    return Path(base) / "chainrule" / "objects"


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


def key(text: str, target: Target) -> str:
    """Return the name of the cache entry of a module."""
    parts = (
        str(FORMAT),
        llvmlite.__version__,
        ".".join(map(str, llvm.llvm_version_info)),
        llvm.get_process_triple(),
        target.cpu,
        target.features,
        text,
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]


def _read(path: Path) -> bytes | None:
    """Return the object code of an entry, or None if there is none or it is damaged."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    head = len(_MAGIC) + 32
    if data[: len(_MAGIC)] == _MAGIC and len(data) > head:
        code = data[head:]
        if hashlib.sha256(code).digest() == data[len(_MAGIC) : head]:
            return code
    with contextlib.suppress(OSError):
        path.unlink()
    return None


def _write(path: Path, code: bytes) -> None:
    """Write an entry; a cache that cannot be written is not an error."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC + hashlib.sha256(code).digest() + code)
            os.replace(temporary, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            return
        _trim(path.parent)


def _trim(directory: Path) -> None:
    """Keep the cache below its limit by removing the entries used least recently."""
    entries = [(p.stat().st_mtime, p.stat().st_size, p) for p in directory.glob("*.o")]
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if total <= _LIMIT_BYTES:
            return
        path.unlink(missing_ok=True)
        total -= size


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
    seconds: dict[str, float] = {}
    directory = cache_directory()
    path = directory / f"{key(text, target)}.o" if directory else None
    start = time.perf_counter()
    machine = _machine(target)
    code = _read(path) if path else None
    cached = code is not None
    if code is None:
        module = _parse(text, machine)
        seconds["parse"] = time.perf_counter() - start
        start = time.perf_counter()
        code = bytes(machine.emit_object(module))
        seconds["codegen"] = time.perf_counter() - start
        if path:
            _write(path, code)
        start = time.perf_counter()
    elif path:
        with contextlib.suppress(OSError):
            os.utime(path)
    empty = llvm.parse_assembly("")
    empty.triple = llvm.get_process_triple()
    execution = llvm.create_mcjit_compiler(empty, machine)
    execution.add_object_file(llvm.ObjectFileRef.from_data(code))
    execution.finalize_object()
    seconds["load"] = time.perf_counter() - start
    return Engine(execution, (machine, empty), cached, len(code), seconds)


def assembly(text: str, target: Target) -> str:
    """Return the assembly of a module (for tests and for reading)."""
    machine = _machine(target)
    return str(machine.emit_assembly(_parse(text, machine)))
