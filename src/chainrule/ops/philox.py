"""Philox4x32-10, a counter-based random number generator, on NumPy arrays.

J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
SC'11. A key of two 32-bit words and a counter of four give four random words; nothing is carried
from one counter to the next. The same numbers can therefore be drawn in any order, by any thread,
by compiled code, or again after a resume.

Note [Which word is which element]: ``n`` words are taken from ``B = ceil(n / 4)`` consecutive
counters; element ``j`` is word ``j // B`` of counter ``j % B``. The counter's words are the block
number (low, high), the step and the site; the key is the seed (low, high).
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["philox", "words"]

_MULTIPLIERS = np.array([[0xD2511F53], [0xCD9E8D57]], np.uint64)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_MASK = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_ROUNDS = 10


def philox(counter: Any, key: tuple[int, int]) -> Any:
    """Four random words for each counter.

    Parameters
    ----------
    counter : array_like of unsigned integers below 2**32, shape (4, n)
    key : pair of int below 2**32

    Returns
    -------
    ndarray of uint32, shape (4, n)

    Examples
    --------
    The first known answer of the authors' test vectors:

    >>> [hex(w) for w in philox(np.zeros((4, 1)), (0, 0))[:, 0]]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    counter = np.asarray(counter).astype(np.uint64)
    even, odd = np.ascontiguousarray(counter[0::2]), np.ascontiguousarray(counter[1::2])
    product = np.empty_like(even)
    keys = np.array([[key[0]], [key[1]]], np.uint64)
    step = np.array([[_WEYL[0]], [_WEYL[1]]], np.uint64)
    for _ in range(_ROUNDS):
        # both products of a round at once; 64-bit arithmetic holds 32 x 32 bits
        np.multiply(even, _MULTIPLIERS, out=product)
        odd ^= keys
        odd ^= product[::-1] >> _HALF
        even, odd = odd, product[::-1] & _MASK
        keys = (keys + step) & _MASK
    result = np.empty(counter.shape, np.uint32)
    result[0::2], result[1::2] = even, odd
    return result


def words(seed: int, step: int, site: int, count: int) -> Any:
    """``count`` random 32-bit words; see Note [Which word is which element]."""
    blocks = -(-count // 4)
    counter = np.empty((4, blocks), np.uint64)
    index = np.arange(blocks, dtype=np.uint64)
    counter[0] = index & _MASK
    counter[1] = index >> _HALF
    counter[2] = step & 0xFFFFFFFF
    counter[3] = (site ^ (step >> 32)) & 0xFFFFFFFF
    key = (seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF)
    return philox(counter, key).reshape(-1)[:count]
