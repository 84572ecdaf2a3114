"""``cr.trace``: run a function and get the graph of all it did.

A :class:`Graph` lists the nodes in order, names them as the source does, keeps every value (or
only shapes, when traced with :class:`Abstract` arguments) and gives the gradient of every
intermediate by its name.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.core import tree
from chainrule.core.graph import ALIAS, CONSTANT, INPUT, Node, ancestors
from chainrule.core.modes import enable_grad
from chainrule.core.op import Abstract, infer
from chainrule.core.reverse import pullback
from chainrule.core.source import assigned_names
from chainrule.core.staging import Stage, Update, staging
from chainrule.core.tensor import Tensor, wrap
from chainrule.errors import ArgumentError, GradientError

__all__ = ["Gate", "Graph", "check_graph", "stage", "trace"]


class Gate:
    """One node of a traced graph, seen by a user: name, value, local gradients.

    Attributes
    ----------
    name : str
    op : str
    inputs : tuple of str
        Names of the operands; constants are written out.
    value : ndarray or Abstract
    """

    def __init__(self, graph: Graph, node: Node) -> None:
        self._graph = graph
        self.node = node
        self.name = graph.names[node]
        self.op = node.op.name
        self.inputs = tuple(graph.operand(node, i) for i in range(len(node.inputs)))
        self.value = node.value

    @property
    def location(self) -> Any:
        """The source line, or ``None``."""
        return self.node.location

    def local_gradients(self) -> dict[str, Any]:
        """Derivative of this gate's output in each of its operands (SPEC B1).

        For an elementwise gate: the partial derivatives, in the output's shape. For the others:
        the Jacobian, of shape ``output.shape + operand.shape``.
        """
        node = self.node
        if isinstance(node.value, Abstract | tuple):
            raise GradientError("local gradients need the value of one output; trace with arrays")
        found: dict[str, Any] = {}
        for index, parent in enumerate(node.inputs):
            rule = node.op.rule(index)
            if parent is None or rule is None:
                continue
            partial = self._partial(rule, index)
            if partial is None:
                continue
            key = self._graph.names[parent]
            found[key] = found[key] + partial if key in found else partial
        return found

    def _partial(self, rule: Callable[..., Any], index: int) -> Any:
        node = self.node
        if node.op.elementwise:
            ones = np.ones(node.value.shape, node.value.dtype)
            partial = rule(ones, node.value, *node.values, **node.params)
            return np.broadcast_to(partial, node.value.shape).copy()
        shape = node.values[index].shape
        rows = []
        for flat in range(node.value.size):
            basis = np.zeros(node.value.shape, node.value.dtype)
            basis.flat[flat] = 1.0
            row = rule(basis, node.value, *node.values, **node.params)
            if row is None:  # the output does not depend on this operand
                return None
            rows.append(row)
        return np.array(rows).reshape(node.value.shape + shape)

    def __repr__(self) -> str:
        return f"{self.name} = {self.op}({', '.join(self.inputs)})"


class Graph(Mapping[str, Gate]):
    """Everything a function did, in order; a mapping from names to gates.

    Attributes
    ----------
    nodes : list of Node
        In order of execution: inputs, state and constants included.
    inputs, outputs : list of Node
        Leaves of the arguments; leaves of the result.
    state : list of (Tensor, str, Node)
        Tensors from outside the function, held by reference.
    updates : list of Update
        Writes to such tensors.
    absent : list of Tensor
        Tensors from outside whose gradient was asked for when they had none.
    modes : list of (module, bool)
        Modules that were called, and whether they were in training mode.
    names : dict of Node to str
    """

    def __init__(
        self,
        name: str,
        stage: Stage,
        inputs: list[Node],
        outputs: list[Node],
        in_structure: Any = None,
        out_structure: Any = None,
    ) -> None:
        self.name = name
        self.abstract = stage.abstract
        self.inputs = inputs
        self.outputs = outputs
        self.in_structure = in_structure
        self.out_structure = out_structure
        self.state: list[tuple[Tensor, str, Node]] = stage.state
        self.updates: list[Update] = stage.updates
        self.absent: list[Tensor] = stage.absent
        self.modes: list[tuple[Any, bool]] = list(stage.modes.values())
        roots = [*outputs, *(u.node for u in self.updates if u.node is not None)]
        leaves = {*inputs, *(node for _, _, node in self.state)}
        reached = set(ancestors([r for r in roots if r not in leaves], stage.start, tracked=False))
        self.nodes: list[Node] = sorted(reached | leaves, key=lambda node: node.id)
        self.names = _names(self.nodes, _source_names([*self.nodes, *stage.recorded]))
        self._by_name = {name: node for node, name in self.names.items()}

    @classmethod
    def of(cls, tensor: Tensor) -> Graph:
        """The graph from which a tensor was computed, values included.

        Parameters
        ----------
        tensor : Tensor
            One that requires gradients, such as a loss: only then is its computation recorded.

        Raises
        ------
        GradientError
            If nothing was recorded.

        Examples
        --------
        >>> x = cr.tensor(2.0, requires_grad=True)
        >>> y = x * x
        >>> print(cr.Graph.of(np.sin(y)).to_text(source=False))
        sin(%1: float64[]) -> float64[]
          y  = multiply(%1, %1)  float64[]
          %2 = sin(y)            float64[]
          return %2
        """
        root = tensor._node
        if root is None or not root.tracked:
            raise GradientError(
                "this tensor does not require gradients, so how it was computed was not recorded; "
                "cr.trace(f, *args) records whatever f does"
            )
        recorded = Stage(abstract=isinstance(root.value, Abstract))
        recorded.start = -1  # everything behind the tensor belongs to the graph
        leaves = [node for node in ancestors([root], tracked=False) if node.op is INPUT]
        return cls(root.op.name, recorded, leaves, [root])

    # ---- a mapping of names

    def __getitem__(self, name: str) -> Gate:
        try:
            return Gate(self, self._by_name[name])
        except KeyError:
            known = ", ".join(self._by_name)
            raise KeyError(f"no value is called {name!r}; there are: {known:.400}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def gradients(self, cotangent: Any = None) -> dict[str, Any]:
        """The gradient of the (first) output in every intermediate, by name (SPEC B3).

        Parameters
        ----------
        cotangent : array_like, optional
            Cotangent of the output; 1 for a scalar.
        """
        root = self.outputs[0]
        if self.abstract:
            raise GradientError("gradients need values: trace with arrays instead of Abstracts")
        if cotangent is None:
            if root.value.size != 1:
                raise GradientError(
                    f"the output has shape {root.shape}: give its cotangent, "
                    "graph.gradients(cotangent)"
                )
            cotangent = np.ones(root.shape, root.dtype)
        found = pullback(
            [node for node in self.nodes if node.tracked],
            {root: np.asarray(cotangent, root.dtype)},
            None,
            keep_all=True,
        )
        return {self.names[node]: g for node, g in found.items() if node in self.names}

    def open(self, *names: str) -> Graph:
        """This graph with the named gates replaced by their parts; without names, all that can be.

        Raises
        ------
        ArgumentError
            If there is no such gate, or it is not made of smaller ones.
        """
        from chainrule.core.gates import open_gates

        return open_gates(self, names)

    def operand(self, node: Node, index: int) -> str:
        """How operand ``index`` of a node is written: a name, or the constant itself."""
        parent = node.inputs[index]
        if parent is not None and parent in self.names:
            return self.names[parent]
        value = node.values[index]
        if isinstance(value, np.ndarray) and value.size > 4:
            return f"{value.dtype}[{', '.join(map(str, value.shape))}]"
        if isinstance(value, np.ndarray | np.generic):
            return np.array2string(np.asarray(value), separator=", ", precision=4)
        return repr(value)

    def __str__(self) -> str:
        return self.to_text()

    def to_text(self, source: bool = True) -> str:
        """The graph as a program: one line per gate; with ``source``, the lines that made them."""
        from chainrule.core.printing import to_text

        return to_text(self, source)

    def __repr__(self) -> str:
        return f"<graph {self.name}: {len(self.nodes)} nodes>"

    def to_dict(self) -> dict[str, Any]:
        """Nodes, edges, shapes, source lines (and values of small arrays) as plain data."""
        from chainrule.core.printing import to_dict

        return to_dict(self)

    def to_dot(self, gradients: Mapping[str, Any] | None = None) -> str:
        """Graphviz source, with values and gradients; see :meth:`to_svg`."""
        from chainrule.core.printing import to_dot

        return to_dot(self, gradients)

    def to_mermaid(self, gradients: Mapping[str, Any] | None = None) -> str:
        """Mermaid source, with values and gradients; see :meth:`to_svg`."""
        from chainrule.core.printing import to_mermaid

        return to_mermaid(self, gradients)

    def to_svg(self, gradients: Mapping[str, Any] | None = None) -> str:
        """A picture: gates from left to right, values above, gradients below.

        Parameters
        ----------
        gradients : mapping of str to array, optional
            What to write below each gate: :meth:`gradients` of a single number if left out, and
            nothing where the output has several elements.
        """
        from chainrule.core.svg import to_svg

        return to_svg(self, gradients)

    def _repr_html_(self) -> str:
        return self.to_svg()


def _names(nodes: Sequence[Node], wanted: dict[Node, str]) -> dict[Node, str]:
    """A unique name for every node: from the source where it gives one, else ``%1``, ``%2`` …"""
    names: dict[Node, str] = {}
    seen: Counter[str] = Counter()
    taken = {wanted[node] for node in nodes if wanted.get(node)}
    unnamed = 0
    for node in nodes:
        base = wanted.get(node)
        if base is None:
            unnamed += 1
            names[node] = f"%{unnamed}"
            continue
        seen[base] += 1
        name = base
        while seen[base] > 1 and (name == base or name in taken):
            name = f"{base}_{seen[base]}"
            if name in taken:
                seen[base] += 1
        taken.add(name)
        names[node] = name
    return names


def _source_names(nodes: Sequence[Node]) -> dict[Node, str]:
    """Names from assignments. Where one line's call made several nodes, its result has the name.

    A call of a library function made of several ops gives a run of nodes at one place of the
    source. In a loop such runs repeat; the last node of each repetition is the result.
    """
    nodes = sorted(set(nodes), key=lambda node: node.id)
    names: dict[Node, str] = {}
    run: list[Node] = []

    def close() -> None:
        # `p, q = np.split(x, 2)`: each of the results has its own name
        several = assigned_names(run[0].code, run[0].offset)
        if len(several) > 1 and len(several) == len(run):
            names.update(zip(run, several))
            return
        period = _period([node.op.name for node in run])
        for position in range(period - 1, len(run), period):
            name = run[position].name
            if name is not None:
                names[run[position]] = name

    for node in nodes:
        if node.label is not None:
            names[node] = node.label
        if node.code is None or (node.name is not None and node.op.name == "select"):
            if node.label is None and node.name is not None:
                names[node] = node.name
            continue
        if run and (run[-1].code is not node.code or run[-1].offset != node.offset):
            close()
            run = []
        run.append(node)
    if run:
        close()
    return names


def _period(words: list[str]) -> int:
    """Length of the shortest pattern of which the list is a repetition."""
    count = len(words)
    for length in range(1, count + 1):
        if count % length == 0 and words == words[:length] * (count // length):
            return length
    return count


# ---- tracing


def trace(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Graph:
    """The graph of everything ``f(*args)`` does.

    Parameters
    ----------
    f : callable
        Any function of arrays or tensors; also ``cr.grad(f)``, a module, a training step.
    *args
        Arrays, tensors, floats, or containers of them; these become the graph's inputs, and the
        function is run with their values. With :class:`Abstract` arguments (shape and dtype only)
        nothing is computed.

    Examples
    --------
    >>> def f(x, y, z):
    ...     q = x + y
    ...     return q * z
    >>> graph = cr.trace(f, -2.0, 5.0, -4.0)
    >>> print(graph.to_text(source=False))
    f(x: float64[], y: float64[], z: float64[]) -> float64[]
      q  = add(x, y)       float64[]
      %1 = multiply(q, z)  float64[]
      return %1
    >>> float(graph["q"].value), float(graph.gradients()["q"])
    (3.0, -4.0)
    """
    leaves = tree.leaves((args, kwargs))
    return stage(f, args, kwargs, abstract=any(isinstance(leaf, Abstract) for leaf in leaves))


def stage(
    f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], abstract: bool
) -> Graph:
    """The graph of ``f(*args, **kwargs)``; with ``abstract``, from shapes and dtypes only."""
    labels = _labels(f, args, kwargs)
    flat, structure = tree.flatten((args, kwargs))
    with staging(abstract) as active, enable_grad():
        inputs: list[Node] = []
        given: list[Any] = []
        for label, value in zip(labels, flat):
            if not _is_data(value):
                given.append(value)
                continue
            shown, tracked = _shown(value, abstract)
            node = Node(INPUT, (), (), {}, shown, tracked=tracked)
            node.label = label
            inputs.append(node)
            handle = wrap(shown, node)
            given.append(handle)
        new_args, new_kwargs = tree.unflatten(structure, given)
        result = f(*new_args, **new_kwargs)
        outs, out_structure = tree.flatten(result)
        outputs = [_output_node(active, out) for out in outs]
        name = getattr(f, "__name__", type(f).__name__)
        return Graph(name, active, inputs, outputs, structure, out_structure)


def _is_data(value: Any) -> bool:
    return isinstance(value, Tensor | np.ndarray | np.generic | Abstract | float) or (
        isinstance(value, int) and not isinstance(value, bool)
    )


def _shown(value: Any, abstract: bool) -> tuple[Any, bool]:
    if isinstance(value, Tensor):
        value = value._value
    if not isinstance(value, Abstract):
        given, value = value, np.asarray(value)
        if value is not given:
            value.setflags(write=False)  # Note [Scalars do not change], tensor.py
        if value.dtype.kind not in "fiub":
            raise ArgumentError(f"a graph's inputs are real arrays, not {value.dtype}")
    if abstract and not isinstance(value, Abstract):
        value = Abstract(value.shape, value.dtype)
    return value, value.dtype.kind == "f"


def _output_node(active: Stage, out: Any) -> Node:
    if isinstance(out, Tensor):
        node = active.resolve(out)._node
    else:
        node = active.constant(np.asarray(out))._node
    assert node is not None
    return node


def _labels(f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[str]:
    """Names of the leaves of the arguments: ``x``, ``params.w``, ``layers.0.b``."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    names: list[str] = []
    for position in range(len(args)):
        if position < len(parameters) and parameters[position].kind not in (
            inspect.Parameter.VAR_POSITIONAL,
            inspect.Parameter.KEYWORD_ONLY,
        ):
            names.append(parameters[position].name)
        else:
            names.append(f"arg{position}")
    labels: list[str] = []
    for name, value in zip(names, args):
        labels += _paths(name, tree.flatten(value)[1])
    for name, value in kwargs.items():
        labels += _paths(name, tree.flatten(value)[1])
    return labels


def _paths(prefix: str, definition: tree.TreeDef) -> list[str]:
    if definition.kind == "leaf":
        return [prefix]
    keys: Sequence[Any]
    if definition.kind == "dict":
        keys = definition.meta[1]
    elif definition.kind == "namedtuple":
        keys = definition.meta._fields
    elif definition.kind == "dataclass":
        keys = list(definition.meta.__dataclass_fields__)
    else:
        keys = range(len(definition.children))
    found: list[str] = []
    for key, child in zip(keys, definition.children):
        found += _paths(f"{prefix}.{key}", child)
    return found


def check_graph(graph: Graph) -> None:
    """Assert that a graph is well formed: order, edges, shapes and dtypes.

    Raises
    ------
    AssertionError
        Naming the node at fault.
    """
    seen: set[Node] = set()
    for node in graph.nodes:
        for index, parent in enumerate(node.inputs):
            if parent is None:
                continue
            assert parent.id < node.id, f"{node} comes before its input {parent}"
            outer = not graph.abstract and parent.tracked and parent not in graph.names
            assert parent in seen or outer, f"{node} uses {parent}, which is not in the graph"
            operand = node.values[index]
            if not isinstance(operand, tuple):
                assert tuple(operand.shape) == tuple(parent.value.shape), f"{node}: operand {index}"
                assert operand.dtype == parent.value.dtype, f"{node}: dtype of operand {index}"
        if node.inputs and node.op is not ALIAS:
            expected = infer(node.op, node.values, node.params)
            _check_value(node, expected)
        seen.add(node)
    for out in graph.outputs:
        assert out in seen or out.op is CONSTANT, f"the output {out} is not in the graph"


def _check_value(node: Node, expected: Any) -> None:
    if isinstance(expected, tuple):
        for got, want in zip(node.value, expected):
            assert tuple(got.shape) == tuple(want.shape), f"{node}: shape, expected {want}"
            assert got.dtype == want.dtype, f"{node}: dtype, expected {want}"
        return
    assert tuple(node.value.shape) == tuple(expected.shape), f"{node}: shape, expected {expected}"
    assert node.value.dtype == expected.dtype, f"{node}: dtype, expected {expected}"
