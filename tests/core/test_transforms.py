"""grad, value_and_grad, vjp, jvp, jacobian, hessian, hvp, elementwise_grad: forms and refusals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, DtypeError, GradientError, ShapeError


class Layer(NamedTuple):
    w: Any
    b: Any


@dataclass
class Params:
    layers: list[Any]
    scale: Any


X = np.array([0.5, -1.0, 2.0])
V = np.array([1.0, 0.5, -2.0])


# ---- what comes back


def test_floats_give_floats_arrays_arrays_tensors_tensors() -> None:
    assert isinstance(cr.grad(lambda x: x**2)(3.0), float)
    assert isinstance(cr.grad(lambda x: (x**2).sum())(X), np.ndarray)
    assert isinstance(cr.grad(lambda x: (x**2).sum())(cr.tensor(X)), cr.Tensor)
    value, gradient = cr.value_and_grad(lambda x: x**2)(3.0)
    assert (value, gradient) == (9.0, 6.0)
    assert isinstance(value, float)
    out, moved = cr.jvp(np.sin, (X,), (V,))
    assert isinstance(out, np.ndarray)
    assert isinstance(moved, np.ndarray)
    out, moved = cr.jvp(np.sin, (cr.tensor(X),), (V,))
    assert isinstance(out, cr.Tensor)
    assert isinstance(moved, cr.Tensor)


def test_0d_arrays_are_legal_leaves() -> None:
    x = np.array(2.0)
    g = cr.grad(lambda x: x * x)(x)
    assert isinstance(g, np.ndarray)
    assert g.shape == ()
    assert g == 4.0
    out, pull = cr.vjp(lambda x: x * x, x)
    assert np.shape(out) == ()
    assert pull(np.array(1.0))[0] == 4.0
    assert cr.jacobian(lambda x: x * x)(x).shape == ()
    assert cr.hessian(lambda x: x * x * x)(x) == 12.0


def test_a_scalar_result_of_shape_one_is_accepted() -> None:
    np.testing.assert_array_equal(cr.grad(lambda x: (x**2).reshape(1))(np.array([3.0])), [6.0])


def test_empty_arguments_have_empty_gradients() -> None:
    g = cr.grad(lambda x: np.sum(x * x))(np.zeros((0, 3)))
    assert g.shape == (0, 3)
    assert cr.jacobian(lambda x: x * 2.0)(np.zeros(0)).shape == (0, 0)
    assert cr.hessian(lambda x: np.sum(x**3))(np.zeros(0)).shape == (0, 0)


# ---- argnums


def test_argnums() -> None:
    def f(x: Any, y: Any, z: Any) -> Any:
        return x * y**2 * z**3

    assert cr.grad(f)(2.0, 3.0, 1.0) == 9.0
    assert cr.grad(f, 1)(2.0, 3.0, 1.0) == 12.0
    assert cr.grad(f, -1)(2.0, 3.0, 1.0) == 54.0
    assert cr.grad(f, (0, 2))(2.0, 3.0, 1.0) == (9.0, 54.0)
    assert cr.grad(f, (2, 0))(2.0, 3.0, 1.0) == (54.0, 9.0)
    assert cr.grad(f, [1])(2.0, 3.0, 1.0) == (12.0,)
    with pytest.raises(ArgumentError, match=r"argnums=3.* 3 positional"):
        cr.grad(f, 3)(2.0, 3.0, 1.0)
    with pytest.raises(ArgumentError, match="0 positional arguments"):
        cr.grad(f)(x=2.0, y=3.0, z=1.0)


def test_other_arguments_may_be_anything() -> None:
    """Only the chosen arguments must be floating: strings, ints, None, callables pass through."""

    def f(x: Any, mode: str, n: int, extra: Any = None, *, scale: float = 1.0) -> Any:
        assert extra is None
        return scale * (x**n if mode == "power" else x)

    assert cr.grad(f)(2.0, "power", 3) == 12.0
    assert cr.grad(f)(2.0, "power", 3, scale=2.0) == 24.0
    assert cr.value_and_grad(f)(2.0, "same", 3, None, scale=5.0) == (10.0, 5.0)


def test_hessian_and_jacobian_with_several_argnums() -> None:
    def f(x: Any, y: Any) -> Any:
        return (x**2).sum() * y

    (hxx, hxy), (hyx, hyy) = cr.hessian(f, (0, 1))(X, 3.0)
    np.testing.assert_allclose(hxx, 6.0 * np.eye(3))
    np.testing.assert_allclose(hxy, 2 * X)
    np.testing.assert_allclose(hyx, 2 * X)
    assert hyy == 0.0
    jx, jy = cr.jacobian(lambda x, y: x * y, (0, 1))(X, 3.0)
    np.testing.assert_allclose(jx, 3.0 * np.eye(3))
    np.testing.assert_allclose(jy, X)


# ---- has_aux


def test_has_aux() -> None:
    def f(x: Any) -> Any:
        y = np.sin(x)
        return (y * y).sum(), {"y": y, "note": "kept", "n": 3}

    gradient, aux = cr.grad(f, has_aux=True)(X)
    np.testing.assert_allclose(gradient, np.sin(2 * X))
    assert aux["note"] == "kept"
    assert aux["n"] == 3
    np.testing.assert_array_equal(aux["y"], np.sin(X))
    assert not aux["y"].requires_grad
    (value, aux), gradient = cr.value_and_grad(f, has_aux=True)(X)
    assert value == pytest.approx(float(np.sum(np.sin(X) ** 2)))
    _out, pull, aux = cr.vjp(f, X, has_aux=True)
    np.testing.assert_allclose(pull(1.0)[0], np.sin(2 * X))
    _out, moved, aux = cr.jvp(f, (X,), (V,), has_aux=True)
    assert moved == pytest.approx(float(np.sin(2 * X) @ V))
    jac, aux = cr.jacobian(lambda x: (x * x, "aux"), has_aux=True)(X)
    np.testing.assert_allclose(jac, np.diag(2 * X))
    assert aux == "aux"
    hess, aux = cr.hessian(lambda x: ((x**3).sum(), "aux"), has_aux=True)(X)
    np.testing.assert_allclose(hess, np.diag(6 * X))
    with pytest.raises(ArgumentError, match="pair"):
        cr.grad(lambda x: x * x, has_aux=True)(1.0)


def test_a_pair_without_has_aux_is_explained() -> None:
    with pytest.raises(GradientError, match="has_aux=True"):
        cr.grad(lambda x: (x * x, 1.0))(1.0)


# ---- trees


def test_gradients_have_the_structure_of_the_argument() -> None:
    def f(p: Any) -> Any:
        first, second = p.layers
        return (first["w"] * p.scale).sum() + second.w * second.b + first["deep"][0][1] ** 2

    params = Params(
        layers=[{"w": X, "deep": [(1.0, 3.0)], "none": None}, Layer(2.0, 5.0)], scale=2.0
    )
    g = cr.grad(f)(params)
    assert type(g) is Params
    np.testing.assert_array_equal(g.layers[0]["w"], [2.0, 2.0, 2.0])
    assert g.layers[0]["deep"] == [(0.0, 6.0)]
    assert g.layers[0]["none"] is None
    assert g.layers[1] == Layer(5.0, 2.0)
    assert g.scale == 1.5


def test_jacobian_of_trees() -> None:
    def f(p: Any) -> Any:
        return {"sum": p["a"] + p["b"], "pair": (p["a"] * p["b"], p["a"] ** 2)}

    j = cr.jacobian(f)({"a": X, "b": V})
    np.testing.assert_allclose(j["sum"]["a"], np.eye(3))
    np.testing.assert_allclose(j["pair"][0]["b"], np.diag(X))
    np.testing.assert_allclose(j["pair"][1]["a"], np.diag(2 * X))
    np.testing.assert_allclose(j["pair"][1]["b"], np.zeros((3, 3)))


def test_vjp_and_jvp_of_trees_are_transposes() -> None:
    def f(p: Any, q: Any) -> Any:
        return [np.sin(p["a"]) * q, (p["b"] * q[0],)]

    primals = ({"a": X, "b": 2.0}, V)
    tangents = ({"a": V, "b": -1.0}, X)
    outs, pull = cr.vjp(f, *primals)
    outs2, moved = cr.jvp(f, primals, tangents)
    cotangent = [np.array([1.0, -2.0, 0.5]), (3.0,)]
    gp, gq = pull(cotangent)
    forward = np.sum(cotangent[0] * moved[0]) + cotangent[1][0] * moved[1][0]
    backward = np.sum(gp["a"] * V) - gp["b"] + np.sum(gq * X)
    assert forward == pytest.approx(backward, rel=1e-14)
    np.testing.assert_array_equal(outs[0], outs2[0])


def test_dictionaries_match_by_key_not_by_order() -> None:
    _out, pull = cr.vjp(lambda p: {"u": p["a"], "v": 2.0 * p["b"]}, {"a": 1.0, "b": 1.0})
    (g,) = pull({"v": 5.0, "u": 7.0})
    assert g == {"a": 7.0, "b": 10.0}


def test_a_cotangent_of_another_structure_or_shape_is_refused() -> None:
    _out, pull = cr.vjp(lambda x: (x, x * 2.0), X)
    with pytest.raises(ArgumentError, match=r"structure \(\*, \*\), but it has \*"):
        pull(X)
    with pytest.raises(ShapeError, match=r"\(2,\).*\(3,\)"):
        pull((X, np.zeros(2)))
    with pytest.raises(ShapeError):
        pull((X, 1.0))
    with pytest.raises(DtypeError, match="real"):
        pull((X, X * 1j))
    with pytest.raises(DtypeError, match="real"):
        pull((X, np.array(["a", "b", "c"])))
    with pytest.raises(ArgumentError, match="tangents"):
        cr.jvp(np.sin, (X,), (V, V))
    with pytest.raises(ShapeError):
        cr.jvp(np.sin, (X,), (V[:2],))
    with pytest.raises(DtypeError, match="tuples or lists"):
        cr.jvp(np.sin, X, V)


def test_cotangents_may_be_lists_integers_and_tensors() -> None:
    _out, pull = cr.vjp(np.square, X)
    for cotangent in ([1, 2, 3], np.array([1, 2, 3]), cr.tensor([1.0, 2.0, 3.0])):
        g = pull(cotangent)[0]
        np.testing.assert_array_equal(g, 2 * X * [1, 2, 3])


# ---- outputs


def test_outputs_that_do_not_depend_on_the_argument() -> None:
    assert cr.grad(lambda x: 3.0)(1.0) == 0.0
    assert cr.grad(lambda x: cr.tensor(3.0))(1.0) == 0.0
    np.testing.assert_array_equal(cr.jacobian(lambda x: np.ones(2))(X), np.zeros((2, 3)))
    _out, pull = cr.vjp(lambda x: {"a": x, "b": np.arange(3)}, X)
    np.testing.assert_array_equal(pull({"a": V, "b": np.zeros(3)})[0], V)
    assert cr.jvp(lambda x: (x, 1), (2.0,), (5.0,))[1] == (5.0, 0.0)


def test_the_argument_itself_as_output() -> None:
    x = X.copy()
    out, pull = cr.vjp(lambda x: x, x)
    u = V.copy()
    (g,) = pull(u)
    np.testing.assert_array_equal(g, V)
    for result in (out, g):
        assert not np.shares_memory(result, x)
        assert not np.shares_memory(result, u)
    out, moved = cr.jvp(lambda x: x, (x,), (u,))
    assert not np.shares_memory(out, x)
    assert not np.shares_memory(moved, u)


def test_an_output_used_twice_in_the_result_adds_up() -> None:
    _out, pull = cr.vjp(lambda x: (lambda y: [y, y, x])(x * 2.0), 3.0)
    assert pull([1.0, 10.0, 100.0]) == (122.0,)


def test_bad_outputs_are_named() -> None:
    with pytest.raises(GradientError, match=r"shape \(3,\).*cr\.jacobian"):
        cr.grad(lambda x: x * 2.0)(X)
    with pytest.raises(GradientError, match="None"):
        cr.grad(lambda x: None)(X)
    with pytest.raises(DtypeError, match="str"):
        cr.grad(lambda x: "text")(X)
    with pytest.raises(DtypeError, match="complex"):
        cr.grad(lambda x: np.array(1j))(X)
    with pytest.raises(DtypeError, match="object"):
        cr.vjp(lambda x: np.array([None]), X)


# ---- refusals


@pytest.mark.parametrize(
    "value", [3, np.int32(3), np.arange(3), True, np.array([True]), cr.tensor([1, 2])]
)
def test_integers_and_booleans_are_refused(value: Any) -> None:
    """FIELD: integer input to a differentiable op is an error, not a silent cast."""
    for transform in (cr.grad, cr.jacobian, cr.hessian, cr.elementwise_grad):
        with pytest.raises(DtypeError):
            transform(lambda x: x * 1.0)(value)
    with pytest.raises(DtypeError):
        cr.vjp(lambda x: x, value)
    with pytest.raises(DtypeError):
        cr.jvp(lambda x: x, (value,), (value,))


@pytest.mark.parametrize("value", ["3", 1j, np.array([1j]), object(), np.array([None]), [1.0, "a"]])
def test_what_cannot_be_differentiated_is_refused(value: Any) -> None:
    with pytest.raises(DtypeError):
        cr.grad(lambda x: 1.0)(value)


def test_converting_inside_a_transform_is_refused() -> None:
    """The gradient would be silently zero."""
    with pytest.raises(GradientError, match="NumPy's functions instead of math's"):
        cr.grad(lambda x: math.sin(x))(1.0)
    with pytest.raises(GradientError, match="cut the graph"):
        cr.grad(lambda x: np.asarray(x).sum())(X)
    with pytest.raises(GradientError):
        cr.grad(lambda x: np.array([x, x]).sum())(1.0)
    with pytest.raises(GradientError):
        cr.grad(lambda x: np.float64(x) * x)(1.0)


def test_reading_a_value_on_purpose_is_allowed() -> None:
    """``float(t)``, ``int(t)``, ``t.item()``, comparisons and formats are explicit."""

    def f(x: Any) -> Any:
        assert float(x) == 2.0
        assert int(x) == 2
        assert x.item() == 2.0
        assert f"{x:.1f}" == "2.0"
        return x * x if x > 1.0 else x

    assert cr.grad(f)(2.0) == 4.0


# ---- further members


def test_hvp_equals_the_hessian_times_the_vector() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.sin(x) * x[::-1] ** 2)

    expected = cr.hessian(f)(X) @ V
    np.testing.assert_allclose(cr.hvp(f)(X, V), expected, rtol=1e-12)
    g = cr.hvp(lambda s, x: s * f(x), argnums=1)(2.0, X, V)
    np.testing.assert_allclose(g, 2 * expected, rtol=1e-12)
    with pytest.raises(ArgumentError, match="last argument"):
        cr.hvp(f)(X)


def test_hvp_on_trees() -> None:
    h = cr.hvp(lambda p: p["a"] ** 3 * p["b"])({"a": 2.0, "b": 5.0}, {"a": 1.0, "b": 10.0})
    assert h == {"a": 6 * 2 * 5 + 3 * 4 * 10, "b": 12.0}


def test_elementwise_grad() -> None:
    np.testing.assert_allclose(cr.elementwise_grad(np.tanh)(X), 1 - np.tanh(X) ** 2)
    second = cr.elementwise_grad(cr.elementwise_grad(np.tanh))(X)
    np.testing.assert_allclose(second, -2 * np.tanh(X) * (1 - np.tanh(X) ** 2))
    third = cr.elementwise_grad(lambda s, x: s * x**3, 1)(2.0, X)
    np.testing.assert_allclose(third, 6 * X**2)


def test_a_pullback_can_be_called_again_and_again() -> None:
    _out, pull = cr.vjp(lambda x: np.exp(x) * x, X)
    first = pull(V)[0].copy()
    for _ in range(3):
        g = pull(V)[0]
        np.testing.assert_array_equal(g, first)
        g[:] = 0.0
    jac = np.stack([pull(row)[0] for row in np.eye(3)])
    np.testing.assert_allclose(jac, np.diag(np.exp(X) * (1 + X)))


def test_wrapped_functions_keep_their_name_and_words() -> None:
    def energy(x: Any) -> Any:
        """Half the square."""
        return 0.5 * x * x

    for transform in (cr.grad, cr.value_and_grad, cr.jacobian, cr.hvp, cr.elementwise_grad):
        assert transform(energy).__name__ == "energy"
        assert transform(energy).__doc__ == "Half the square."
    assert cr.grad(np.sin)(0.0) == 1.0


def test_closures_over_leaves() -> None:
    """A transform of a function that uses a leaf from outside stays differentiable in the leaf."""
    w = cr.tensor(3.0, requires_grad=True)
    slope = cr.grad(lambda x: w * x**2)(2.0)
    assert isinstance(slope, cr.Tensor)
    slope.backward()
    assert w.grad.item() == 4.0
    with cr.no_grad():
        assert cr.grad(lambda x: w * x**2)(2.0) == 12.0
    _out, moved = cr.jvp(lambda x: w * x**2, (2.0,), (1.0,))
    assert moved.item() == 12.0
    assert moved.requires_grad


def test_no_grad_inside_stops_and_enable_grad_resumes() -> None:
    def f(x: Any) -> Any:
        with cr.no_grad():
            frozen = x * x
            with cr.enable_grad():
                free = x * x
        return frozen * x + free

    assert cr.grad(f)(3.0) == 9.0 + 6.0
    assert cr.jvp(f, (3.0,), (1.0,))[1] == 15.0


def test_transforms_work_under_no_grad() -> None:
    with cr.no_grad():
        assert cr.grad(lambda x: x**3)(2.0) == 12.0
        assert cr.grad(cr.grad(lambda x: x**3))(2.0) == 12.0
        assert cr.jvp(cr.grad(lambda x: x**3), (2.0,), (1.0,)) == (12.0, 12.0)
        np.testing.assert_allclose(cr.hessian(lambda x: np.sum(x**3))(X), np.diag(6 * X))


def test_grad_mode_is_restored_after_an_error() -> None:
    def fails(x: Any) -> Any:
        raise KeyError("inside")

    for attempt in (lambda: cr.grad(fails)(1.0), lambda: cr.jvp(fails, (1.0,), (1.0,))):
        with cr.no_grad():
            with pytest.raises(KeyError):
                attempt()
            assert not (cr.tensor(1.0, requires_grad=True) * 2).requires_grad
        assert (cr.tensor(1.0, requires_grad=True) * 2).requires_grad


def test_stop_gradient_on_trees() -> None:
    f = lambda x: x * cr.stop_gradient({"a": x * x})["a"]  # noqa: E731
    assert cr.grad(f)(3.0) == 9.0
    assert cr.jvp(f, (3.0,), (1.0,))[1] == 9.0
    assert cr.stop_gradient(2.0) == 2.0


def test_single_precision_stays() -> None:
    x = X.astype(np.float32)
    assert cr.grad(lambda x: np.sum(x * 2.0))(x).dtype == np.float32
    assert cr.jacobian(lambda x: x * x)(x).dtype == np.float32
    assert cr.hessian(lambda x: np.sum(x**3))(x).dtype == np.float32
    assert cr.jvp(np.sin, (x,), (V,))[1].dtype == np.float32
    assert cr.vjp(np.sin, x)[1](V)[0].dtype == np.float32
    g = cr.grad(lambda x, y: np.sum(x * y), (0, 1))(x, V)
    assert (g[0].dtype, g[1].dtype) == (np.float32, np.float64)
    assert isinstance(cr.grad(lambda x: x * x)(np.float32(2.0)), np.float32)


def test_threads_do_not_share_grad_mode() -> None:
    import threading

    seen = []
    with cr.no_grad():
        thread = threading.Thread(target=lambda: seen.append(cr.grad(lambda x: x * x)(3.0)))
        thread.start()
        thread.join()
        probe = threading.Thread(
            target=lambda: seen.append((cr.tensor(1.0, requires_grad=True) * 2).requires_grad)
        )
        probe.start()
        probe.join()
    assert seen == [6.0, True]
