"""Sample inputs shared by the elementwise ops, and maps of normal numbers into their domains."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.op import Sample

__all__ = [
    "XY",
    "X",
    "above_one",
    "away_from_zero",
    "positive_base",
    "positive_numbers",
    "second_away_from_zero",
    "unit_interval",
]

X = (Sample(((3, 4),)), Sample(((),)), Sample(((0, 2),)))
XY = (
    Sample(((3, 4), (3, 4))),
    Sample(((3, 4), (4,))),
    Sample(((3, 1), (1, 4))),
    Sample(((), (2, 3))),
    Sample(((2, 0), (1,))),
)


def positive_numbers(x: Any, _: int) -> Any:
    return np.abs(x) + 0.5


def away_from_zero(x: Any, _: int) -> Any:
    return np.where(x < 0, x - 0.5, x + 0.5)


def unit_interval(x: Any, _: int) -> Any:
    return 0.9 * np.tanh(x)


def above_one(x: Any, _: int) -> Any:
    return 1.1 + np.abs(x)


def second_away_from_zero(x: Any, index: int) -> Any:
    return away_from_zero(x, 0) if index == 1 else x


def positive_base(x: Any, index: int) -> Any:
    return positive_numbers(x, 0) if index == 0 else x
