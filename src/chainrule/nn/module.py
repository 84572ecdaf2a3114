"""Modules: named parameters, buffers and sub-modules around a ``forward``.

The interface is PyTorch's. Parameters, buffers and sub-modules are ordinary attributes, noted in
three registries as they are assigned; reading them costs no more than any attribute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

import numpy as np

from chainrule.core.op import STATE
from chainrule.core.tensor import Tensor, tensor
from chainrule.errors import ArgumentError, DtypeError, ShapeError
from chainrule.nn.gradients import GradientReport, gradient_report
from chainrule.nn.parameter import Parameter
from chainrule.nn.state import KeyReport, load_into

__all__ = ["Module"]

M = TypeVar("M", bound="Module")


class _Entry(NamedTuple):
    prefix: str
    module: Module


class Module:
    """Base of all layers and networks: subclass it, assign parts, write ``forward``.

    Examples
    --------
    >>> class TwoLayer(cr.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.hidden = cr.nn.Linear(4, 8)
    ...         self.output = cr.nn.Linear(8, 2)
    ...     def forward(self, x):
    ...         return self.output(cr.relu(self.hidden(x)))
    >>> [name for name, _ in TwoLayer().named_parameters()]
    ['hidden.weight', 'hidden.bias', 'output.weight', 'output.bias']
    """

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _transient: set[str]
    _modules: dict[str, Module | None]
    _path: str
    _made_with: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        module = super().__new__(cls)
        set_plainly = object.__setattr__
        set_plainly(module, "training", True)
        set_plainly(module, "_parameters", {})
        set_plainly(module, "_buffers", {})
        set_plainly(module, "_transient", set())
        set_plainly(module, "_modules", {})
        set_plainly(module, "_path", "")
        # what it was made with: a saved model is made again from its class and these
        set_plainly(module, "_made_with", (args, kwargs))
        return module

    # ---- computing

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; to be written by each subclass."""
        raise NotImplementedError(f"{type(self).__name__} has no forward method: write one")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        stage = STATE.stage
        if stage is not None:  # a compiled form is for the mode it was staged in
            stage.modes[id(self)] = (self, self.training)
        try:
            return self.forward(*args, **kwargs)
        except (ShapeError, DtypeError) as error:
            _add_layer(error, self)
            raise

    # ---- registering

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter):
            self._forget(name, self._parameters)
            self._parameters[name] = value
            value.name = f"{self._path}.{name}" if self._path else name
        elif isinstance(value, Module):
            self._forget(name, self._modules)
            self._modules[name] = value
            value._rename(f"{self._path}.{name}" if self._path else name)
        elif name in self._parameters or name in self._modules:
            if value is not None:
                kind = "parameter" if name in self._parameters else "sub-module"
                raise DtypeError(
                    f"{name!r} is a {kind} of {type(self).__name__}; assign another one or None, "
                    f"not {type(value).__name__}. To change values: self.{name}.assign(values)"
                )
            registry: dict[str, Any] = (
                self._parameters if name in self._parameters else self._modules
            )
            registry[name] = None
        elif name in self._buffers:
            self._buffers[name] = value
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        self._forget(name)
        object.__delattr__(self, name)

    def _forget(self, name: str, but: dict[str, Any] | None = None) -> None:
        """Take a name out of the registries; ``but`` keeps it, so that its place stays."""
        registries: tuple[dict[str, Any], ...] = (self._parameters, self._buffers, self._modules)
        for registry in registries:
            if registry is not but:
                registry.pop(name, None)
        self._transient.discard(name)

    def _rename(self, path: str) -> None:
        object.__setattr__(self, "_path", path)
        for name, parameter in self._parameters.items():
            if parameter is not None:
                parameter.name = f"{path}.{name}"
        for name, module in self._modules.items():
            if module is not None:
                module._rename(f"{path}.{name}")

    def register_parameter(self, name: str, parameter: Parameter | None) -> None:
        """Add a parameter; ``None`` reserves the name (a bias that is switched off)."""
        _check_name(self, name)
        if parameter is None:
            self._parameters[name] = None
            object.__setattr__(self, name, None)
        else:
            setattr(self, name, parameter)

    def register_buffer(self, name: str, value: Any, persistent: bool = True) -> None:
        """Add a tensor that is saved with the module but not trained."""
        _check_name(self, name)
        if value is not None and not isinstance(value, Tensor):
            value = tensor(value)
        self._buffers[name] = value
        if not persistent:
            self._transient.add(name)
        object.__setattr__(self, name, value)

    def register_module(self, name: str, module: Module | None) -> None:
        """Add a sub-module under a name."""
        _check_name(self, name)
        if module is None:
            self._modules[name] = None
            object.__setattr__(self, name, None)
        else:
            setattr(self, name, module)

    add_module = register_module

    # ---- walking

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all below it, each once, with their paths."""
        seen: set[int] = set()
        stack = [_Entry(prefix, self)]
        while stack:
            path, module = stack.pop()
            if id(module) in seen:
                continue
            seen.add(id(module))
            yield path, module
            below = [
                _Entry(f"{path}.{name}" if path else name, child)
                for name, child in module._modules.items()
                if child is not None
            ]
            stack.extend(reversed(below))

    def modules(self) -> Iterator[Module]:
        """This module and all below it, each once."""
        for _, module in self.named_modules():
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly below."""
        for name, child in self._modules.items():
            if child is not None:
                yield name, child

    def children(self) -> Iterator[Module]:
        """The modules directly below."""
        for _, child in self.named_children():
            yield child

    def _named(
        self, registry: str, prefix: str, recurse: bool, repeated: bool
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        walk = self.named_modules(prefix) if recurse else iter([(prefix, self)])
        for path, module in walk:
            for name, value in getattr(module, registry).items():
                if value is None or (id(value) in seen and not repeated):
                    continue
                seen.add(id(value))
                yield (f"{path}.{name}" if path else name), value

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Paths and parameters; a shared one comes once."""
        return self._named("_parameters", prefix, recurse, not remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters, each once."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Tensor]]:
        """Paths and buffers."""
        return self._named("_buffers", prefix, recurse, False)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers, each once."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def get_submodule(self, target: str) -> Module:
        """The module at a path such as ``"encoder.0"``; ``""`` is this one."""
        found = dict(self.named_modules())
        if target not in found:
            raise ArgumentError(f"no sub-module {target!r}; there are {sorted(found)[1:]}")
        return found[target]

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path such as ``"encoder.0.weight"``."""
        found = dict(self.named_parameters(remove_duplicate=False))
        if target not in found:
            raise ArgumentError(f"no parameter {target!r}; there are {sorted(found)}")
        return found[target]

    # ---- changing

    def apply(self: M, function: Callable[[Module], Any]) -> M:
        """Call ``function`` on every module, innermost first; returns this module."""
        for module in reversed(list(self.modules())):
            function(module)
        return self

    def train(self: M, mode: bool = True) -> M:
        """Training mode: dropout drops, batch normalisation uses the batch."""
        for module in self.modules():
            object.__setattr__(module, "training", bool(mode))
        return self

    def eval(self: M) -> M:
        """Evaluation mode."""
        return self.train(False)

    def requires_grad_(self: M, requires_grad: bool = True) -> M:
        """Switch the gradients of all parameters on or off (freezing)."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters (or set them to zeros)."""
        for parameter in self.parameters():
            parameter.grad = None if set_to_none else np.zeros(parameter.shape, parameter.dtype)

    def gradient_report(self) -> GradientReport:
        """A table of the gradients the parameters hold: name, shape, norm, largest, zeros."""
        return gradient_report(self)

    def to(self: M, *args: Any, dtype: Any = None, device: Any = None) -> M:
        """Change the dtype of floating parameters and buffers. Drops their gradients."""
        for argument in args:
            if isinstance(argument, str) and argument.split(":")[0] in ("cpu", "cuda", "mps"):
                device = argument
            else:
                dtype = argument
        if device is not None and str(device) != "cpu":
            raise ArgumentError(f"device {device!r}: the library computes on the CPU")
        if dtype is None:
            return self
        dtype = np.dtype(dtype)
        if dtype.kind != "f":
            raise ArgumentError(f"a module's parameters are floating-point, not {dtype}")
        for parameter in self.parameters():
            parameter.cast(dtype)
        for module in self.modules():
            for name, buffer in module._buffers.items():
                if buffer is not None and buffer.dtype.kind == "f":
                    setattr(module, name, buffer.astype(dtype))
        return self

    def float(self: M) -> M:
        """Parameters and buffers in float32."""
        return self.to(np.float32)

    def double(self: M) -> M:
        """Parameters and buffers in float64."""
        return self.to(np.float64)

    def half(self: M) -> M:
        """Parameters and buffers in float16."""
        return self.to(np.float16)

    # ---- saving

    def state_dict(self, prefix: str = "") -> dict[str, Tensor]:
        """Values of all parameters and persistent buffers by path.

        The tensors share memory with the module's; since values are replaced and never changed
        in place, the dictionary is a snapshot.
        """
        state: dict[str, Tensor] = {}
        for path, module in self.named_modules(prefix):
            for name, value in {**module._parameters, **module._buffers}.items():
                if value is not None and name not in module._transient:
                    state[f"{path}.{name}" if path else name] = value.detach()
        return state

    def load_state_dict(self, state_dict: dict[str, Any], strict: bool = True) -> KeyReport:
        """Take over values saved by :meth:`state_dict`.

        Parameters
        ----------
        state_dict : dict of str to array_like
        strict : bool
            Whether every name must occur on both sides.

        Returns
        -------
        KeyReport
            ``missing_keys`` and ``unexpected_keys``.

        Raises
        ------
        CheckpointError
            If names or shapes do not fit. The module is then unchanged.
        """
        return load_into(self, state_dict, strict)

    # ---- showing

    def extra_repr(self) -> str:
        """What the ``repr`` shows beside the class name: the constructor's arguments."""
        return ""

    def __repr__(self) -> str:
        from chainrule.nn.display import describe

        return describe(self)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._parameters, *self._modules, *self._buffers})


def _check_name(module: Module, name: str) -> None:
    if not name or "." in name:
        raise ArgumentError(f"a part of a module cannot be named {name!r} (empty, or with a dot)")
    if hasattr(type(module), name):
        raise ArgumentError(f"{type(module).__name__} already has an attribute {name!r}")


def _add_layer(error: Exception, module: Module) -> None:
    """Name the innermost layer in the message of an error."""
    if getattr(error, "layer", None) is not None:
        return
    error.layer = module  # type: ignore[attr-defined]
    place = f"{module._path!r}, " if module._path else ""
    summary = repr(module).splitlines()[0]
    error.args = (f"{error.args[0] if error.args else ''}\n  in layer {place}{summary}",)
