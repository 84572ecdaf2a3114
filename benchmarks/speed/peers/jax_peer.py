"""JAX: a donated jitted step, and the whole epoch in ``lax.scan``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

os.environ.setdefault(
    "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks.speed.cases import Case, Data, weights

jax.config.update("jax_enable_x64", True)


def _apply(case: Case, parameters: Any, x: Any, key: Any) -> Any:
    remaining = iter(parameters)
    for layer in case.layers:
        match layer:
            case ("linear", _, _):
                w, b = next(remaining)
                x = x @ w + b
            case ("conv", _, _, _, int(padding)):
                w, b = next(remaining)
                dims = ("NHWC", "HWIO", "NHWC")
                x = lax.conv_general_dilated(
                    x, w, (1, 1), [(padding, padding)] * 2, dimension_numbers=dims
                )
                x = x + b
            case ("batchnorm", _):
                scale, shift = next(remaining)
                mean, var = x.mean(0), x.var(0)
                x = (x - mean) * lax.rsqrt(var + 1e-5) * scale + shift
            case ("maxpool", int(size)):
                window = (1, size, size, 1)
                x = lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")
            case ("flatten",):
                x = x.reshape(x.shape[0], -1)
            case ("dropout", float(p)):
                key, use = jax.random.split(key)
                x = jnp.where(jax.random.bernoulli(use, 1 - p, x.shape), x / (1 - p), 0.0).astype(
                    x.dtype
                )
            case ("relu",):
                x = jax.nn.relu(x)
            case ("tanh",):
                x = jnp.tanh(x)
            case ("sigmoid",):
                x = jax.nn.sigmoid(x)
    return x


def _cost(case: Case, parameters: Any, x: Any, y: Any, key: Any) -> Any:
    out = _apply(case, parameters, x, key)
    if case.loss == "cross_entropy":
        logs = jax.nn.log_softmax(out)
        return -jnp.take_along_axis(logs, y[:, None], 1).mean()
    if case.loss == "mse":
        return ((out - y) ** 2).mean()
    return 0.5 * ((out - y) ** 2).sum() / x.shape[0]


def _initial(case: Case) -> Any:
    made = []
    for w, b in weights(case):
        shown = w.transpose(2, 3, 1, 0) if w.ndim == 4 else w.T if w.ndim == 2 else w
        made.append((jnp.asarray(shown), jnp.asarray(b)))
    return made


def _update(case: Case, parameters: Any, slots: Any, gradients: Any) -> Any:
    rate = case.rate
    tree = jax.tree_util.tree_map
    if case.optimizer == "sgd+clip":
        norm = jnp.sqrt(sum((g**2).sum() for g in jax.tree_util.tree_leaves(gradients)))
        factor = jnp.minimum(1.0, 1.0 / (norm + 1e-6)).astype(norm.dtype)
        gradients = tree(lambda g: g * factor, gradients)
    if case.optimizer == "momentum":
        slots = tree(lambda v, g: 0.9 * v + g, slots, gradients)
        return tree(lambda p, v: p - rate * v, parameters, slots), slots
    if case.optimizer == "decay":
        return tree(lambda p, g: p - rate * (g + 1e-4 * p), parameters, gradients), slots
    if case.optimizer == "adam":
        step, m, v = slots
        step = step + 1
        m = tree(lambda m, g: 0.9 * m + 0.1 * g, m, gradients)
        v = tree(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradients)
        c1, c2 = 1 - 0.9**step, jnp.sqrt(1 - 0.999**step)
        new = tree(
            lambda p, m, v: (p - rate * (m / c1) / (jnp.sqrt(v) / c2 + 1e-8)).astype(p.dtype),
            parameters,
            m,
            v,
        )
        return new, (step, m, v)
    return tree(lambda p, g: p - rate * g, parameters, gradients), slots


def _slots(case: Case, parameters: Any) -> Any:
    zeros = jax.tree_util.tree_map(jnp.zeros_like, parameters)
    if case.optimizer == "adam":
        return jnp.zeros((), case.dtype), zeros, jax.tree_util.tree_map(jnp.zeros_like, parameters)
    return zeros


def _step(case: Case, state: Any, x: Any, y: Any) -> Any:
    parameters, slots, key = state
    use = key
    if any(layer[0] == "dropout" for layer in case.layers):
        key, use = jax.random.split(key)
    value, gradients = jax.value_and_grad(partial(_cost, case))(parameters, x, y, use)
    parameters, slots = _update(case, parameters, slots, gradients)
    return (parameters, slots, key), value


def _start(case: Case) -> Any:
    parameters = _initial(case)
    return parameters, _slots(case, parameters), jax.random.PRNGKey(0)


def variants(case: Case, data: Data, shuffled: bool) -> Iterator[tuple[str, Callable[[], object]]]:
    """The step by itself, then the epoch as one program."""
    x = jnp.asarray(data.x.transpose(0, 2, 3, 1) if data.x.ndim == 4 else data.x)
    y = jnp.asarray(data.y)
    whole = case.steps * case.batch
    order = jnp.asarray(data.order[:whole].reshape(case.steps, case.batch))
    last = jnp.asarray(data.order[whole:])
    state = [_start(case)]
    if shuffled:  # gathering inside the jitted step is faster than outside
        gathered = jax.jit(lambda s, x, y, rows: _step(case, s, x[rows], y[rows]), donate_argnums=0)
        step = lambda s, rows: gathered(s, x, y, rows)  # noqa: E731
        batches: list[Any] = [(rows,) for rows in order]
        if case.rest:
            batches.append((last,))
    else:
        step = jax.jit(partial(_step, case), donate_argnums=0)
        size = case.batch
        batches = [(x[i : i + size], y[i : i + size]) for i in range(0, case.samples, size)]

    def by_steps() -> object:
        for batch in batches:
            state[0], value = step(state[0], *batch)
        return jax.block_until_ready(value)

    yield "jax step", by_steps

    def scanned(state: Any, x: Any, y: Any, order: Any, last: Any) -> Any:
        if shuffled:
            state, values = lax.scan(lambda s, rows: _step(case, s, x[rows], y[rows]), state, order)
            if case.rest:
                state, _ = _step(case, state, x[last], y[last])
            return state, values
        xs = x[:whole].reshape(case.steps, case.batch, *x.shape[1:])
        ys = y[:whole].reshape(case.steps, case.batch, *y.shape[1:])
        state, values = lax.scan(lambda s, b: _step(case, s, *b), state, (xs, ys))
        if case.rest:
            state, _ = _step(case, state, x[whole:], y[whole:])
        return state, values

    epoch = jax.jit(scanned, donate_argnums=0)
    held = [_start(case)]

    def by_scan() -> object:
        held[0], values = epoch(held[0], x, y, order, last)
        return jax.block_until_ready(values)

    yield "jax scan", by_scan
