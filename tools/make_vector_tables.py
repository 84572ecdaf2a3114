"""Write ``src/chainrule/compiler/vectormath/tables.py``: the constants of the vector functions.

Every number is computed with mpmath at 50 digits and rounded once. Run it again after a change
(`python tools/make_vector_tables.py`); a test compares the file with what this script writes.

- ``EXP_HIGH, EXP_LOW``: 2**(j/32), and the relative error of its rounding to float32.
- ``EXP64_HIGH, EXP64_LOW``: 2**(j/16), and the relative error of its rounding to float64.
- ``TANH``: per segment (a quarter octave of |x|) a centre whose tanh is almost exactly a float32
  (Gal's accurate tables), that value, and the coefficients of a degree-5 interpolation of
  (tanh(c + t) - tanh(c)) / t in Chebyshev nodes. Column = (bits of |x| >> 21) & 31.
- ``ERFCX``: Chebyshev fit, as a polynomial in t = (x - 3.75) / (x + 3.75), of exp(x**2) erfc(x)
  (1 + 2 x), the form of Shepherd and Laframboise (1981).
- ``ERF_SMALL``: erf(x)/x as a polynomial in x**2 for |x| < 1.
"""

from __future__ import annotations

from pathlib import Path

import mpmath as mp
import numpy as np

mp.mp.dps = 50
HERE = Path(__file__).resolve().parent
OUT = HERE.parent / "src" / "chainrule" / "compiler" / "vectormath" / "tables.py"


def chebyshev_nodes(low: mp.mpf, high: mp.mpf, count: int) -> list[mp.mpf]:
    middle, half = (low + high) / 2, (high - low) / 2
    return [middle + half * mp.cos(mp.pi * (2 * k + 1) / (2 * count)) for k in range(count)]


def interpolate(function, low, high, degree: int) -> list[float]:
    """Return the coefficients (constant first) through Chebyshev nodes."""
    nodes = chebyshev_nodes(mp.mpf(low), mp.mpf(high), degree + 1)
    matrix = mp.matrix([[x**k for k in range(degree + 1)] for x in nodes])
    right = mp.matrix([function(x) for x in nodes])
    return [float(c) for c in mp.lu_solve(matrix, right)]


def exp_tables(count: int, kind: type) -> tuple[list[float], list[float]]:
    exact = [mp.mpf(2) ** (mp.mpf(j) / count) for j in range(count)]
    high = [float(kind(float(e))) for e in exact]
    return high, [float((e - mp.mpf(h)) / mp.mpf(h)) for e, h in zip(exact, high)]


def gal_centre(low: float, high: float) -> float:
    """Return a float32 near the middle whose tanh lies closest to a float32."""
    middle = np.float32((low + high) / 2)
    bits = int(middle.view(np.uint32))
    reach = int((high - low) / 8 / float(np.spacing(middle)))
    best = (2.0, float(middle))
    for step in range(-reach, reach, max(1, reach // 3000)):
        x = float(np.uint32(bits + step).view(np.float32))
        y = mp.tanh(mp.mpf(x))
        rounded = np.float32(float(y))
        error = float(abs(y - mp.mpf(float(rounded))) / mp.mpf(float(np.spacing(rounded))))
        best = min(best, (error, x))
    return best[1]


def tanh_table(degree: int = 5) -> list[list[float]]:
    table = np.zeros((degree + 2, 32))
    for segment in range(32):
        octave, quarter = divmod(segment, 4)
        low = 2.0 ** (octave - 4) * (1 + quarter / 4)
        high = 2.0 ** (octave - 4) * (1 + (quarter + 1) / 4)
        column = (int(np.float32(low).view(np.uint32)) >> 21) & 31
        if segment == 0:  # everything below: odd polynomial around 0
            a = mp.mpf(high)
            nodes = [a * mp.sqrt((1 + mp.cos(mp.pi * (2 * k + 1) / 4)) / 2) for k in range(2)]
            c = mp.lu_solve(
                mp.matrix([[1, x * x] for x in nodes]),
                mp.matrix([(mp.tanh(x) - x) / x**3 for x in nodes]),
            )
            table[:, column] = [0, 0, 1, 0, float(c[0]), 0, float(c[1])]
            continue
        if low < 9.1:
            high = min(high, 9.1)
        centre = mp.mpf(gal_centre(low, high))
        value = mp.tanh(centre)
        fit = interpolate(
            lambda t, c=centre, v=value: (mp.tanh(c + t) - v) / t,
            low - centre,
            high - centre,
            degree - 1,
        )
        table[:, column] = [float(centre), float(np.float32(float(value))), *fit]
    return [list(map(float, row)) for row in table]


def erfcx_fit(degree: int = 22) -> list[float]:
    k = mp.mpf("3.75")

    def g(t: mp.mpf) -> mp.mpf:
        x = k * (1 + t) / (1 - t)
        return mp.exp(x * x) * mp.erfc(x) * (1 + 2 * x)

    return interpolate(g, (1 - k) / (1 + k), (mp.mpf(7) - k) / (7 + k), degree)


def erf_small_fit(degree: int = 13) -> list[float]:
    return interpolate(lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z), 0, 1, degree)


def rows(name: str, values: list[float]) -> str:
    lines = [f"    {v!r}," for v in values]
    return f"{name}: Final = (\n" + "\n".join(lines) + "\n)\n"


def text() -> str:
    high, low = exp_tables(32, np.float32)
    high64, low64 = exp_tables(16, np.float64)
    parts = [
        '"""Constants of the vector functions, written by ``tools/make_vector_tables.py``."""\n',
        "from typing import Final\n",
        rows("EXP_HIGH", high),
        rows("EXP_LOW", low),
        rows("EXP64_HIGH", high64),
        rows("EXP64_LOW", low64),
        "TANH: Final = (\n"
        + "\n".join(
            "    (\n" + "\n".join(f"        {v!r}," for v in r) + "\n    )," for r in tanh_table()
        )
        + "\n)\n",
        rows("ERFCX", erfcx_fit()),
        rows("ERF_SMALL", erf_small_fit()),
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    OUT.write_text(text())
    print(f"wrote {OUT}")
