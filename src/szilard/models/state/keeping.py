"""Puts back what evaluating a model changes: values, shapes and identities of tensors, plain attributes, containers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from operator import is_
from typing import Any, final
from weakref import WeakKeyDictionary, ref

import torch
from torch import Tensor, nn

from szilard.errors import ModelError
from szilard.models.sharding import Shards
from szilard.models.state.containers import refill_table
from szilard.models.state.contents import Contents
from szilard.models.state.first_values import Change, check_initialised
from szilard.models.state.tensor_copies import Scratch, TensorCopies

_SURVEYS = 4
"""Ways of evaluating a model, with different things beside it, that are remembered at a time."""
_THOROUGH = 3
"""Evaluations of a model at first in which all of it is copied, to learn which of its large tensors change."""


@final
@dataclass(slots=True)
class _Habits:
    """What is known of a model.

    Attributes:
        looked: evaluations so far, by mode.
        changing: identities of its tensors that evaluations change, of which copies are made however large they are.
        moves: whether evaluating it was ever seen to change anything.
        beside: functions that are called with it, such as ``forward=…``.
        under_way: how it was at the beginning of the blocks that it is in.
        survey: what was found in it last time, where whoever evaluates it again and again keeps that.
        scratch: memory for copies.
    """

    looked: dict[str, int] = field(default_factory=dict)
    changing: set[int] = field(default_factory=set)
    moves: bool = False
    beside: list[ref[Any]] = field(default_factory=list)
    under_way: list[_Snapshot | None] = field(default_factory=list)
    survey: ref[Survey] | None = None
    scratch: Scratch = field(default_factory=Scratch)


_HABITS: WeakKeyDictionary[nn.Module, _Habits] = WeakKeyDictionary()


@final
class Survey:
    """What a model was last found to hold, to be used again as long as it holds that, which is quickly seen.

    The model would live as long as this does, so it belongs to who keeps the model anyway: :func:`surveyed`.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[int, ...], tuple[tuple[Any, ...], Contents]] = {}

    def contents(self, *roots: Any) -> Contents:
        """All that these hold now."""
        key = tuple(map(id, roots))
        known = self._found.get(key)
        if known is None or not known[1].unchanged:
            if len(self._found) >= _SURVEYS:
                self._found.clear()
            known = self._found[key] = roots, Contents(*roots)  # with the roots, whose identities stay theirs so
        return known[1]


def surveyed(module: nn.Module) -> Survey:
    """What is found in the module when it is evaluated, remembered as long as the caller holds on to this."""
    habits = _habits_of(module)
    survey = None if habits.survey is None else habits.survey()
    if survey is None:
        survey = Survey()
        habits.survey = ref(survey)
    return survey


def accompany(module: nn.Module, function: Any) -> None:
    """Says that this, where it is any, is called with the module, so that what it holds is kept as the module's is."""
    with suppress(TypeError):  # what cannot be referred to weakly has no attributes either
        _habits_of(module).beside.append(ref(function))


def _habits_of(module: nn.Module) -> _Habits:
    habits = _HABITS.get(module)
    if habits is None:
        habits = _HABITS[module] = _Habits()
        # known to be rewritten now and then, when a row has grown too long
        habits.changing |= {id(part.weight) for part in module.modules() if getattr(part, "max_norm", None)}
    return habits


def as_at_first(module: nn.Module) -> None:
    """Puts back now what the present block has changed so far, so that the next pass sees what the first one saw.

    Raises:
        ModelError: as :func:`kept` does after its block.
    """
    habits = _HABITS.get(module)
    snapshot = habits.under_way[-1] if habits is not None and habits.under_way else None
    if habits is not None and snapshot is not None and (habits.moves or snapshot.thorough):
        changes: list[Change] = []
        snapshot.put_back(changes)
        check_initialised(module, changes)


def remembers(module: nn.Module) -> bool:
    """Whether evaluating the module was ever seen to change anything, so that its next output may be another."""
    habits = _HABITS.get(module)
    return habits is not None and habits.moves


@contextmanager
def standing_otherwise(module: nn.Module) -> Iterator[None]:
    """A block in which the module holds what is not its own on purpose, so that :func:`as_at_first` does nothing."""
    habits = _habits_of(module)
    habits.under_way.append(None)
    try:
        yield
    finally:
        habits.under_way.pop()


@contextmanager
def kept(module: nn.Module, mode: str, *beside: Any) -> Iterator[None]:
    """After the block the module, and what is beside it, hold what they held before: the same objects and values.

    Compared and put back are identities and values of parameters and buffers, in whatever way they were changed
    (versions of tensors tell only some); shapes and memory; attributes that are tensors, numbers or containers of
    them, of modules and of plain objects; closures; generators of random numbers. Of models beyond 64 KiB the largest
    tensors are copied only if the first evaluations, in which all are, changed them; of the others version, memory and
    shape are looked at.

    Args:
        module: that is evaluated in the block.
        mode: ``"evaluation"`` or ``"training"``, which change different things.
        beside: what else takes part, such as a loss with a memory.

    Raises:
        ModelError: naming the part, if a layer takes its first values from the data that it sees, or if a tensor was
            changed of which there is no copy.
    """
    habits = _habits_of(module)
    looked = habits.looked.get(mode, 0)
    habits.looked[mode] = looked + 1
    survey = (None if habits.survey is None else habits.survey()) or Survey()
    contents = survey.contents(module, *(each() for each in habits.beside), *beside)
    snapshot = _Snapshot(contents, Shards.of(module), habits, thorough=looked < _THOROUGH)
    habits.under_way.append(snapshot)
    changes: list[Change] = []
    try:
        yield
    finally:
        habits.under_way.pop()
        lost = snapshot.put_back(changes)
        snapshot.release()
    check_initialised(module, changes)
    if lost:
        names = ", ".join(repr(_name(module, tensor)) for tensor in lost)
        raise ModelError(
            f"evaluating the model changed {names}, of which there was no copy to put back, because its first "
            "evaluations left it as it was: let the forward pass leave it alone, or make a new monitor, which will "
            "keep a copy."
        )


@final
class _Snapshot:
    """All that some objects hold, to be put back; ``thorough``: with copies of all tensors, and saying what changed."""

    def __init__(self, contents: Contents, shards: Shards | None, habits: _Habits, *, thorough: bool) -> None:
        self._shards = shards
        self._contents, self._habits, self.thorough = contents, habits, thorough
        copies = contents.copies
        with torch.no_grad():
            if thorough or copies is None or not copies.free:
                copies = TensorCopies(contents.tensors, habits.changing, habits.scratch, everything=thorough)
            copies.take()
        self._tensors = copies

    def put_back(self, changes: list[Change]) -> list[Tensor]:
        """Makes everything what it was; notes what was not, and returns the tensors of which there is no copy."""
        habits = self._habits
        if self._shards is not None:
            self._shards.put_back()

        def note(tensor: Tensor, before: Tensor, after: Tensor) -> None:
            changes.append(Change(tensor, "", before, after))
            habits.changing.add(id(tensor))
            habits.moves = True

        lost = self._tensors.put_back(note if self.thorough else None)
        habits.changing |= {id(tensor) for tensor in lost}
        for owner, table, before in () if self._contents.same_tables() else self._contents.tables:
            if len(table) != len(before) or not all(map(is_, table.values(), before.values())):
                habits.moves = True
                names = [name for name in before | table if before.get(name) is not table.get(name)]
                changes += [Change(owner, str(name), before.get(name), table.get(name)) for name in names]
                refill_table(table, before)
        for container in self._contents.containers:
            if not container.same(container.table, container.before):
                habits.moves = True
                container.restore(container.table, container.before)
        return lost

    def release(self) -> None:
        """It is needed no longer, nor are its copies; those of a large model are not kept for the next time."""
        if not self.thorough:
            self._tensors.release()
            self._contents.copies = self._tensors if self._tensors.free else None


def _name(module: nn.Module, tensor: Tensor) -> str:
    """The name of a tensor of the model, as ``named_parameters`` gives it."""
    for place, part in module.named_modules():
        for table in (part._parameters, part._buffers, part.__dict__):
            for name, held in table.items():
                if held is tensor:
                    return f"{place}.{name}" if place else name
    return f"a tensor shaped {tuple(tensor.shape)}"
