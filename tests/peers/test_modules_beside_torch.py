"""Modules and ``nn.functional`` beside PyTorch's: outputs, gradients, state names (SPEC C1, C2, D7)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn.functional as F

torch = pytest.importorskip("torch")


def _normal(*shape: int, seed: int = 0, scale: float = 1.0) -> Any:
    return np.random.default_rng(seed + sum(shape)).normal(size=shape) * scale


def _indices(high: int, *shape: int) -> Any:
    return np.random.default_rng(7).integers(0, high, size=shape)


def _leaves(out: Any) -> list[Any]:
    if isinstance(out, tuple | list):
        return [leaf for part in out for leaf in _leaves(part)]
    return [] if out is None else [out]


def _ours(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return cr.tensor(value, requires_grad=value.dtype.kind == "f")
    return tuple(map(_ours, value)) if isinstance(value, tuple) else value


def _theirs(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return torch.tensor(value, requires_grad=value.dtype.kind == "f")
    return tuple(map(_theirs, value)) if isinstance(value, tuple) else value


def _same(mine: Any, their: Any, what: str, tolerance: float = 1e-9) -> None:
    np.testing.assert_allclose(
        mine.detach().numpy(),
        their.detach().numpy(),
        rtol=tolerance,
        atol=tolerance * 1e-2,
        err_msg=what,
    )


def _compare(
    mine: Any, their: Any, inputs: tuple[Any, ...], tolerance: float = 1e-9, **options: Any
) -> None:
    """Outputs, and gradients of every input, for a cotangent that is not uniform."""
    our_inputs, their_inputs = _ours(inputs), _theirs(inputs)
    our_outs = _leaves(mine(*our_inputs, **{k: _ours(v) for k, v in options.items()}))
    their_outs = _leaves(their(*their_inputs, **{k: _theirs(v) for k, v in options.items()}))
    assert len(our_outs) == len(their_outs)
    total, their_total = 0.0, 0.0
    for index, (a, b) in enumerate(zip(our_outs, their_outs)):
        assert a.shape == tuple(b.shape)
        _same(a, b, f"output {index}", tolerance)
        weights = np.random.default_rng(index).uniform(0.5, 1.5, size=a.shape)
        if a.dtype.kind == "f":
            total = total + (a * weights).sum()
            their_total = their_total + (b * torch.tensor(weights)).sum()
    total.backward()
    their_total.backward()
    for index, (a, b) in enumerate(zip(_leaves(our_inputs), _leaves(their_inputs))):
        if getattr(b, "grad", None) is not None:
            _same(a.grad, b.grad, f"gradient of input {index}", tolerance)


MODULES: list[tuple[str, tuple[Any, ...], dict[str, Any], tuple[Any, ...]]] = [
    ("Linear", (4, 3), {}, (_normal(5, 4),)),
    ("Linear", (4, 3), {"bias": False}, (_normal(2, 5, 4),)),
    ("Bilinear", (4, 3, 2), {}, (_normal(5, 4), _normal(5, 3))),
    ("Conv1d", (4, 6, 3), {"stride": 2, "padding": 1, "groups": 2}, (_normal(2, 4, 9),)),
    ("Conv1d", (4, 6, 3), {"dilation": 2, "padding": "same"}, (_normal(2, 4, 9),)),
    ("Conv1d", (2, 3, 3), {"padding": 2, "padding_mode": "reflect"}, (_normal(2, 2, 9),)),
    ("Conv2d", (3, 4, 3), {}, (_normal(2, 3, 7, 6),)),
    ("Conv2d", (3, 4, (3, 2)), {"stride": (2, 1), "padding": (1, 0)}, (_normal(2, 3, 7, 6),)),
    ("Conv2d", (4, 8, 3), {"groups": 4, "dilation": 2, "bias": False}, (_normal(2, 4, 9, 8),)),
    ("Conv2d", (3, 4, 3), {}, (_normal(3, 7, 6),)),
    ("Conv2d", (2, 2, 3), {"padding": 1, "padding_mode": "circular"}, (_normal(1, 2, 5, 6),)),
    ("Conv3d", (2, 3, 2), {}, (_normal(1, 2, 4, 3, 5),)),
    ("ConvTranspose1d", (4, 6, 3), {"stride": 2, "padding": 1, "groups": 2}, (_normal(2, 4, 5),)),
    (
        "ConvTranspose2d",
        (3, 4, 3),
        {"stride": 2, "output_padding": 1, "dilation": 2},
        (_normal(2, 3, 4, 5),),
    ),
    ("MaxPool1d", (2,), {}, (_normal(2, 3, 7),)),
    ("MaxPool2d", (2,), {}, (_normal(2, 3, 6, 7),)),
    (
        "MaxPool2d",
        ((3, 2),),
        {"stride": (2, 1), "padding": (1, 0), "ceil_mode": True},
        (_normal(2, 3, 6, 7),),
    ),
    ("MaxPool2d", (2,), {"dilation": 2, "return_indices": True}, (_normal(2, 3, 6, 7),)),
    ("AvgPool1d", (3,), {"stride": 2, "padding": 1}, (_normal(2, 3, 7),)),
    ("AvgPool2d", (3,), {"stride": 2, "padding": 1, "ceil_mode": True}, (_normal(2, 3, 6, 8),)),
    ("AvgPool2d", (3,), {"padding": 1, "count_include_pad": False}, (_normal(2, 3, 6, 8),)),
    ("AvgPool2d", (2,), {"divisor_override": 3}, (_normal(2, 3, 6, 8),)),
    ("AdaptiveAvgPool1d", (3,), {}, (_normal(2, 3, 7),)),
    ("AdaptiveAvgPool2d", ((3, None),), {}, (_normal(2, 3, 7, 5),)),
    ("AdaptiveMaxPool2d", ((3, 2),), {}, (_normal(2, 3, 7, 5),)),
    ("Flatten", (), {}, (_normal(2, 3, 4),)),
    ("Unflatten", (1, (2, 3)), {}, (_normal(4, 6),)),
    ("Identity", (), {}, (_normal(2, 3),)),
    ("LayerNorm", ((3, 4),), {}, (_normal(2, 3, 4),)),
    ("LayerNorm", (4,), {"elementwise_affine": False, "eps": 1e-3}, (_normal(2, 3, 4),)),
    ("RMSNorm", (4,), {}, (_normal(2, 3, 4),)),
    ("GroupNorm", (2, 6), {}, (_normal(3, 6, 4),)),
    ("InstanceNorm2d", (3,), {"affine": True}, (_normal(2, 3, 4, 5),)),
    ("BatchNorm1d", (3,), {}, (_normal(6, 3),)),
    ("BatchNorm1d", (3,), {"momentum": None}, (_normal(6, 3, 4),)),
    ("BatchNorm2d", (3,), {"affine": False}, (_normal(4, 3, 2, 5),)),
    ("Embedding", (6, 4), {"padding_idx": 2}, (_indices(6, 3, 5),)),
    ("PReLU", (3,), {}, (_normal(2, 3, 4),)),
    ("RNN", (3, 4), {"num_layers": 2, "nonlinearity": "relu"}, (_normal(5, 2, 3),)),
    ("RNN", (3, 4), {"bidirectional": True, "batch_first": True}, (_normal(2, 5, 3),)),
    ("GRU", (3, 4), {"num_layers": 2, "bidirectional": True}, (_normal(5, 2, 3), _normal(4, 2, 4))),
    ("GRU", (3, 4), {"bias": False}, (_normal(5, 3),)),
    (
        "LSTM",
        (3, 4),
        {"num_layers": 2, "bidirectional": True, "batch_first": True},
        (_normal(2, 5, 3), (_normal(4, 2, 4), _normal(4, 2, 4, seed=1))),
    ),
    ("LSTM", (3, 4), {}, (_normal(5, 3),)),
    ("RNNCell", (3, 4), {}, (_normal(2, 3), _normal(2, 4))),
    ("GRUCell", (3, 4), {}, (_normal(2, 3), _normal(2, 4))),
    ("LSTMCell", (3, 4), {}, (_normal(2, 3), (_normal(2, 4), _normal(2, 4, seed=1)))),
    (
        "MultiheadAttention",
        (8, 2),
        {},
        (_normal(5, 2, 8), _normal(6, 2, 8), _normal(6, 2, 8, seed=1)),
    ),
    ("MultiheadAttention", (8, 4), {"batch_first": True, "bias": False}, (_normal(2, 5, 8),) * 3),
    ("TransformerEncoderLayer", (8, 2, 16), {"dropout": 0.0}, (_normal(5, 2, 8),)),
    (
        "TransformerEncoderLayer",
        (8, 2, 16),
        {"dropout": 0.0, "norm_first": True, "activation": "gelu", "batch_first": True},
        (_normal(2, 5, 8),),
    ),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "args", "options", "inputs"), MODULES, ids=lambda v: str(v)[:40])
def test_module_equals_torch(
    name: str, args: tuple[Any, ...], options: dict[str, Any], inputs: tuple[Any, ...]
) -> None:
    """SPEC D7: outputs, gradients of inputs and parameters, state names and buffers."""
    peer = getattr(torch.nn, name)(*args, **options).double()
    mine = getattr(cr.nn, name)(*args, **options).double()
    assert list(mine.state_dict()) == list(peer.state_dict())
    with torch.no_grad():  # weights that start at ones and zeros would hide mistakes
        for parameter in peer.parameters():
            parameter.add_(
                torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)) * 0.1
            )
    mine.load_state_dict(peer.state_dict())
    _compare(mine, peer, inputs)
    for (path, p), (_, q) in zip(mine.named_parameters(), peer.named_parameters()):
        _same(p.grad, q.grad, f"gradient of {path}")
    for path, value in peer.state_dict().items():
        _same(mine.state_dict()[path], value, path)
    mine.eval()
    peer.eval()
    _compare(mine, peer, inputs)


@pytest.mark.parametrize("causal", [False, True])
def test_masked_attention_equals_torch(causal: bool) -> None:
    """SPEC D7: boolean, additive and padding masks."""
    peer = torch.nn.MultiheadAttention(8, 2, batch_first=True).double()
    mine = cr.nn.MultiheadAttention(8, 2, batch_first=True).double()
    mine.load_state_dict(peer.state_dict())
    inputs = (_normal(2, 5, 8), _normal(2, 5, 8, seed=1), _normal(2, 5, 8, seed=2))
    padding = np.zeros((2, 5), bool)
    padding[1, 3:] = True
    mask = np.triu(np.ones((5, 5), bool), 1) if causal else _normal(5, 5)
    if causal:
        _compare(mine, peer, inputs, key_padding_mask=padding, attn_mask=mask)
    _compare(mine, peer, inputs, attn_mask=mask, average_attn_weights=False)
    q, k, v = (x.reshape(2, 5, 2, 4) for x in inputs)
    _compare(
        F.scaled_dot_product_attention,
        torch.nn.functional.scaled_dot_product_attention,
        (q, k, v),
        is_causal=causal,
    )


X = np.concatenate([_normal(4, 6, scale=3.0), [[0.0, 1.0, -1.0, 3.0, -3.0, 0.5]]])
ACTIVATIONS: list[tuple[str, dict[str, Any]]] = [
    ("relu", {}),
    ("relu6", {}),
    ("leaky_relu", {}),
    ("leaky_relu", {"negative_slope": 0.3}),
    ("elu", {"alpha": 1.5}),
    ("selu", {}),
    ("celu", {"alpha": 0.7}),
    ("gelu", {}),
    ("gelu", {"approximate": "tanh"}),
    ("silu", {}),
    ("mish", {}),
    ("sigmoid", {}),
    ("tanh", {}),
    ("logsigmoid", {}),
    ("softplus", {"beta": 2.0, "threshold": 3.0}),
    ("softsign", {}),
    ("tanhshrink", {}),
    ("softshrink", {}),
    ("hardshrink", {}),
    ("hardtanh", {}),
    ("hardsigmoid", {}),
    ("hardswish", {}),
    ("threshold", {"threshold": 0.1, "value": -2.0}),
    ("glu", {"dim": 1}),
    ("softmax", {"dim": 0}),
    ("softmin", {"dim": 1}),
    ("log_softmax", {"dim": 1}),
    ("normalize", {}),
    ("normalize", {"p": 3.0, "dim": 0}),
]


@pytest.mark.parametrize(("name", "options"), ACTIVATIONS, ids=lambda v: str(v))
def test_activation_equals_torch(name: str, options: dict[str, Any]) -> None:
    """SPEC C2: values and derivatives, those at the kinks included."""
    # PyTorch's backward of these two multiplies by constants rounded to float32
    tolerance = 1e-6 if name in ("celu", "hardsigmoid") else 1e-9
    _compare(getattr(F, name), getattr(torch.nn.functional, name), (X,), tolerance, **options)


P = 1 / (1 + np.exp(-_normal(4, 3)))
Q = 1 / (1 + np.exp(-_normal(4, 3, seed=5)))
SIGNS = np.where(_normal(4, 3, seed=9) > 0, 1.0, -1.0)
LABELS = np.array([2, 0, 1, 2])
CLASS_WEIGHTS = np.array([0.5, 2.0, 1.0])
LOSSES: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("mse_loss", (P, Q), {}),
    ("l1_loss", (P, Q), {}),
    ("huber_loss", (P * 5, Q), {"delta": 0.7}),
    ("smooth_l1_loss", (P * 5, Q), {"beta": 0.3}),
    ("binary_cross_entropy", (P, Q), {}),
    ("binary_cross_entropy", (P, Q), {"weight": CLASS_WEIGHTS}),
    ("binary_cross_entropy_with_logits", (P * 8 - 4, Q), {}),
    (
        "binary_cross_entropy_with_logits",
        (P * 8 - 4, Q),
        {"pos_weight": CLASS_WEIGHTS, "weight": CLASS_WEIGHTS},
    ),
    ("kl_div", (np.log(P), Q), {}),
    ("kl_div", (np.log(P), np.log(Q)), {"log_target": True}),
    ("soft_margin_loss", (P, SIGNS), {}),
    ("hinge_embedding_loss", (P, SIGNS), {"margin": 0.6}),
    ("poisson_nll_loss", (P, Q * 5), {"full": True}),
    ("poisson_nll_loss", (P, Q * 5), {"log_input": False}),
    ("cross_entropy", (P, LABELS), {}),
    ("cross_entropy", (P, LABELS), {"weight": CLASS_WEIGHTS}),
    ("cross_entropy", (P, LABELS), {"weight": CLASS_WEIGHTS, "label_smoothing": 0.2}),
    ("cross_entropy", (P, LABELS), {"ignore_index": 2, "label_smoothing": 0.2}),
    ("cross_entropy", (P, Q), {}),
    ("cross_entropy", (P, Q), {"weight": CLASS_WEIGHTS, "label_smoothing": 0.1}),
    ("cross_entropy", (_normal(2, 3, 4, 5), _indices(3, 2, 4, 5)), {"weight": CLASS_WEIGHTS}),
    ("cross_entropy", (_normal(3), np.array(1)), {}),
    ("nll_loss", (np.log(P), LABELS), {"weight": CLASS_WEIGHTS, "ignore_index": 0}),
    ("nll_loss", (_normal(2, 3, 4), _indices(3, 2, 4)), {}),
    ("multi_margin_loss", (P, LABELS), {"p": 2, "margin": 0.8, "weight": CLASS_WEIGHTS}),
    ("margin_ranking_loss", (P[:, 0], Q[:, 0], SIGNS[:, 0]), {"margin": 0.1}),
    ("triplet_margin_loss", (P, Q, SIGNS), {"swap": True}),
    ("cosine_embedding_loss", (P, Q, SIGNS[:, 0]), {"margin": 0.2}),
    ("gaussian_nll_loss", (P, Q, P * Q + 0.1), {"full": True}),
]
NO_TARGET_GRADIENT = {
    "margin_ranking_loss": 2,
    "cosine_embedding_loss": 2,
    "soft_margin_loss": 1,
    "hinge_embedding_loss": 1,
}


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("name", "args", "options"), LOSSES, ids=lambda v: str(v)[:30])
@pytest.mark.filterwarnings("ignore")
def test_loss_equals_torch(
    name: str, args: tuple[Any, ...], options: dict[str, Any], reduction: str
) -> None:
    """SPEC C1: values and gradients of every loss, under every reduction."""
    options = dict(options)
    kept = {k: v for k, v in options.items() if isinstance(v, np.ndarray)}
    plain = {k: v for k, v in options.items() if k not in kept}
    count = NO_TARGET_GRADIENT.get(name, len(args))
    targets = args[count:]

    def mine(*inputs: Any) -> Any:
        return getattr(F, name)(*inputs, *targets, reduction=reduction, **plain, **kept)

    def their(*inputs: Any) -> Any:
        extra = {k: torch.tensor(v) for k, v in kept.items()}
        rest = [torch.tensor(t) for t in targets]
        return getattr(torch.nn.functional, name)(
            *inputs, *rest, reduction=reduction, **plain, **extra
        )

    _compare(mine, their, args[:count])


def test_batchmean_equals_torch() -> None:
    inputs = (np.log(P), Q)
    _compare(F.kl_div, torch.nn.functional.kl_div, inputs, reduction="batchmean")


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("cosine_similarity", (P, Q)),
        ("pairwise_distance", (P, Q)),
        ("bilinear", (_normal(5, 4), _normal(5, 3), _normal(2, 4, 3))),
        ("conv_transpose1d", (_normal(2, 3, 5), _normal(3, 2, 3))),
        ("max_pool1d", (_normal(2, 3, 8), 3)),
        ("pad", (_normal(2, 3, 5), (1, 2, 0, -1))),
    ],
    ids=lambda v: str(v)[:20],
)
def test_function_equals_torch(name: str, args: tuple[Any, ...]) -> None:
    _compare(getattr(F, name), getattr(torch.nn.functional, name), args)


@pytest.mark.parametrize(
    "name", ["MSELoss", "BCELoss", "CrossEntropyLoss", "BatchNorm1d", "Linear"]
)
def test_state_names_survive_a_round_trip(name: str) -> None:
    args = {"BatchNorm1d": (3,), "Linear": (3, 2)}.get(name, ())
    peer, mine = getattr(torch.nn, name)(*args), getattr(cr.nn, name)(*args)
    peer.load_state_dict({k: torch.tensor(v.numpy()) for k, v in mine.state_dict().items()})


@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3.0, float("inf")])
@pytest.mark.parametrize("bound", [0.5, 100.0])
def test_clipping_equals_torch(norm_type: float, bound: float) -> None:
    """SPEC C4: the norm returned and the gradients left."""
    shapes = ((3, 2), (4,))
    ours = [cr.tensor(_normal(*s), requires_grad=True) for s in shapes]
    theirs = [torch.tensor(_normal(*s), requires_grad=True) for s in shapes]
    for p, q in zip(ours, theirs):
        (p * p * p).sum().backward()
        (q * q * q).sum().backward()
    mine = cr.nn.utils.clip_grad_norm_(ours, bound, norm_type)
    their = torch.nn.utils.clip_grad_norm_(theirs, bound, norm_type)
    assert float(mine) == pytest.approx(float(their), rel=1e-12)
    for p, q in zip(ours, theirs):
        _same(p.grad, q.grad, "clipped by norm")
    cr.nn.utils.clip_grad_value_(ours, 0.1)
    torch.nn.utils.clip_grad_value_(theirs, 0.1)
    for p, q in zip(ours, theirs):
        _same(p.grad, q.grad, "clipped by value")
    vector = cr.nn.utils.parameters_to_vector(ours)
    _same(vector, torch.nn.utils.parameters_to_vector(theirs), "vector")


@pytest.mark.parametrize(
    ("nonlinearity", "param"),
    [("linear", None), ("conv2d", None), ("sigmoid", None), ("tanh", None), ("relu", None),
     ("leaky_relu", None), ("leaky_relu", 0.2), ("selu", None)],
)  # fmt: skip
def test_gains_equal_torch(nonlinearity: str, param: float | None) -> None:
    """SPEC C3."""
    mine = cr.nn.init.calculate_gain(nonlinearity, param)
    assert mine == pytest.approx(torch.nn.init.calculate_gain(nonlinearity, param), rel=1e-14)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("xavier_uniform_", {"gain": 1.5}),
        ("xavier_normal_", {}),
        ("kaiming_uniform_", {"a": 0.3}),
        ("kaiming_normal_", {"mode": "fan_out", "nonlinearity": "relu"}),
        ("normal_", {"mean": 0.5, "std": 2.0}),
        ("uniform_", {"a": -1.0, "b": 3.0}),
        ("trunc_normal_", {"a": -1.0, "b": 0.5}),
        ("orthogonal_", {"gain": 2.0}),
        ("sparse_", {"sparsity": 0.4, "std": 0.5}),
    ],
)
def test_initialisers_have_torchs_moments(name: str, options: dict[str, Any]) -> None:
    """SPEC C3: mean, spread and range of 20 000 numbers."""
    mine = cr.tensor(np.zeros((200, 100)), requires_grad=True)
    their = torch.zeros(200, 100, dtype=torch.float64)
    getattr(cr.nn.init, name)(mine, **options)
    getattr(torch.nn.init, name)(their, **options)
    a, b = mine.detach().numpy(), their.numpy()
    assert a.std() == pytest.approx(b.std(), rel=0.03)
    assert a.mean() == pytest.approx(b.mean(), abs=0.05 * b.std() + 1e-12)
    assert np.abs(a).max() == pytest.approx(np.abs(b).max(), rel=0.3)
