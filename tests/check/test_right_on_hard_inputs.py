"""Right programs stay right where numbers are hard: cancellation, tiny scales, ties, integers (SPEC D3)."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.check import backward, source


def hinge(w, b, xs, labels, C):
    total = 0.5 * np.dot(w, w)
    for x, t in zip(xs, labels):
        total += C * max(0.0, 1 - t * (np.dot(w, x) + b))
    dw, db = w.copy(), 0.0
    for x, t in zip(xs, labels):
        if t * (np.dot(w, x) + b) < 1:
            dw -= C * t * x
            db -= C * t
    return total, dw, db


def test_a_gradient_that_cancels_but_for_rounding_is_right():
    """As many labels of either sign within the margin: db is zero, in floating point ±2e-16."""
    xs = 0.01 * np.random.default_rng(0).normal(size=(6, 3))
    labels = np.array([1.0, 1.0, -1.0, 1.0, -1.0, -1.0])
    report = source(hinge, np.array([0.1, -0.2, 0.3]), 0.05, xs, labels, 0.8)
    assert report.verdict == "right", str(report)
    assert "reverse mode" in report.coverage, str(report)


def test_a_gradient_that_does_not_cancel_is_still_wrong_beside_it():
    """Allowing for rounding hides no slip."""

    def slip(w, b, xs, labels, C):
        total, dw, db = hinge(w, b, xs, labels, C)
        return total, dw, db + 1e-9

    xs = 0.01 * np.random.default_rng(0).normal(size=(6, 3))
    labels = np.array([1.0, 1.0, -1.0, 1.0, -1.0, -1.0])
    report = source(slip, np.array([0.1, -0.2, 0.3]), 0.05, xs, labels, 0.8)
    assert report.verdict != "right", str(report)


def divergence(mu, logvar):
    cost = -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar))
    return cost, {"mu": mu, "logvar": 0.5 * (np.exp(logvar) - 1)}


@pytest.mark.parametrize("scale", [1e-2, 1e-4, 1e-6])
def test_terms_that_a_sum_absorbs_do_not_make_their_gradient_wrong(scale):
    """1 + 1e-12 - …: the cost is steady where its derivative is not zero."""
    rng = np.random.default_rng(1)
    mu, logvar = scale * rng.normal(size=(3, 4)), scale * rng.normal(size=(3, 4))
    report = source(divergence, mu, logvar)
    assert report.verdict == "right", str(report)


@pytest.mark.parametrize("scale", [1e-8, 1e-4, 1e4, 1e8])
def test_a_linear_layer_is_right_at_any_scale(scale):
    def loss_and_grads(X, Y, W, b):
        e = X @ W + b - Y
        return np.mean(e * e), {"W": X.T @ e * 2 / e.size, "b": e.sum(axis=0) * 2 / e.size}

    rng = np.random.default_rng(2)
    X, Y, W, b = (scale * rng.normal(size=s) for s in ((5, 3), (5, 2), (3, 2), (2,)))
    report = source(loss_and_grads, X, Y, W, b)
    assert report.verdict == "right", str(report)


def pool(x):
    """The maxima of pairs."""
    pairs = x.reshape(-1, 2)
    return pairs.max(axis=1), pairs


def pool_backward(dout, pairs):
    grad = np.zeros_like(pairs)
    grad[np.arange(len(pairs)), pairs.argmax(axis=1)] = dout
    return grad.reshape(-1)


@pytest.mark.parametrize("value", [0.0, 1.0, -2.5])
def test_an_array_of_nothing_but_ties_is_looked_at_nearby(value):
    report = backward(pool, pool_backward, np.full(8, value))
    assert report.verdict == "right", str(report)
    assert "nearby" in " ".join(report.notes)


def last_wins(dout, pairs):
    """The other convention at ties: the last of the largest."""
    grad = np.zeros_like(pairs)
    grad[np.arange(len(pairs)), 1 - pairs[:, ::-1].argmax(axis=1)] = dout
    return grad.reshape(-1)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("gap", [0.0, 1e-12, 1e-9, 1e-7, 1e-5])
def test_either_convention_is_right_at_ties_and_near_them(seed, gap):
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(size=12)) + gap * rng.choice((-1.0, 0.0, 1.0), 12)
    for rule in (pool_backward, last_wins):
        report = backward(pool, rule, x)
        assert report.verdict == "right", str(report)


def two_layers(X, y, W1, W2):
    h = np.tanh(X @ W1)
    e = h @ W2 - y
    dW2 = h.T @ e
    dW1 = X.T @ ((e @ W2.T) * (1 - h * h))
    return 0.5 * np.sum(e * e), {"W1": dW1, "W2": dW2}


def test_a_weight_of_integers_beside_floats_gets_its_gradient():
    """np.array([[1, 2]]) is a weight of integers, for Python; not for its author."""
    rng = np.random.default_rng(3)
    W1 = rng.integers(-1, 2, size=(3, 4))
    report = source(
        two_layers, rng.normal(size=(5, 3)), rng.normal(size=(5, 2)), W1, rng.normal(size=(4, 2))
    )
    assert report.verdict == "right", str(report)
    assert {a.name for a in report.arguments} == {"W1", "W2"}


def as_list(X, y, Ws):
    cost, grads = two_layers(X, y, *Ws)
    return cost, [grads["W1"], grads["W2"]]


def test_a_list_of_weights_of_which_one_has_integers_is_paired_in_order():
    rng = np.random.default_rng(4)
    Ws = [rng.integers(-1, 2, size=(3, 4)), rng.normal(size=(4, 2))]
    report = source(as_list, rng.normal(size=(5, 3)), rng.normal(size=(5, 2)), Ws)
    assert report.verdict == "right", str(report)
    assert [a.name for a in report.arguments] == ["Ws[0]", "Ws[1]"]


def test_the_only_argument_may_be_an_array_of_integers():
    def mean(x):
        return x.mean(axis=1), x.shape

    def mean_backward(dout, shape):
        return np.repeat(dout[:, None], shape[1], axis=1) / shape[1]

    report = backward(mean, mean_backward, np.arange(6).reshape(2, 3))
    assert report.verdict == "right", str(report)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_a_gradient_that_is_not_finite_for_such_an_input_is_not_held_against_the_code(bad):
    """Saturated units make the cost finite where the input is not; 0 · inf is no error of the rule."""

    def squash(x, w):
        return np.tanh(x) * np.nan_to_num(w) ** 2, (x, w)

    def squash_backward(dout, cache):
        x, w = cache
        return dout * (1 - np.tanh(x) ** 2) * np.nan_to_num(w) ** 2, 2 * dout * np.tanh(x) * w

    w = np.array([0.5, bad, -0.3])
    report = backward(squash, squash_backward, np.array([0.1, 0.0, -0.4]), w)
    assert report.verdict != "wrong", str(report)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_views_and_arrays_that_must_not_be_written_are_taken_as_they_are(dtype):
    rng = np.random.default_rng(5)
    X = np.asfortranarray(rng.normal(size=(5, 3))).astype(dtype)
    y = rng.normal(size=(10, 2)).astype(dtype)[::2]
    W1 = rng.normal(size=(4, 3)).astype(dtype).T
    W2 = np.broadcast_to(rng.normal(size=2).astype(dtype), (4, 2))
    X.flags.writeable = False
    report = source(two_layers, X, y, W1, W2)
    assert report.verdict == "right", str(report)


def power(x, cfg):
    k, p = cfg
    return np.sum(k * x**p), {"x": k * p * x ** (p - 1)}


def test_numbers_in_tuples_are_arguments_like_others():
    """betas=(0.9, 0.999) cannot be written to in place."""
    report = source(power, np.array([1.0, 2.0]), (3.0, 2.0))
    assert report.verdict == "right", str(report)


def test_a_gradient_with_respect_to_numbers_in_a_tuple_is_checked():
    def both(x, cfg):
        k, p = cfg
        dcfg = (np.sum(x**p), np.sum(k * x**p * np.log(x)))
        return np.sum(k * x**p), {"x": k * p * x ** (p - 1), "cfg": dcfg}

    report = source(both, np.array([1.0, 2.0]), (3.0, 2.0))
    assert report.verdict == "right", str(report)
    assert "x" in {a.name for a in report.arguments}


def test_integers_throughout_are_named_as_what_is_in_the_way():
    report = source(power, np.array([1, 2]), (3, 2))
    assert report.verdict == "cannot tell", str(report)
    assert "1.0" in " ".join(report.notes)


def test_a_gradient_that_is_zero_but_for_rounding_in_another_order_is_right():
    """On tensors it is 0.0 exactly; the code adds the same terms up to 1e-17."""

    def loss_and_grads(q, v):
        p = np.exp(q - q.max())
        p = p / p.sum()
        cost = float(np.sum(p * v.sum()))
        dp = np.full(q.shape, v.sum())
        dq = p * dp - p * np.sum(p * dp) + 1e-17
        return cost, {"q": dq, "v": np.full(v.shape, p.sum())}

    rng = np.random.default_rng(6)
    report = source(loss_and_grads, rng.normal(size=7), rng.normal(size=3))
    assert report.verdict == "right", str(report)


def swing(u, dt):
    """A cost that varies on lengths far below the size of its argument."""
    theta = np.cumsum(u) * dt
    cost = 0.5 * np.sum(theta**2) + np.sum(theta[-1] * np.cos(theta))
    dtheta = theta - theta[-1] * np.sin(theta)
    dtheta[-1] += np.sum(np.cos(theta))
    return cost, {"u": np.cumsum(dtheta[::-1])[::-1] * dt}


@pytest.mark.parametrize("scale", [1.0, 1e3, 1e5, 1e7, 1e9])
def test_a_cost_that_differences_cannot_resolve_makes_no_gradient_wrong(scale):
    u = scale * np.random.default_rng(7).normal(size=5)
    report = source(swing, u, 0.2)
    assert report.verdict != "wrong", str(report)
