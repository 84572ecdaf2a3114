"""How the result of a product is cut into tiles: which axis is what, rows and vectors of a tile."""

from __future__ import annotations

from typing import NamedTuple

from ..program import Value
from ..target import Target

__all__ = ["ProductAxes", "panel_cuts", "product_axes", "tile_rows", "tile_vectors"]


def tile_cost(rows: int, vectors: int, inner: int) -> float:
    """Return the estimated cycles of a tile: two multiply-adds or two loads a cycle, latency 4."""
    step = max(rows * vectors / 2, (rows + vectors) / 2, 4.0)
    return inner * step + rows * vectors * 1.5 + 12


def tile_rows(total: int, vectors: int, inner: int, target: Target, most: int | None = None) -> int:
    """Return the best number of rows per tile, ``most`` at the most."""
    limit = max(1, min(total, target.accumulators // vectors))
    if vectors == 1 and target.registers >= 32:
        limit = max(1, min(total, 24))
    limit = min(limit, most or limit)

    def cost(rows: int) -> float:
        whole, rest = divmod(total, rows)
        return whole * tile_cost(rows, vectors, inner) + (
            tile_cost(rest, vectors, inner) if rest else 0.0
        )

    return min(range(1, limit + 1), key=lambda r: (cost(r) + 0.01 * r, r))


def tile_vectors(count: int) -> list[int]:
    """Return how ``count`` vectors are cut into panels: twos, and a three if the count is odd."""
    if count == 1:
        return [1]
    return [2] * (count // 2) if count % 2 == 0 else [2] * ((count - 3) // 2) + [3]


class ProductAxes(NamedTuple):
    """What each axis of a product's result is in its loops.

    Attributes
    ----------
    tall : int
        Tiles go down it; -1 if there is none.
    lane : int
        Vectors run along it; -1 if there is none.
    loops : list of int
        The others, one position at a time.
    """

    tall: int
    lane: int
    loops: list[int]


def product_axes(v: Value, by_rows: bool) -> ProductAxes:
    """Return the roles of the axes of a product's result."""
    batch, rows, columns, _ = v.data
    row_axes = list(range(batch, batch + rows))
    column_axes = list(range(batch + rows, batch + rows + columns))
    still, lanes = (column_axes, row_axes) if by_rows else (row_axes, column_axes)
    return ProductAxes(
        still[-1] if still else -1,
        lanes[-1] if lanes else -1,
        [*range(batch), *still[:-1], *lanes[:-1]],
    )


def panel_cuts(low: int, high: int, width: int, lanes: int) -> tuple[int, list[int]]:
    """Return how a stretch of the lane axis is cut: panels of two whole vectors, then others."""
    cuts = tile_vectors(-(-(high - low) // lanes)) if high > low else []
    odd_end = high == width and width % lanes
    plain = cuts.count(2) - (1 if odd_end and cuts[-1] == 2 else 0)
    return plain, cuts[plain:]
