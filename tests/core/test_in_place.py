"""Writing in place: values as NumPy's, gradients as differences of the same NumPy code.

Each program is plain NumPy that writes to arrays, through views and aliases. It is run on arrays
(which is the specification), on tensors, and differentiated by differences of the array runs: an
independent reference for value and gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, DtypeError, GradientError

PROGRAMS: dict[str, Callable[[Any], Any]] = {}


def program(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    PROGRAMS[function.__name__] = function
    return function


@program
def alias_then_add(x: Any) -> Any:
    a = x * 1.0
    b = a
    b += 1.0
    return np.sum(a * b * x)


@program
def every_operator(x: Any) -> Any:
    a = x * 2.0
    a += x
    a -= 0.5 * x
    a *= x
    a /= 3.0 + x * x
    a **= 2
    a %= 0.7
    return np.sum(a * x)


@program
def argument_itself(x: Any) -> Any:
    y = x
    y += 1.0
    y[0] *= 3.0
    return np.sum(x * y)


@program
def slice_times_two(x: Any) -> Any:
    a = x * x
    a[1:] *= 2.0
    return np.sum(a * x)


@program
def overwritten_element_has_no_gradient(x: Any) -> Any:
    a = x * x
    a[0, 1] = 5.0
    a[1, 2] = x[0, 0] * 7.0
    return np.sum(a * a)


@program
def row_from_other_row(x: Any) -> Any:
    a = x * 1.0
    a[0] = a[1] * a[2]
    a[1] = a[0] + a[1]
    return np.sum(a * x)


@program
def view_reaches_base(x: Any) -> Any:
    a = x * 1.0
    v = a[1]
    v *= x[0]
    return np.sum(a * a)


@program
def base_reaches_view(x: Any) -> Any:
    a = x * 1.0
    v = a[:, 1]
    a *= x
    return np.sum(v * v * v)


@program
def view_of_view(x: Any) -> Any:
    a = x * 1.0
    v = a[1:]
    w = v[:, ::2]
    w += x[0, 0]
    return np.sum(a * v[0, 0]) + np.sum(w * v[1, 1])


@program
def sibling_views(x: Any) -> Any:
    a = x * 1.0
    v, w = a[0:2], a[1:3]
    v *= 2.0
    w += x[0]
    v -= w
    return np.sum(v * w) + np.sum(a * x)


@program
def transpose_is_a_view(x: Any) -> Any:
    a = x * 1.0
    t = a.T
    t[0] = t[1] * 2.0
    t *= 1.5
    return np.sum(a * x)


@program
def reshape_is_a_view(x: Any) -> Any:
    a = x * 1.0
    r = a.reshape(-1)
    r[3:7] *= x[0, 0]
    return np.sum(a**3)


@program
def reshape_of_a_transpose_is_a_copy(x: Any) -> Any:
    a = x * 1.0
    r = a.T.reshape(-1)
    r *= 3.0
    return np.sum(a * a) + np.sum(r)


@program
def ravel_of_contiguous_is_a_view(x: Any) -> Any:
    a = x * 1.0
    a.ravel()[2] = 4.0
    return np.sum(a * x)


@program
def swapaxes_and_squeeze(x: Any) -> Any:
    a = x.reshape(1, *x.shape) * 1.0
    b = a.squeeze(0).swapaxes(0, 1)
    b[1] *= x[:, 0]
    return np.sum(a * a)


@program
def element_of_a_vector_is_a_scalar(x: Any) -> Any:
    v = x[0] * 1.0
    total = v[0]
    for i in range(1, 3):
        total += v[i]
    return total * v[0] + total


@program
def zero_dimensional_view(x: Any) -> Any:
    a = x * 1.0
    z = a[0, 1, ...]
    z += x[1, 1]
    return np.sum(a * a)


@program
def sum_is_a_scalar(x: Any) -> Any:
    s = x.sum()
    t = s
    s += x[0, 0]
    s *= 2.0
    return s * t


@program
def fancy_index_is_a_copy(x: Any) -> Any:
    a = x * 1.0
    c = a[[0, 2]]
    c *= 5.0
    return np.sum(a * a) + np.sum(c)


@program
def mask_is_a_copy_but_writes_through(x: Any) -> Any:
    a = x * 1.0
    mask = np.array([[True, False, True], [False, True, False], [True, True, False]])
    c = a[mask]
    c += 1.0
    a[mask] *= 2.0
    a[~mask] = 0.5
    return np.sum(a * x) + np.sum(c * c)


@program
def repeated_index_the_last_write_counts(x: Any) -> Any:
    a = x * 1.0
    a[[0, 1, 0]] = x * x
    return np.sum(a * x)


@program
def repeated_index_with_plus_equals_adds_once(x: Any) -> Any:
    a = x[0] * 1.0
    a[[0, 0, 2]] += x[1]
    return np.sum(a * a)


@program
def negative_steps_and_none(x: Any) -> Any:
    a = x * 1.0
    a[::-1, None, 1:] += x[:, None, :2]
    return np.sum(a**2)


@program
def broadcast_into_a_slice(x: Any) -> Any:
    a = x * 1.0
    a[:2] = x[2]
    a[2, :] += x[0, 0]
    return np.sum(a * a * a)


@program
def write_to_itself(x: Any) -> Any:
    a = x * 1.0
    a[1:] = a[:-1]
    a[:, 0] = a[:, 1] * a[:, 2]
    return np.sum(a * x)


@program
def value_read_before_the_write(x: Any) -> Any:
    a = x * 1.0
    square = a * a
    a *= 0.0
    return np.sum(square) + np.sum(a)


@program
def loop_carried(x: Any) -> Any:
    state = np.zeros_like(x[0]) + 0.0 * x[0]
    for row in x:
        state *= 0.5
        state += np.sin(row) * row
    return np.sum(state * state)


@program
def rows_by_iteration_are_views(x: Any) -> Any:
    a = x * 1.0
    for row in a:
        row *= row[0]
    return np.sum(a)


@program
def unpacked_rows_are_views(x: Any) -> Any:
    a = x * 1.0
    p, q, r = a
    q += p
    r -= q
    return np.sum(a * x)


@program
def swap_by_copies(x: Any) -> Any:
    a = x * 1.0
    a[0], a[1] = a[1].copy(), a[0].copy()
    return np.sum(a * x * x)


@program
def out_argument(x: Any) -> Any:
    a = x * 1.0
    np.multiply(a, x, out=a)
    np.add(a[0], x[1], out=a[0])
    return np.sum(a * a)


@program
def copy_does_not_follow(x: Any) -> Any:
    a = x * 1.0
    c = a.copy()
    a += 1.0
    c *= 2.0
    return np.sum(a * c)


@program
def matmul_in_place(x: Any) -> Any:
    a = x * 1.0
    a @= x
    return np.sum(a * a)


@program
def view_kept_over_a_rebinding(x: Any) -> Any:
    a = x * 1.0
    v = a[0]
    a = a * 2.0
    v += 1.0
    return np.sum(a * a) + np.sum(v * x[1])


@program
def three_levels_and_two_writers(x: Any) -> Any:
    a = x * 1.0
    r = a.reshape(9)
    m = r.reshape(3, 3).T
    r[0] += x[2, 2]
    m[0, 1:] *= 2.0
    a[2] = m[1]
    return np.sum(r * r) + np.sum(m[2] * x[0])


def difference(f: Callable[[Any], Any], x: np.ndarray) -> np.ndarray:
    """Central differences, on copies: the programs write to their argument."""
    h = 1e-6
    slope = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[index] += h
        behind[index] -= h
        slope[index] = (float(f(ahead)) - float(f(behind))) / (2 * h)
    return slope


X = np.array([[0.3, -1.1, 0.7], [1.3, 0.4, -0.6], [-0.9, 0.8, 1.2]])


@pytest.mark.parametrize("name", PROGRAMS)
def test_value_and_gradient_of_code_that_writes(name: str) -> None:
    """Issue: in-place operators and item assignment, never a silently wrong gradient."""
    f = PROGRAMS[name]
    value, gradient = cr.value_and_grad(f)(X.copy())
    assert value == pytest.approx(float(f(X.copy())), rel=1e-14)
    np.testing.assert_allclose(gradient, difference(f, X), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("name", PROGRAMS)
def test_second_derivative_of_code_that_writes(name: str) -> None:
    """SPEC B7: the gradient of a program that writes is differentiable."""
    f = PROGRAMS[name]
    v = np.linspace(0.5, 1.5, 9).reshape(3, 3)
    found = cr.grad(lambda x: np.sum(cr.grad(f)(x) * v))(X.copy())
    h = 1e-6
    expected = (cr.grad(f)(X + h * v) - cr.grad(f)(X - h * v)) / (2 * h)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(
        cr.jvp(cr.grad(f), (X.copy(),), (v,))[1], expected, rtol=1e-6, atol=1e-7
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_define_by_run_gradient_of_code_that_writes(name: str) -> None:
    """The same through ``backward``; where the program writes to its argument, a leaf refuses."""
    f = PROGRAMS[name]
    x = cr.tensor(X, requires_grad=True)
    if name == "argument_itself":
        with pytest.raises(GradientError, match="lose its identity"):
            f(x)
        return
    f(x).backward()
    np.testing.assert_allclose(x.grad.numpy(), difference(f, X), rtol=1e-7, atol=1e-8)
    np.testing.assert_array_equal(x.detach().numpy(), X)


@pytest.mark.parametrize("name", PROGRAMS)
def test_untracked_tensors_write_as_arrays_do(name: str) -> None:
    """Without gradients the same program gives the same value."""
    f = PROGRAMS[name]
    assert float(f(cr.tensor(X))) == pytest.approx(float(f(X.copy())), rel=1e-14)


# ---- 0-d arrays and Python floats


def test_a_float_argument_is_not_changed_through_an_alias() -> None:
    """``y = x; y += 1`` leaves a Python float as it was: d/dx x (x + 1) = 2x + 1."""

    def f(x: Any) -> Any:
        y = x
        y += 1.0
        return x * y

    assert f(3.0) == 12.0
    assert cr.value_and_grad(f)(3.0) == (12.0, 7.0)


def test_a_0d_array_argument_is_changed_through_an_alias() -> None:
    """An array of no axes is written in place, as by NumPy: d/dx (x + 1)² = 2 (x + 1)."""

    def f(x: Any) -> Any:
        y = x
        y += 1.0
        return x * y

    assert f(np.array(3.0)) == 16.0
    assert cr.value_and_grad(f)(np.array(3.0)) == (16.0, 8.0)


# ---- leaves, no_grad, data


def test_writing_to_a_leaf_is_an_error_that_says_what_to_do() -> None:
    w = cr.tensor([1.0, 2.0], requires_grad=True)
    for write in (
        lambda: w.__iadd__(1.0),
        lambda: w.__setitem__(0, 3.0),
        lambda: w[0:1].__imul__(2.0),
        lambda: w.T.__isub__(2.0),
        lambda: np.add(w, 1.0, out=w),
    ):
        with pytest.raises(GradientError, match=r"cr\.no_grad\(\)"):
            write()
    np.testing.assert_array_equal(w.detach().numpy(), [1.0, 2.0])


def test_updates_of_a_leaf_under_no_grad() -> None:
    """Whole, by element, through a slice, a view made before, and 0-d: it stays a leaf."""
    w = cr.tensor([1.0, 2.0, 3.0], requires_grad=True)
    view = w[1:]
    with cr.no_grad():
        w -= 0.5
        w[0] = 9.0
        w[1:] *= 2.0
        view += 1.0
    np.testing.assert_array_equal(w.detach().numpy(), [9.0, 4.0, 6.0])
    np.testing.assert_array_equal(view.detach().numpy(), [4.0, 6.0])
    assert w.requires_grad
    assert w.is_leaf
    (w * w).sum().backward()
    np.testing.assert_array_equal(w.grad.numpy(), [18.0, 8.0, 12.0])
    s = cr.tensor(2.0, requires_grad=True)
    same = s
    with cr.no_grad():
        s -= 0.5
    assert same is s
    assert s.item() == 1.5
    assert s.requires_grad


def test_a_view_of_an_updated_leaf_still_carries_gradients() -> None:
    w = cr.tensor([1.0, 2.0, 3.0], requires_grad=True)
    view = w[1:]
    with cr.no_grad():
        w *= 10.0
    (view * view).sum().backward()
    np.testing.assert_array_equal(w.grad.numpy(), [0.0, 40.0, 60.0])


def test_a_graph_made_before_an_update_keeps_the_values_it_saw() -> None:
    """An in-place update between forward and backward changes nothing in the recorded graph."""
    w = cr.tensor([1.0, 2.0], requires_grad=True)
    cost = (w**3).sum()
    with cr.no_grad():
        w += 100.0
    cost.backward()
    np.testing.assert_array_equal(w.grad.numpy(), [3.0, 12.0])


def test_data_writes_reach_the_tensor() -> None:
    """``t.data`` replaces values: whole, by element, through slices and operators."""
    w = cr.tensor([1.0, 2.0, 3.0], requires_grad=True)
    w.data = np.array([4.0, 5.0, 6.0])
    w.data[0] = 0.0
    w.data[1:] *= 2.0
    w.data -= 1.0
    np.testing.assert_array_equal(w.detach().numpy(), [-1.0, 9.0, 11.0])
    assert w.requires_grad
    assert not w.data.requires_grad
    s = cr.tensor(2.0, requires_grad=True)
    s.data *= 3.0
    assert s.item() == 6.0


def test_new_values_for_a_computed_tensor_are_refused() -> None:
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2.0
    with pytest.raises(GradientError, match="only a leaf"):
        y.data = np.zeros(2)
    with pytest.raises(GradientError, match="only a leaf"):
        y.data[0] = 1.0
    with pytest.raises(GradientError, match="cut it off"), cr.no_grad():
        y[0] = 1.0
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [2.0, 2.0])


def test_detached_tensors_are_tensors_of_their_own() -> None:
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1.0
    d = y.detach()
    d[0] = 7.0
    y *= 2.0
    np.testing.assert_array_equal(d.numpy(), [7.0, 2.0])
    np.testing.assert_array_equal(y.detach().numpy(), [2.0, 4.0])


def test_requires_grad_on_a_view_makes_it_independent() -> None:
    """A leaf whose gradient is wanted is not turned into another node by a write to its base."""
    base = cr.tensor([1.0, 2.0, 3.0])
    leaf = base[:2].requires_grad_()
    base[0] = 100.0
    (leaf * leaf).sum().backward()
    assert leaf.is_leaf
    np.testing.assert_array_equal(leaf.grad.numpy(), 2 * leaf.detach().numpy())


def test_an_untracked_buffer_collects_tracked_values() -> None:
    """``out = zeros; out[i] = f(x)``, the NumPy way of building an array."""
    x = cr.tensor([1.0, 2.0, 3.0], requires_grad=True)
    out = cr.tensor(np.zeros(3))
    view = out[1:]
    for i in range(3):
        out[i] = x[i] ** (i + 1)
    assert out.requires_grad
    view.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0.0, 4.0, 27.0])


def test_writing_a_tracked_tensor_into_an_array_is_an_error() -> None:
    """NumPy would convert the tensor to a number and lose its gradient."""
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    array = np.zeros(2)
    with pytest.raises((GradientError, ValueError)):
        array[0] = x[0]
    with pytest.raises(GradientError):
        array[:] = x
    with pytest.raises(TypeError):
        array += x
    with pytest.raises(TypeError):
        np.multiply(x, 2.0, out=array)
    np.testing.assert_array_equal(array, [0.0, 0.0])


def test_shapes_and_dtypes_that_do_not_fit_in_place() -> None:
    a = cr.tensor([1.0, 2.0]) * 1.0
    with pytest.raises(ArgumentError, match=r"shape \(3, 2\)"):
        a += np.ones((3, 2))
    counts = cr.tensor([1, 2])
    with pytest.raises(DtypeError, match="int64"):
        counts += 0.5
    with pytest.raises(DtypeError, match="lose them"):
        counts[0] = cr.tensor(1.0, requires_grad=True)
    single = cr.tensor([1.0, 2.0], dtype=np.float32)
    single += np.ones(2)
    assert single.dtype == np.float32
    with pytest.raises(IndexError):
        a[5] = 1.0
    with pytest.raises(ValueError, match="broadcast"):
        a[:] = np.ones(3)


def test_integer_buffers_truncate_as_numpys_do() -> None:
    counts = cr.tensor([1, 2, 3])
    counts[0] = 7.9
    counts[1:] += 1
    np.testing.assert_array_equal(counts.numpy(), [7, 3, 4])


def test_retained_gradient_is_that_of_the_present_value() -> None:
    """After ``y *= 3`` the gradient under ``y`` is ∂/∂y of what y is now."""
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2.0
    y.retain_grad()
    y *= 3.0
    (y * y).sum().backward()
    np.testing.assert_array_equal(y.grad.numpy(), 2 * y.detach().numpy())
    np.testing.assert_array_equal(x.grad.numpy(), 2 * y.detach().numpy() * 6.0)


def test_mutating_the_arguments_of_a_transform_leaves_the_callers_arrays() -> None:
    def f(x: Any) -> Any:
        x *= 2.0
        x[0] = 1.0
        return np.sum(x * x)

    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(cr.grad(f)(x), [0.0, 16.0])
    cr.jvp(f, (x,), (np.ones(2),))
    cr.hessian(f)(x)
    np.testing.assert_array_equal(x, [1.0, 2.0])
