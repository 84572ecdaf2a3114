"""The first wrong line is named where several statements, or none, can be mended by an edit."""

import numpy as np
import pytest

from chainrule.check import backward, source

rng = np.random.default_rng(4)

GATE = """
import numpy as np

def gate_forward(inp, Wv, Wg):
    value = inp @ Wv
    gate = 1 / (1 + np.exp(-(inp @ Wg)))
    return value * gate, (inp, Wv, Wg, value, gate)

def gate_backward(d_out, saved):
    inp, Wv, Wg, value, gate = saved
    d_value = d_out * gate
    d_gate = d_out * value
    d_pre = d_gate * gate * (1 - gate)
    return d_value @ Wv.T + d_pre @ Wg.T, inp.T @ d_value, inp.T @ d_pre
"""

CENTRES = """
import numpy as np

def centre_loss(features, centres, labels, lam):
    batch = features.shape[0]
    diff = features - centres[labels]
    loss = 0.5 * lam * np.sum(diff ** 2) / batch
    grad_features = lam * diff / batch
    grad_centres = np.zeros_like(centres)
    for i in range(batch):
        grad_centres[labels[i]] -= lam * diff[i] / batch
    return loss, grad_features, grad_centres
"""

PAIRS = """
import numpy as np

def pairs_forward(x1, x2, same, margin):
    diff = x1 - x2
    dist = np.sqrt(np.sum(diff ** 2, axis=1))
    gap = np.maximum(margin - dist, 0)
    loss = np.mean(same * dist ** 2 + (1 - same) * gap ** 2) / 2
    return loss, (diff, dist, gap, same)

def pairs_backward(dloss, cache):
    diff, dist, gap, same = cache
    n = len(dist)
    ddist = dloss * (same * dist - (1 - same) * gap) / n
    ddiff = ddist[:, None] * diff / dist[:, None]
    dx1 = ddiff
    dx2 = -ddiff
    return dx1, dx2
"""

WINDOWS = """
import numpy as np

def windows(x, w):
    k, n = w.shape[0], x.shape[0] - w.shape[0] + 1
    out = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            out[i, j] = np.sum(x[i:i + k, j:j + k] * w)
    loss = 0.5 * np.sum(out ** 2)
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for i in range(n):
        for j in range(n):
            dw += out[i, j] * x[i:i + k, j:j + k]
            dx[i:i + k, j:j + k] += out[i, j] * w
    return loss, dx, dw
"""

LEARNER = """
import numpy as np

def error(a, y):
    return a - y

def fit(W, X, y):
    a = X @ W
    loss = 0.5 * np.sum((a - y) ** 2)
    delta = error(a, y)
    return loss, X.T @ delta
"""

SOFTMAX = """
import numpy as np

def softmax_loss(W, X, y, reg):
    loss, dW = 0.0, np.zeros_like(W)
    for i in range(X.shape[0]):
        f = X[i].dot(W)
        total = np.sum(np.exp(f))
        loss += -f[y[i]] + np.log(total)
        for j in range(W.shape[1]):
            p = np.exp(f[j]) / total
            dW[:, j] += (p - (j == y[i])) * X[i]
    loss /= X.shape[0]
    dW /= X.shape[0]
    loss += reg * np.sum(W * W)
    dW += 2 * reg * W
    return loss, dW
"""

PENDULUM = """
import numpy as np

def swing(u, theta0, omega0, dt):
    theta, omega = [theta0], [omega0]
    for k in range(len(u)):
        acc = -np.sin(theta[k]) + u[k]
        theta.append(theta[k] + dt * omega[k])
        omega.append(omega[k] + dt * acc)
    cost = 0.5 * theta[-1] ** 2 + 0.5 * omega[-1] ** 2
    theta_bar = theta[-1]
    omega_bar = omega[-1]
    u_bar = np.zeros_like(u)
    for k in reversed(range(len(u))):
        acc_bar = dt * omega_bar
        u_bar[k] += acc_bar
        omega_bar = omega_bar + dt * theta_bar
        theta_bar = theta_bar - np.cos(theta[k]) * acc_bar
    return cost, u_bar, theta_bar, omega_bar
"""

RECURRENT = """
import numpy as np

def recurrent(xs, targets, Wxh, Whh, Why, by):
    hs, ps, loss = {-1: np.zeros(Whh.shape[0])}, {}, 0.0
    for t in range(len(xs)):
        hs[t] = np.tanh(Wxh @ xs[t] + Whh @ hs[t - 1])
        y = Why @ hs[t] + by
        ps[t] = np.exp(y) / np.sum(np.exp(y))
        loss -= np.log(ps[t][targets[t]])
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dby, dhnext = np.zeros_like(by), np.zeros(Whh.shape[0])
    for t in reversed(range(len(xs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWhy += np.outer(dy, hs[t])
        dby += dy
        draw = (1 - hs[t] ** 2) * (Why.T @ dy + dhnext)
        dWxh += np.outer(draw, xs[t])
        dWhh += np.outer(draw, hs[t - 1])
        dhnext = Whh.T @ draw
    return loss, dWxh, dWhh, dWhy, dby
"""

CLASSES = """
import numpy as np

def classes(W1, W2, X, y):
    h = np.tanh(X @ W1)
    s = h @ W2
    p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y]).mean()
    ds = np.copy(p)
    ds[np.arange(len(y)), y] -= 1
    ds /= len(y)
    dW2 = h.T @ ds
    dz = ds @ W2.T * (1 - h ** 2)
    dW1 = X.T @ dz
    return loss, dW1, dW2
"""

ARGUMENTS = {
    "gate_forward": (rng.normal(size=(5, 3)), rng.normal(size=(3, 4)), rng.normal(size=(3, 4))),
    "centre_loss": (rng.normal(size=(6, 2)), rng.normal(size=(3, 2)), np.arange(6) % 3, 0.7),
    "pairs_forward": (rng.normal(size=(6, 3)), rng.normal(size=(6, 3)), np.arange(6.0) % 2, 3.0),
    "windows": (rng.normal(size=(5, 5)), rng.normal(size=(2, 2))),
    "fit": (rng.normal(size=(3, 2)), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))),
    "softmax_loss": (rng.normal(size=(3, 4)), rng.normal(size=(5, 3)), np.arange(5) % 4, 0.1),
    "recurrent": (
        rng.normal(size=(3, 4)),
        [1, 0, 2],
        *(rng.normal(size=s) for s in ((5, 4), (5, 5), (3, 5), (3,))),
    ),
    "classes": (
        rng.normal(size=(3, 4)),
        rng.normal(size=(4, 3)),
        rng.normal(size=(5, 3)),
        np.arange(5) % 3,
    ),
    "swing": (rng.normal(size=4), 0.3, -0.2, 0.1),
}


def check(tmp_path, text, name):
    path = tmp_path / "checked.py"
    path.write_text(text, encoding="utf-8")
    if name.endswith("_forward"):
        space = {}
        exec(compile(text, str(path), "exec"), space)
        reverse = space[name.replace("_forward", "_backward")]
        return backward(space[name], reverse, *ARGUMENTS[name])
    return source(f"{path}:{name}", *ARGUMENTS[name])


PROGRAMS = {
    "gate_forward": GATE,
    "centre_loss": CENTRES,
    "pairs_forward": PAIRS,
    "windows": WINDOWS,
    "fit": LEARNER,
    "softmax_loss": SOFTMAX,
    "swing": PENDULUM,
    "recurrent": RECURRENT,
    "classes": CLASSES,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_programs_are_right_without_a_slip(tmp_path, name):
    report = check(tmp_path, PROGRAMS[name], name)
    assert report.verdict == "right", str(report)


SLIPS = [
    # An edit of the next line mends this one too, but d_gate is not what its name announces.
    ("gate_forward", "d_gate = d_out * value", "d_gate = value"),
    # The gradients do not depend on what the statement computes: it is stored elsewhere.
    ("centre_loss", "grad_centres[labels[i]] -=", "centres[labels[i]] -="),
    # Other factors are equal to (1 - same) while same is 0 or 1, and only there.
    ("pairs_forward", "- (1 - same) * gap) / n", "- gap) / n"),
    # A slice that the code has elsewhere.
    ("windows", "dx[i:i + k, j:j + k] +=", "dx[i:i + k, :k] +="),
    # The caller could subtract y as well, but y is what the helper does not read.
    ("fit", "return a - y", "return a"),
    # No small edit helps; of the statements that fill dW the last one has least to be wrong in.
    ("softmax_loss", "(p - (j == y[i]))", "(p)"),
]


@pytest.mark.parametrize(("name", "old", "new"), SLIPS)
def test_the_first_wrong_line_is_named_where_others_compensate(tmp_path, name, old, new):
    """SPEC D2."""
    text = PROGRAMS[name]
    assert text.count(old) == 1
    report = check(tmp_path, text.replace(old, new), name)
    assert report.verdict == "wrong"
    finding = report.findings[0]
    assert finding.line == text[: text.index(old)].count("\n") + 1, str(report)
    assert (finding.suggestion is None) == (name == "softmax_loss"), str(report)


def test_a_variable_that_no_pass_of_a_loop_changes_is_named_where_it_was_set(tmp_path):
    """SPEC D2."""
    lost = "        omega_bar = omega_bar + dt * theta_bar\n"
    report = check(tmp_path, PENDULUM.replace(lost, ""), "swing")
    assert report.verdict == "wrong"
    assert report.findings[0].statement == "omega_bar = omega[-1]", str(report)


def test_a_value_stored_in_another_array_is_found_though_nothing_wrong_depends_on_it(tmp_path):
    """SPEC D2."""
    text = RECURRENT.replace("dy[targets[t]] -= 1", "dby[targets[t]] -= 1")
    report = check(tmp_path, text, "recurrent")
    assert report.verdict == "wrong"
    assert report.findings[0].statement == "dby[targets[t]] -= 1", str(report)


def test_a_lost_division_is_named_at_the_last_change_in_place(tmp_path):
    """SPEC D2: the value is complete there, and a count times what it should be."""
    report = check(tmp_path, CLASSES.replace("    ds /= len(y)\n", ""), "classes")
    assert report.verdict == "wrong"
    assert report.findings[0].statement == "ds[np.arange(len(y)), y] -= 1", str(report)
