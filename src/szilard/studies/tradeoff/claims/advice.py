"""What the lag at one τ foretells of the lag at others, held against doing it on the same way of the parameters."""

from __future__ import annotations

import math

import numpy as np

from szilard.estimate import Estimate
from szilard.numbers import number, percent
from szilard.studies.tradeoff.reading import State, TradeOffReading, jackknifed, over_datasets
from szilard.verdicts.bounds import ADVICE, LEVEL
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Finding

FORETELLS = Claim(
    "a lag foretells the lag of longer samplers",
    "one relaxation time, read off W_diss/W at one τ, gives the lag at another: (1 + λ)/(1 − λ), λ = exp(−τ/τ_r)",
    "theory §5, LaggedGaussian",
    "it takes several numbers of sampler steps: give sampler_steps.",
    bound=ADVICE,
)


def findings(reading: TradeOffReading) -> tuple[Finding, ...]:
    """Whether the lag at one τ foretells that at the next; none of a record without a way."""
    if not reading.whole:
        return ()
    if len(reading.sampler_steps) < 2:
        return (FORETELLS.unchecked(),)
    state = reading.adviser
    following = reading.sampler_steps[1]
    ratio = foretold(reading, state, following)
    low, high = ratio.interval(LEVEL)
    advice = reading.advice(state)
    if not advice.seen:
        return (FORETELLS.unchecked(f"no lag is seen with {state.name}: {advice.sentence}"),)
    others = [f"{number(foretold(reading, state, tau).value)} at τ = {tau}" for tau in reading.sampler_steps[2:]]
    slow = (
        f" Foretold over done: {', '.join(others)}; slow ways to relax, which one step hardly shows, stay."
        if others
        else ""
    )
    return (
        FORETELLS.tested(
            ratio.value,
            (max(low, 0.0), high),
            measure=f"foretold lag over the lag at τ = {following}",
            where=f"n = {state.updates}, second half, foretold at τ = {state.sampler_steps}",
            detail=f"{advised(reading, state)}{slow}",
        ),
    )


def advised(reading: TradeOffReading, state: State) -> str:
    """What a state's own lag advises, and what came of following it, in words."""
    advice = reading.advice(state)
    work = over_datasets(reading.late_work(state)).value
    share = advice.lag.value * reading.late_updates(state) / work
    said = (
        f"τ = {state.sampler_steps} leaves {number(advice.lag.value)} ± {number(advice.lag.error, 1)} nats of lag per "
        f"update, {percent(share)} of what perfect sampling dissipates; τ ≥ {math.ceil(advice.steps)} would leave a "
        "tenth of it."
    )
    enough = [tau for tau in reading.sampler_steps if tau >= advice.steps]
    if not enough:
        return said
    left = reading.lag_of(state, enough[0]).mean() / reading.lag_of(state, state.sampler_steps).mean()
    return f"{said} Done on the same way of the parameters, τ = {enough[0]} leaves {number(left)} of it."


def foretold(reading: TradeOffReading, state: State, sampler_steps: int) -> Estimate:
    """Lag foretold from a state's own τ over that of chains with another τ on the same way; errors over data sets."""
    own, other = (reading.lag_of(state, tau) for tau in (state.sampler_steps, sampler_steps))
    work = reading.late_work(state)

    def of(weights: np.ndarray) -> float:
        mean = [float(weights @ values) for values in (own, other, work)]
        return predicted(mean[0], mean[2], sampler_steps / state.sampler_steps) / mean[1]

    count = len(work)
    left = (1 - np.eye(count)) / (count - 1)
    return jackknifed(np.array([of(np.full(count, 1 / count)), *(of(each) for each in left)]))


def predicted(lag: float, work: float, times: float) -> float:
    """Lag of chains with so many times the sampler steps, from that of the present ones and the work W."""
    if lag <= 0 or work <= 0:
        return math.nan
    contraction = (lag / (lag + 2 * work)) ** times
    return 2 * work * contraction / (1 - contraction)
