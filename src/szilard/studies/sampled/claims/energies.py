"""Energies and their sampler: whether chains move and reach equilibrium, and what Z-free identities say of them."""

from __future__ import annotations

import math

import numpy as np

from szilard.estimate import Estimate, Kind
from szilard.numbers import number, percent
from szilard.studies.sampled.claims.laws import never_negative
from szilard.studies.sampled.reading import SampledReading
from szilard.verdicts.bounds import ACCEPTANCE, AGREEMENT, ANCESTORS, LEVEL, MOST_CHAINS, NEGLIGIBLE
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Concern, Finding, Verdict
from szilard.verdicts.intervals import agreement, ratio

SOURCE = "docs: dissipated work; paper §3.3"

MOVES = Claim(
    "the sampler moves",
    "the sampler accepts what it proposes often enough to move",
    SOURCE,
    measure="mean acceptance",
    bound=(ACCEPTANCE, math.inf),
    concerns=Concern.RECORD,
)
KEEPS_UP = Claim(
    "the reference keeps up",
    "the reference population relaxes faster than resampling makes copies of it",
    SOURCE,
    measure="share of its particles with ancestors of their own",
    bound=(ANCESTORS, math.inf),
    concerns=Concern.RECORD,
)
BOTH_ENDS = Claim(
    "fluctuation theorem by both ends",
    "⟨exp(−(ΔE − ΔF))⟩ = 1 with ΔF from both ends of the step: the population is that of the model",
    "docs: fluctuation theorem; paper Eqs. 20–22",
    measure="Σ(⟨exp(−(ΔE − ΔF))⟩ − 1) over max(W, |ΔS|)",
    bound=(-AGREEMENT, AGREEMENT),
    concerns=Concern.RECORD,
)
SECOND_LAW = Claim(
    "second law with a lag",
    "W_diss is not negative",
    SOURCE,
    measure="W_diss over max(W, |ΔS|)",
    bound=(-AGREEMENT, math.inf),
    concerns=Concern.RECORD,
)
JARZYNSKI = Claim(
    "Jarzynski's equality",
    "⟨exp(−(W − ΔF))⟩ = 1 over the lagging chains: the kernel leaves the model invariant, and they do not train it",
    SOURCE,
    measure="the average less 1",
    bound=(-AGREEMENT, AGREEMENT),
    concerns=Concern.RECORD,
)
LOCAL_DETAILED_BALANCE = Claim(
    "local detailed balance",
    "a relaxation and its reverse are equally frequent at equilibrium (Eq. 20)",
    "paper Eq. 20",
    measure="asymmetry in time over its scale",
    bound=(-AGREEMENT, AGREEMENT),
)
RELAXES = Claim(
    "X relaxes within an update",
    "the lag time is long enough for X to reach equilibrium after every update",
    "paper §3.3",
    measure="work of the lag over W_diss",
    bound=(-math.inf, NEGLIGIBLE),
    at_interval=True,
)
AT_REST = Claim(
    "energy at rest at the end of an update",
    "after an update's sampler steps the mean energy no longer changes",
    "paper §3.3",
    measure="energy still to relax over all that relaxes",
    bound=(-NEGLIGIBLE, NEGLIGIBLE),
    at_interval=True,
)


def findings(reading: SampledReading) -> tuple[Finding, ...]:
    """Rows on the sampler, its reference population and the lagging chains; none but of energies."""
    if reading.capability != "energetic":
        return ()
    rows = [
        _moves(reading),
        *_reference(reading),
        _fluctuation(reading),
        never_negative(SECOND_LAW, reading, "work_dissipated"),
        _jarzynski(reading),
        _balance(reading),
        _lag(reading),
    ]
    return (*rows, *_relaxed(reading))


def _moves(reading: SampledReading) -> Finding:
    said = "Chains that stand still sample nothing: take a smaller step."
    return MOVES.tested(reading.mean("acceptance"), detail=said)


def _reference(reading: SampledReading) -> tuple[Finding, ...]:
    """Resampling makes copies, which relaxing must tell apart again.

    After r resamplings within the memory of the relaxation about 1/(1 + r/2) of the particles have ancestors of their
    own (as lines of descent coalesce); a Kish share, which each resampling sets back to 1, knows nothing of that.
    """
    if not reading.has("reference_memory"):
        return ()
    memories = reading.column("reference_memory")[1:]
    memories = memories[np.isfinite(memories)]
    if not len(memories):
        return ()
    islands = reading.attributes.get("islands")
    memory = float(memories.mean())
    made = float(reading.column("resamplings")[-1]) / (islands if isinstance(islands, int) else 1)
    rate = made / (reading.records - 1)
    records = 1 / -math.log(memory) if 0 < memory < 1 else math.inf if memory >= 1 else 0.0
    share = 1 / (1 + rate * records / 2) if rate else 1.0
    return (
        KEEPS_UP.tested(
            share,
            detail=(
                f"An island is resampled at {percent(rate)} of the records, and its energies are correlated by "
                f"{memory:.2f} over a relaxation. Copies of a few ancestors err to one side, and no error bar shows "
                "it: W, ΔF and all that follows are then wrong. Give reference_steps more, or record more often."
            ),
        ),
    )


def _fluctuation(reading: SampledReading) -> Finding:
    """Here ΔF by both ends of a step (BAR) is held against the population's weights."""
    excess = reading.column("fluctuation") - 1
    error = reading.column("fluctuation_error")
    known = np.isfinite(excess) & np.isfinite(error)
    known[0] = False
    total, spread = float(excess[known].sum()), math.sqrt(float((error[known] ** 2).sum()))
    scale = reading.flow
    verdict, interval, remark = agreement(Estimate(total / scale, spread / scale, Kind.ASYMPTOTIC), AGREEMENT, LEVEL)
    return BOTH_ENDS.tested(
        total / scale,
        interval,
        detail=f"Over {int(known.sum())} jumps: {number(total)} ± {number(spread)} nat.{remark}",
        verdict=verdict,
    )


def _jarzynski(reading: SampledReading) -> Finding:
    """Judged before too few chains share the average: its error then means nothing."""
    effective = reading.column("jarzynski_effective_samples")
    chains = reading.attributes.get("chains")
    total = float(chains) if isinstance(chains, int) else float(np.nanmax(effective))
    few = np.flatnonzero(~(effective >= MOST_CHAINS * total))
    row = int(few[0]) - 1 if few.size else reading.records - 1
    average = Estimate(
        float(reading.column("jarzynski")[max(row, 0)] - 1),
        float(reading.column("jarzynski_error")[max(row, 0)]),
        Kind.ASYMPTOTIC,
    )
    verdict, interval, remark = agreement(average, AGREEMENT, LEVEL)
    if row < 1:
        row, verdict = max(row, 0), Verdict.UNDECIDED
        remark = f" Already after one update fewer than {percent(MOST_CHAINS)} of the chains share it."
    return JARZYNSKI.tested(
        average,
        interval,
        where=f"at step {int(reading.steps[row]):,}",
        detail=f"{effective[row]:.0f} effective chains there, {effective[-1]:.1f} at the end.{remark}",
        verdict=verdict,
    )


def _balance(reading: SampledReading) -> Finding:
    return LOCAL_DETAILED_BALANCE.tested(
        reading.mean("detailed_balance"),
        detail="A kernel of several blocks in a fixed order may fail it and still leave the model invariant.",
    )


def _lag(reading: SampledReading) -> Finding:
    steps = reading.attributes.get("sampler_steps")
    return RELAXES.tested(
        *ratio(reading.at("lag_work"), reading.at("work_dissipated")),
        detail=(f"At τ = {steps} sampler steps a record. " if isinstance(steps, int) else "")
        + "What an ideal sampler would have paid is W; the rest of W_diss is the price of the lag. It is negative "
        "where updates shake the model to and fro faster than lagging chains follow.",
    )


def _relaxed(reading: SampledReading) -> tuple[Finding, ...]:
    """What is left, at the end of the update, of the energy that relaxes: beyond it copies of the chains go on."""
    group, steps = reading.relaxation, reading.attributes.get("sampler_steps")
    if group is None or not isinstance(steps, int):
        return ()
    sub_steps = np.asarray(group["sub_step"].values, dtype=float)
    energies, spread = (np.asarray(group[name].values, dtype=float) for name in ("relaxation", "relaxation_error"))
    whole_rows = np.isfinite(energies).all(-1) & np.isfinite(spread).all(-1)
    if not whole_rows.any():
        return ()
    profile = energies[whole_rows].mean(0)
    error = np.sqrt((spread[whole_rows] ** 2).sum(0)) / whole_rows.sum()
    here = int(np.abs(sub_steps - steps).argmin())
    if here == len(sub_steps) - 1:
        return ()
    left = Estimate(float(profile[here] - profile[-1]), math.hypot(error[here], error[-1]), Kind.UNBIASED)
    whole = Estimate(float(profile[0] - profile[-1]), math.hypot(error[0], error[-1]), Kind.UNBIASED)
    return (
        AT_REST.tested(
            *ratio(left, whole),
            detail=(
                f"Copies of the chains went on to {sub_steps[-1]:.0f} sampler steps; {number(left.value)} ± "
                f"{number(left.error)} of {number(whole.value)} ± {number(whole.error)} nat were still to come after "
                f"{sub_steps[here]:.0f}."
            ),
        ),
    )
