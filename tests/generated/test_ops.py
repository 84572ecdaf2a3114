"""STYLE.md's twelve properties for every op and every sample, generated from the op records.

SPEC B1, B2, B6, B7. Property (8), compiled equals eager, is ``op_checks.check_compiled``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import op_checks
import pytest
from op_checks import DIFFERENTIATED_ON_PURPOSE_AS_CONSTANT, OPS, cases

import chainrule as cr

NAMES = list(OPS)
by_op = pytest.mark.parametrize("name", NAMES)

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@by_op
def test_has_a_sample_and_a_line_of_documentation(name: str) -> None:
    """An op without samples would pass every test below."""
    op = OPS[name]
    assert op.samples, f"{name} has no samples"
    assert op.doc, f"{name} has no doc"


@by_op
def test_value_equals_numpy(name: str) -> None:
    """Property 1: value, dtype, shape."""
    op = OPS[name]
    function = getattr(np, name, None)
    reference = function if isinstance(function, np.ufunc) else None
    for case in cases(op):
        op_checks.check_value(op, case, reference)


@by_op
def test_vjp_equals_differences(name: str) -> None:
    """Property 2: every entry."""
    if name in DIFFERENTIATED_ON_PURPOSE_AS_CONSTANT:
        pytest.skip(DIFFERENTIATED_ON_PURPOSE_AS_CONSTANT[name])
    for case in cases(OPS[name]):
        op_checks.check_vjp(OPS[name], case)


@by_op
def test_jvp_is_the_transpose_of_vjp(name: str) -> None:
    """Property 3: the adjoint identity."""
    for case in cases(OPS[name]):
        op_checks.check_jvp(OPS[name], case)


@by_op
def test_second_derivative_equals_differences(name: str) -> None:
    """Property 4 (SPEC B7)."""
    for case in cases(OPS[name]):
        op_checks.check_second_order(OPS[name], case)


@by_op
def test_pullback_is_linear_in_the_cotangent(name: str) -> None:
    """Property 5."""
    for case in cases(OPS[name]):
        op_checks.check_linear_in_cotangent(OPS[name], case)


@by_op
def test_cotangents_have_shape_and_dtype_of_the_inputs(name: str) -> None:
    """Property 6."""
    for case in cases(OPS[name]):
        op_checks.check_cotangent_types(OPS[name], case)
    for index, sample in enumerate(OPS[name].samples):
        op_checks.check_single_precision(OPS[name], sample, index)


@by_op
def test_mutates_nothing_and_shares_no_memory(name: str) -> None:
    """Property 7."""
    for case in cases(OPS[name]):
        op_checks.check_memory(OPS[name], case)


@by_op
def test_memory_layout_does_not_matter(name: str) -> None:
    """Property 9, strides."""
    for case in cases(OPS[name]):
        op_checks.check_layout(OPS[name], case)


@by_op
def test_shape_rule_gives_what_the_forward_gives(name: str) -> None:
    """The shape and dtype known while staging, in both precisions."""
    for dtype in (np.float64, np.float32):
        for case in cases(OPS[name], dtype):
            op_checks.check_infer(OPS[name], case)


@pytest.mark.parametrize("name", [n for n in NAMES if OPS[n].elementwise])
def test_elementwise_samples_are_varied(name: str) -> None:
    """Property 9: a 0-d, a size-0 and (for two operands) a broadcast sample are among them."""
    op = OPS[name]
    if op.domain is None and any(not op_checks.is_shape(x) for s in op.samples for x in s.inputs):
        pytest.skip("integer or boolean operands")
    shapes = [
        tuple(x if op_checks.is_shape(x) else np.shape(x) for x in s.inputs) for s in op.samples
    ]
    assert any(() in s for s in shapes), f"{name}: no 0-d sample"
    assert any(0 in shape for s in shapes for shape in s), f"{name}: no size-0 sample"
    if len(shapes[0]) == 2:
        assert any(s[0] != s[1] for s in shapes), f"{name}: no broadcast sample"


TWO_OPERANDS = [
    n for n in NAMES if OPS[n].elementwise and OPS[n].differentiable and len(OPS[n].rules) == 2
]


@pytest.mark.parametrize("name", TWO_OPERANDS)
def test_integer_operands_beside_a_differentiated_one(name: str) -> None:
    """Property 9: an integer array as the other operand gives the gradient of a float one."""
    op = OPS[name]
    for position in range(2):
        if op.rules[position] is None:
            continue
        x = np.array([1.5, 2.5, 0.75])
        other = np.array([2, 1, 3])

        def call(x: Any, other: Any, position: int = position) -> Any:
            return op(x, other) if position == 0 else op(other, x)

        try:
            call(x, other.astype(float))
        except TypeError:  # ldexp: its second operand is an integer by nature
            continue
        out, pull = cr.vjp(lambda x: call(x, other), x)  # noqa: B023
        wanted, pull_float = cr.vjp(lambda x: call(x, other.astype(float)), x)  # noqa: B023
        np.testing.assert_array_equal(out, wanted)
        np.testing.assert_array_equal(pull(np.ones(3))[0], pull_float(np.ones(3))[0])


@pytest.mark.parametrize("name", [n for n in NAMES if OPS[n].kinks])
def test_kinks_give_the_declared_partials(name: str) -> None:
    """Property 10."""
    op_checks.check_kinks(OPS[name])


@pytest.mark.parametrize("name", [n for n in NAMES if OPS[n].rejects])
def test_bad_inputs_raise_the_declared_words(name: str) -> None:
    """Property 11: NumPy's class of exception, our words."""
    op = OPS[name]
    for index, (sample, kind, words) in enumerate(op.rejects):
        case = op_checks.make_case(op, sample, index)
        inputs = [
            cr.tensor(x, requires_grad=x.dtype.kind == "f") if isinstance(x, np.ndarray) else x
            for x in case.inputs
        ]
        with pytest.raises(kind, match=words) as caught:
            op(*inputs, **case.params)
        assert isinstance(caught.value, cr.errors.ChainruleError)
        assert "test_ops.py" in str(caught.value), "the message does not name the line"


@pytest.mark.parametrize("name", [n for n in NAMES if OPS[n].refuses])
def test_refuses_gradients_it_cannot_give(name: str) -> None:
    """An input the output depends on, without a derivative: an error, never a silent zero."""
    op = OPS[name]
    refused = 0
    for case in cases(op):
        for position in op.refuses:
            if position >= len(case.inputs):
                continue
            inputs = list(case.inputs)
            inputs[position] = cr.tensor(inputs[position], requires_grad=True)
            with pytest.raises(cr.errors.GradientError, match=f"operand {position + 1}"):
                op(*inputs, **case.params)
            refused += 1
    assert refused


@pytest.mark.parametrize("name", [n for n in NAMES if OPS[n].parts is not None])
def test_opened_gate_equals_the_gate(name: str) -> None:
    """SPEC B2: value and gradient of the parts."""
    for case in cases(OPS[name]):
        op_checks.check_parts(OPS[name], case)


SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, 1e-300, 1e300, 1.0, -1.0, 0.5])


@pytest.mark.parametrize("name", [n for n in NAMES if OPS[n].elementwise])
def test_special_values_are_numpys(name: str) -> None:
    """Property 12: NaN, ±inf, signed zeros, subnormal and huge numbers, in every combination."""
    op = OPS[name]
    function = getattr(np, name, None)
    if not isinstance(function, np.ufunc) or "d" * function.nin not in {
        t.split("->")[0] for t in function.types
    }:
        pytest.skip("not a ufunc of floats")
    grids = np.meshgrid(*[SPECIAL] * function.nin)
    for dtype in (np.float64, np.float32):
        with np.errstate(all="ignore"):
            inputs = [g.astype(dtype) for g in grids]
            expected = function(*inputs)
            out = op(*(cr.tensor(x) for x in inputs))
        op_checks.same(out.numpy(), expected, name)
        same_sign = np.signbit(out.numpy()) == np.signbit(expected) if out.dtype.kind == "f" else 1
        assert np.all(same_sign | np.isnan(expected)), f"{name}: signs of zeros"


NO_SUBGRADIENT = {
    ("power", 1): "x**y in y does not exist for x < 0",
    ("float_power", 1): "the same",
    ("arctan2", 0): "the angle has no limit at the origin",
    ("arctan2", 1): "the same",
    ("remainder", 1): "x mod y jumps in every neighbourhood of y = 0",
    ("fmod", 1): "the same",
}


@pytest.mark.parametrize("name", [n for n in NAMES if OPS[n].elementwise and OPS[n].differentiable])
def test_derivative_is_never_nan_where_the_value_is_finite(name: str) -> None:
    """Property 12: the principle of ops/conventions.py, at 0, -0, ±1, ½ and their pairs."""
    op = OPS[name]
    if any(not op_checks.is_shape(x) for s in op.samples for x in s.inputs):
        pytest.skip("needs integer or boolean operands")
    points = np.array([0.0, -0.0, 1.0, -1.0, 0.5, 2.0])
    inputs = [g.ravel() for g in np.meshgrid(*[points] * len(op.samples[0].inputs))]
    with np.errstate(all="ignore"):
        for position in range(len(inputs)):
            if op.rule(position) is None or (name, position) in NO_SUBGRADIENT:
                continue

            def function(x: Any, position: int = position) -> Any:
                arguments = (*inputs[:position], x, *inputs[position + 1 :])
                return op(*arguments, **op.samples[0].params)

            out, pull = cr.vjp(function, inputs[position])
            (g,) = pull(np.ones_like(out))
            bad = np.isnan(g) & np.isfinite(out)
            at = [tuple(float(x[i]) for x in inputs) for i in np.flatnonzero(bad)]
            assert not at, f"{name}: the derivative in input {position} is NaN at {at}"
