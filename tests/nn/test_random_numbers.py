"""Counter-based random numbers: known answers, independence of order, no side effects."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError
from chainrule.ops.philox import philox, words

# Random123's known-answer vectors of philox4x32-10
ONES = 0xFFFFFFFF
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_philox_gives_the_known_answers(counter, key, expected) -> None:
    found = philox(np.array(counter)[:, None], key)
    assert tuple(int(w) for w in found[:, 0]) == expected


def test_words_follow_the_stated_layout() -> None:
    """Note [Which word is which element]."""
    n, seed, step, site = 11, 5 | (7 << 32), 9, 3
    blocks = 3
    found = words(seed, step, site, n)
    for j in range(n):
        block = philox(np.array([[j % blocks], [0], [step], [site]]), (5, 7))
        assert found[j] == block[j // blocks, 0]


def test_uniform_and_normal_have_their_moments() -> None:
    generator = cr.Generator(1)
    for dtype in (np.float32, np.float64):
        u = generator.uniform((100_000,), dtype=dtype).numpy()
        assert u.dtype == dtype
        assert 0.0 <= u.min() <= u.max() < 1.0
        assert u.mean() == pytest.approx(0.5, abs=0.005)
        z = generator.normal((100_000,), dtype=dtype).numpy()
        assert z.dtype == dtype
        assert z.mean() == pytest.approx(0.0, abs=0.015)
        assert z.std() == pytest.approx(1.0, abs=0.01)
        assert (z**4).mean() == pytest.approx(3.0, abs=0.1)
        assert abs(np.corrcoef(z[:50_000], z[50_000:])[0, 1]) < 0.02


def test_integers_and_permutations_are_even() -> None:
    generator = cr.Generator(2)
    counts = np.bincount(generator.integers(0, 7, 70_000).numpy(), minlength=7)
    assert counts.size == 7
    assert np.abs(counts - 10_000).max() < 500
    drawn = generator.integers(-3, 2, (1000,)).numpy()
    assert (drawn.min(), drawn.max()) == (-3, 1)
    firsts = np.bincount(
        [int(generator.permutation(4).numpy()[0]) for _ in range(800)], minlength=4
    )
    assert np.abs(firsts - 200).max() < 60
    with pytest.raises(ArgumentError, match="range is empty"):
        generator.integers(3, 3)


def test_states_seeds_and_sites() -> None:
    generator = cr.Generator(3)
    generator.normal((5,))
    state = generator.get_state()
    first = generator.normal((4,)).tolist()
    generator.set_state(state)
    assert generator.normal((4,)).tolist() == first
    assert generator.spawn(1).normal((4,)).tolist() != generator.spawn(2).normal((4,)).tolist()
    assert cr.Generator(-1).seed == 2**64 - 1
    assert cr.Generator(2**63 + 5).get_state() == (2**63 + 5, 0)
    with pytest.raises(ArgumentError, match="a seed is an integer"):
        cr.manual_seed(1.5)


def test_numpys_random_state_is_left_alone() -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    cr.manual_seed(0)
    cr.randn(3)
    cr.randperm(5)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_compiled_code_draws_the_same_masks() -> None:
    """Eager and compiled runs see the same numbers, call after call."""
    drawn = []
    for compiled in (False, True):
        cr.manual_seed(8)

        def masked(x):
            return cr.nn.functional.dropout(x, 0.4)

        run = cr.compile(masked) if compiled else masked
        x = cr.tensor(np.ones((5, 7), "f4"))
        drawn.append([np.asarray(run(x).detach()) for _ in range(3)])
    for eager, native in zip(*drawn):
        np.testing.assert_array_equal(eager, native)
    assert not np.array_equal(drawn[0][0], drawn[0][1])


def test_creation_functions_take_torchs_arguments() -> None:
    assert cr.rand(2, 3).shape == (2, 3)
    assert cr.rand((2, 3)).shape == (2, 3)
    assert cr.randn(4, requires_grad=True).requires_grad
    assert cr.randint(5, (3,)).numpy().max() < 5
    assert cr.randint(2, 5, (3,)).numpy().min() >= 2
    assert sorted(cr.randperm(6).tolist()) == list(range(6))
