"""Which result is the gradient of which input.

By name first (``dW1`` of ``W1``, ``nabla_w[0]`` of ``weights[0]``, ``grads["params"]["W"]`` …), then by
elimination and order among equal shapes, and where that leaves a choice, by value: the pairing
under which most gradients are right is the one that was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .leaves import Leaf, gradient_name, is_gradient_name, same_name
from .unclaimed import (
    alone,
    by_affix,
    by_value,
    fits,
    handed_back,
    in_place_of_unused,
    initial_values,
    is_returned,
    repeated,
)

__all__ = ["MISSING", "Pair", "fits", "named_gradient", "pair_outputs"]

#: Key of an output that the program does not return.
MISSING = "(missing)"


#: Containers of parameters that say no more than that.
_PARAMETERS = ("params", "parameters", "param", "theta", "thetas")


@dataclass(frozen=True)
class Pair:
    """An output and the input that it is the gradient of.

    Attributes
    ----------
    output : str
        Key of the output; see :func:`key`.
    leaf : int
        Number of the input.
    by_name : bool
        True if the names said so.
    """

    output: str
    leaf: int
    by_name: bool


def key(leaf: Leaf) -> str:
    """What identifies an output from one run to the next."""
    return f"{leaf.name}|{leaf.path}"


def pair_outputs(
    outputs: Sequence[Leaf],
    leaves: Sequence[Leaf],
    right: Callable[[Leaf, int], bool],
    gradient_of: dict[str, str] | None = None,
    unused: Sequence[str] = (),
) -> list[Pair]:
    """The pairs of output and input.

    Parameters
    ----------
    outputs, leaves : sequence of Leaf
        What the program returned, and its inputs.
    right : callable
        ``right(output, i)`` computes whether the output is the true gradient of input ``i``;
        asked only where names and shapes leave a choice.
    gradient_of : dict, optional
        Output names to input names, from the user.
    unused : sequence of str
        Names of gradients that the code computes but does not return.
    """
    given = _given(outputs, leaves, gradient_of or {})
    scored = []
    for o, output in enumerate(outputs):
        for i, leaf in enumerate(leaves):
            score = _score(output, leaf)
            if score > 0:
                scored.append((score, -o, -i))
    pairs: dict[int, tuple[int, bool]] = dict(given)
    taken = {i for i, _ in pairs.values()}
    for _, o, i in sorted(scored, reverse=True):
        if -o not in pairs and -i not in taken:
            pairs[-o] = (-i, True)
            taken.add(-i)
    by_name = set(pairs)
    pairs.update({o: (i, True) for o, i in by_value(outputs, leaves, pairs, right)})
    pairs.update({o: (i, True) for o, i in initial_values(outputs, leaves, pairs)})
    pairs.update(in_place_of_unused(outputs, leaves, pairs, unused))
    pairs.update({o: (i, True) for o, i in handed_back(outputs, leaves, pairs)})
    pairs.update(repeated(outputs, leaves, pairs))
    taken = {i for i, _ in pairs.values()}
    for o, i in _by_position(outputs, leaves, pairs, by_name):
        pairs[o] = (i, False)
        taken.add(i)
    rest = [
        o
        for o in range(len(outputs))
        if o not in pairs
        and _is_anonymous(outputs[o])
        and not _is_repeated(outputs[o], [outputs[p] for p in pairs])
    ]
    anonymous = list(rest)
    if not by_name and not rest:
        # Names say nothing of any: whatever has the shape of an input is compared.
        rest = [
            o for o, leaf in enumerate(outputs) if o not in pairs and "cache" not in leaf.tokens
        ]
        alike = by_affix(rest, outputs, leaves, taken, right)
        pairs.update({o: (i, True) for o, i in alike})
        taken |= {i for _, i in alike}
        rest = [o for o in rest if o not in pairs]
    free = [
        i
        for i, leaf in enumerate(leaves)
        if i not in taken and leaf.value.dtype.kind == "f" and not _is_buffer(leaf, leaves)
    ]
    sizes = {outputs[o].value.shape for o in rest}
    if not pairs and all(leaves[i].value.shape not in sizes for i in free):
        # An example typed in without a decimal point.
        free = [i for i, leaf in enumerate(leaves) if not leaf.scalar]
    found = _by_shape(rest, free, outputs, leaves, right)
    straight = _by_index(rest, free, outputs, leaves)

    def hits(some: list[tuple[int, int]]) -> int:
        return sum(right(outputs[o], i) for o, i in some)

    if straight and straight != found and hits(straight) >= hits(found):
        # A wrong shape has not made grads[1] the gradient of W[2].
        found = straight
    if not pairs and not found:
        found = alone(anonymous, outputs, leaves)
    for o, i in found:
        pairs[o] = (i, False)
    return [Pair(key(outputs[o]), i, named) for o, (i, named) in sorted(pairs.items())]


def _by_position(
    outputs: Sequence[Leaf],
    leaves: Sequence[Leaf],
    pairs: dict[int, tuple[int, bool]],
    by_name: set[int],
) -> list[tuple[int, int]]:
    """Unclaimed results of a tuple that is as long as the list of float arguments.

    A backward pass that returns one gradient per argument returns them in the order of the
    arguments; if the names that can be read agree with that, it says what the others are meant
    to be, whatever they are called.
    """
    returned = [o for o, leaf in enumerate(outputs) if is_returned(leaf)]
    arguments = [
        i
        for i, leaf in enumerate(leaves)
        if leaf.path[0] == ("item", 1) and len(leaf.path) == 2 and leaf.value.dtype.kind == "f"
    ]
    if len(returned) != len(arguments):
        return []
    named = [(o, i) for o, i in zip(returned, arguments) if o in by_name]
    agree = sum(pairs[o][0] == i for o, i in named)
    if 2 * agree < len(named) or (not named and len(returned) > 1):
        return []
    taken = {i for i, _ in pairs.values()}
    return [(o, i) for o, i in zip(returned, arguments) if o not in pairs and i not in taken]


def _is_repeated(output: Leaf, paired: Sequence[Leaf]) -> bool:
    """True if a gradient that was paired already is handed out again: collected from the layers."""
    return output.value.size > 1 and any(
        other.value.shape == output.value.shape
        and np.array_equal(other.value, output.value, equal_nan=True)
        for other in paired
    )


def _is_buffer(leaf: Leaf, leaves: Sequence[Leaf]) -> bool:
    """True for a place to put a gradient, ``self.grad_weights`` beside ``self.weights``."""
    meant = gradient_name(leaf.word)
    return any(
        other.path[:-1] == leaf.path[:-1]
        and other.value.shape == leaf.value.shape
        and any(same_name(name, other.word) for name in meant)
        for other in leaves
    )


def named_gradient(outputs: Sequence[Leaf], leaf: Leaf) -> Leaf | None:
    """The output that by its name is the gradient of `leaf`."""
    best = max(outputs, key=lambda o: _score(o, leaf), default=None)
    return best if best is not None and _score(best, leaf) > 0 else None


def _given(
    outputs: Sequence[Leaf], leaves: Sequence[Leaf], gradient_of: dict[str, str]
) -> dict[int, tuple[int, bool]]:
    found: dict[int, tuple[int, bool]] = {}
    for out_name, in_name in gradient_of.items():
        for o, output in enumerate(outputs):
            for i, leaf in enumerate(leaves):
                meant = out_name in (output.name, output.word) and in_name in (leaf.name, leaf.word)
                if meant and (output.indices == leaf.indices or out_name == output.name):
                    found.setdefault(o, (i, True))
    return found


def _is_anonymous(output: Leaf) -> bool:
    """True if the names say at most "gradients", not of what."""
    if any(isinstance(t, str) and "cache" in t.lower() for t in output.tokens):
        return False
    words = [t for t in output.tokens if isinstance(t, str)]
    return all(is_gradient_name(w) and len(w) > 3 and not _specific(w) for w in words) or not words


def _specific(word: str) -> bool:
    generic = (
        "grads",
        "grad",
        "gradients",
        "gradient",
        "nabla",
        "result",
        "out",
        "derivatives",
        "deltas",
    )
    return word.lower() not in generic


def _score(output: Leaf, leaf: Leaf) -> int:
    """How strongly the names say that `output` is the gradient of `leaf`; 0 if they do not."""
    best = 0
    if not _specific(output.word) and leaf.word.lower() in _PARAMETERS and leaf.indices:
        # self.grads[0] beside self.params[0]
        best = 65 if output.indices == leaf.indices else 0
    for o_words, prefix in _readings(output):
        agree = _agreement(o_words, [t for t in leaf.tokens if isinstance(t, str)])
        if agree:
            best = max(best, agree + prefix)
    if not best:
        return 0
    if output.indices or leaf.indices:
        a, b = output.indices, leaf.indices
        if a == b:
            best += 20
        elif a and b and (a[-len(b) :] == b or b[-len(a) :] == a):
            best += 10
        elif a and b:
            return 0
        else:
            best -= 30
    if fits(output.value.shape, leaf.value.shape):
        best += 5
    if leaf.value.dtype.kind != "f":
        best -= 8
    if any(
        is_gradient_name(w) and _specific(w) and gradient_name(w)
        for w in leaf.tokens[-1:]
        if isinstance(w, str)
    ):
        # An input that is itself called dW is a place to put gradients.
        best -= 6
    return max(best, 0)


def _readings(output: Leaf) -> list[tuple[list[str], int]]:
    """Name paths of the input that the name of an output may mean."""
    words = [t for t in output.tokens if isinstance(t, str)]
    if not words:
        return []
    last = words[-1]
    holders = words[:-1]
    readings = [(g, 10) for g in gradient_name(last)]
    if last[:1] == "g" and len(last) > 1 and not readings:
        readings.append((last[1:].lstrip("_"), 4))
    if any(is_gradient_name(h) for h in holders):
        readings.append((last, 8))
    elif output.path and isinstance(output.path[-1][1], str):
        # A dictionary of results keyed by the names of the inputs.
        readings.append((last, 3))
    outer = [gradient_name(h)[0] if gradient_name(h) else h for h in holders]
    outer = [h for h in outer if not is_gradient_name(h) or gradient_name(h)]
    return [([*outer, word], bonus) for word, bonus in readings]


def _agreement(output: list[str], leaf: list[str]) -> int:
    if not output or not leaf:
        return 0
    inner = same_name(output[-1], leaf[-1])
    if not inner:
        return 0
    holders = sum(any(same_name(a, b) for b in leaf[:-1]) for a in output[:-1])
    return (
        60
        + 10 * inner
        + 3 * holders
        - (1 if len(leaf) > 1 and leaf[0] == "self" and len(output) == 1 else 0)
    )


def _by_index(
    rest: list[int], free: list[int], outputs: Sequence[Leaf], leaves: Sequence[Leaf]
) -> list[tuple[int, int]]:
    """Results and the inputs of one list with the same indices, if most of the shapes fit."""
    mine = [outputs[o].indices for o in rest]
    if len(set(mine)) < max(len(mine), 2):
        return []
    lists: dict[tuple[object, ...], dict[tuple[int, ...], int]] = {}
    for i in free:
        lists.setdefault(leaves[i].tokens[:-1], {})[leaves[i].indices] = i
    for inputs in lists.values():
        if inputs.keys() != set(mine):
            continue
        straight = [(o, inputs[outputs[o].indices]) for o in rest]
        fitting = sum(fits(outputs[o].value.shape, leaves[i].value.shape) for o, i in straight)
        if 2 * fitting > len(straight):
            return straight
    return []


def _by_shape(
    rest: list[int],
    free: list[int],
    outputs: Sequence[Leaf],
    leaves: Sequence[Leaf],
    right: Callable[[Leaf, int], bool],
) -> list[tuple[int, int]]:
    if not rest or not free:
        return []
    choices = {
        o: [i for i in free if fits(outputs[o].value.shape, leaves[i].value.shape)] for o in rest
    }
    if len(rest) == len(free) and all(i in choices[o] for o, i in zip(rest, free)):
        # One for each, shapes in order: the order of the arguments, unless another order of equal
        # shapes is right in more places.
        straight = list(zip(rest, free))
        if len({leaves[i].value.shape for i in free}) == len(free):
            return straight
    found: list[tuple[int, int]] = []
    left = list(free)
    undecided = []
    for o in rest:
        options = [i for i in choices[o] if i in left]
        hits = [i for i in options if right(outputs[o], i)] if len(options) > 1 else options
        if hits:
            found.append((o, hits[0]))
            left.remove(hits[0])
        else:
            undecided.append(o)
    for o in undecided:
        options = [i for i in choices[o] if i in left]
        if not options:
            # A wrong shape: the transposed one, or the only one left.
            size = outputs[o].value.size
            options = [i for i in left if leaves[i].value.size == size] or (
                left if len(rest) == len(free) else []
            )
        if options:
            found.append((o, options[0]))
            left.remove(options[0])
    return found
