"""Results that by their names are the gradient of no input, and what they were meant to be.

``return loss, dW, dW`` compiles, runs and trains. Which input such a result was meant for is told by
its place among the others, and by gradients that the code computes and then leaves lying about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from .leaves import Leaf, gradient_name, is_initial, same_name

__all__ = [
    "alone",
    "by_affix",
    "by_value",
    "fits",
    "handed_back",
    "in_place_of_unused",
    "initial_values",
    "is_returned",
    "repeated",
]

#: Number of an output to number of an input, and whether names said so.
Pairs = dict[int, tuple[int, bool]]


def fits(gradient: tuple[int, ...], argument: tuple[int, ...]) -> bool:
    """True if subtracting the gradient leaves the argument's shape, entry by entry.

    Examples
    --------
    >>> fits((3, 1), (3, 1)), fits((3,), (1, 3)), fits((3,), (3, 1)), fits((1, 3), (3,))
    (True, True, False, False)
    """
    if gradient == argument:
        return True
    lead = len(argument) - len(gradient)
    return lead > 0 and argument[:lead] == (1,) * lead and argument[lead:] == gradient


def is_returned(leaf: Leaf) -> bool:
    """True for the result itself, or an element of a tuple that the ``return`` displays."""
    return len(leaf.tokens) <= 1 and all(
        kind == "item" and isinstance(step, int) for kind, step in leaf.path
    )


def handed_back(
    outputs: Sequence[Leaf], leaves: Sequence[Leaf], pairs: Pairs
) -> list[tuple[int, int]]:
    """Inputs that are returned unchanged among gradients, ``return loss, dW, b``, where ``db`` was meant."""
    if not pairs:
        return []
    taken = {i for i, _ in pairs.values()}
    found = []
    for o, output in enumerate(outputs):
        if o in pairs or not is_returned(output):
            continue
        for i, leaf in enumerate(leaves):
            free = i not in taken and leaf.value.dtype.kind == "f"
            if free and leaf.word == output.word and np.array_equal(leaf.value, output.value):
                found.append((o, i))
                taken.add(i)
                break
    return found


def alone(
    anonymous: Sequence[int], outputs: Sequence[Leaf], leaves: Sequence[Leaf]
) -> list[tuple[int, int]]:
    """The one gradient of an objective that returns it beside its value, though it fits no argument.

    ``return loss, np.concatenate(grads)`` is the gradient of the first argument, unless that has
    another number of axes.
    """
    if len(anonymous) != 1 or not is_returned(outputs[anonymous[0]]):
        return []
    arguments = [
        i
        for i, leaf in enumerate(leaves)
        if leaf.path[0] == ("item", 1) and len(leaf.path) == 2 and leaf.value.dtype.kind == "f"
    ]
    axes = outputs[anonymous[0]].value.ndim
    if arguments and axes and leaves[arguments[0]].value.ndim == axes:
        return [(anonymous[0], arguments[0])]
    return []


def by_affix(
    rest: Sequence[int],
    outputs: Sequence[Leaf],
    leaves: Sequence[Leaf],
    taken: set[int],
    right: Callable[[Leaf, int], bool],
) -> list[tuple[int, int]]:
    """Results that are called like the inputs but for an affix of their own, in whatever language.

    ``abl_weights`` and ``abl_biases`` are the gradients of ``weights`` and ``biases`` if one of them
    is one; if none is, they may be anything.
    """
    families: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for o in rest:
        word = outputs[o].word
        for i, leaf in enumerate(leaves):
            if i in taken or leaf.value.dtype.kind != "f" or leaf.indices != outputs[o].indices:
                continue
            if leaf.word and word.endswith(f"_{leaf.word}"):
                families.setdefault((word[: -len(leaf.word)], ""), []).append((o, i))
            elif leaf.word and word.startswith(f"{leaf.word}_"):
                families.setdefault(("", word[len(leaf.word) :]), []).append((o, i))
    for found in families.values():
        several = len({outputs[o].word for o, _ in found}) > 1
        if several and any(right(outputs[o], i) for o, i in found):
            return found
    return []


def by_value(
    outputs: Sequence[Leaf],
    leaves: Sequence[Leaf],
    pairs: Pairs,
    right: Callable[[Leaf, int], bool],
) -> list[tuple[int, int]]:
    """Returned gradients whose names say nothing, of inputs whose derivative they are.

    ``dh_prev`` is the gradient of an input that is called ``h``.
    """
    taken = {i for i, _ in pairs.values()}
    found = []
    for o, output in enumerate(outputs):
        if o in pairs or not is_returned(output) or not gradient_name(output.word):
            continue
        if not np.any(output.value):
            continue
        for i, leaf in enumerate(leaves):
            if i in taken or leaf.value.dtype.kind != "f" or not leaf.value.size:
                continue
            if fits(output.value.shape, leaf.value.shape) and right(output, i):
                found.append((o, i))
                taken.add(i)
                break
    return found


def initial_values(
    outputs: Sequence[Leaf], leaves: Sequence[Leaf], pairs: Pairs
) -> list[tuple[int, int]]:
    """What a backward sweep ends with, ``dh``, is the gradient of what the forward one began with, ``h0``."""
    taken = {i for i, _ in pairs.values()}
    found = []
    for o, output in enumerate(outputs):
        if o in pairs or not is_returned(output):
            continue
        for i, leaf in enumerate(leaves):
            if (
                i not in taken
                and leaf.value.dtype.kind == "f"
                and fits(output.value.shape, leaf.value.shape)
                and any(is_initial(leaf.word, g) for g in gradient_name(output.word))
                and _stands_between(outputs, pairs, o, i, len(leaves))
            ):
                found.append((o, i))
                taken.add(i)
                break
    return found


def in_place_of_unused(
    outputs: Sequence[Leaf], leaves: Sequence[Leaf], pairs: Pairs, unused: Sequence[str]
) -> Pairs:
    """Pairs that follow from gradients that are computed but not returned; the results in their place.

    Of ``dx = …; dw = …; return dw, dw`` one result was meant to be ``dx``: the one that leaves the
    gradients in the order of the arguments. So was ``dout`` in ``return dout, dw``.
    """
    found: Pairs = {}
    for i in _meant(leaves, pairs, unused):
        for changed in _replacements(outputs, leaves, {**pairs, **found}, i):
            found.update(changed)
            break
    return found


def repeated(outputs: Sequence[Leaf], leaves: Sequence[Leaf], pairs: Pairs) -> Pairs:
    """Pairs for gradients that are returned twice, ``return dq, dk, dk``, where another was meant.

    Which, the order of the arguments tells: the only one that fits between those of its neighbours.
    """
    found: Pairs = {}
    for o, changed in _arrangements(outputs, pairs):
        now = {**pairs, **found, **changed}
        low, high = _neighbours(outputs, now, o, len(leaves))
        taken = {i for i, _ in now.values()}
        free = [
            i
            for i in range(low + 1, high)
            if i not in taken
            and leaves[i].value.dtype.kind == "f"
            and fits(outputs[o].value.shape, leaves[i].value.shape)
        ]
        if len(free) == 1 and o not in found:
            found.update({**changed, o: (free[0], True)})
    return found


def _meant(leaves: Sequence[Leaf], pairs: Pairs, unused: Sequence[str]) -> list[int]:
    """Inputs without a gradient whose gradient is computed: the one of each name that fits best."""
    taken = {i for i, _ in pairs.values()}
    found = []
    for name in unused:
        scored = [
            (max(same_name(g, leaf.word) for g in gradient_name(name)), -len(leaf.path), -i)
            for i, leaf in enumerate(leaves)
            if i not in taken and leaf.value.dtype.kind == "f" and not leaf.indices
        ]
        if scored and max(scored)[0]:
            found.append(-max(scored)[2])
            taken.add(found[-1])
    return found


def _replacements(
    outputs: Sequence[Leaf], leaves: Sequence[Leaf], pairs: Pairs, i: int
) -> Iterator[Pairs]:
    """Ways in which a result could stand where the gradient of input `i` was meant."""
    for o, changed in _arrangements(outputs, pairs):
        if _stands_between(outputs, {**pairs, **changed}, o, i, len(leaves)):
            yield {**changed, o: (i, True)}
    for named in (True, False):
        for o, output in enumerate(outputs):
            if o in pairs or not is_returned(output) or bool(gradient_name(output.word)) != named:
                continue
            # What is no copy of another result has to look like this gradient: it may be one more.
            like = fits(output.value.shape, leaves[i].value.shape)
            if like and _stands_between(outputs, pairs, o, i, len(leaves)):
                yield {o: (i, True)}


def _arrangements(outputs: Sequence[Leaf], pairs: Pairs) -> Iterator[tuple[int, Pairs]]:
    """Results of one name, of which only one has an input: each could be the one too many.

    The number of that one, and what changes if it is.
    """
    for o, output in enumerate(outputs):
        if o in pairs or not output.word or not is_returned(output):
            continue
        twins = [
            twin
            for twin in pairs
            if is_returned(outputs[twin])
            and outputs[twin].tokens == output.tokens
            and np.array_equal(outputs[twin].value, output.value, equal_nan=True)
        ]
        if twins:
            yield o, {}
        for twin in twins:
            yield twin, {o: pairs[twin]}


def _neighbours(outputs: Sequence[Leaf], pairs: Pairs, o: int, end: int) -> tuple[int, int]:
    """The inputs of the results before and after `o`; an empty range if they are not in order."""
    returned = [p for p, leaf in enumerate(outputs) if is_returned(leaf) and p in pairs and p != o]
    place = outputs[o].path
    claimed = [pairs[p][0] for p in returned]
    if claimed != sorted(claimed):
        return end, end
    before = [pairs[p][0] for p in returned if outputs[p].path < place]
    after = [pairs[p][0] for p in returned if outputs[p].path > place]
    return max(before, default=-1), min(after, default=end)


def _stands_between(outputs: Sequence[Leaf], pairs: Pairs, o: int, i: int, end: int) -> bool:
    low, high = _neighbours(outputs, pairs, o, end)
    return low < i < high
