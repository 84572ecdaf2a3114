"""Values chosen where mathematics leaves a choice: ties, kinks, removable singularities.

Each has a name, a reason and a test (``tests/generated``). The principle: where a subgradient
exists the derivative is one of its elements, never NaN; where symmetry asks for it, the middle one.

================  ==========================  =====================================================
place             derivative chosen           reason
================  ==========================  =====================================================
maximum(a, a)     1/2 to each                 the symmetric subgradient; sums to the true derivative
                                              of max(a, a) = a
max reduction     ties share evenly           the same, for any number of equal winners
max(dim) [#]_     one winner takes all        PyTorch's API returns one index, and routes to it
relu at 0         0                           Goodfellow et al. (2016) §6.3.1; what every framework
                                              does; sparse
abs at 0          0                           the middle of [-1, 1]
sign              0 everywhere                piecewise constant
clip at a bound   0                           the value is the bound's; open interval passes
norm, std at 0    0                           the minimum-norm subgradient; the limit is direction
                                              dependent
x**0 at 0         0                           x**0 = 1 everywhere, a constant
0**y in y         0                           the limit of 0**y log 0 for y > 0
sqrt at 0         +inf                        no subgradient exists
prod with zeros   product of the others       exact: no division by the zero
sinc, xlogy at 0  0                           the limit; xlogy(0, y) = 0 for every y
cumprod, zeros    products of the others      a linear recurrence backwards divides by nothing
running extrema   the first that attains it   the running value changes hands only when exceeded
sort, median, …   NumPy's stable places       a sorted array is the array read at those places
det, singular     the cofactors               by the singular vectors, without an inverse
eigh, svd, equal  ±inf where vectors are      no derivative exists; of the values alone it is exact
  values          asked for
nuclear norm at   0                           |s| at s = 0, as abs
singular values 0
interp at a knot  slope of the interval to    as a one-sided derivative; outside it is 0
                  the right
================  ==========================  =====================================================

.. [#] ``Tensor.max(dim=…)``, which returns values and indices.
"""

from __future__ import annotations

__all__ = ["ABS_AT_ZERO", "CLIP_AT_BOUND", "MAX_TIE_SHARE", "RELU_AT_ZERO"]

RELU_AT_ZERO = 0.0
ABS_AT_ZERO = 0.0
CLIP_AT_BOUND = 0.0
MAX_TIE_SHARE = 0.5
