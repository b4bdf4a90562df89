"""The trainer: a chunk of members, trained together along whichever strategy can take them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from szilard.ensemble.trainer.chunking import EvaluationSlices
from szilard.ensemble.trainer.strategy import TrainingStrategy
from szilard.errors import SpecError

_OWN: dict[str, tuple[int, ...] | None] = {"losses.since": (), "step": ()}


@final
class Trainer:
    """Members that train side by side; see :func:`~szilard.ensemble.trainer.make_trainer`.

    A member that diverges goes on with numbers that are not finite and touches no other.

    Args:
        strategy: what trains them.
        why: that strategy was taken.
        members: how many.
    """

    def __init__(self, strategy: TrainingStrategy, why: str, members: int) -> None:
        self._strategy = strategy
        self.strategy = strategy.name
        """``"fused"``, ``"compiled"``, ``"functional"`` or ``"loop"``."""
        self.why = why
        """A sentence that says why it was taken."""
        self.members = members
        self.step = 0
        """Steps done."""
        device = next(iter(strategy.stack.parameters.values())).device
        self._losses = torch.zeros(members, dtype=torch.float64, device=device)
        self._since = 0
        self._slices = EvaluationSlices(strategy.stack)

    def advance(self, steps: int) -> None:
        """Trains all members ``steps`` further; how a run is cut into calls does not change it by a bit.

        Raises:
            SpecError: if ``steps`` is negative.
        """
        if steps < 0:
            raise SpecError(f"training goes forward: advance by 0 steps or more, not {steps}.")
        if steps:
            self._strategy.train(self.step, steps, self._losses)
            self.step += steps

    def logits(self, inputs: Shaped[Tensor, inputs * input]) -> Float[Tensor, "members inputs *heads outcomes"]:
        """Logits of all members on the same inputs, in evaluation mode, in the type that the model gives.

        Inputs are evaluated slice by slice, so that what the networks make of them takes no more room for more inputs.
        """
        first, *others = self._slices.of(inputs)
        logits = self._strategy.logits(first.to(self._losses.device))
        if not others:
            return logits
        # Written in one place: small results that stay between large ones that go would break up the memory.
        whole = logits.new_empty(self.members, len(inputs), *logits.shape[2:])
        whole[:, : len(first)] = logits
        done = len(first)
        for each in others:
            whole[:, done : done + len(each)] = self._strategy.logits(each.to(self._losses.device))
            done += len(each)
        return whole

    def upcoming(self) -> tuple[Shaped[Tensor, "members batch *input"], Shaped[Tensor, "members batch *heads"]]:
        """Inputs and labels that the next step trains on."""
        return self._strategy.batches.at(self.step)

    def losses(self) -> Float[Tensor, " members"]:
        """Mean training loss of each member since this was last asked, float64; nan where no step was done."""
        mean = self._losses / self._since_steps() if self._since_steps() else torch.full_like(self._losses, torch.nan)
        self._losses.zero_()
        self._since = self.step
        return mean

    def parameters(self) -> dict[str, Float[Tensor, members * parameter]]:
        """The trained parameters as they stand, by name; not to be written to."""
        return self._strategy.parameters()

    def parameter(self, name: str) -> Float[Tensor, members * parameter]:
        """One of them, without the work that the others may take."""
        return self._strategy.parameter(name)

    def state(self) -> dict[str, Tensor]:
        """Everything that the run's future depends on, as copies on the CPU; the seeds and data excepted."""
        state = {
            **self._strategy.state(),
            "losses.sum": self._losses,
            "losses.since": torch.tensor(self._since),
            "step": torch.tensor(self.step),
        }
        return {name: value.detach().to("cpu", copy=True).contiguous() for name, value in state.items()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Goes back to what :meth:`state` gave; what follows is the same to the bit.

        Raises:
            SpecError: if it is of another model, optimiser, number of members or strategy; nothing is loaded then.
        """
        self._compare(state)
        self._strategy.load(state)
        self._losses.copy_(state["losses.sum"])
        self._since = int(state["losses.since"])
        self.step = int(state["step"])

    def _since_steps(self) -> int:
        return self.step - self._since

    def _compare(self, state: Mapping[str, Tensor]) -> None:
        expected = {**self._strategy.shapes(started=int(state.get("step", 0)) > 0), **_OWN}
        expected["losses.sum"] = (self.members,)
        for name in [*expected, *(state.keys() - expected.keys())]:
            if name not in state:
                wrong = "is missing"
            elif name not in expected:
                wrong = "has no place"
            elif expected[name] not in (None, tuple(state[name].shape)):
                wrong = f"is shaped {tuple(state[name].shape)} instead of {expected[name]}"
            else:
                continue
            raise SpecError(
                f"this checkpoint belongs to another training ({name} {wrong}): give the one that was written with this"
                " spec, or start anew."
            )
