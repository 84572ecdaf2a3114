"""Files of tensors and JSON, written so that a crash or a full disk never harms what was there.

A file is a safetensors file whose metadata hold a JSON document and a digest of everything. It is
written under another name, flushed to the disk, and renamed: readers see the old file or the new
one, never a part. No pickle is involved in reading or writing.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.errors import CheckpointError

__all__ = ["read_file", "write_bytes", "write_file"]

FORMAT = "chainrule"
VERSION = 1
_TENSOR, _FLOAT, _TUPLE = "$tensor", "$float", "$tuple"


def _encode(value: Any, path: str, tensors: dict[str, Any]) -> Any:
    """A tree as JSON; arrays are put aside under their path."""
    if isinstance(value, Tensor):
        value = value.detach()._concrete("saving")
    if isinstance(value, np.ndarray):
        tensors[path] = np.asarray(value, order="C")
        return {_TENSOR: path}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {_FLOAT: repr(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {
            str(k): _encode(v, f"{path}/{k}" if path else str(k), tensors) for k, v in value.items()
        }
    if isinstance(value, tuple | list):
        items = [_encode(v, f"{path}/{i}", tensors) for i, v in enumerate(value)]
        return {_TUPLE: items} if isinstance(value, tuple) else items
    raise CheckpointError(
        f"{path or 'the state'} cannot be saved: {type(value).__name__} is neither numbers nor text "
        "nor a container of these"
    )


def _decode(value: Any, tensors: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_decode(item, tensors) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {_TENSOR}:
        return tensors[value[_TENSOR]]
    if value.keys() == {_FLOAT}:
        return float(value[_FLOAT])
    if value.keys() == {_TUPLE}:
        return tuple(_decode(item, tensors) for item in value[_TUPLE])
    return {key: _decode(item, tensors) for key, item in value.items()}


def _digest(document: str, tensors: dict[str, Any]) -> str:
    found = hashlib.sha256(document.encode())
    for name in sorted(tensors):
        array = tensors[name]
        found.update(f"{name} {array.dtype} {array.shape}".encode())
        found.update(array.tobytes())
    return found.hexdigest()


def write_file(path: str | os.PathLike[str], state: Any, kind: str) -> None:
    """Write a tree of arrays, numbers, text, dictionaries, lists and tuples.

    Parameters
    ----------
    path : path
    state : tree
    kind : str
        What the file is, such as ``"model"``; reading asks for it.

    Raises
    ------
    CheckpointError
        If the file cannot be written (disk full, no permission). What stood there before is intact.
    """
    from safetensors.numpy import save

    tensors: dict[str, Any] = {}
    document = json.dumps(_encode(state, "", tensors), allow_nan=False)
    metadata = {
        "format": FORMAT,
        "version": str(VERSION),
        "kind": kind,
        "document": document,
        "sha256": _digest(document, tensors),
    }
    write_bytes(path, save(tensors, metadata=metadata))


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Put ``content`` into a file, all or nothing: temporary file, flush, rename."""
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if not target.parent.exists():
            target.parent.mkdir(parents=True)
        _remove_leftovers(target)
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
        _flush_directory(target.parent)
    except OSError as error:
        _unlink(temporary)
        state = "the previous file is intact" if target.exists() else "nothing was written"
        raise CheckpointError(
            f"{target} could not be written: {error.strerror or error} ({len(content):,} bytes); "
            f"{state}. Free space or choose another place"
        ) from error


def _remove_leftovers(target: Path) -> None:
    """Temporary files of processes that were killed while writing."""
    for leftover in target.parent.glob(f".{target.name}.*.part"):
        owner = leftover.name.split(".")[-2]
        if not (owner.isdigit() and _is_running(int(owner))):
            _unlink(leftover)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # on a read-only disk there is nothing to remove either
        return


def _flush_directory(directory: Path) -> None:
    """Make the rename itself survive a power cut, where the system can do that."""
    if os.name != "posix":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_file(path: str | os.PathLike[str], kind: str) -> Any:
    """Read what :func:`write_file` wrote.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    CheckpointError
        If it is damaged, of another program, of another kind or of a later version.
    """
    target = Path(path)
    try:
        content = target.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise CheckpointError(f"{target} could not be read: {error.strerror or error}") from error
    metadata, tensors = parse(content, target)
    if metadata.get("format") != FORMAT:
        raise CheckpointError(
            f"{target} is a safetensors file of another program (no {FORMAT} metadata); its tensors "
            "can be loaded with chainrule.interop.load_safetensors"
        )
    if not metadata.get("version", "").isdigit() or int(metadata["version"]) > VERSION:
        raise CheckpointError(
            f"{target} has version {metadata.get('version')} of the format, this program reads up to "
            f"{VERSION}: update chainrule"
        )
    if metadata.get("kind") != kind:
        raise CheckpointError(f"{target} holds a {metadata.get('kind')}, a {kind} was expected")
    document = metadata.get("document", "")
    if _digest(document, tensors) != metadata.get("sha256"):
        raise CheckpointError(f"{target} is damaged: its content does not match its checksum")
    return _decode(json.loads(document), tensors)


def parse(content: bytes, where: object) -> tuple[dict[str, str], dict[str, Any]]:
    """Metadata and tensors of a safetensors file.

    Raises
    ------
    CheckpointError
        If the bytes are not one.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(content)
        (length,) = struct.unpack("<Q", content[:8])
        header = json.loads(content[8 : 8 + length])
        metadata = header.get("__metadata__") or {}
    except (SafetensorError, ValueError, KeyError, struct.error, TypeError) as error:
        what = "empty" if not content else "cut off, damaged, or of another kind"
        raise CheckpointError(
            f"{where} is not a readable safetensors file: it is {what} ({error})"
        ) from error
    return metadata, tensors
