"""Arrays are scaled by what their training rows say, in chunks. SPEC C7."""

from __future__ import annotations

import json

import numpy as np
import pytest

from chainrule.data import Dataset, Scaling, load, scaling
from chainrule.errors import CheckpointError, DataError


def numbers(n: int = 1000, width: int = 5) -> Dataset:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(n, width)) * 10.0 ** np.arange(width) + 1e6
    return Dataset("numbers", inputs, rng.normal(size=(n, 1)), "regression")


def test_training_rows_come_out_with_mean_0_and_deviation_1(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """… and chunks give what the whole gives, also far from zero."""
    monkeypatch.setattr(scaling, "_CHUNK_BYTES", 8 * 5 * 7)  # seven rows at a time
    data, train = numbers(), np.arange(0, 1000, 2)
    found = Scaling.fit(data, train)
    np.testing.assert_allclose(found.shift, data.inputs[train].mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(found.scale, data.inputs[train].std(axis=0), rtol=1e-9)
    scaled = found.transform(data.inputs[train])
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=0), 1, atol=1e-5)


def test_bounds_become_0_and_1_and_samples_are_laid_flat() -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, 4, 5), dtype=np.uint8)
    data = Dataset("images", images, np.zeros(6), "regression", bounds=(0.0, 255.0))
    rows = Scaling.fit(data, np.arange(3)).transform(images)
    assert (rows.shape, rows.dtype) == ((6, 20), np.float32)
    np.testing.assert_allclose(rows, images.reshape(6, -1) / 255, rtol=1e-6)


def test_feature_that_never_varies_gives_zero() -> None:
    data = Dataset("d", np.full((9, 2), 0.1), np.zeros(9), "regression")
    scaled = Scaling.fit(data, np.arange(9)).transform(data.inputs)
    np.testing.assert_allclose(scaled, 0, atol=1e-15)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_value_that_is_not_finite_is_refused_by_row(bad: float) -> None:
    data = numbers(20)
    data.inputs[7, 2] = bad
    with pytest.raises(DataError, match="row 7 holds NaN or infinity"):
        Scaling.fit(data, np.arange(20))
    fitted = Scaling.fit(data, np.arange(5))
    with pytest.raises(DataError, match="row 7 holds NaN"):
        fitted.transform(data.inputs)


def test_samples_of_another_shape_are_refused() -> None:
    fitted = Scaling.fit(load("iris"), np.arange(100))
    with pytest.raises(
        DataError, match=r"Samples of shape \(3,\); the model was trained on \(4,\)"
    ):
        fitted.transform(np.ones((2, 3)))


def test_scaling_survives_json_exactly() -> None:
    fitted = Scaling.fit(numbers(), np.arange(1000))
    again = Scaling.from_dict(json.loads(json.dumps(fitted.to_dict())))
    np.testing.assert_array_equal(
        again.transform(numbers().inputs), fitted.transform(numbers().inputs)
    )


@pytest.mark.parametrize("record", [{}, {"shape": [4], "shift": [0.0] * 3, "scale": [1.0] * 3}])
def test_foreign_scaling_is_refused(record: dict[str, object]) -> None:
    with pytest.raises(CheckpointError, match="No scaling"):
        Scaling.from_dict(record)
