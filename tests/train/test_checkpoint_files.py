"""Checkpoint files: complete, atomic, checked; nothing is lost when writing fails (SPEC C7)."""

from __future__ import annotations

import json
import math
import os
import pickle
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

import chainrule as cr
from chainrule.errors import CheckpointError
from chainrule.train import files

ROOT = Path(__file__).resolve().parents[2]
STATE = {
    "weights": np.arange(6.0).reshape(2, 3).astype("f4"),
    "scalar": np.array(3),
    "nested": [1, (2.5, "x"), {"inf": math.inf, "none": None, "flag": True}],
    "tensor": cr.tensor([1.0, 2.0]),
    "empty": np.zeros((0, 4)),
}


def test_every_kind_of_value_comes_back(tmp_path: Path) -> None:
    files.write_file(tmp_path / "a", STATE, "test")
    back = files.read_file(tmp_path / "a", "test")
    np.testing.assert_array_equal(back["weights"], STATE["weights"])
    assert back["weights"].dtype == np.float32
    assert back["scalar"].shape == ()
    assert back["nested"] == [1, (2.5, "x"), {"inf": math.inf, "none": None, "flag": True}]
    np.testing.assert_array_equal(back["tensor"], [1.0, 2.0])
    assert back["empty"].shape == (0, 4)


def test_a_value_that_cannot_be_saved_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="deep/1 cannot be saved: function"):
        files.write_file(tmp_path / "a", {"deep": [1, lambda: 0]}, "test")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", [0.0, 0.2, 0.5, 0.9, 0.999])
def test_any_flipped_byte_is_noticed(tmp_path: Path, place: float) -> None:
    path = tmp_path / "a"
    files.write_file(path, STATE, "test")
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 0x10
    path.write_bytes(content)
    with pytest.raises(CheckpointError):
        files.read_file(path, "test")


@pytest.mark.parametrize("length", [0, 5, 100, -1])
def test_a_cut_off_file_is_noticed(tmp_path: Path, length: int) -> None:
    path = tmp_path / "a"
    files.write_file(path, STATE, "test")
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(CheckpointError, match="not a readable safetensors file"):
        files.read_file(path, "test")


def test_foreign_files_are_refused_and_never_run(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(save({"x": np.zeros(3)}))
    with pytest.raises(CheckpointError, match="of another program"):
        files.read_file(path, "test")
    touched = tmp_path / "touched"

    class Harm:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(touched),)

    path.write_bytes(pickle.dumps(Harm()))
    for reader in (lambda: files.read_file(path, "test"), lambda: cr.load(path)):
        with pytest.raises(CheckpointError):
            reader()
    assert not touched.exists()
    files.write_file(path, STATE, "model")
    with pytest.raises(CheckpointError, match="holds a model, a test was expected"):
        files.read_file(path, "test")


def test_a_later_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "VERSION", 7)
    files.write_file(tmp_path / "a", STATE, "test")
    monkeypatch.undo()
    with pytest.raises(CheckpointError, match=r"version 7 .* update chainrule"):
        files.read_file(tmp_path / "a", "test")


def _full_disk() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def test_a_full_disk_leaves_the_previous_file_intact(tmp_path: Path) -> None:
    """The write fails half way (a limit on file sizes stands in for the full disk)."""
    path = tmp_path / "a"
    files.write_file(path, STATE, "test")
    before = path.read_bytes()
    code = (
        "import sys, numpy as np\n"
        "from chainrule.train.files import write_file\n"
        "from chainrule.errors import CheckpointError\n"
        "try:\n"
        "    write_file(sys.argv[1], {'big': np.zeros(100_000)}, 'test')\n"
        "except CheckpointError as error:\n"
        "    print(error)\n"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        preexec_fn=_full_disk,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    ).stdout
    assert "could not be written" in out
    assert "the previous file is intact" in out
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_failing_rename_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a read-only target."""

    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.os, "replace", refuse)
    with pytest.raises(CheckpointError, match=r"Permission denied .* nothing was written"):
        files.write_file(tmp_path / "a", STATE, "test")
    assert not list(tmp_path.iterdir())


def test_left_overs_of_a_killed_writer_are_removed(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    leftover = tmp_path / f".a.{dead.pid}.part"
    leftover.write_bytes(b"half")
    files.write_file(tmp_path / "a", STATE, "test")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_readers_see_whole_files_while_a_writer_is_killed(tmp_path: Path) -> None:
    """A process that writes without pause is killed at random moments; every read succeeds."""
    path = tmp_path / "a"
    code = (
        "import sys, numpy as np\n"
        "from chainrule.train.files import write_file\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    write_file(sys.argv[1], {'x': np.zeros(200_000)}, 'test')\n"
    )
    chance = random.Random(1)
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", code, str(path)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        while not path.exists():
            time.sleep(0.001)
        time.sleep(chance.uniform(0.0, 0.05))
        writer.kill()
        writer.communicate()
        assert files.read_file(path, "test")["x"].shape == (200_000,)


def test_killed_and_resumed_runs_end_with_the_same_bits() -> None:
    """SPEC C7: ``kill -9`` at random moments; ``python -m benchmarks.kill_resume`` runs more."""
    out = subprocess.run(
        [sys.executable, "-m", "benchmarks.kill_resume", "--trials", "2", "--seed", "3"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        timeout=240,
    )
    assert out.returncode == 0, out.stdout + out.stderr
    assert [line.split()[0] for line in out.stdout.splitlines()] == ["native", "eager"]
    assert out.stdout.count("lost=0") == 2


def test_jsonl_history_survives_not_a_number_and_a_cut_off_line(tmp_path: Path) -> None:
    from chainrule.train import History

    history = History([{"epoch": 1, "loss": math.nan}, {"epoch": 2, "loss": 0.5}])
    path = tmp_path / "h.jsonl"
    history.to_jsonl(path)
    assert all(json.loads(line) for line in path.read_text().splitlines())
    path.write_text(path.read_text() + '{"epoch": 3, "lo')
    back = History.from_jsonl(path)
    assert math.isnan(back["loss"][0])
    assert back["loss"][1] == 0.5
    assert len(back) == 2
