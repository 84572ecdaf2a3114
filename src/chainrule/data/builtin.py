"""The data sets that need no file and no network, by name.

The real ones come with scikit-learn (the ``data`` extra), which is imported when one is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.data import synthetic
from chainrule.data.dataset import Dataset
from chainrule.errors import ArgumentError, MissingExtraError

__all__ = ["BUILT_IN", "load"]

# name → (scikit-learn's loader, range of the inputs where they have one by nature)
_FROM_SKLEARN: dict[str, tuple[str, tuple[float, float] | None]] = {
    "digits": ("load_digits", (0.0, 16.0)),  # 1797 scans of 8 × 8 pixels
    "iris": ("load_iris", None),
    "wine": ("load_wine", None),
    "breast_cancer": ("load_breast_cancer", None),
    "diabetes": ("load_diabetes", None),
}
_SYNTHETIC: dict[str, Callable[..., Dataset]] = {
    name: getattr(synthetic, name) for name in ("moons", "circles", "spirals", "xor", "sine")
}

BUILT_IN = (*_FROM_SKLEARN, *_SYNTHETIC)


def load(name: str, **options: Any) -> Dataset:
    """Return a built-in data set by its name.

    Parameters
    ----------
    name : str
        ``digits``, ``iris``, ``wine``, ``breast_cancer``, ``diabetes`` (real data, from
        scikit-learn); ``moons``, ``circles``, ``spirals``, ``xor``, ``sine`` (made by a formula).
    **options
        Arguments of the formula (``n``, ``noise``, ``seed`` …); the real sets have none.

    Returns
    -------
    Dataset

    Raises
    ------
    ArgumentError
        No set has that name.
    MissingExtraError
        The set comes with scikit-learn, which is not installed.

    Examples
    --------
    >>> load("digits")
    Dataset(digits: inputs 1797 × 64 float64, 10 classes)
    >>> X, y = load("moons", n=100, noise=0.2)
    >>> X.shape
    (100, 2)
    """
    if name in _SYNTHETIC:
        return _SYNTHETIC[name](**options)
    if name not in _FROM_SKLEARN:
        raise ArgumentError(f"No built-in data set {name!r}; there are {', '.join(BUILT_IN)}.")
    if options:
        raise ArgumentError(f"The data set {name!r} is measured, not made: it takes no options.")
    return _from_sklearn(name)


def _from_sklearn(name: str) -> Dataset:
    try:
        from sklearn import datasets
    except ImportError as error:
        raise MissingExtraError(
            f"The data set {name!r} comes with scikit-learn: pip install 'chainrule[data]'."
        ) from error
    loader, bounds = _FROM_SKLEARN[name]
    found = getattr(datasets, loader)()
    features = tuple(str(feature) for feature in found.feature_names)
    if "target_names" not in found:
        return Dataset(name, found.data, found.target[:, None], "regression", features)
    classes = tuple(str(label) for label in found.target_names)
    targets = found.target.astype(np.int64)
    return Dataset(name, found.data, targets, "classification", features, classes, bounds)
