"""The exception tree.

Every error of the library derives from :class:`ChainruleError` *and* from the exception that
NumPy (or Python) raises in the same situation, so that code written for NumPy keeps working::

    ChainruleError
    ├── ShapeError(ValueError)            operands whose shapes do not fit
    ├── DtypeError(TypeError)             a dtype an op cannot take (integers, complex)
    ├── AxisError(numpy AxisError)        an axis outside the array: a ValueError and an IndexError
    ├── ArgumentError(ValueError)         an argument whose value is not acceptable
    ├── GradientError(RuntimeError)       a gradient that cannot be had (detached, overwritten)
    ├── UnsupportedError(TypeError)       a NumPy function or a form of it the library does not have
    ├── StagingError(TypeError)           a value was asked for while only shapes are known
    ├── CompileError(RuntimeError)        a graph that cannot be lowered to machine code
    ├── DataError(ValueError)             a data file or array that cannot be used as asked
    ├── CheckpointError(ValueError)       a saved file that is damaged, foreign or does not fit
    └── MissingExtraError(ImportError)    an optional package is absent; the message names the extra

Each message says what was expected, what came, where, and what to do.
"""

from __future__ import annotations

import numpy as np

__all__ = [
    "ArgumentError",
    "AxisError",
    "ChainruleError",
    "CheckpointError",
    "CompileError",
    "DataError",
    "DtypeError",
    "GradientError",
    "MissingExtraError",
    "ShapeError",
    "StagingError",
    "UnsupportedError",
]


class ChainruleError(Exception):
    """Base of every error raised on purpose by the library."""


class ShapeError(ChainruleError, ValueError):
    """Operands whose shapes do not fit together."""


class DtypeError(ChainruleError, TypeError):
    """A dtype that an operation cannot take."""


class AxisError(ChainruleError, np.exceptions.AxisError):
    """An axis that the array does not have."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class ArgumentError(ChainruleError, ValueError):
    """An argument whose value is not acceptable."""


class GradientError(ChainruleError, RuntimeError):
    """A gradient that cannot be had."""


class UnsupportedError(ChainruleError, TypeError):
    """A function, or a form of it, that the library does not have."""


class StagingError(ChainruleError, TypeError):
    """A value was asked for while only its shape and dtype are known."""


class CompileError(ChainruleError, RuntimeError):
    """A graph that cannot be lowered to machine code."""


class DataError(ChainruleError, ValueError):
    """A data file or array that cannot be used as asked."""


class CheckpointError(ChainruleError, ValueError):
    """A saved file that is damaged, foreign, or does not fit what it is loaded into."""


class MissingExtraError(ChainruleError, ImportError):
    """An optional package is absent; the message names the extra that brings it."""
