"""Which parameters a reservoir is made of, in which groups, and by which settings of the optimiser each moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor, nn

from szilard.errors import ModelError, SpecError

Grouping = str | Callable[[str], str]
SAMPLED = 4096
"""Most parameters of a group that are looked at one by one; norms are of all."""
SAMPLED_IN_ALL = 2**18
"""Most of all groups together, which bounds what the window holds of hundreds of layers."""
_FEWEST_SAMPLED = 16
_PARAMETRISED = ".parametrizations."


@final
@dataclass(frozen=True, slots=True)
class TrackedParameters:
    """The parameters of a module that the optimiser holds.

    Attributes:
        names: of the parameters, in the module's order.
        parameters: themselves.
        groups: names of the groups, in the order of their first parameter.
        group_of: the group of each parameter.
    """

    names: tuple[str, ...]
    parameters: tuple[nn.Parameter, ...]
    groups: tuple[str, ...]
    group_of: tuple[int, ...]

    @classmethod
    def of(cls, module: nn.Module, optimizer: torch.optim.Optimizer, grouping: Grouping) -> TrackedParameters:
        """Parameters that the optimiser does not hold are left out; frozen ones may be thawed later.

        Raises:
            ModelError: if nothing is left that is not frozen, or a parameter is complex.
            SpecError: if the grouping is not known, or gives something else than a name.
        """
        held = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
        found = {
            name: parameter
            for name, parameter in module.named_parameters()
            if id(parameter) in held
            and parameter.numel()
            and (parameter.requires_grad or parameter.is_floating_point())
        }
        if not any(parameter.requires_grad for parameter in found.values()):
            raise ModelError(
                "the optimiser holds no trainable parameter of the model: give the monitor the optimiser of the very "
                "model that is watched, and unfreeze what is to be trained first."
            )
        for name, parameter in found.items():
            if not parameter.is_floating_point():
                raise ModelError(f"parameter {name} is {parameter.dtype}: a temperature needs real parameters.")
        labels = [_group(name, grouping) for name in found]
        groups = tuple(dict.fromkeys(labels))
        return cls(tuple(found), tuple(found.values()), groups, tuple(groups.index(label) for label in labels))

    @property
    def sizes(self) -> np.ndarray:
        """Number of scalars in each parameter, as float64."""
        return np.array([parameter.numel() for parameter in self.parameters], dtype=np.float64)

    @property
    def counts(self) -> np.ndarray:
        """Number of scalars in each group of parameters, as float64."""
        return self.by_group(self.sizes)

    @property
    def trained(self) -> tuple[int, ...]:
        """Places of the parameters that are not frozen now."""
        return tuple(place for place, parameter in enumerate(self.parameters) if parameter.requires_grad)

    def part(self, places: Sequence[int]) -> TrackedParameters:
        """Some of the parameters, in the same groups."""
        return TrackedParameters(
            tuple(self.names[place] for place in places),
            tuple(self.parameters[place] for place in places),
            self.groups,
            tuple(self.group_of[place] for place in places),
        )

    def by_group(self, values: np.ndarray) -> np.ndarray:
        """Sums over each group's parameters of values shaped ``(…, parameters)``."""
        order, starts, present = _by_group(self.group_of)
        sums = np.zeros((*values.shape[:-1], len(self.groups)))
        sums[..., present] = np.add.reduceat(values[..., order], starts, axis=-1)
        return sums

    def spread(self, values: np.ndarray, places: Sequence[int], missing: float = 0.0) -> np.ndarray:
        """Values ``(…, part)`` of a part of the parameters as ``(…, parameters)``."""
        if len(places) == len(self.parameters):
            return values
        whole = np.full((*values.shape[:-1], len(self.parameters)), missing, dtype=values.dtype)
        whole[..., list(places)] = values
        return whole

    def sample(self, seed: int) -> ParameterSample:
        """A fixed random sample of every group's scalars, all of them where there are few."""
        generator = torch.Generator().manual_seed(seed)
        rows: list[Tensor | None] = []
        slices: list[slice] = []
        order: list[int] = []
        lengths: list[int] = []
        start = 0
        most = min(SAMPLED, max(SAMPLED_IN_ALL // len(self.groups), _FEWEST_SAMPLED))
        for group in range(len(self.groups)):
            members = [index for index, of in enumerate(self.group_of) if of == group]
            sizes = [self.parameters[index].numel() for index in members]
            chosen = _choose(sum(sizes), most, generator)
            taken, offset = 0, 0
            for index, size in zip(members, sizes, strict=True):
                own = None
                if chosen is not None:
                    own = chosen[(chosen >= offset) & (chosen < offset + size)] - offset
                    own = own.to(self.parameters[index].device)
                lengths.append(size if own is None else len(own))
                taken += lengths[-1]
                offset += size
                rows.append(own)
                order.append(index)
            slices.append(slice(start, start + taken))
            start += taken
        return ParameterSample(tuple(order), tuple(rows), tuple(lengths), tuple(slices))


@final
@dataclass(frozen=True, slots=True)
class ParameterSample:
    """Places within parameters, group after group.

    Attributes:
        order: the parameters in which they are.
        rows: for each of these the places in its flattened form; None for all.
        lengths: how many these are.
        slices: of each group in what :meth:`of` gives.
    """

    order: tuple[int, ...]
    rows: tuple[Tensor | None, ...]
    lengths: tuple[int, ...]
    slices: tuple[slice, ...]

    def of(self, tensors: Mapping[int, Tensor] | Sequence[Tensor]) -> Tensor:
        """Values of the tensors at these places, in one vector, group after group.

        Args:
            tensors: one a parameter; where they come by number, those that are missing count as zeros.
        """
        some = next(iter(tensors.values())) if isinstance(tensors, Mapping) else tensors[0]
        parts = []
        for index, rows, length in zip(self.order, self.rows, self.lengths, strict=True):
            if isinstance(tensors, Mapping) and index not in tensors:
                parts.append(some.new_zeros(length))
                continue
            flat = tensors[index].reshape(-1)
            parts.append(flat if rows is None else flat.index_select(0, rows))
        return torch.cat(parts)

    def within(self, places: Sequence[int]) -> Bool[np.ndarray, " sampled"]:
        """Which of what :meth:`of` gives lie in some of the parameters."""
        return np.repeat([index in places for index in self.order], self.lengths)

    @property
    def sizes(self) -> np.ndarray:
        """Number of places in each group of parameters, as float64."""
        return np.array([part.stop - part.start for part in self.slices], dtype=np.float64)


@cache
def _by_group(group_of: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """An order in which groups stand together, where each begins in it, and which there are."""
    order = np.argsort(group_of, kind="stable")
    present, starts = np.unique(np.array(group_of)[order], return_index=True)
    return order, starts, present


def _choose(count: int, most: int, generator: torch.Generator) -> Tensor | None:
    """Sorted places of ``most`` among ``count`` without repeats; None for all."""
    if count <= most:
        return None
    if count <= 2**22:
        return torch.randperm(count, generator=generator)[:most].sort().values
    # Repeats are rare here; a few more are drawn than needed, and those left over dropped at random.
    drawn = torch.randint(count, (most + most // 8,), generator=generator).unique()
    return drawn[torch.randperm(len(drawn), generator=generator)[:most]].sort().values


def _group(name: str, grouping: Grouping) -> str:
    if callable(grouping):
        label: Any = grouping(name)
        if not isinstance(label, str) or not label:
            raise SpecError(f"groups gave {label!r} for parameter {name!r}: let it return a name.")
        return label
    if grouping == "parameter":
        return name
    if grouping == "layer":
        return name.partition(_PARAMETRISED)[0] if _PARAMETRISED in name else name.rpartition(".")[0] or "model"
    raise SpecError(f"groups must be 'layer', 'parameter' or a function of a parameter's name, not {grouping!r}.")
