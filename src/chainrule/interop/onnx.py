"""Export of networks to ONNX (extra ``onnx``), layer by layer.

Each layer becomes the ONNX operators that compute the same in evaluation mode; the batch axis stays
free. Written for opset 17 and checked by ``onnx.checker``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import nn
from chainrule.errors import MissingExtraError, UnsupportedError
from chainrule.nn.module import Module
from chainrule.train.files import write_bytes

__all__ = ["export_onnx"]

OPSET = 17


class Writer:
    """Collects nodes and constants; every result gets a name of its own."""

    def __init__(self, helper: Any, numpy_helper: Any) -> None:
        self.helper, self.numpy_helper = helper, numpy_helper
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Any, name: str) -> str:
        """A stored tensor."""
        unique = f"{name}_{len(self.constants)}"
        self.constants.append(self.numpy_helper.from_array(np.asarray(value, order="C"), unique))
        return unique

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """An operator; the name of its first result."""
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(self.helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    def scalar(self, value: float, like: Any) -> str:
        """A number in the dtype of a parameter or of the input."""
        return self.constant(np.asarray(value, like), "scalar")


Rule = Callable[[Writer, Any, str, Any], str]
RULES: dict[type[Module], Rule] = {}


def _rule(*kinds: type[Module]) -> Callable[[Rule], Rule]:
    def enter(rule: Rule) -> Rule:
        for kind in kinds:
            RULES[kind] = rule
        return rule

    return enter


def _emit(w: Writer, module: Module, x: str, dtype: Any) -> str:
    rule = RULES.get(type(module))
    if rule is None:
        raise UnsupportedError(
            f"export_onnx has no translation for {type(module).__name__}"
            + (f" ({module._path})" if module._path else "")
            + f"; it has: {', '.join(sorted(kind.__name__ for kind in RULES))}"
        )
    return rule(w, module, x, dtype)


@_rule(nn.Sequential)
def _sequential(w: Writer, m: Any, x: str, dtype: Any) -> str:
    for child in m:
        x = _emit(w, child, x, dtype)
    return x


@_rule(nn.Residual)
def _residual(w: Writer, m: Any, x: str, dtype: Any) -> str:
    beside = x if m.shortcut is None else _emit(w, m.shortcut, x, dtype)
    return w.node("Add", beside, _emit(w, m.body, x, dtype))


@_rule(nn.Linear)
def _linear(w: Writer, m: Any, x: str, dtype: Any) -> str:
    product = w.node("MatMul", x, w.constant(m.weight._value.T, "weight"))
    return product if m.bias is None else w.node("Add", product, w.constant(m.bias._value, "bias"))


@_rule(nn.Conv1d, nn.Conv2d, nn.Conv3d)
def _conv(w: Writer, m: Any, x: str, dtype: Any) -> str:
    if m.padding_mode != "zeros":
        raise UnsupportedError(f"export_onnx: padding_mode={m.padding_mode!r} is not translated")
    if m.padding == "same":
        totals = [d * (k - 1) for k, d in zip(m.kernel_size, m.dilation)]
        pads = [t // 2 for t in totals] + [t - t // 2 for t in totals]
    else:
        pads = [0] * 2 * m.nd if m.padding == "valid" else list(m.padding) * 2
    inputs = [x, w.constant(m.weight._value, "weight")]
    if m.bias is not None:
        inputs.append(w.constant(m.bias._value, "bias"))
    return w.node(
        "Conv",
        *inputs,
        kernel_shape=list(m.kernel_size),
        strides=list(m.stride),
        dilations=list(m.dilation),
        group=m.groups,
        pads=pads,
    )


def _many(value: Any, count: int) -> list[int]:
    return [value] * count if isinstance(value, int) else list(value)


@_rule(nn.MaxPool1d, nn.MaxPool2d)
def _max_pool(w: Writer, m: Any, x: str, dtype: Any) -> str:
    return w.node(
        "MaxPool",
        x,
        kernel_shape=_many(m.kernel_size, m.nd),
        strides=_many(m.stride, m.nd),
        pads=_many(m.padding, m.nd) * 2,
        dilations=_many(m.dilation, m.nd),
        ceil_mode=int(m.ceil_mode),
    )


@_rule(nn.AvgPool1d, nn.AvgPool2d)
def _avg_pool(w: Writer, m: Any, x: str, dtype: Any) -> str:
    if m.divisor_override is not None:
        raise UnsupportedError("export_onnx: divisor_override is not translated")
    return w.node(
        "AveragePool",
        x,
        kernel_shape=_many(m.kernel_size, m.nd),
        strides=_many(m.stride, m.nd),
        pads=_many(m.padding, m.nd) * 2,
        ceil_mode=int(m.ceil_mode),
        count_include_pad=int(m.count_include_pad),
    )


@_rule(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d)
def _global_pool(w: Writer, m: Any, x: str, dtype: Any) -> str:
    if set(_many(m.output_size, m.nd)) != {1}:
        raise UnsupportedError("export_onnx: adaptive pooling is translated for output_size=1 only")
    return w.node("GlobalAveragePool", x)


@_rule(nn.BatchNorm1d, nn.BatchNorm2d)
def _batch_norm(w: Writer, m: Any, x: str, dtype: Any) -> str:
    if m.running_mean is None:
        raise UnsupportedError("export_onnx: batch normalisation without running statistics")
    count = m.num_features
    scale = np.ones(count, dtype) if m.weight is None else m.weight._value
    shift = np.zeros(count, dtype) if m.bias is None else m.bias._value
    values = (scale, shift, m.running_mean._value, m.running_var._value)
    names = [w.constant(v, n) for v, n in zip(values, ("scale", "shift", "mean", "var"))]
    return w.node("BatchNormalization", x, *names, epsilon=float(m.eps))


@_rule(nn.LayerNorm)
def _layer_norm(w: Writer, m: Any, x: str, dtype: Any) -> str:
    shape = m.normalized_shape
    inputs = [
        x,
        w.constant(np.ones(shape, dtype) if m.weight is None else m.weight._value, "scale"),
    ]
    if m.bias is not None:
        inputs.append(w.constant(m.bias._value, "shift"))
    return w.node("LayerNormalization", *inputs, axis=-len(shape), epsilon=float(m.eps))


@_rule(nn.Flatten)
def _flatten(w: Writer, m: Any, x: str, dtype: Any) -> str:
    if (m.start_dim, m.end_dim) != (1, -1):
        raise UnsupportedError("export_onnx: Flatten is translated with its default axes only")
    return w.node("Flatten", x, axis=1)


@_rule(nn.Embedding)
def _embedding(w: Writer, m: Any, x: str, dtype: Any) -> str:
    return w.node("Gather", w.constant(m.weight._value, "table"), x, axis=0)


@_rule(nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Identity)
def _identity(w: Writer, m: Any, x: str, dtype: Any) -> str:
    return w.node("Identity", x)


def _plain(kind: str, *attributes: str, **renamed: str) -> Rule:
    """An ONNX operator of the same meaning, its attributes taken from the module."""

    def rule(w: Writer, m: Any, x: str, dtype: Any) -> str:
        values = {name: float(getattr(m, name)) for name in attributes}
        values |= {onnx: float(getattr(m, ours)) for onnx, ours in renamed.items()}
        return w.node(kind, x, **values)

    return rule


RULES.update(
    {
        nn.ReLU: _plain("Relu"),
        nn.Sigmoid: _plain("Sigmoid"),
        nn.Tanh: _plain("Tanh"),
        nn.Softsign: _plain("Softsign"),
        nn.LeakyReLU: _plain("LeakyRelu", alpha="negative_slope"),
        nn.ELU: _plain("Elu", "alpha"),
        nn.CELU: _plain("Celu", "alpha"),
        nn.SELU: _plain("Selu"),
        nn.Hardswish: _plain("HardSwish"),
    }
)


@_rule(nn.ReLU6, nn.Hardtanh)
def _clip(w: Writer, m: Any, x: str, dtype: Any) -> str:
    low, high = getattr(m, "min_val", 0.0), getattr(m, "max_val", 6.0)
    return w.node("Clip", x, w.scalar(low, dtype), w.scalar(high, dtype))


@_rule(nn.Hardsigmoid)
def _hardsigmoid(w: Writer, m: Any, x: str, dtype: Any) -> str:
    return w.node("HardSigmoid", x, alpha=1.0 / 6.0, beta=0.5)


@_rule(nn.SiLU)
def _silu(w: Writer, m: Any, x: str, dtype: Any) -> str:
    return w.node("Mul", x, w.node("Sigmoid", x))


@_rule(nn.Softplus)
def _softplus(w: Writer, m: Any, x: str, dtype: Any) -> str:
    if m.beta == 1.0:
        return w.node("Softplus", x)
    beta = w.scalar(m.beta, dtype)
    return w.node("Div", w.node("Softplus", w.node("Mul", x, beta)), beta)


@_rule(nn.Mish)
def _mish(w: Writer, m: Any, x: str, dtype: Any) -> str:
    return w.node("Mul", x, w.node("Tanh", w.node("Softplus", x)))


@_rule(nn.GELU)
def _gelu(w: Writer, m: Any, x: str, dtype: Any) -> str:
    half = w.node("Mul", x, w.scalar(0.5, dtype))
    if m.approximate == "none":
        inner = w.node("Erf", w.node("Mul", x, w.scalar(0.5**0.5, dtype)))
    else:
        cube = w.node("Mul", w.node("Mul", x, x), x)
        cubic = w.node("Mul", cube, w.scalar(0.044715, dtype))
        total = w.node("Mul", w.node("Add", x, cubic), w.scalar((2.0 / np.pi) ** 0.5, dtype))
        inner = w.node("Tanh", total)
    return w.node("Mul", half, w.node("Add", inner, w.scalar(1.0, dtype)))


@_rule(nn.Softmax, nn.LogSoftmax)
def _softmax(w: Writer, m: Any, x: str, dtype: Any) -> str:
    kind = "Softmax" if type(m) is nn.Softmax else "LogSoftmax"
    return w.node(kind, x, axis=1 if m.dim is None else m.dim)


def export_onnx(
    path: str | os.PathLike[str] | None,
    model: Module,
    input_shape: tuple[int, ...],
    input_dtype: Any = None,
    input_name: str = "input",
    output_name: str = "output",
) -> Any:
    """Write a network as an ONNX model.

    Parameters
    ----------
    path : path, or None to write nothing
    model : Module
        Of this library's layers: ``Sequential``, ``Residual``, ``Linear``, convolutions, pooling,
        normalisation, embedding, activations.
    input_shape : tuple of int
        Shape of one sample, without the batch axis.
    input_dtype : dtype, optional
        That of the parameters by default; int64 for a network that starts with an embedding.
    input_name, output_name : str

    Returns
    -------
    onnx.ModelProto
        Checked by ``onnx.checker``.

    Raises
    ------
    UnsupportedError
        For a layer without translation; the message names it.
    MissingExtraError
        Without the onnx package.
    """
    try:
        import onnx
        from onnx import helper, numpy_helper
    except ImportError as error:
        raise MissingExtraError("export_onnx needs onnx: pip install 'chainrule[onnx]'") from error
    dtype = next((p.dtype for p in model.parameters()), np.dtype(np.float32))
    given = dtype if input_dtype is None else np.dtype(input_dtype)
    writer = Writer(helper, numpy_helper)
    last = _emit(writer, model, input_name, dtype)
    writer.nodes.append(helper.make_node("Identity", [last], [output_name]))
    probe = np.zeros((2, *input_shape), given)
    from chainrule.train.trainer import predict

    out = predict(model, probe, dtype=given if given.kind == "f" else dtype)
    kinds = [helper.np_dtype_to_tensor_dtype(np.dtype(d)) for d in (given, out.dtype)]
    graph = helper.make_graph(
        writer.nodes,
        type(model).__name__,
        [helper.make_tensor_value_info(input_name, kinds[0], ["batch", *input_shape])],
        [helper.make_tensor_value_info(output_name, kinds[1], ["batch", *out.shape[1:]])],
        writer.constants,
    )
    made = helper.make_model(
        graph,
        producer_name="chainrule",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,
    )
    onnx.checker.check_model(made, full_check=True)
    if path is not None:
        write_bytes(path, made.SerializeToString())
    return made
