"""The properties every op must have, as functions of an op record: what the generated tests call.

Each ``check_*`` takes an :class:`Op` and raises ``AssertionError`` with the figures when the
property does not hold, so that the meta-tests can hand it records made wrong on purpose.

Tolerances. Differences are central with step ``h = 6e-6 max(1, |x|)`` per element (the cube root
of the float64 epsilon balances truncation ``h² f‴/6`` against rounding ``ε f/h``); either error is
near 1e-10 for values of order one. A derivative passes within ``1e-7 max(1, |difference|)``: a
thousand times what a right rule needs, a thousandth of what a factor 1.001 causes at size one.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

import chainrule as cr
from chainrule.core.op import OPS, Abstract, Op, Sample, infer

TOLERANCE = 1e-7
"""Bound of |rule - difference| in units of max(1, |difference|)."""
EVERY_ENTRY = 200
"""Inputs with more elements than this are checked along random directions."""

DIFFERENTIATED_ON_PURPOSE_AS_CONSTANT = {
    "stop_gradient": "its purpose",
    "astype_constant": "a cast to integers is refused for tensors that require gradients",
}
"""Ops whose declared derivative is not that of their value, and why."""


class Case(NamedTuple):
    """One sample with its arrays made."""

    inputs: tuple[Any, ...]
    params: dict[str, Any]
    floating: tuple[int, ...]

    def __repr__(self) -> str:
        shapes = [getattr(x, "shape", x) for x in self.inputs]
        return f"inputs {shapes} with {self.params}"


def seed_of(op: Op, *more: int) -> list[int]:
    """A seed that belongs to the op's name: adding an op changes no other op's numbers."""
    return [zlib.crc32(op.name.encode()), *more]


def is_shape(entry: Any) -> bool:
    """Whether an input of a sample stands for random numbers of that shape."""
    return isinstance(entry, tuple) and all(isinstance(n, int) for n in entry)


def make_case(op: Op, sample: Sample, index: int, dtype: Any = np.float64) -> Case:
    """The sample's arrays, read-only, so that a forward or rule that writes to them raises."""
    rng = np.random.default_rng(seed_of(op, index))
    inputs: list[Any] = []
    for position, entry in enumerate(sample.inputs):
        if is_shape(entry):
            x = rng.standard_normal(entry)
            if op.domain is not None:
                x = op.domain(x, position)
            x = np.asarray(x, dtype)
        elif isinstance(entry, np.ndarray | list):
            x = np.array(entry)
            if x.dtype.kind == "f":
                x = x.astype(dtype)
        else:
            x = entry
        if isinstance(x, np.ndarray):
            x.setflags(write=False)
        inputs.append(x)
    floating = tuple(
        i
        for i, x in enumerate(inputs)
        if isinstance(x, np.ndarray) and x.dtype.kind == "f" and i not in op.refuses
    )
    return Case(tuple(inputs), sample.params, floating)


def cases(op: Op, dtype: Any = np.float64) -> list[Case]:
    """All samples of an op."""
    return [make_case(op, sample, i, dtype) for i, sample in enumerate(op.samples)]


def as_tuple(out: Any) -> tuple[Any, ...]:
    """Several outputs, or one, as a tuple of them."""
    return tuple(out) if isinstance(out, tuple) else (out,)


def function_of(op: Op, case: Case) -> Callable[..., tuple[Any, ...]]:
    """The op as a function of its floating inputs, which gives its floating outputs."""

    def function(*xs: Any) -> tuple[Any, ...]:
        inputs = list(case.inputs)
        for position, x in zip(case.floating, xs):
            inputs[position] = x
        outs = as_tuple(op(*inputs, **case.params))
        return tuple(out for out in outs if out.dtype.kind == "f")

    return function


def primals_of(case: Case) -> list[np.ndarray[Any, Any]]:
    """The floating inputs."""
    return [case.inputs[i] for i in case.floating]


def generic(rng: np.random.Generator, shape: Sequence[int], dtype: Any = np.float64) -> Any:
    """Numbers in ±[½, 1½): none is so small that an error could hide behind it."""
    signs = np.where(rng.random(shape) < 0.5, -1.0, 1.0)
    return np.asarray(signs * rng.uniform(0.5, 1.5, shape), dtype)


def cotangents_for(outs: Sequence[Any], rng: np.random.Generator) -> tuple[Any, ...]:
    """A generic cotangent of each output."""
    return tuple(generic(rng, np.shape(out), np.asarray(out).dtype) for out in outs)


def pair(u: Sequence[Any], v: Sequence[Any]) -> float:
    """⟨u, v⟩ over lists of arrays."""
    return float(
        sum(np.sum(np.asarray(a, np.float64) * np.asarray(b, np.float64)) for a, b in zip(u, v))
    )


def difference(
    function: Callable[..., Any], xs: list[Any], position: int, direction: Any, h: float
) -> list[Any]:
    """(f(x + h d) - f(x - h d)) / 2h for each output, changing one input."""
    ahead, behind = list(xs), list(xs)
    ahead[position] = xs[position] + h * direction
    behind[position] = xs[position] - h * direction
    plus, minus = function(*ahead), function(*behind)
    return [
        (np.asarray(p, np.float64) - np.asarray(m, np.float64)) / (2 * h)
        for p, m in zip(plus, minus)
    ]


def directions(x: Any, rng: np.random.Generator) -> Iterator[tuple[Any, float, Any]]:
    """Unit directions with their step and index; random ones (index None) for large inputs."""
    if x.size <= EVERY_ENTRY:
        for index in np.ndindex(x.shape):
            direction = np.zeros(x.shape)
            direction[index] = 1.0
            yield direction, 6e-6 * max(1.0, abs(float(x[index]))), index
    else:
        for _ in range(6):
            yield generic(rng, x.shape), 6e-6, None


def close(found: Any, expected: Any, what: str, case: Case, tolerance: float = TOLERANCE) -> None:
    """Assert |found - expected| ≤ tolerance · max(1, |expected|), with the worst element."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    assert found.shape == expected.shape, f"{what}: shape {found.shape}, expected {expected.shape}"
    if not found.size:
        return
    error = np.abs(found - expected) / np.maximum(1.0, np.abs(expected))
    error = np.where(np.isnan(found) | np.isnan(expected), np.inf, error)
    worst = np.unravel_index(int(np.argmax(error)), error.shape)
    assert error[worst] <= tolerance, (
        f"{what}, {case}: element {tuple(map(int, worst))} is {found[worst]!r}, "
        f"expected {expected[worst]!r} (error {error[worst]:.2e}, allowed {tolerance:.0e})"
    )


# ---- (1) value, dtype, shape


def check_value(op: Op, case: Case, reference: Callable[..., Any] | None = None) -> None:
    """A Tensor gives what an array gives: the same bits, dtype and shape, and NumPy's."""
    plain = as_tuple(op(*case.inputs, **case.params))
    wrapped = as_tuple(op(*_tensors(case), **case.params))
    if not any(isinstance(x, np.ndarray) for x in case.inputs):
        return
    assert len(plain) == len(wrapped)
    for a, b in zip(plain, wrapped):
        assert isinstance(b, cr.Tensor), f"{op.name} on tensors gave {type(b).__name__}"
        same(b.numpy(), np.asarray(a), f"{op.name} on tensors, {case}")
    if reference is not None:
        expected = as_tuple(reference(*case.inputs, **case.params))
        for a, b in zip(plain, expected):
            same(np.asarray(a), np.asarray(b), f"{op.name} against NumPy, {case}")


def _tensors(case: Case) -> list[Any]:
    return [cr.tensor(x) if isinstance(x, np.ndarray) else x for x in case.inputs]


def same(found: Any, expected: Any, what: str) -> None:
    """Assert equal bits (NaN equals NaN), dtype and shape."""
    assert found.dtype == expected.dtype, f"{what}: {found.dtype}, expected {expected.dtype}"
    assert found.shape == expected.shape, f"{what}: {found.shape}, expected {expected.shape}"
    assert np.array_equal(found, expected, equal_nan=found.dtype.kind == "f"), (
        f"{what}: {found}, expected {expected}"
    )


# ---- (2) and (3): reverse and forward mode


def check_vjp(op: Op, case: Case) -> None:
    """Every entry of the pullback equals central differences of the forward."""
    rng = np.random.default_rng(seed_of(op, 1))
    function, xs = function_of(op, case), primals_of(case)
    if not xs:
        return
    outs, pull = cr.vjp(function, *xs)
    if not outs:
        return
    u = cotangents_for(outs, rng)
    gradients = pull(u)
    for position, x in enumerate(xs):
        what = f"vjp of {op.name} in input {case.floating[position]}"
        for direction, h, index in directions(x, rng):
            expected = pair(u, difference(function, xs, position, direction, h))
            found = gradients[position][index] if index is not None else None
            if found is None:
                found = pair([gradients[position]], [direction])
            close(found, expected, f"{what} at {index}", case)


def check_jvp(op: Op, case: Case) -> None:
    """⟨u, J t⟩ = ⟨Jᵀ u, t⟩: forward and backward are transposes. Differences are not needed."""
    rng = np.random.default_rng(seed_of(op, 2))
    function, xs = function_of(op, case), primals_of(case)
    if not xs:
        return
    outs, pull = cr.vjp(function, *xs)
    if not outs:
        return
    tangents = [generic(rng, x.shape) for x in xs]
    outs_again, moved = cr.jvp(function, xs, tangents)
    for a, b, t in zip(outs, outs_again, moved):
        same(np.asarray(b), np.asarray(a), f"value from jvp of {op.name}, {case}")
        assert np.shape(t) == np.shape(a), f"jvp of {op.name}: tangent of shape {np.shape(t)}"
        assert np.asarray(t).dtype == np.asarray(a).dtype, f"jvp of {op.name}: {t.dtype}"
    u = cotangents_for(outs, rng)
    backward = pair(pull(u), tangents)
    scale = max(1.0, abs(backward), *(float(np.sum(np.abs(t), initial=0)) for t in moved))
    close(pair(u, moved), backward, f"adjoint identity of {op.name}", case, 1e-11 * scale)
    for position in range(len(xs)):  # a tangent in one input only: the others are constants
        alone = [t if i == position else np.zeros_like(t) for i, t in enumerate(tangents)]

        def partial(x: Any, position: int = position) -> Any:
            return function(*xs[:position], x, *xs[position + 1 :])

        one = cr.jvp(partial, (xs[position],), (tangents[position],))[1]
        for a, b in zip(one, cr.jvp(function, xs, alone)[1]):
            close(a, b, f"jvp of {op.name} in input {position} alone", case, 1e-11 * scale)


# ---- (4) second order


def check_second_order(op: Op, case: Case) -> None:
    """Hessian-vector products, reverse over reverse and forward over reverse, against differences."""
    rng = np.random.default_rng(seed_of(op, 3))
    function, xs = function_of(op, case), primals_of(case)
    if not xs:
        return
    outs = function(*xs)
    if not outs or not sum(x.size for x in xs):
        return
    u = cotangents_for(outs, rng)

    def gradients(*at: Any) -> Any:
        return cr.vjp(function, *at)[1](u)

    direction = [generic(rng, x.shape) for x in xs]
    h = 6e-6 * max(1.0, max(float(np.max(np.abs(x), initial=0)) for x in xs))
    plus = gradients(*(x + h * d for x, d in zip(xs, direction)))
    minus = gradients(*(x - h * d for x, d in zip(xs, direction)))
    expected = [(p - m) / (2 * h) for p, m in zip(plus, minus)]
    over = cr.vjp(gradients, *xs)[1](tuple(direction))
    forward = cr.jvp(gradients, xs, direction)[1]
    for position, (e, r, f) in enumerate(zip(expected, over, forward)):
        scale = max(1.0, float(np.max(np.abs(e), initial=0)))
        name = f"second derivative of {op.name}, input {case.floating[position]}"
        close(r, e, f"{name}, reverse over reverse", case, 3e-7 * scale)
        close(f, e, f"{name}, forward over reverse", case, 3e-7 * scale)


# ---- (5) linearity in the cotangent


def check_linear_in_cotangent(op: Op, case: Case) -> None:
    """``pull(2u - 3w) = 2 pull(u) - 3 pull(w)``, and zero for zero."""
    rng = np.random.default_rng(seed_of(op, 4))
    xs = primals_of(case)
    if not xs:
        return
    outs, pull = cr.vjp(function_of(op, case), *xs)
    if not outs:
        return
    u, w = cotangents_for(outs, rng), cotangents_for(outs, rng)
    mixed = pull(tuple(2 * a - 3 * b for a, b in zip(u, w)))
    for m, a, b in zip(mixed, pull(u), pull(w)):
        scale = max(1.0, float(np.max(np.abs(a), initial=0)), float(np.max(np.abs(b), initial=0)))
        close(m, 2 * a - 3 * b, f"linearity of the pullback of {op.name}", case, 1e-12 * scale)
    for zero in pull(tuple(np.zeros_like(a) for a in u)):
        assert not np.any(zero), f"the pullback of {op.name} is not zero for zero, {case}"


# ---- (6) and (7): shape, dtype, memory


def check_cotangent_types(op: Op, case: Case) -> None:
    """Cotangents have the shape and dtype of their inputs, tangents those of the outputs."""
    rng = np.random.default_rng(seed_of(op, 5))
    xs = primals_of(case)
    if not xs:
        return
    outs, pull = cr.vjp(function_of(op, case), *xs)
    for x, g in zip(xs, pull(cotangents_for(outs, rng))):
        assert g.shape == x.shape, f"{op.name}: cotangent {g.shape} of an input {x.shape}, {case}"
        assert g.dtype == x.dtype, f"{op.name}: cotangent {g.dtype} of an input {x.dtype}, {case}"


def check_memory(op: Op, case: Case) -> None:
    """Nothing is mutated, and no two results share memory, nor with inputs or cotangents."""
    rng = np.random.default_rng(seed_of(op, 6))
    writable = [np.array(x) if isinstance(x, np.ndarray) else x for x in case.inputs]
    op(*writable, **case.params)
    for x, k in zip(writable, case.inputs):
        if isinstance(x, np.ndarray):
            same(x, k, f"the forward of {op.name} changed its input, {case}")
    xs = [x.copy() for x in primals_of(case)]
    if not xs:
        return
    kept = [x.copy() for x in xs]
    outs, pull = cr.vjp(function_of(op, case), *xs)
    u = cotangents_for(outs, rng)
    u_kept = [a.copy() for a in u]
    first = pull(u)
    results = {
        **{f"cotangent {i}": g for i, g in enumerate(first)},
        **{f"output {i}": o for i, o in enumerate(outs)},
        **{f"cotangent {i} of the second call": g for i, g in enumerate(pull(u))},
    }
    given = {
        **{f"input {i}": x for i, x in enumerate(xs)},
        **{f"given cotangent {i}": a for i, a in enumerate(u)},
    }
    for i, g in enumerate(first):
        same(results[f"cotangent {i} of the second call"], g, f"pullback of {op.name}, again")
    for x, k in zip([*xs, *u], [*kept, *u_kept]):
        same(x, k, f"{op.name} changed what it was given, {case}")
    names = list(results)
    arrays = {**results, **given}
    for i, a in enumerate(names):
        for b in [*names[i + 1 :], *given]:
            one, two = np.asarray(arrays[a]), np.asarray(arrays[b])
            assert not np.shares_memory(one, two), f"{op.name}: {a} shares memory with {b}, {case}"
    for array in (*xs, *outs):
        if isinstance(array, np.ndarray):
            array[...] = np.nan
    for g, again in zip(first, pull(u)):
        same(again, g, f"pullback of {op.name} after the caller wrote to what is his, {case}")


# ---- (9) layouts, dtypes, integers


def strided(x: Any) -> Any:
    """The same values with strides that are neither C nor Fortran order, running backwards."""
    if not x.ndim:
        return x
    padded = np.full([2 * n + 1 for n in x.shape], np.nan)
    view = padded[tuple(slice(2 * n - 1, None, -2) if n else slice(0, 0) for n in x.shape)]
    view[...] = x
    return view


def fortran(x: Any) -> Any:
    """The same values in Fortran order (``np.asfortranarray`` would give 0-d arrays an axis)."""
    return np.array(x, order="F")


def check_layout(op: Op, case: Case) -> None:
    """Values and gradients do not depend on memory order."""
    rng = np.random.default_rng(seed_of(op, 7))
    function, xs = function_of(op, case), primals_of(case)
    if not xs:
        return
    outs, pull = cr.vjp(function, *xs)
    u = cotangents_for(outs, rng)
    expected = pull(u)
    for name, change in (("strided", strided), ("Fortran", fortran)):
        moved = [np.asarray(change(x)) for x in xs]
        outs2, pull2 = cr.vjp(function, *moved)
        for a, b in zip(outs2, outs):
            close(a, b, f"value of {op.name} on {name} inputs", case, 1e-12)
        for a, b in zip(pull2(tuple(np.asarray(change(v)) for v in u)), expected):
            close(a, b, f"vjp of {op.name} on {name} inputs", case, 1e-12)


def check_single_precision(op: Op, sample: Sample, index: int) -> None:
    """float32 stays float32, in value, cotangent and second derivative, and is right to 1e-3."""
    case, double = make_case(op, sample, index, np.float32), make_case(op, sample, index)
    xs = primals_of(case)
    if not xs:
        return
    rng = np.random.default_rng(seed_of(op, 8))
    function = function_of(op, case)
    outs, pull = cr.vjp(function, *xs)
    for out, expected in zip(outs, as_tuple(op(*case.inputs, **case.params))):
        assert out.dtype == np.asarray(expected).dtype, f"{op.name}: {out.dtype}, {case}"
    u = cotangents_for(outs, rng)
    wide = cr.vjp(function_of(op, double), *primals_of(double))[1](
        tuple(a.astype(np.float64) for a in u)
    )
    for g, expected, x in zip(pull(u), wide, xs):
        assert g.dtype == x.dtype, f"{op.name}: cotangent {g.dtype} for {x.dtype}, {case}"
        scale = max(1.0, float(np.max(np.abs(expected), initial=0)))
        close(g, expected, f"float32 vjp of {op.name}", case, 1e-3 * scale)
    tangents = [generic(rng, x.shape, np.float32) for x in xs]
    for t, out in zip(cr.jvp(function, xs, tangents)[1], outs):
        assert np.asarray(t).dtype == out.dtype, f"{op.name}: tangent {t.dtype} for {out.dtype}"
    again = cr.vjp(lambda *at: cr.vjp(function, *at)[1](u), *xs)[1](tuple(tangents))
    for g, x in zip(again, xs):
        assert g.dtype == x.dtype, f"{op.name}: second derivative {g.dtype} for {x.dtype}"


def check_infer(op: Op, case: Case) -> None:
    """The shape rule gives what the forward gives."""
    values = [Abstract(x.shape, x.dtype) if isinstance(x, np.ndarray) else x for x in case.inputs]
    inferred = infer(op, values, case.params)
    actual = as_tuple(op(*case.inputs, **case.params))
    for a, b in zip(as_tuple(inferred), actual, strict=True):
        b = np.asarray(b)
        assert (a.shape, a.dtype) == (b.shape, b.dtype), (
            f"{op.name} infers {a!r}, the forward gives {b.dtype}{list(b.shape)}, {case}"
        )


# ---- (10) and the gate's parts


def check_kinks(op: Op) -> None:
    """At each declared kink the partial derivatives are the declared ones, exactly, both ways.

    Parameters are those of the op's first sample.
    """
    for kink in op.kinks:
        inputs = tuple(np.asarray(x, np.float64) for x in kink.inputs)
        for position, partial in enumerate(kink.partials):
            if partial is None:
                continue

            def function(x: Any, position: int = position, inputs: Any = inputs) -> Any:
                arguments = (*inputs[:position], x, *inputs[position + 1 :])
                return op(*arguments, **op.samples[0].params)

            out, pull = cr.vjp(function, inputs[position])
            (g,) = pull(np.ones_like(out))
            expected = np.broadcast_to(np.asarray(partial, np.float64), inputs[position].shape)
            what = f"{op.name} at the kink {kink.inputs}, input {position} ({kink.reason})"
            assert np.array_equal(g, expected), f"{what}: {g}, declared {expected}"
            t = np.ones_like(inputs[position])
            moved = cr.jvp(function, (inputs[position],), (t,))[1]
            assert np.sum(moved) == np.sum(expected), f"{what}: forward mode gives {moved}"


def check_parts(op: Op, case: Case) -> None:
    """SPEC B2: the opened gate equals the gate, in value and derivative."""
    assert op.parts is not None
    rng = np.random.default_rng(seed_of(op, 9))
    opened = op.parts

    def parts(*xs: Any) -> Any:
        inputs = list(case.inputs)
        for position, x in zip(case.floating, xs):
            inputs[position] = x
        return as_tuple(opened(*inputs, **case.params))

    xs = primals_of(case)
    outs, pull = cr.vjp(function_of(op, case), *xs)
    others, pull_parts = cr.vjp(parts, *xs)
    for a, b in zip(others, outs):
        close(a, b, f"the parts of {op.name}", case, 1e-12)
    u = cotangents_for(outs, rng)
    for a, b in zip(pull_parts(u), pull(u)):
        close(a, b, f"gradient through the parts of {op.name}", case, 1e-9)


# ---- (8) compiled code


def check_compiled(
    op: Op, case: Case, compile_function: Callable[[Callable[..., Any]], Any], ulps: float = 16
) -> None:
    """Compiled equals eager, first and second call, forward and gradient.

    ``compile_function`` is ``cr.compile``; the tests of the compiler call this for every op.
    """
    xs = primals_of(case)
    if not xs:
        return
    rng = np.random.default_rng(seed_of(op, 10))
    function = function_of(op, case)
    outs, pull = cr.vjp(function, *xs)
    if not outs:
        return
    u = cotangents_for(outs, rng)
    expected = [*outs, *pull(u)]

    def both(*at: Any) -> Any:
        values, back = cr.vjp(function, *at)
        return (*values, *back(u))

    compiled = compile_function(both)
    for call in ("first", "second"):
        for found, wanted in zip(compiled(*xs), expected, strict=True):
            found, wanted = np.asarray(found), np.asarray(wanted)
            assert found.dtype == wanted.dtype
            assert found.shape == wanted.shape
            room = ulps * np.finfo(wanted.dtype).eps * np.maximum(1.0, np.abs(wanted))
            worse = ~(np.abs(found - wanted) <= room) & ~((found == wanted) | np.isnan(wanted))
            assert not np.any(worse), f"{op.name}, {call} compiled call, {case}: {found}, {wanted}"


PROPERTIES: dict[str, Callable[[Op, Case], None]] = {
    "vjp": check_vjp,
    "jvp": check_jvp,
    "second order": check_second_order,
    "linear": check_linear_in_cotangent,
    "types": check_cotangent_types,
    "memory": check_memory,
    "layout": check_layout,
    "infer": check_infer,
}
"""The checks that need nothing but an op and a case."""


def all_ops() -> list[Op]:
    """Every declared op."""
    return list(OPS.values())
