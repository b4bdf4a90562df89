"""One state: all its members trained side by side, and the ledger of their chains at this τ and at others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from szilard.experiments.tradeoff.lagged import LaggedLedger
from szilard.experiments.tradeoff.learning import Chains, Learning, Means, State, ascended, means_of_examples
from szilard.experiments.tradeoff.learning import means_of_law as of_law
from szilard.training import streams


@final
@dataclass(frozen=True, slots=True)
class Seen:
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


def carry(
    learning: Learning, state: State, others: Sequence[int], records: Sequence[int], advance: Callable[[int], None]
) -> Seen:
    """Trains all members and follows their chains.

    ``θ ← θ + r [⟨∂ ln w⟩_data − ⟨∂ ln w⟩_chains]``, r = D/n; after each update chains take τ block-Gibbs steps under the
    new parameters.

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
    ledger = LaggedLedger(machine, [state.sampler_steps, *others])
    chains = Chains(machine, state.chains, generator) if state.chains else None

    def model() -> Means:
        return chains.means(machine) if chains else of_law(machine, ledger.laws[..., 0], ledger.states)

    wanted, rows, models, lagging = set(records), [], [], []
    for update in range(state.updates + 1):
        if update:
            data = means_of_examples(machine, learning.batch_of(generator))
            machine = ascended(machine, data, model(), rate)
            ledger.move(machine)
            if chains:
                chains.sweep(machine, state.sampler_steps)
            advance(1)
        if update in wanted:
            rows.append(ledger.row())
            models.append(ledger.log_models)
            lagging.append(torch.log(ledger.laws[..., 0]))
    return Seen(rows, torch.stack(models), torch.stack(lagging))
