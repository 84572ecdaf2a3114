"""The cache on disk: entries by name, each with a checksum.

An entry is written to a temporary file and renamed, so that processes that write the same one do
not disturb each other; one that is damaged is discarded when it is met. What an entry is valid for
is part of its name (a hash), so that a stale one cannot be met.

``CHAINRULE_CACHE`` names the directory; ``0``, ``off``, ``no`` or ``false`` turns the cache off.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import sys
from pathlib import Path

__all__ = ["cache_directory", "read", "write"]

_MAGIC = b"chainrule-object-1\n"
_OFF = ("0", "off", "no", "false")
_LIMIT_BYTES = 256 << 20
_TRIM_EVERY = 64  # entries written: looking at the whole directory takes a while when it is full
_written = itertools.count()


def cache_directory() -> Path | None:
    """Return where entries are kept, or None if the cache is off."""
    setting = os.environ.get("CHAINRULE_CACHE")
    if setting is not None and setting.strip().lower() in _OFF:
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


def read(name: str) -> bytes | None:
    """Return the contents of an entry, or None if there is none or it is damaged."""
    directory = cache_directory()
    if directory is None:
        return None
    path = directory / name
    try:
        data = path.read_bytes()
    except OSError:
        return None
    head = len(_MAGIC) + 32
    if data[: len(_MAGIC)] == _MAGIC and len(data) > head:
        contents = data[head:]
        if hashlib.sha256(contents).digest() == data[len(_MAGIC) : head]:
            with contextlib.suppress(OSError):
                os.utime(path)  # the least recently used are removed first
            return contents
    with contextlib.suppress(OSError):
        path.unlink()
    return None


def write(name: str, contents: bytes) -> None:
    """Write an entry; a cache that cannot be written is not an error."""
    directory = cache_directory()
    if directory is None:
        return
    import tempfile  # slow to import, and not needed where all is in the cache

    with contextlib.suppress(OSError):
        directory.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=directory, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC + hashlib.sha256(contents).digest() + contents)
            os.replace(temporary, directory / name)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            return
        if next(_written) % _TRIM_EVERY == 0:
            _trim(directory)


def _trim(directory: Path) -> None:
    """Keep the cache below its limit by removing the entries used least recently."""
    entries = []
    for entry in os.scandir(directory):
        if entry.name.endswith((".o", ".form")):
            with contextlib.suppress(OSError):
                found = entry.stat()
                entries.append((found.st_mtime, found.st_size, entry.path))
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if total <= _LIMIT_BYTES:
            return
        with contextlib.suppress(OSError):
            os.unlink(path)
        total -= size
