"""``cr.numpy.r_`` and ``c_`` give what NumPy's give, and keep the graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.numpy as cnp
from chainrule.errors import UnsupportedError

A, B, M = np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.arange(6.0).reshape(2, 3)
KEYS: list[Any] = [
    A,
    (A, 0.5, B),
    (slice(0, 4), A),
    (slice(0, 1, 5j), A, 7),
    (M, M),
    (slice(2, 8, 2), 1.0),
    (np.array(3.0), A),
]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_r_joins_as_numpy(key: Any) -> None:
    assert np.array_equal(cnp.r_[key], np.r_[key])


@pytest.mark.parametrize("key", [(A, B), A, (M, A), (M, M), (np.array(3.0), 1.0)], ids=str)
def test_c_joins_as_numpy(key: Any) -> None:
    assert np.array_equal(cnp.c_[key], np.c_[key])


def test_gradients_pass_through() -> None:
    weights = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert np.array_equal(
        cr.grad(lambda x: (cnp.r_[x, 1.0, x**2] * weights).sum())(A),
        weights[:2] + 2 * A * weights[3:],
    )
    assert np.array_equal(cr.grad(lambda x: (cnp.c_[x, B] * M[:, :2]).sum())(A), M[:, 0])


def test_directives_are_refused_by_name() -> None:
    with pytest.raises(UnsupportedError, match=r"r_\['0,2', …\]"):
        cnp.r_["0,2", A, B]
