"""TensorBoard events (extra ``tensorboard``)."""

from __future__ import annotations

import os
from typing import Any

from chainrule.errors import MissingExtraError
from chainrule.train.callbacks import Callback

__all__ = ["TensorBoard"]


class TensorBoard(Callback):
    """Write the figures of every epoch as TensorBoard scalars.

    Parameters
    ----------
    directory : path
        For ``tensorboard --logdir``.
    """

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self.directory = os.fspath(directory)
        self._writer: Any = None

    def on_fit_start(self, trainer: Any) -> None:
        """Open an event file."""
        try:
            from tensorboard.summary.writer.event_file_writer import EventFileWriter
        except ImportError as error:
            raise MissingExtraError(
                "TensorBoard events need tensorboard: pip install 'chainrule[tensorboard]'"
            ) from error
        self._writer = EventFileWriter(self.directory)

    def on_epoch_end(self, trainer: Any, row: dict[str, Any]) -> None:
        """Write the figures."""
        import time

        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        values = [
            Summary.Value(tag=name.replace("val_", "validation/"), simple_value=float(value))
            for name, value in row.items()
            if name != "epoch"
        ]
        event = Event(wall_time=time.time(), step=int(row["epoch"]), summary=Summary(value=values))
        self._writer.add_event(event)

    def on_fit_end(self, trainer: Any) -> None:
        """Close the event file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
