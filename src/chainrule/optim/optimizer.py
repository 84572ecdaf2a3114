"""What all optimisers share: parameter groups, slots, the step, saving and loading.

An optimiser states its formula once, in :meth:`Optimizer.update`, in arithmetic that both arrays
and tensors understand. The eager step runs it on NumPy arrays; while a training step is staged for
compilation it runs on tensors, whose new values become updates of the program (see
``core/staging.py``). Values are replaced, never overwritten, so what a graph has kept stays right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.core.lib import lib
from chainrule.core.modes import enable_grad, no_grad
from chainrule.core.op import STATE
from chainrule.core.tensor import Tensor, wrap
from chainrule.errors import ArgumentError, CheckpointError

__all__ = ["Optimizer", "ParamGroup", "check_range"]


def check_range(name: str, value: Any, low: float = 0.0, high: float = float("inf")) -> None:
    """Raise unless ``low <= value < high`` (or the value is a tensor, whose value may change)."""
    if isinstance(value, Tensor):
        return
    if not low <= value < high:
        upper = "" if high == float("inf") else f" and below {high:g}"
        raise ArgumentError(f"{name} must be at least {low:g}{upper}, it is {value!r}")


class ParamGroup(dict[str, Any]):
    """Parameters and the hyperparameters they are trained with.

    A dictionary. Those numbers that schedules change (learning rate, momentum, betas) also have a
    tensor, made when first needed and kept equal, through which a compiled step reads them.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(options)
        self._mirrors: dict[str, Tensor] = {}

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        mirror = self._mirrors.get(key)
        if mirror is not None:
            mirror._value = np.asarray(value, np.float64)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """As of a dictionary."""
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def mirror(self, key: str) -> Tensor:
        """A tensor that always has the value of the entry."""
        if key not in self._mirrors:
            self._mirrors[key] = wrap(np.asarray(self[key], np.float64), None)
        return self._mirrors[key]

    def __reduce__(self) -> Any:
        return ParamGroup, (dict(self),)


class Optimizer:
    """Base of the optimisers.

    Parameters
    ----------
    params : iterable of Tensor, of (name, Tensor) pairs, or of dict
        Parameters; dictionaries are groups with hyperparameters of their own.
    defaults : dict
        Hyperparameters of groups that do not give their own.

    Attributes
    ----------
    param_groups : list of ParamGroup
        ``group["params"]`` and hyperparameters such as ``group["lr"]``.
    state : dict
        For each parameter its slots by name, as tensors.
    """

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise ArgumentError(
                "an optimiser takes an iterable of parameters, such as model.parameters(), "
                "not one tensor; write [tensor]"
            )
        self.defaults = dict(defaults)
        self.state: dict[Tensor, dict[str, Tensor]] = {}
        self.param_groups: list[ParamGroup] = []
        listed = list(params)
        if not listed:
            raise ArgumentError(
                f"{type(self).__name__} got no parameters; does the model have any, or was a "
                "generator used up before?"
            )
        if not isinstance(listed[0], dict):
            listed = [{"params": listed}]
        for group in listed:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters, with hyperparameters of their own where given."""
        params = param_group["params"]
        params = [params] if isinstance(params, Tensor) else list(params)
        names = [p[0] if isinstance(p, tuple) else getattr(p, "name", None) for p in params]
        params = [p[1] if isinstance(p, tuple) else p for p in params]
        known = {id(p) for group in self.param_groups for p in group["params"]}
        for parameter in params:
            if not isinstance(parameter, Tensor):
                raise ArgumentError(f"an optimiser changes tensors, not {type(parameter).__name__}")
            if not parameter.is_leaf:
                raise ArgumentError("an optimiser changes leaf tensors; this one was computed")
            if id(parameter) in known:
                raise ArgumentError("a parameter occurs twice; each belongs to one group")
            known.add(id(parameter))
        unknown = set(param_group) - set(self.defaults) - {"params", "name", "initial_lr"}
        if unknown:
            raise ArgumentError(
                f"{type(self).__name__} has no option {sorted(unknown)[0]!r}; "
                f"there are {sorted(self.defaults)}"
            )
        group = ParamGroup({**self.defaults, **param_group, "params": params})
        if any(names):
            group["param_names"] = names
        self.param_groups.append(group)

    # ---- what each optimiser defines

    def slots(self, parameter: Tensor, group: ParamGroup) -> dict[str, Any]:
        """Initial slots of a parameter, as arrays."""
        return {}

    def update(
        self, x: Any, g: Any, slots: dict[str, Any], group: ParamGroup
    ) -> tuple[Any, dict[str, Any]]:
        """The formula: new value and new slots.

        ``x``, ``g`` and ``slots`` are arrays, or tensors while staging. Hyperparameters that
        schedules change are read with :meth:`number` and :meth:`pair`.
        """
        raise NotImplementedError

    # ---- reading hyperparameters inside the formula

    def number(self, group: ParamGroup, key: str, x: Any) -> Any:
        """A hyperparameter: a Python number, or while staging a tensor of the dtype of ``x``."""
        value = group[key]
        if STATE.stage is not None:
            return lib.astype(value if isinstance(value, Tensor) else group.mirror(key), x.dtype)
        return float(value)

    def pair(self, group: ParamGroup, key: str, x: Any) -> tuple[Any, Any]:
        """A hyperparameter of two numbers, such as ``betas``."""
        if STATE.stage is not None:
            both = lib.astype(group.mirror(key), x.dtype)
            return both[0], both[1]
        first, second = group[key]
        return float(first), float(second)

    @staticmethod
    def weak(value: Any, x: Any) -> Any:
        """A computed scalar that takes on the dtype of ``x`` instead of widening it."""
        return lib.astype(value, x.dtype) if isinstance(value, Tensor) else float(value)

    # ---- stepping

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient.

        Parameters
        ----------
        closure : callable, optional
            Computes the loss again and its gradients; its value is returned.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        if STATE.stage is None:
            self._step_arrays()
        else:
            with no_grad():
                self._step_staged()
        return loss

    def prepare(self) -> None:
        """Make every parameter's slots now, and the tensors by which compiled steps read numbers.

        Otherwise they are made in the first step, for parameters that have gradients.
        """
        for group in self.param_groups:
            for parameter in group["params"]:
                self._slots_of(parameter, group)
            for key, value in group.items():
                numbers = value if isinstance(value, tuple) else (value,)
                if all(type(number) is float for number in numbers):
                    group.mirror(key)

    def _slots_of(self, parameter: Tensor, group: ParamGroup) -> dict[str, Tensor]:
        slots = self.state.get(parameter)
        if slots is None:
            made = self.slots(parameter, group)
            slots = {name: wrap(np.asarray(value), None) for name, value in made.items()}
            self.state[parameter] = slots
        return slots

    def _step_arrays(self) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                grad = parameter._grad
                if grad is None:
                    continue
                slots = self._slots_of(parameter, group)
                old = {name: slot._value for name, slot in slots.items()}
                new, changed = self.update(parameter._value, grad._value, old, group)
                for name, value in changed.items():
                    slots[name]._value = np.asarray(value)
                _replace(parameter, new)

    def _step_staged(self) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                grad = parameter.grad
                if grad is None:
                    continue
                slots = self._slots_of(parameter, group)
                new, changed = self.update(parameter.detach(), grad, dict(slots), group)
                for name, value in changed.items():
                    slots[name].assign(value)
                parameter.assign(new)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters (or set them to zeros)."""
        staged = STATE.stage is not None
        for group in self.param_groups:
            for parameter in group["params"]:
                if not set_to_none:
                    parameter.grad = np.zeros(parameter.shape, parameter.dtype)
                elif staged:
                    parameter.grad = None
                else:
                    parameter._grad = None

    # ---- saving

    def state_dict(self) -> dict[str, Any]:
        """Slots and hyperparameters, parameters replaced by their numbers."""
        numbers: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            for parameter in group["params"]:
                numbers.setdefault(id(parameter), len(numbers))
            saved = {key: value for key, value in group.items() if key != "params"}
            groups.append({**saved, "params": [numbers[id(p)] for p in group["params"]]})
        state = {
            numbers[id(p)]: {name: slot.detach() for name, slot in slots.items()}
            for p, slots in self.state.items()
        }
        return {"state": dict(sorted(state.items())), "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what :meth:`state_dict` returned.

        Raises
        ------
        CheckpointError
            If the groups or shapes differ; nothing is changed then.
        """
        groups = state_dict["param_groups"]
        sizes = [len(group["params"]) for group in groups]
        own = [len(group["params"]) for group in self.param_groups]
        if sizes != own:
            raise CheckpointError(
                f"the saved optimiser has groups of {sizes} parameters, this one of {own}"
            )
        loaded: list[tuple[Tensor, dict[str, Tensor]]] = []
        for group, saved in zip(self.param_groups, groups):
            for parameter, number in zip(group["params"], saved["params"]):
                slots = state_dict["state"].get(number, state_dict["state"].get(str(number)))
                if slots:
                    loaded.append((parameter, self._checked_slots(parameter, slots)))
        for group, saved in zip(self.param_groups, groups):
            group.update(
                {
                    key: tuple(value) if isinstance(value, list) and key == "betas" else value
                    for key, value in saved.items()
                    if key not in ("params", "param_names")
                }
            )
        self.state = dict(loaded)

    def _checked_slots(self, parameter: Tensor, slots: dict[str, Any]) -> dict[str, Tensor]:
        made = {}
        for name, value in slots.items():
            value = value._value if isinstance(value, Tensor) else np.asarray(value)
            if value.ndim and value.shape != parameter.shape:
                raise CheckpointError(
                    f"the saved slot {name!r} has shape {value.shape}, its parameter "
                    f"{getattr(parameter, 'name', None) or ''} {parameter.shape}"
                )
            made[name] = wrap(np.array(value), None)
        return made

    def __repr__(self) -> str:
        lines = [type(self).__name__ + "("]
        for index, group in enumerate(self.param_groups):
            count = sum(p.size for p in group["params"])
            options = ", ".join(
                f"{key}={value}"
                for key, value in group.items()
                if key not in ("params", "param_names")
            )
            lines.append(
                f"  group {index}: {len(group['params'])} tensors, {count:,} numbers; {options}"
            )
        return "\n".join([*lines, ")"])


def _replace(parameter: Tensor, value: Any) -> None:
    """``parameter.assign`` for an array of the right shape and dtype that nobody else holds."""
    if value.dtype != parameter._value.dtype or value.shape != parameter._value.shape:
        parameter.assign(wrap(value, None))
        return
    parameter._value = value
    if parameter._node is not None:
        parameter._make_leaf()
