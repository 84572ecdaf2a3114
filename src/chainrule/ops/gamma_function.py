"""The gamma function and its relatives: logarithm, derivatives, beta, incomplete integrals, zeta."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.op import Op, Sample, elementwise
from chainrule.ops.comparison import equal, floor, less_equal
from chainrule.ops.domains import XY, X, positive_numbers
from chainrule.ops.routing import where
from chainrule.ops.scipy_forward import scipy_forward
from chainrule.ops.transcendental import cos, exp

__all__ = [
    "beta",
    "betainc",
    "betaln",
    "digamma",
    "gamma",
    "gammainc",
    "gammaincc",
    "gammaln",
    "multigammaln",
    "polygamma",
    "rgamma",
    "zeta",
]

_ORDER = (
    Sample((np.array(2.0), ())),
    Sample((np.array([[2.0], [3.0]]), (4,))),
    Sample((np.array([2.0]), (0,))),
)


def _digamma_difference(x: Any, y: Any) -> Any:
    """ψ(x) - ψ(x + y), the derivative of ln B(x, y) in x.

    Where both terms have poles that cancel (x and x + y whole numbers below 1) it is, by the
    reflection formula, ψ(1 - x) - ψ(1 - x - y).
    """
    z = x + y
    poles = equal(x, floor(x)) & less_equal(x, 0.0) & equal(z, floor(z)) & less_equal(z, 0.0)
    return digamma(where(poles, 1.0 - x, x)) - digamma(where(poles, 1.0 - z, z))


def _rgamma_rule(g: Any, out: Any, x: Any) -> Any:
    """-ψ(x)/Γ(x), and (-1)ⁿ n! where Γ has its pole at -n."""
    pole = equal(x, floor(x)) & less_equal(x, 0.0)
    regular = -out * digamma(where(pole, 1.0, x))
    return g * where(pole, cos(np.pi * x) * gamma(where(pole, 1.0 - x, 1.0)), regular)


gammaln: Op = elementwise(
    "gammaln",
    scipy_forward("gammaln"),
    lambda g, out, x: g * digamma(x),
    samples=X,
    domain=positive_numbers,
    doc="ln |Γ(x)|; ψ(x)",
)
gamma: Op = elementwise(
    "gamma",
    scipy_forward("gamma"),
    lambda g, out, x: g * out * digamma(x),
    samples=X,
    domain=positive_numbers,
    doc="Γ(x); Γ(x) ψ(x)",
)
rgamma: Op = elementwise(
    "rgamma",
    scipy_forward("rgamma"),
    _rgamma_rule,
    samples=X,
    domain=positive_numbers,
    doc="1/Γ(x); -ψ(x)/Γ(x)",
)
digamma: Op = elementwise(
    "digamma",
    scipy_forward("digamma"),
    lambda g, out, x: g * polygamma(1, x),
    samples=X,
    domain=positive_numbers,
    doc="ψ(x), the derivative of ln Γ; ψ⁽¹⁾(x)",
)
polygamma: Op = elementwise(
    "polygamma",
    scipy_forward("polygamma"),
    None,
    lambda g, out, n, x: g * polygamma(n + 1, x),
    refuses=(0,),
    samples=_ORDER,
    domain=positive_numbers,
    doc="ψ⁽ⁿ⁾(x); no derivative in the order n, ψ⁽ⁿ⁺¹⁾(x)",
)
zeta: Op = elementwise(
    "zeta",
    scipy_forward("zeta"),
    None,
    lambda g, out, x, q: -g * x * zeta(x + 1.0, q),
    refuses=(0,),
    samples=_ORDER,
    domain=positive_numbers,
    doc="Σ (k + q)⁻ˣ (Hurwitz); refused in x, -x ζ(x + 1, q)",
)
betaln: Op = elementwise(
    "betaln",
    scipy_forward("betaln"),
    lambda g, out, x, y: g * _digamma_difference(x, y),
    lambda g, out, x, y: g * _digamma_difference(y, x),
    samples=XY,
    domain=positive_numbers,
    doc="ln B(x, y); ψ(x) - ψ(x + y), ψ(y) - ψ(x + y)",
)
beta: Op = elementwise(
    "beta",
    scipy_forward("beta"),
    lambda g, out, x, y: g * out * _digamma_difference(x, y),
    lambda g, out, x, y: g * out * _digamma_difference(y, x),
    samples=XY,
    domain=positive_numbers,
    doc="B(x, y) = Γ(x) Γ(y)/Γ(x + y); B (ψ(x) - ψ(x + y)), …",
)


def _gamma_density(a: Any, x: Any) -> Any:
    """x^(a-1) e^(-x) / Γ(a), by logarithms."""
    return exp(lib.xlogy(a - 1.0, x) - x - gammaln(a))


gammainc: Op = elementwise(
    "gammainc",
    scipy_forward("gammainc"),
    None,
    lambda g, out, a, x: g * _gamma_density(a, x),
    refuses=(0,),
    samples=XY,
    domain=positive_numbers,
    doc="P(a, x), the lower incomplete gamma function; refused in a, x^(a-1) e^(-x)/Γ(a)",
)
gammaincc: Op = elementwise(
    "gammaincc",
    scipy_forward("gammaincc"),
    None,
    lambda g, out, a, x: -g * _gamma_density(a, x),
    refuses=(0,),
    samples=XY,
    domain=positive_numbers,
    doc="Q(a, x) = 1 - P(a, x); refused in a, -x^(a-1) e^(-x)/Γ(a)",
)


def _beta_domain(x: Any, index: int) -> Any:
    return positive_numbers(x, 0) if index < 2 else 0.5 + 0.4 * np.tanh(x)


def _betainc_rule(g: Any, out: Any, a: Any, b: Any, x: Any) -> Any:
    """The beta density; where a or b is 0 all weight is at one end, and nothing moves inside."""
    flat = equal(a, 0.0) | equal(b, 0.0)
    a, b = where(flat, 1.0, a), where(flat, 1.0, b)
    density = exp(lib.xlogy(a - 1.0, x) + lib.xlog1py(b - 1.0, -x) - betaln(a, b))
    return g * where(flat, 0.0, density)


betainc: Op = elementwise(
    "betainc",
    scipy_forward("betainc"),
    None,
    None,
    _betainc_rule,
    refuses=(0, 1),
    samples=(Sample(((3,), (3,), (2, 3))), Sample(((), (), ())), Sample(((0,), (1,), ()))),
    domain=_beta_domain,
    doc="I_x(a, b), the incomplete beta function; refused in a and b, x^(a-1) (1-x)^(b-1)/B(a, b)",
)


def multigammaln(a: Any, d: int) -> Any:
    """``scipy.special.multigammaln``: the logarithm of the multivariate gamma function."""
    a = lib.asarray(a)
    constant = d * (d - 1) * 0.25 * math.log(math.pi)
    total: Any = constant
    for j in range(d):
        total = total + gammaln(a - 0.5 * j)
    return total
