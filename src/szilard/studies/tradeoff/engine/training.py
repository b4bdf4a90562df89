"""One state: all its members trained side by side, and the ledger of their chains at this τ and at others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.studies.tradeoff.engine.lagged import LaggedLedger
from szilard.studies.tradeoff.engine.learning import Chains, Learning, Means, ascended, means_of_examples
from szilard.studies.tradeoff.engine.learning import means_of_law as of_law
from szilard.studies.tradeoff.spec import State
from szilard.training import streams

TOGETHER = 2**19
"""States of v and h, of all members whose states are counted together: more of them leave the processor's cache."""


@final
@dataclass(frozen=True, slots=True)
class StateSeries:
    """What came of one state.

    Attributes:
        rows: sums of the ledger at each record, by name: (members, steps), steps being this state's τ and the others,
            or (members,).
        models: ``ln p_t``, (records, members, states).
        chains: ``ln ρ_t`` at this state's τ, likewise.
    """

    rows: list[dict[str, Tensor]]
    models: Float[Tensor, "records members states"]
    chains: Float[Tensor, "records members states"]


def train_state(
    learning: Learning, state: State, others: Sequence[int], records: Sequence[int], advance: Callable[[int], None]
) -> StateSeries:
    """Trains all members and follows their chains.

    ``θ ← θ + r [⟨∂ ln w⟩_data − ⟨∂ ln w⟩_chains]``, r = D/n; after each update chains take τ block-Gibbs steps under
    the new parameters.

    Args:
        learning: what is trained on what.
        state: updates, sampler steps and chains.
        others: further τ whose chains follow the same way of the parameters, without any say in it.
        records: updates at which rows are taken, rising, the first of them 0.
        advance: called with the updates that were done.
    """
    rate = learning.distance / state.updates
    generator = streams.generator_of(learning.seed, f"{streams.ORDER} {state}")
    machine = learning.start()
    together = max(1, TOGETHER >> sum(machine.weights.shape[1:]))
    parts = [slice(first, first + together) for first in range(0, len(machine), together)]
    ledgers = [LaggedLedger(machine[part], [state.sampler_steps, *others]) for part in parts]
    chains = Chains(machine, state.chains, generator) if state.chains else None

    def model() -> Means:
        if chains:
            return chains.means(machine)
        means = [
            of_law(machine[part], each.laws[..., 0], each.states) for part, each in zip(parts, ledgers, strict=True)
        ]
        return Means(*(torch.cat(each) for each in zip(*means, strict=True)))

    wanted, rows, models, lagging = set(records), [], [], []
    for update in range(state.updates + 1):
        if update:
            data = means_of_examples(machine, learning.batch_of(generator))
            machine = ascended(machine, data, model(), rate)
            for part, ledger in zip(parts, ledgers, strict=True):
                ledger.move(machine[part])
            if chains:
                chains.sweep(machine, state.sampler_steps)
            advance(1)
        if update in wanted:
            found = [ledger.row() for ledger in ledgers]
            rows.append({name: torch.cat([row[name] for row in found]) for name in found[0]})
            models.append(torch.cat([ledger.log_models for ledger in ledgers]))
            lagging.append(torch.log(torch.cat([ledger.laws[..., 0] for ledger in ledgers])))
    return StateSeries(rows, torch.stack(models), torch.stack(lagging))
