"""Estimators with scikit-learn's names, parameters and attributes: only the import changes.

>>> from chainrule.sklearn import MLPClassifier
>>> from sklearn.datasets import load_iris
>>> X, y = load_iris(return_X_y=True)
>>> bool(MLPClassifier(max_iter=300, random_state=0).fit(X / X.max(0), y).score(X / X.max(0), y) > 0.9)
True
"""

from __future__ import annotations

try:
    import sklearn as _sklearn  # noqa: F401
except ImportError as error:
    from chainrule.errors import MissingExtraError

    raise MissingExtraError(
        "chainrule.sklearn needs scikit-learn: pip install 'chainrule[data]'"
    ) from error

from chainrule.sklearn.classifier import MLPClassifier
from chainrule.sklearn.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
