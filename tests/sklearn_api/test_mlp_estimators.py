"""The estimators against scikit-learn's own: checks, same bits, attributes, extras (SPEC C7)."""

from __future__ import annotations

import pickle
import warnings
from collections import Counter
from typing import Any

import numpy as np
import pytest
from sklearn import neural_network
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import chainrule as cr
from chainrule.sklearn import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def digits() -> tuple[Any, Any]:
    X, y = load_digits(return_X_y=True)
    return X / 16.0, y


@pytest.mark.parametrize(
    ("estimator", "fewest"), [(MLPClassifier(), 60), (MLPRegressor(), 55)], ids=["class", "regress"]
)
def test_every_estimator_check_passes(estimator: Any, fewest: int) -> None:
    """No expected failures, and the number of checks is asserted: a tag cannot switch them off."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(estimator, on_fail=None, on_skip=None)
    counts = Counter(result["status"] for result in results)
    failed = [r["check_name"] for r in results if r["status"] not in ("passed", "skipped")]
    assert not failed
    assert counts["passed"] >= fewest
    assert counts["skipped"] <= 2  # array-API input, and a decision_function there is none of


def test_the_checks_can_fail() -> None:
    class Wrong(MLPClassifier):
        def predict(self, X: Any) -> Any:
            return super().predict(X)[:-1]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(Wrong(max_iter=2), on_fail=None, on_skip=None)
    assert any(result["status"] == "failed" for result in results)


CASES: list[dict[str, Any]] = [
    {},
    {"solver": "sgd", "learning_rate_init": 0.1},
    {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1, "tol": 0.05,
     "n_iter_no_change": 1},
    {"solver": "sgd", "learning_rate": "invscaling", "nesterovs_momentum": False},
    {"early_stopping": True, "activation": "tanh", "n_iter_no_change": 2},
    {"batch_size": 64, "alpha": 0.1, "activation": "logistic", "hidden_layer_sizes": (20, 10)},
    {"activation": "identity", "hidden_layer_sizes": (8,), "shuffle": False},
]  # fmt: skip


@pytest.mark.parametrize("options", CASES, ids=lambda o: ",".join(map(str, o.values()))[:40])
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "native"])
def test_classifier_repeats_scikit_learn(
    digits: tuple[Any, Any], options: dict[str, Any], compiled: bool
) -> None:
    """The same random_state draws the same weights and batches: curves agree to rounding."""
    X, y = digits[0][:600], digits[1][:600]
    common = {"max_iter": 12, "random_state": 3, **options}
    theirs = neural_network.MLPClassifier(**common).fit(X, y)
    ours = MLPClassifier(**common, compiled=compiled).fit(X, y)
    assert ours.n_iter_ == theirs.n_iter_
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-9)
    for mine, their in zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_):
        np.testing.assert_allclose(mine, their, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-6, atol=1e-9)
    for name in ("t_", "n_layers_", "n_outputs_", "out_activation_", "n_features_in_"):
        assert getattr(ours, name) == getattr(theirs, name), name
    if options.get("early_stopping"):
        np.testing.assert_allclose(ours.validation_scores_, theirs.validation_scores_)
        assert ours.best_validation_score_ == theirs.best_validation_score_
        assert len(ours.validation_loss_curve_) == ours.n_iter_


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_regressor_repeats_scikit_learn(loss: str, solver: str) -> None:
    X, y = load_diabetes(return_X_y=True)
    y = y / 100.0
    common = {"solver": solver, "max_iter": 15, "random_state": 1, "hidden_layer_sizes": (10,)}
    try:
        theirs = neural_network.MLPRegressor(loss=loss, **common).fit(X, y)
    except TypeError:
        pytest.skip("this scikit-learn has no choice of loss")
    ours = MLPRegressor(loss, **common).fit(X, y)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-4)
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-5)


def test_multilabel_and_binary_repeat_scikit_learn() -> None:
    X, labels = make_multilabel_classification(random_state=0, n_samples=80)
    for y in (labels, labels[:, 0], np.where(labels[:, 0], "yes", "no")):
        common = {"max_iter": 5, "random_state": 0, "hidden_layer_sizes": (6,)}
        theirs = neural_network.MLPClassifier(**common).fit(X, y)
        ours = MLPClassifier(**common).fit(X, y)
        np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-9)
        np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


def test_partial_fit_and_warm_start_repeat_scikit_learn(digits: tuple[Any, Any]) -> None:
    X, y = digits
    pair = [kind(random_state=0) for kind in (MLPClassifier, neural_network.MLPClassifier)]
    for start in range(0, 600, 200):
        for model in pair:
            model.partial_fit(X[start : start + 200], y[start : start + 200], classes=np.arange(10))
    np.testing.assert_allclose(pair[0].predict_proba(X), pair[1].predict_proba(X), rtol=1e-9)
    pair = [
        kind(random_state=0, warm_start=True, max_iter=3)
        for kind in (MLPClassifier, neural_network.MLPClassifier)
    ]
    for _ in range(3):
        for model in pair:
            model.fit(X[:300], y[:300])
    np.testing.assert_allclose(pair[0].loss_curve_, pair[1].loss_curve_, rtol=1e-9)
    with pytest.raises(AttributeError, match=r"no attribute .partial_fit."):
        _ = MLPClassifier(solver="lbfgs").partial_fit


def test_pipeline_grid_search_clone_and_pickle() -> None:
    X, y = load_iris(return_X_y=True)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), MLPClassifier(max_iter=40, random_state=0)),
        {"mlpclassifier__alpha": [1e-4, 1e-1]},
        cv=3,
        n_jobs=2,
    ).fit(X, y)
    assert search.best_score_ > 0.85
    best = search.best_estimator_
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(best)).predict(X), best.predict(X))
    assert clone(best[-1]).get_params() == best[-1].get_params()


def test_extras_of_the_estimator(digits: tuple[Any, Any]) -> None:
    """Activations per layer, dropout, class weights, any loss, callbacks, hidden activations."""
    X, y = digits
    seen: list[float] = []
    model = MLPClassifier(
        (24, 12),
        ["gelu", "tanh"],
        dropout=[0.2, 0.0],
        class_weight="balanced",
        max_iter=15,
        random_state=0,
        callbacks=[lambda estimator: seen.append(estimator.loss_)],
    ).fit(X, y)
    assert seen == model.loss_curve_
    hidden = model.hidden_activations(X[:5])
    assert [h.shape for h in hidden] == [(5, 24), (5, 12)]
    assert np.abs(hidden[1]).max() <= 1.0
    assert model.score(X, y) > 0.6
    logits = hidden[1] @ model.coefs_[2] + model.intercepts_[2]
    np.testing.assert_array_equal(model.classes_[logits.argmax(1)], model.predict(X[:5]))
    smoothed = MLPClassifier(
        loss=lambda out, target: cr.nn.functional.cross_entropy(out, target, label_smoothing=0.2),
        max_iter=10,
        random_state=0,
    ).fit(X, y)
    plain = MLPClassifier(max_iter=10, random_state=0).fit(X, y)
    assert smoothed.predict_proba(X).max() < plain.predict_proba(X).max()


def test_class_weights_equal_sample_weights(digits: tuple[Any, Any]) -> None:
    X, y = digits[0][:300], digits[1][:300]
    factors = {label: 1.0 + label for label in range(10)}
    weighted = MLPClassifier(class_weight=factors, max_iter=5, random_state=0).fit(X, y)
    samples = MLPClassifier(max_iter=5, random_state=0).fit(
        X, y, sample_weight=np.array([factors[label] for label in y])
    )
    np.testing.assert_allclose(weighted.predict_proba(X), samples.predict_proba(X), rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hidden_layer_sizes": (0,)}, "hidden_layer_sizes must be > 0"),
        ({"activation": "step"}, "activation 'step' is not one of"),
        ({"activation": ["relu", "tanh"]}, "2 entries for 1 hidden layers"),
        ({"solver": "newton"}, "solver must be one of"),
        ({"alpha": -1.0}, "alpha must be in"),
        ({"batch_size": 0}, "batch_size must be 'auto' or at least 1"),
    ],
)
def test_wrong_parameters_are_explained(options: dict[str, Any], words: str) -> None:
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=words):
        MLPClassifier(**options).fit(X, y)


def test_no_convergence_is_said() -> None:
    X, y = load_iris(return_X_y=True)
    with pytest.warns(ConvergenceWarning, match="Maximum iterations"):
        MLPClassifier(max_iter=1).fit(X, y)
