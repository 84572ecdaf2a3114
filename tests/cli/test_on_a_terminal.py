"""What only a terminal sees: progress and colours, and that both can be switched off."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pty = pytest.importorskip("pty", reason="terminals are imitated by pseudo-terminals")


def on_terminal(directory: Path, *arguments: str, **environment: str) -> str:
    """Return all that a command writes to a terminal of 80 columns."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "chainrule", *arguments],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        cwd=directory,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "40", **environment},
    )
    os.close(follower)
    written = b""
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # Linux says so when the other side has closed
            break
        if not chunk:
            break
        written += chunk
    os.close(leader)
    assert process.wait() == 0, written
    return written.decode()


TRAIN = ("train", "iris", "--epochs", "4", "--lr", "0.01")


def test_progress_is_drawn_and_taken_away(tmp_path: Path) -> None:
    written = on_terminal(tmp_path, *TRAIN)
    assert "epoch 1/4" in written
    assert "val_loss" in written
    assert "\x1b[2K" in written  # the line is cleared at the end
    assert "Saved in runs/iris" in written


@pytest.mark.parametrize("flag", ["--quiet", "--json"])
def test_nothing_moves_where_nothing_or_json_is_wanted(tmp_path: Path, flag: str) -> None:
    written = on_terminal(tmp_path, *TRAIN, flag)
    assert "\x1b" not in written
    assert (written == "") == (flag == "--quiet")


def test_no_color_is_honoured(tmp_path: Path) -> None:
    assert "\x1b[32m" in on_terminal(tmp_path, "doctor")
    assert "\x1b[32m" not in on_terminal(tmp_path, "doctor", NO_COLOR="1")


def test_long_predictions_are_cut_on_a_terminal_and_say_how_to_have_all(tmp_path: Path) -> None:
    on_terminal(tmp_path, *TRAIN, "--quiet")
    written = on_terminal(tmp_path, "predict", "runs/iris", "iris")
    assert "130 more; -o FILE.csv writes them all" in written
    assert written.count("setosa") == 20
