"""Arrays that note what NumPy is asked to do with them."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from chainrule.textbook._types import Array

__all__ = ["Tally", "counted"]


class Tally:
    """Operations noted so far."""

    def __init__(self) -> None:
        self.multiply_adds = 0
        self.elementwise = 0
        self.activations = 0

    def take(self) -> tuple[int, int, int]:
        """The three numbers; counting starts again from 0."""
        taken = (self.multiply_adds, self.elementwise, self.activations)
        self.__init__()  # type: ignore[misc]
        return taken


class _Counted(np.ndarray[Any, Any]):
    """An array whose ufunc calls are noted: results are counted arrays again."""

    tally: Tally

    def __array_finalize__(self, obj: Any) -> None:
        self.tally = getattr(obj, "tally", None)  # type: ignore[assignment]

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        plain = [np.asarray(part) for part in inputs]
        if "out" in options:
            options["out"] = tuple(np.asarray(part) for part in options["out"])
        result = np.asarray(getattr(ufunc, method)(*plain, **options))
        if ufunc is np.matmul:
            self.tally.multiply_adds += result.size * plain[0].shape[-1]
        elif method == "reduce":
            self.tally.elementwise += plain[0].size
        else:
            self.tally.elementwise += result.size
        return counted(result, self.tally)


def counted(array: Array, tally: Tally) -> Array:
    """A view of `array` whose operations are noted in `tally`."""
    view = array.view(_Counted)
    view.tally = tally
    return cast(Array, view)
