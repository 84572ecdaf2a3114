"""Statements in the wrong order are one slip: it is named, and the mended order is given (D1, D2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from chainrule import check
from chainrule.check.leaves import walk
from chainrule.check.match import pair_outputs

Load = Callable[[str], ModuleType]

LOOP = """
import numpy as np

def network(x, w1, w2, y):
    ws = [w1, w2]
    acts = [x]
    for w in ws:
        acts.append(np.tanh(acts[-1] @ w))
    r = acts[-1] - y
    loss = 0.5 * np.sum(r * r)
    grads = [None, None]
    delta = r
    for k in (1, 0):
        delta = delta * (1 - acts[k + 1] ** 2)
        grads[k] = acts[k].T @ delta
        delta = delta @ ws[k].T
    return loss, grads[0], grads[1]
"""


def _arguments() -> list[np.ndarray]:
    rng = np.random.default_rng(2)
    return [rng.normal(size=shape) for shape in ((5, 3), (3, 3), (3, 3), (5, 3))]


def _exchanged(source: str, one: str, other: str) -> str:
    return source.replace(one, "…").replace(other, one).replace("…", other)


def _mended(path: str, source: str, first: int, last: int, suggestion: str) -> str:
    lines = source.splitlines()
    indent = " " * (len(lines[first - 1]) - len(lines[first - 1].lstrip()))
    new = [indent + line for line in suggestion.splitlines()]
    return "\n".join([*lines[: first - 1], *new, *lines[last:]]) + "\n"


@pytest.mark.parametrize(
    ("one", "other", "slip"),
    [
        (
            "grads[k] = acts[k].T @ delta",
            "delta = delta * (1 - acts[k + 1] ** 2)",
            "stale-variable",
        ),
        (
            "grads[k] = acts[k].T @ delta",
            "delta = delta @ ws[k].T",
            "overwritten",
        ),
    ],
)
def test_exchanged_statements_are_put_back_in_order(
    load: Load, one: str, other: str, slip: str
) -> None:
    arguments = _arguments()
    wrong = _exchanged(LOOP, one, other)
    module = load(wrong)
    report = check.source(module.network, *arguments)
    assert report.verdict == "wrong"
    (finding,) = report.findings
    assert finding.slip == slip
    assert finding.end_line == finding.line + 1
    assert "belongs before line" in finding.message
    mended = _mended(finding.file, wrong, finding.line, finding.end_line, finding.suggestion or "")
    right = load(mended)
    assert check.source(right.network, *arguments).verdict == "right"


def test_the_functions_have_their_own_code_again_afterwards(load: Load) -> None:
    wrong = _exchanged(LOOP, "grads[k] = acts[k].T @ delta", "delta = delta @ ws[k].T")
    module = load(wrong)
    arguments = _arguments()
    code = module.network.__code__
    before = module.network(*arguments)
    check.source(module.network, *arguments)
    assert module.network.__code__ is code
    np.testing.assert_array_equal(module.network(*arguments)[1], before[1])


def test_the_report_shows_both_lines_in_the_order_wanted(load: Load) -> None:
    wrong = _exchanged(
        LOOP, "grads[k] = acts[k].T @ delta", "delta = delta * (1 - acts[k + 1] ** 2)"
    )
    arguments = _arguments()
    text = str(check.source(load(wrong).network, *arguments))
    lines = [line.strip() for line in text.splitlines()]
    mended = next(n for n, line in enumerate(lines) if line.startswith("mended"))
    assert lines[mended].endswith("delta = delta * (1 - acts[k + 1] ** 2)")
    assert lines[mended + 1] == "grads[k] = acts[k].T @ delta"


def test_lists_of_gradients_keep_their_places_when_one_has_a_wrong_shape() -> None:
    outputs = list(walk([np.ones((5, 4)), np.ones((5, 3)), np.ones((5, 3))], "grads"))
    weights = [np.ones((5, 4)), np.ones((5, 4)), np.ones((5, 3))]
    leaves = [
        replace(leaf, path=(("item", 1), ("item", place), *leaf.path))
        for place, argument in enumerate((weights, np.ones((9, 5))))
        for leaf in walk(argument, "Wx"[place])
    ]
    pairs = pair_outputs(outputs, leaves, lambda output, leaf: False)
    assert [pair.leaf for pair in pairs] == [0, 1, 2]


def test_lists_of_gradients_in_backward_order_are_paired_by_value() -> None:
    outputs = list(walk([np.full((3, 3), k) for k in (2.0, 1.0, 0.0)], "grads"))
    leaves = [
        replace(leaf, path=(("item", 1), ("item", 0), *leaf.path))
        for leaf in walk([np.full((3, 3), float(k)) for k in range(3)], "W")
    ]
    pairs = pair_outputs(
        outputs, leaves, lambda output, i: np.array_equal(output.value, leaves[i].value)
    )
    assert [pair.leaf for pair in pairs] == [2, 1, 0]


FORK = """
import numpy as np

def run(x, w, steps):
    path = [x]
    for _ in range(steps):
        path.append(np.tanh(w * path[-1]) + x)
    loss = 0.5 * np.sum(path[-1] ** 2)
    dx = np.zeros_like(x)
    dw = np.zeros_like(w)
    back = path[-1].copy()
    for k in range(steps, 0, -1):
        slope = 1 - np.tanh(w * path[k - 1]) ** 2
        dx = dx + back
        share = back * slope * path[k - 1]
        dw = dw + share
        back = back * slope * w
    dx = dx + back
    return loss, dx, dw
"""


def test_a_gradient_that_is_computed_and_never_used_is_added_where_it_belongs(load):
    rng = np.random.default_rng(6)
    arguments = [rng.normal(size=4), rng.normal(size=4), 3]
    assert check.source(load(FORK).run, *arguments).verdict == "right"
    wrong = FORK.replace("        dw = dw + share\n", "")
    report = check.source(load(wrong).run, *arguments)
    first = report.findings[0]
    assert first.slip == "missing-term"
    assert first.suggestion is not None
    assert first.suggestion.splitlines()[-1] == "dw = dw + share"
    assert first.message.startswith("share is computed and never used")
