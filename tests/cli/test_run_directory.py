"""No run overwrites another, and what is no run is said to be none."""

from __future__ import annotations

from pathlib import Path

import pytest

from chainrule.cli.run_directory import RunDirectory
from chainrule.cli.source import open_data
from chainrule.errors import ArgumentError, CheckpointError, DataError


def test_runs_are_numbered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths = [str(RunDirectory.new(None, "digits").path) for _ in range(3)]
    assert paths == ["runs/digits", "runs/digits-2", "runs/digits-3"]


def test_a_directory_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ArgumentError, match="is not empty"):
        RunDirectory.new(tmp_path, "x")
    (tmp_path / "config.toml").write_text("")
    with pytest.raises(ArgumentError, match=r"holds a run already.*--resume"):
        RunDirectory.new(tmp_path, "x")
    with pytest.raises(ArgumentError, match="is a file"):
        RunDirectory.new(tmp_path / "notes.txt", "x")
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_what_holds_no_run_is_refused_with_the_absent_file(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"config\.toml is absent"):
        RunDirectory.existing(tmp_path)
    (tmp_path / "config.toml").write_text("")
    with pytest.raises(CheckpointError, match=r"preprocessing\.json is absent"):
        RunDirectory.existing(tmp_path)


def test_a_file_goes_before_a_built_in_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert open_data("iris").name == "iris"
    with pytest.raises(DataError, match="neither a file or folder nor a built-in data set"):
        open_data("irises")
    (tmp_path / "iris").mkdir()
    with pytest.raises(DataError, match="no images in class folders"):
        open_data("iris")
