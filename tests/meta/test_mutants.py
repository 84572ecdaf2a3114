"""The generated tests are tested: every derivative rule made wrong on purpose is caught.

STYLE.md: "Test the tests". Mutants are made from the records, so a new op is covered the day it is
declared. Mutants that cannot differ from the original (``x + y`` with its operands exchanged) are
told apart by comparing the rules themselves, not by a list.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import op_checks
import pytest
from op_checks import OPS, Case, cases

import chainrule as cr
from chainrule.core import backward, linearised, reverse
from chainrule.core.op import Op, Sample, elementwise

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

Change = Callable[[Callable[..., Any]], Callable[..., Any]]


def with_rule(op: Op, index: int, change: Change) -> Op:
    """The op with one derivative rule changed."""
    if op.variadic is not None:
        original = op.variadic

        def variadic(i: int, *args: Any, **params: Any) -> Any:
            if i != index:
                return original(i, *args, **params)
            return change(lambda *a, **p: original(i, *a, **p))(*args, **params)

        return dataclasses.replace(op, variadic=variadic)
    rules = list(op.rules)
    assert rules[index] is not None
    rules[index] = change(rules[index])
    return dataclasses.replace(op, rules=tuple(rules))


def rules_of(op: Op) -> list[int]:
    """The inputs that have a rule, among those the samples use as differentiable."""
    used = {i for case in cases(op) for i in case.floating if case.inputs[i].size}
    return sorted(i for i in used if op.rule(i) is not None)


def caught_by(op: Op, checks: tuple[str, ...] = ("vjp",)) -> list[str]:
    """The checks that fail on some sample of this record."""
    found = []
    for name in checks:
        for case in cases(op):
            try:
                op_checks.PROPERTIES[name](op, case)
            except Exception:
                found.append(name)
                break
    return found


def scaled(rule: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(*args: Any, **params: Any) -> Any:
        part = rule(*args, **params)
        return None if part is None else part * 1.001

    return wrong


def first_order(op: Op, index: int, change: Change) -> bool:
    """Whether the change alters what the rule gives on some sample."""
    mutant = with_rule(op, index, change)
    for case in cases(op):
        if index not in case.floating:
            continue
        gradients = []
        for one in (op, mutant):
            rng = np.random.default_rng(0)
            outs, pull = cr.vjp(op_checks.function_of(one, case), *op_checks.primals_of(case))
            try:
                gradients.append(pull(op_checks.cotangents_for(outs, rng)))
            except Exception:
                return True
        for a, b in zip(*gradients):
            if np.max(np.abs(a - b), initial=0) > 1e-3 * max(1.0, np.max(np.abs(a), initial=0)):
                return True
    return False


DIFFERENTIABLE = [
    name
    for name, op in OPS.items()
    if op.differentiable and name not in op_checks.DIFFERENTIATED_ON_PURPOSE_AS_CONSTANT
]
HAS_NO_SLOPE = {
    ("copysign", 1): "its rule is zero, as is its derivative",
}
"""Rules that are zero everywhere: a factor changes nothing."""

PAIRS = [
    (name, index)
    for name in DIFFERENTIABLE
    for index in rules_of(OPS[name])
    if (name, index) not in HAS_NO_SLOPE
]


def test_every_rule_is_met_by_a_sample() -> None:
    """No blind op: each one with a rule has samples in which that rule is used."""
    blind = set(DIFFERENTIABLE) - {name for name, _ in PAIRS}
    assert not blind, f"no sample differentiates {sorted(blind)}"
    unused = [
        (name, i)
        for name in DIFFERENTIABLE
        for i, rule in enumerate(OPS[name].rules)
        if rule is not None and (name, i) not in PAIRS and (name, i) not in HAS_NO_SLOPE
    ]
    assert not unused, f"rules that no sample uses: {unused}"
    assert len(PAIRS) > 80


@pytest.mark.parametrize(("name", "index"), PAIRS)
def test_a_rule_wrong_by_a_thousandth_is_caught(name: str, index: int) -> None:
    """Each derivative rule times 1.001 fails the comparison with differences."""
    assert caught_by(with_rule(OPS[name], index, scaled)), f"{name}, input {index}: not caught"


@pytest.mark.parametrize(("name", "index"), PAIRS)
def test_a_dropped_rule_is_caught(name: str, index: int) -> None:
    """A gradient that is silently zero fails the comparison with differences."""
    mutant = with_rule(OPS[name], index, lambda rule: lambda *a, **p: None)
    assert caught_by(mutant), f"{name}, input {index}: a zero gradient was not caught"


@pytest.mark.parametrize(
    ("name", "index"), [p for p in PAIRS if len(OPS[p[0]].samples[0].inputs) == 2]
)
def test_swapped_operands_in_a_rule_are_caught(name: str, index: int) -> None:
    """``rule(g, out, y, x)`` for ``rule(g, out, x, y)``, wherever that is not the same thing."""

    def swap(rule: Callable[..., Any]) -> Callable[..., Any]:
        return lambda g, out, x, y, **p: rule(g, out, y, x, **p)

    op = OPS[name]
    if not first_order(op, index, swap):
        pytest.skip("the rule is symmetric in its operands")
    assert caught_by(with_rule(op, index, swap))


SWAPPABLE = [
    name
    for name in DIFFERENTIABLE
    if len(OPS[name].rules) == 2 and all(rule is not None for rule in OPS[name].rules)
]


@pytest.mark.parametrize("name", SWAPPABLE)
def test_exchanged_rules_are_caught(name: str) -> None:
    """The first operand's rule in the second's place, wherever they differ."""
    op = OPS[name]
    first, second = op.rules
    mutant = dataclasses.replace(op, rules=(second, first))
    differs = first_order(op, 0, lambda _: second) or first_order(op, 1, lambda _: first)
    if not differs:
        pytest.skip("both operands have the same rule")
    assert caught_by(mutant)


@pytest.mark.parametrize(("name", "index"), PAIRS)
def test_a_rule_that_mutates_its_cotangent_is_caught(name: str, index: int) -> None:
    """``g *= 2`` in a rule: fails as a write to read-only memory or as a changed cotangent."""

    def mutate(rule: Callable[..., Any]) -> Callable[..., Any]:
        def wrong(g: Any, *args: Any, **params: Any) -> Any:
            part = rule(g, *args, **params)
            for array in g if isinstance(g, tuple) else (g,):
                if isinstance(array, np.ndarray):
                    array *= 2.0
            return part

        return wrong

    assert caught_by(with_rule(OPS[name], index, mutate), ("memory", "vjp", "linear"))


FORWARDS = [n for n in DIFFERENTIABLE if any(c.inputs[0].size for c in cases(OPS[n]))]


@pytest.mark.parametrize("name", FORWARDS)
def test_a_forward_that_mutates_its_input_is_caught(name: str) -> None:
    """The first operand changed in place by the forward."""
    op = OPS[name]

    def forward(*args: Any, **params: Any) -> Any:
        out = op.forward(*args, **params)
        if isinstance(args[0], np.ndarray):
            args[0][...] = 0
        return out

    assert caught_by(dataclasses.replace(op, forward=forward), ("memory",))


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_a_forward_of_another_dtype_is_caught(name: str) -> None:
    """A forward that leaves float32 for float64 fails the dtype check against its own shape rule."""
    op = OPS[name]
    if op.infer is None:
        pytest.skip("the shape rule is the forward itself")

    def forward(*args: Any, **params: Any) -> Any:
        outs = op_checks.as_tuple(op.forward(*args, **params))
        wide = tuple(np.asarray(o).astype(np.longdouble) for o in outs)
        return wide if len(wide) > 1 else wide[0]

    assert caught_by(dataclasses.replace(op, forward=forward), ("infer",))


@pytest.mark.parametrize("name", [n for n, op in OPS.items() if op.infer is not None])
def test_a_wrong_shape_rule_is_caught(name: str) -> None:
    """A shape rule that adds an axis."""
    op = OPS[name]

    def infer(*args: Any, **params: Any) -> Any:
        outs = op_checks.as_tuple(op.infer(*args, **params))  # type: ignore[misc]
        longer = tuple(cr.Abstract((1, *o.shape), o.dtype) for o in outs)
        return longer if len(longer) > 1 else longer[0]

    assert caught_by(dataclasses.replace(op, infer=infer), ("infer",))


NONLINEAR = [
    n
    for n in DIFFERENTIABLE
    if not OPS[n].linear and not OPS[n].elementwise and len(OPS[n].rules) == 1
]


@pytest.mark.parametrize("name", NONLINEAR)
def test_a_nonlinear_op_declared_linear_is_caught(name: str) -> None:
    """``linear=True`` makes forward mode apply the op to the tangent; the adjoint identity sees it."""
    op = OPS[name]
    case = cases(op)[0]
    (x,) = op_checks.primals_of(case)
    function = op_checks.function_of(op, case)
    with np.errstate(all="ignore"):
        if all(np.allclose(a, 2 * b) for a, b in zip(function(2 * x), function(x))):
            pytest.skip("linear indeed")
    assert caught_by(dataclasses.replace(op, linear=True), ("jvp",))


def broadcasts(op: Op) -> bool:
    """Whether a differentiated operand is repeated in some sample."""
    return any(
        case.inputs[i].size and 0 not in shape and case.inputs[i].shape != shape
        for case in cases(op)
        for shape in [np.shape(op(*case.inputs, **case.params))]
        for i in case.floating
        if op.rule(i) is not None
    )


BROADCASTING = [n for n in DIFFERENTIABLE if OPS[n].elementwise and broadcasts(OPS[n])]


@pytest.mark.parametrize("name", BROADCASTING)
def test_a_dropped_broadcasting_sum_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taking the first of what was repeated instead of its sum (SPEC B6)."""

    def first_only(part: Any, shape: tuple[int, ...], *_: Any) -> Any:
        part = np.asarray(part)
        while part.ndim > len(shape):
            part = part.sum(0) if not part.shape[0] else part[0]
        cut = tuple(slice(0, n) for n in shape)
        return np.broadcast_to(part[cut], shape)

    monkeypatch.setattr(reverse, "_sum_to", first_only)
    assert caught_by(OPS[name])


def test_shared_memory_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Handing out the cotangents as they are: ``add`` gives both operands the same array."""
    for module in (backward, linearised):
        monkeypatch.setattr(module, "own", lambda g, handed: np.asarray(g))
    assert caught_by(OPS["add"], ("memory",))
    assert caught_by(OPS["reshape"], ("memory",))


def test_a_pullback_that_reads_the_callers_arrays_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The caller may write to his input, or to the output he was given, before he pulls back."""
    original = linearised.Linearised.__init__

    def careless(self: Any, *args: Any, keep: bool = False, **kwargs: Any) -> None:
        original(self, *args, keep=False, **kwargs)

    monkeypatch.setattr(linearised.Linearised, "__init__", careless)
    assert caught_by(OPS["sin"], ("memory",)), "the input is kept"
    assert caught_by(OPS["exp"], ("memory",)), "the output is kept"


def test_a_cotangent_accumulated_in_place_is_caught() -> None:
    """Note [Cotangents are never mutated]: ``a += b`` at a fork changes another node's cotangent."""

    def accumulate(rule: Callable[..., Any]) -> Callable[..., Any]:
        def wrong(g: Any, *args: Any, **params: Any) -> Any:
            if isinstance(g, np.ndarray):
                g += 1.0
            return rule(g, *args, **params)

        return wrong

    assert caught_by(with_rule(OPS["multiply"], 0, accumulate), ("memory",))


def test_second_order_catches_what_first_order_cannot() -> None:
    """A rule right in value but detached from the graph is wrong only when differentiated again."""

    def detached(rule: Callable[..., Any]) -> Callable[..., Any]:
        def wrong(g: Any, out: Any, *args: Any, **params: Any) -> Any:
            constants = [cr.stop_gradient(a) for a in (out, *args)]
            return rule(g, *constants, **params)

        return wrong

    blind = []
    for name, index in PAIRS:
        op = OPS[name]
        if caught_by(op, ("vjp", "second order")):
            continue  # the generated tests say so themselves
        case = cases(op)[0]
        mutant = with_rule(op, index, detached)
        assert not caught_by(mutant, ("vjp",)), f"{name}: the value of the rule is unchanged"
        if not _has_curvature(op, case):
            continue
        if not caught_by(mutant, ("second order",)):
            blind.append((name, index))
    curved = {name for name, _ in PAIRS if _has_curvature(OPS[name], cases(OPS[name])[0])}
    assert len(curved) > 30
    # an op whose curvature is all in another operand's rule has nothing to lose in this one
    remaining = [(n, i) for n, i in blind if _rule_depends_on_values(OPS[n], i)]
    assert not remaining, f"a detached rule was not caught: {remaining}"


def _has_curvature(op: Op, case: Case) -> bool:
    rng = np.random.default_rng(0)
    function, xs = op_checks.function_of(op, case), op_checks.primals_of(case)
    outs = function(*xs)
    u = op_checks.cotangents_for(outs, rng)
    hv = cr.vjp(lambda *at: cr.vjp(function, *at)[1](u), *xs)[1](
        tuple(op_checks.generic(rng, x.shape) for x in xs)
    )
    return any(np.max(np.abs(h), initial=0) > 1e-3 for h in hv)


def _rule_depends_on_values(op: Op, index: int) -> bool:
    for case in cases(op):
        if index not in case.floating:
            continue
        xs = op_checks.primals_of(case)
        place = case.floating.index(index)
        u = op_checks.cotangents_for(op_checks.function_of(op, case)(*xs), np.random.default_rng(0))

        def gradient(*at: Any, case: Case = case, u: Any = u, place: int = place) -> Any:
            return cr.vjp(op_checks.function_of(op, case), *at)[1](u)[place]

        outs, pull = cr.vjp(gradient, *xs)
        if any(np.max(np.abs(g), initial=0) > 1e-3 for g in pull(np.ones_like(outs))):
            return True
    return False


def test_wrong_kinks_and_rejects_are_caught() -> None:
    """A kink declared with other partials than the rule gives fails."""
    for op in OPS.values():
        if not op.kinks:
            continue
        kink = op.kinks[0]
        shifted = tuple(None if p is None else np.asarray(p) + 0.25 for p in kink.partials)
        mutant = dataclasses.replace(op, kinks=(kink._replace(partials=shifted),))
        with pytest.raises(AssertionError, match="declared"):
            op_checks.check_kinks(mutant)


def test_wrong_parts_are_caught() -> None:
    """SPEC B2: a gate whose parts compute something else fails."""
    for op in [op for op in OPS.values() if op.parts is not None]:
        parts = op.parts

        def wrong(*args: Any, _parts: Any = parts, **params: Any) -> Any:
            outs = op_checks.as_tuple(_parts(*args, **params))
            return tuple(o * 1.001 for o in outs) if len(outs) > 1 else outs[0] * 1.001

        mutant = dataclasses.replace(op, parts=wrong)
        failures = 0
        for case in cases(op):
            try:
                op_checks.check_parts(mutant, case)
            except AssertionError:
                failures += 1
        assert failures, f"{op.name}: wrong parts were not caught"


def test_a_dependence_without_a_rule_is_caught() -> None:
    """An op that says nothing of a derivative it has: the comparison expects zero slope there."""
    silent = elementwise("silent_sin", np.sin, samples=(Sample(((3,),)),))
    try:
        assert caught_by(silent)
    finally:
        del OPS["silent_sin"]


def test_compiled_code_wrong_in_the_last_places_is_caught() -> None:
    """Property 8's check: a compiler that is off by a thousand ulps, or on the second call only."""
    op = OPS["exp"]
    case = cases(op)[0]
    op_checks.check_compiled(op, case, lambda f: f)

    def off(f: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *xs: tuple(o * (1 + 3e-13) for o in f(*xs))

    with pytest.raises(AssertionError, match="first compiled call"):
        op_checks.check_compiled(op, case, off)

    calls = []

    def later(f: Callable[..., Any]) -> Callable[..., Any]:
        def run(*xs: Any) -> Any:
            calls.append(1)
            return f(*xs) if len(calls) == 1 else tuple(o + 1 for o in f(*xs))

        return run

    with pytest.raises(AssertionError, match="second compiled call"):
        op_checks.check_compiled(op, case, later)
