"""Built-in sets are what their names say, the same every time. SPEC C7."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from chainrule.data import BUILT_IN, Dataset, circles, load, moons, sine, spirals, xor
from chainrule.errors import ArgumentError, DataError, ShapeError

SHAPES = {
    "digits": ((1797, 64), 10),
    "iris": ((150, 4), 3),
    "wine": ((178, 13), 3),
    "breast_cancer": ((569, 30), 2),
    "diabetes": ((442, 10), 0),
    "moons": ((400, 2), 2),
    "circles": ((400, 2), 2),
    "spirals": ((600, 2), 3),
    "xor": ((400, 2), 2),
    "sine": ((400, 1), 0),
}


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_set_has_its_shape_classes_and_names(name: str) -> None:
    found = load(name)
    shape, classes = SHAPES[name]
    assert found.inputs.shape == shape
    assert len(found.features) == shape[1]
    if classes:
        assert (found.task, len(found.classes)) == ("classification", classes)
        assert sorted(set(found.targets.tolist())) == list(range(classes))
    else:
        assert (found.task, found.targets.shape) == ("regression", (shape[0], 1))
    if found.bounds:
        assert (found.inputs.min(), found.inputs.max()) == found.bounds


@pytest.mark.parametrize("make", [moons, circles, spirals, xor, sine])
def test_seed_decides_the_numbers(make: type[Dataset]) -> None:
    first, again, other = make(50, seed=3), make(50, seed=3), make(50, seed=4)  # type: ignore[call-arg]
    np.testing.assert_array_equal(first.inputs, again.inputs)
    np.testing.assert_array_equal(first.targets, again.targets)
    assert not np.array_equal(first.inputs, other.inputs)


def test_moons_are_half_circles_around_their_centres() -> None:
    X, y = moons(100, noise=0)
    for label, centre, side in ((0, (0, 0), 1), (1, (1, 0.5), -1)):
        away = X[y == label] - centre
        np.testing.assert_allclose(np.hypot(*away.T), 1)
        assert np.all(side * away[:, 1] >= -1e-12)


def test_circles_are_closed_without_a_doubled_point() -> None:
    X, y = circles(40, noise=0)
    outer = X[y == 0]
    np.testing.assert_allclose(outer.mean(axis=0), 0, atol=1e-12)
    assert len(np.unique(outer.round(9), axis=0)) == 20


def test_spirals_have_arms_of_equal_size_that_start_at_the_origin() -> None:
    X, y = spirals(400, noise=0, arms=4)
    assert np.bincount(y).tolist() == [100] * 4
    radius = np.hypot(*X.T)
    assert (radius.min(), radius.max()) == (0, 1)


def test_xor_labels_are_the_exclusive_or_of_the_corners() -> None:
    X, y = xor(100, noise=0.1)
    corners = X.round().astype(int)
    np.testing.assert_array_equal(y, corners[:, 0] ^ corners[:, 1])


def test_noise_is_what_it_says() -> None:
    X, y = sine(20_000, noise=0.3)
    assert (y - np.sin(X)).std() == pytest.approx(0.3, rel=0.03)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: load("mnist"), "No built-in data set 'mnist'; there are digits"),
        (lambda: load("iris", n=3), "takes no options"),
        (lambda: moons(0), "at least one sample"),
        (lambda: sine(5, noise=-1), "0 or more"),
        (lambda: spirals(5, arms=0), "arms=0"),
    ],
)
def test_wrong_arguments_are_refused(call: type, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        call()


def test_record_refuses_rows_without_targets() -> None:
    with pytest.raises(ShapeError, match=r"3 rows of inputs \(shape \(3, 2\)\) and 2 of targets"):
        Dataset("mine", np.ones((3, 2)), np.ones(2), "regression")
    with pytest.raises(DataError, match="no samples"):
        Dataset("mine", np.ones((0, 2)), np.ones(0), "regression")


def test_data_package_imports_no_optional_package() -> None:
    code = "import sys, chainrule.data as d; d.load('moons'); print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert {"sklearn", "pandas", "pyarrow", "PIL"} & set(loaded) == set()
