"""Speed and accuracy beside scikit-learn's MLP at equal settings: ``python -m benchmarks.sklearn_speed``.

Both are trained with the same parameters and ``random_state`` in one process, alternately, so that they
draw the same weights and see the same batches; accuracy is that of a five-fold cross-validation.
Times are the best of a few fits; beside them stand those of the first fit of a process, once with
an empty cache on disk and once with what that run has left there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

DATASETS = {
    "digits": ("load_digits", "MLPClassifier", {"hidden_layer_sizes": (32,), "batch_size": 32}),
    "digits-default": ("load_digits", "MLPClassifier", {}),
    "iris": ("load_iris", "MLPClassifier", {}),
    "wine": ("load_wine", "MLPClassifier", {}),
    "cancer": ("load_breast_cancer", "MLPClassifier", {}),
    "diabetes": ("load_diabetes", "MLPRegressor", {}),
}


def fit_seconds(make: Any, X: Any, y: Any) -> float:
    start = time.perf_counter()
    make().fit(X, y)
    return time.perf_counter() - start


def prepared(name: str, epochs: int) -> tuple[Any, ...]:
    """Makers of chainrule's and scikit-learn's estimator, samples and targets."""
    import sklearn.datasets
    import sklearn.neural_network
    from sklearn.preprocessing import StandardScaler

    import chainrule.sklearn

    loader, kind, options = DATASETS[name]
    X, y = getattr(sklearn.datasets, loader)(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    if kind == "MLPRegressor":
        y = (y - y.mean()) / y.std()
    common = {
        "max_iter": epochs,
        "random_state": 0,
        "tol": 0.0,
        "n_iter_no_change": epochs,
        **options,
    }
    ours = getattr(chainrule.sklearn, kind)
    theirs = getattr(sklearn.neural_network, kind)
    return [lambda: ours(**common), lambda: theirs(**common)], X, y


def first_fits(name: str, epochs: int) -> list[float]:
    """Seconds of the first fit of two processes, one after the other, that share a cache."""
    code = (
        "import warnings; warnings.simplefilter('ignore')\n"
        "from benchmarks import sklearn_speed as s\n"
        f"makers, X, y = s.prepared({name!r}, {epochs}); print(s.fit_seconds(makers[0], X, y))"
    )
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "CHAINRULE_CACHE": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [sys.executable, "-c", code]
        return [
            float(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
            for _ in range(2)
        ]


def measure(name: str, rounds: int = 3, epochs: int = 100) -> dict[str, Any]:
    """Best fit time of both, first fits of chainrule's, and mean score of five folds."""
    from sklearn.model_selection import cross_val_score

    makers, X, y = prepared(name, epochs)
    cold, cached = first_fits(name, epochs)
    pairs = [[fit_seconds(make, X, y) for make in makers] for _ in range(rounds)]
    best = [min(pair[i] for pair in pairs) for i in range(2)]
    scores = [float(cross_val_score(make(), X, y, cv=5).mean()) for make in makers]
    return {
        "data": name,
        "chainrule_s": best[0],
        "sklearn_s": best[1],
        "times_faster": best[1] / best[0],
        "first_s": cold,
        "first_cached_s": cached,
        "chainrule_score": scores[0],
        "sklearn_score": scores[1],
    }


def main() -> None:
    """Print a row per data set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="*", default=list(DATASETS), help="data sets")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if not options.json:
        print(
            "data            chainrule    sklearn  times faster  first: cold  cached   score  sklearn's"
        )
    for name in options.data:
        row = measure(name, options.rounds, options.epochs)
        if options.json:
            print(json.dumps(row))
            continue
        print(
            f"{name:14s} {row['chainrule_s']:8.3f} s {row['sklearn_s']:8.3f} s "
            f"{row['times_faster']:13.1f} {row['first_s']:10.3f} s {row['first_cached_s']:5.3f} s "
            f"{row['chainrule_score']:7.4f} {row['sklearn_score']:10.4f}"
        )


if __name__ == "__main__":
    main()
