"""Nested containers: flattening, rebuilding, matching."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, defaultdict, namedtuple
from typing import Any

import numpy as np
import pytest

from chainrule.core.tree import flatten, flatten_up_to, leaves, tree_map, unflatten
from chainrule.errors import ArgumentError

Pair = namedtuple("Pair", "first second")


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    a: Any
    b: Any = 0.0


@dataclasses.dataclass
class Guarded:
    a: Any

    def __post_init__(self) -> None:
        if not hasattr(self.a, "upper"):
            raise ValueError("rebuilding a tree must not run a constructor's checks")


TREES = [
    1.0,
    None,
    [],
    (),
    {},
    [1.0, [2.0, (3.0,)], None],
    {"b": 1.0, "a": {"c": (2.0, 3.0)}},
    OrderedDict([("z", 1.0), ("y", 2.0)]),
    Pair(1.0, [2.0, 3.0]),
    Frozen([1.0], Pair(2.0, 3.0)),
    [{"w": Frozen(1.0)}, None, (None, 2.0)],
    (1.0,),
]


@pytest.mark.parametrize("tree", TREES, ids=repr)
def test_a_flattened_tree_is_rebuilt(tree: Any) -> None:
    found, structure = flatten(tree)
    rebuilt = unflatten(structure, found)
    assert rebuilt == tree
    assert type(rebuilt) is type(tree)
    assert flatten(rebuilt) == (found, structure)
    assert tree_map(lambda x: x, tree) == tree


def test_leaves_in_order() -> None:
    assert leaves({"b": 1, "a": [2, (3, None)], "c": Pair(4, Frozen(5, 6))}) == [1, 2, 3, 4, 5, 6]
    array = np.ones(3)
    assert leaves([array])[0] is array
    assert leaves("text") == ["text"]
    assert leaves(defaultdict(list, {"a": [1, 2]})) == [1, 2]


def test_rebuilding_does_not_run_constructors() -> None:
    value = Guarded("text")
    assert tree_map(lambda x: 1.0, value).a == 1.0


def test_structures_compare_and_read_well() -> None:
    assert flatten([1, 2])[1] == flatten([3, "x"])[1]
    assert flatten([1, 2])[1] != flatten((1, 2))[1]
    shown = repr(flatten({"a": [1, None], "p": Pair(1, (2,))})[1])
    assert shown == "TreeDef({'a': [*, None], 'p': Pair(*, (*,))})"


def test_wrong_numbers_of_leaves() -> None:
    structure = flatten([1, 2])[1]
    with pytest.raises(ArgumentError, match="fewer"):
        unflatten(structure, [1])
    with pytest.raises(ArgumentError, match="more"):
        unflatten(structure, [1, 2, 3])


def test_matching_another_tree() -> None:
    structure = flatten({"a": 1, "b": (2, 3)})[1]
    assert flatten_up_to(structure, {"b": ([9], 8), "a": 7}) == [7, [9], 8]
    for other in ({"a": 1}, {"a": 1, "b": (2, 3, 4)}, {"a": 1, "b": [2, 3]}, [1, 2, 3], 1.0):
        with pytest.raises(ArgumentError, match=r"must have the structure \{'a': \*, 'b'"):
            flatten_up_to(structure, other)
    with pytest.raises(ArgumentError):
        flatten_up_to(flatten(Pair(1, 2))[1], (1, 2))
    with pytest.raises(ArgumentError):
        flatten_up_to(flatten(None)[1], 0.0)


def test_mapping_over_several_trees() -> None:
    added = tree_map(lambda x, y: x + y, {"a": 1, "b": (2, 3)}, {"b": (20, 30), "a": 10})
    assert added == {"a": 11, "b": (22, 33)}
