"""White noise (Eqs. 33–34, Fig. 3d): whether one step's noise knows of another's, and what that does to the heat."""

from __future__ import annotations

import math

import numpy as np

from szilard.distributions import f_tail
from szilard.estimate import Estimate
from szilard.numbers import number, with_error
from szilard.reservoir.contrasts import largest_effect
from szilard.reservoir.correlation import shuffled_autocorrelation
from szilard.reservoir.replicates import ratio_of_means
from szilard.studies.kits.parameters.statements import COLOUR, WHITE
from szilard.studies.kits.watched.bursts import Bursts
from szilard.studies.kits.watched.reading import WatchedReading
from szilard.verdicts.bounds import FEWEST_BURSTS, LEVEL
from szilard.verdicts.finding import Finding, Interval
from szilard.verdicts.intervals import level_of


def findings(reading: WatchedReading) -> tuple[Finding, ...]:
    """The rows of this family."""
    bursts = reading.bursts
    assert bursts is not None
    lags = np.flatnonzero(bursts.lags > 0)
    if 0 not in bursts.lags or not len(lags):
        why = "The bursts hold no lags beyond 0: give the Reservoir measure lags=range(1, 11)."
        return tuple(claim.unchecked(why) for claim in (WHITE, COLOUR))
    if bursts.records < FEWEST_BURSTS:
        return tuple(claim.unchecked(bursts.too_few(FEWEST_BURSTS)) for claim in (WHITE, COLOUR))
    return (_white(bursts, lags), _temperature(bursts, lags))


def _white(bursts: Bursts, lags: np.ndarray) -> Finding:
    """The largest |ρ| over layers and lags, pooled over all bursts in units of each one's fresh noise."""
    layers = [layer for layer in range(bursts.groups) if len(bursts.noisy(layer))]
    places = [(layer, lag) for layer in layers for lag in lags]
    if not places:
        return WHITE.unchecked("There is no noise: its variance is 0 in every layer.")
    found = [autocorrelation(bursts, layer, [lag]) for layer, lag in places]
    largest = largest_effect(*_columns(found), LEVEL)
    layer, lag = places[largest.where[0]]
    worst = found[largest.where[0]]
    ends = [_size(*one.interval(level_of(len(places)))) for one in found]
    of_layers = [range(index * len(lags), (index + 1) * len(lags)) for index in range(len(layers))]
    return WHITE.tested(
        largest.value,
        largest.interval,
        measure=f"largest |autocorrelation| of {len(places)} (layers × lags), at one time",
        where=f"{bursts.span()}, {bursts.names[layer]}",
        detail=(
            f"ρ({bursts.lags[lag]}) = {with_error(worst.value, worst.error)} in {bursts.names[layer]}, pooled "
            f"over {bursts.records} bursts; looking at {len(places)} of them is allowed for.{_together(bursts, lags)}"
        ),
        parts=WHITE.parts(
            [bursts.names[each] for each in layers],
            [max(abs(found[at].value) for at in those) for those in of_layers],
            [(max(ends[at][0] for at in those), max(ends[at][1] for at in those)) for those in of_layers],
        ),
        among="layers",
    )


def _together(bursts: Bursts, lags: np.ndarray) -> str:
    """How likely all lags together would be under whiteness, of the layer that looks least white."""
    found = {layer: portmanteau(bursts, layer, lags) for layer in range(bursts.groups)}
    known = {layer: p for layer, p in found.items() if not math.isnan(p)}
    if not known:
        return ""
    layer = min(known, key=lambda each: known[each])
    chance = min(1.0, len(known) * known[layer])
    return (
        f" All lags together: probability {number(chance)} if every layer's noise were white, least so in "
        f"{bursts.names[layer]}."
    )


def portmanteau(bursts: Bursts, layer: int, lags: np.ndarray) -> float:
    """p-value of no covariance at any of these lags, by Hotelling's T² over bursts; NaN with too few of them.

    A burst leaves covariances, not its differences, of which :func:`~szilard.reservoir.whiteness_of_gram` makes its
    test; bursts are independent, so that their scatter tells how far covariances lie from 0.
    """
    rows = bursts.noisy(layer)
    count, size = len(rows), len(lags)
    if count < 2 * size:
        return math.nan
    covariance = bursts.values("noise_covariance")[rows, layer][:, lags]
    draws = covariance / bursts.values("noise_variance")[rows, layer, None]
    spread = np.atleast_2d(np.cov(draws.T))
    if np.linalg.matrix_rank(spread) < size:
        return math.nan
    statistic = count * float(draws.mean(0) @ np.linalg.solve(spread, draws.mean(0)))
    return f_tail(statistic * (count - size) / (size * (count - 1)), size, count - size)


def _temperature(bursts: Bursts, lags: np.ndarray) -> Finding:
    """``2 Σ_h ρ(h)``: the share by which correlations change the temperature.

    Beyond the recorded lags nothing is left of draws with replacement, and of shuffled epochs what their length says.
    Where that is not known, both are allowed for.
    """
    layers = [layer for layer in range(bursts.groups) if len(bursts.noisy(layer))]
    if not layers:
        return COLOUR.unchecked("There is no noise: its variance is 0 in every layer.")
    sums = [autocorrelation(bursts, layer, list(lags), weight=2.0) for layer in layers]
    level, (least, most) = level_of(len(layers)), beyond(bursts)
    ends = [one.interval(level) for one in sums]
    intervals = [_size(low + least, high + most) for low, high in ends]
    effects = [abs(one.value + (least if least == most else 0.0)) for one in sums]
    layer = layers[worst := COLOUR.decisive(intervals)]
    seen = sums[worst]
    return COLOUR.tested(
        effects[worst],
        intervals[worst],
        measure=f"largest |2 Σρ(h)| over layers, lags to {bursts.lags.max()}{' and beyond' if least else ''}",
        where=f"{bursts.span()}, {bursts.names[layer]}",
        detail=(
            f"2 Σρ = {with_error(seen.value, seen.error)} over the recorded lags in {bursts.names[layer]}: T is "
            f"1 + 2 Σρ times that of white noise. {_epochs(bursts)}"
        ),
        parts=COLOUR.parts([bursts.names[each] for each in layers], effects, intervals),
        among="layers",
    )


def beyond(bursts: Bursts) -> tuple[float, float]:
    """The least and the most that ``2 Σρ`` may hold beyond the recorded lags; alike where it is known.

    At fixed parameters a shuffled epoch's noises add up to zero: ``2 Σρ = −1`` over all lags.
    """
    if bursts.replacement:
        return 0.0, 0.0
    tail = -1.0
    if bursts.batches >= 2:
        left = set(range(1, bursts.batches)) - set(bursts.lags.tolist())
        tail = 2 * sum(shuffled_autocorrelation(bursts.batches, lag) for lag in left)
    known = bursts.settings.get("replacement") is False and bursts.batches >= 2
    return (tail, tail) if known else (tail, 0.0)


def _size(low: float, high: float) -> Interval:
    """What |x| may be of an x between two ends."""
    return max(0.0, low, -high), max(abs(low), abs(high))


def _epochs(bursts: Bursts) -> str:
    """What is taken to lie beyond the recorded lags, and for which directions that matters."""
    if bursts.replacement:
        return "The loop draws with replacement."
    batches, last = bursts.batches, int(bursts.lags.max())
    if batches < 2 or bursts.settings.get("replacement") is not False:
        return (
            "How the loop draws, or how long its epochs are, is not recorded: shuffled epochs would take all of it "
            "away over a whole epoch, which few lags cannot show."
        )
    tail = beyond(bursts)[0]
    return (
        f"Shuffled epochs of {batches:,} batches leave {number(tail)} beyond lag {last}, which is counted: over an "
        "epoch their noises add up to zero. That cools directions that hardly relax within an epoch, r h M ≪ 1 (h "
        "their curvature, M the batches); where r h M ≫ 1 the temperature is that of white noise."
    )


def autocorrelation(bursts: Bursts, layer: int, lags: list[int], weight: float = 1.0) -> Estimate:
    """``weight · Σ C(h)/C(0)`` of one layer: the ratio of means over bursts, jackknifed over them.

    Each burst counts in units of its own fresh noise, which nothing of the loop's noise enters, so that loud stretches
    of the training do not speak for all of it.
    """
    rows = bursts.noisy(layer)
    covariance = bursts.values("noise_covariance")[rows, layer]
    fresh = bursts.values("noise_variance")[rows, layer]
    zero = int(np.flatnonzero(bursts.lags == 0)[0])
    return ratio_of_means(weight * covariance[:, lags].sum(1) / fresh, covariance[:, zero] / fresh)


def _columns(found: list[Estimate]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values, errors and degrees of freedom."""
    return (
        np.array([one.value for one in found]),
        np.array([one.error for one in found]),
        np.array([one.degrees_of_freedom for one in found]),
    )
