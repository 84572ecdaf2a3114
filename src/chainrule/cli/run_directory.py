"""The directory of a run: where each file is, and that no run overwrites another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chainrule.errors import ArgumentError, CheckpointError

__all__ = ["RunDirectory"]


@dataclass(frozen=True)
class RunDirectory:
    """The files of one run.

    Attributes
    ----------
    path : Path
    """

    path: Path

    @property
    def config(self) -> Path:
        """Every setting, as TOML."""
        return self.path / "config.toml"

    @property
    def rules(self) -> Path:
        """The rules from data to inputs and targets."""
        return self.path / "preprocessing.json"

    @property
    def model(self) -> Path:
        """The network, layers and weights: ``cr.load`` reads it."""
        return self.path / "model.safetensors"

    @property
    def history(self) -> Path:
        """One line of JSON per epoch."""
        return self.path / "history.jsonl"

    @property
    def picture(self) -> Path:
        """The learning curves."""
        return self.path / "curves.png"

    @property
    def diagnosis(self) -> Path:
        """The training's health in words; beside it the same as a picture."""
        return self.path / "diagnosis.txt"

    @property
    def result(self) -> Path:
        """What came out, as the command prints it with --json."""
        return self.path / "result.json"

    @property
    def checkpoint(self) -> Path:
        """Where an interrupted run goes on from."""
        return self.path / "checkpoint.safetensors"

    @classmethod
    def new(cls, out: Path | None, name: str) -> RunDirectory:
        """Create the directory of a new run.

        Parameters
        ----------
        out : Path or None
            Where; the first free of ``runs/NAME``, ``runs/NAME-2`` … when not given.
        name : str

        Raises
        ------
        ArgumentError
            ``out`` exists and is not an empty directory.
        """
        if out is None:
            return cls._next_free(Path("runs"), name)
        if out.exists() and not out.is_dir():
            raise ArgumentError(f"{out} is a file; a directory for the run is expected.")
        if out.is_dir() and any(out.iterdir()):
            what = "holds a run already" if cls(out).config.exists() else "is not empty"
            raise ArgumentError(
                f"{out} {what}. Give another directory with --out, or go on with the run that is "
                "there with --resume."
            )
        out.mkdir(parents=True, exist_ok=True)
        return cls(out)

    @classmethod
    def _next_free(cls, parent: Path, name: str) -> RunDirectory:
        parent.mkdir(parents=True, exist_ok=True)
        number = 1
        while True:
            path = parent / (name if number == 1 else f"{name}-{number}")
            try:
                path.mkdir()  # fails where it exists: two runs started at once do not collide
            except FileExistsError:
                number += 1
            else:
                return cls(path)

    @classmethod
    def existing(cls, path: Path) -> RunDirectory:
        """Return the directory of a run that was made before.

        Raises
        ------
        CheckpointError
            It holds no run; the message names the file that is absent.
        """
        run = cls(path)
        for needed in (run.config, run.rules):
            if not needed.is_file():
                raise CheckpointError(
                    f"{path} holds no run of `chainrule train`: {needed.name} is absent."
                )
        return run
