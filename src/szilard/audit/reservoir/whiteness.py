"""White noise (Eqs. 33–34, Fig. 3d): whether one step's noise knows of another's, and what that does to the heat."""

from __future__ import annotations

import numpy as np

from szilard.audit.bounds import COLOUR, FEWEST_BURSTS, HEATED, LEVEL
from szilard.audit.bursts import Bursts
from szilard.audit.evidence import Evidence
from szilard.audit.finding import Finding
from szilard.audit.reservoir.claims import COLOUR as TEMPERATURE
from szilard.audit.reservoir.claims import WHITE
from szilard.estimate import Estimate, format_with_error
from szilard.reservoir import largest_effect, ratio_of_means, shuffled_autocorrelation


def findings(evidence: Evidence) -> tuple[Finding, ...]:
    """The rows of this family."""
    bursts = evidence.reservoir
    assert bursts is not None
    lags = np.flatnonzero(bursts.lags > 0)
    if 0 not in bursts.lags or not len(lags):
        why = "The bursts hold no lags beyond 0: give the Reservoir measure lags=range(1, 11)."
        return tuple(claim.unchecked(why) for claim in (WHITE, TEMPERATURE))
    if bursts.records < FEWEST_BURSTS:
        return tuple(claim.unchecked(bursts.too_few(FEWEST_BURSTS)) for claim in (WHITE, TEMPERATURE))
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
    return WHITE.tested(
        measure=f"largest |autocorrelation| of {len(places)} (layers × lags), at one time",
        effect=largest.value,
        interval=(largest.low, largest.high),
        bound=(0.0, COLOUR),
        where=f"{bursts.span()}, {bursts.names[layer]}",
        detail=(
            f"ρ({bursts.lags[lag]}) = {format_with_error(worst.value, worst.error)} in {bursts.names[layer]}, pooled "
            f"over {bursts.records} bursts; looking at {len(places)} of them is allowed for."
        ),
    )


def _temperature(bursts: Bursts, lags: np.ndarray) -> Finding:
    """``2 Σ_h ρ(h)`` over the recorded lags: the share by which correlations change the temperature."""
    layers = [layer for layer in range(bursts.groups) if len(bursts.noisy(layer))]
    if not layers:
        return TEMPERATURE.unchecked("There is no noise: its variance is 0 in every layer.")
    sums = [autocorrelation(bursts, layer, list(lags), weight=2.0) for layer in layers]
    largest = largest_effect(*_columns(sums), LEVEL)
    layer, worst = layers[largest.where[0]], sums[largest.where[0]]
    return TEMPERATURE.tested(
        measure=f"largest |2 Σρ(h)| over layers, lags to {bursts.lags.max()}",
        effect=largest.value,
        interval=(largest.low, largest.high),
        bound=(0.0, HEATED),
        where=f"{bursts.span()}, {bursts.names[layer]}",
        detail=(
            f"2 Σρ = {format_with_error(worst.value, worst.error)} in {bursts.names[layer]}: T is 1 + 2 Σρ times that "
            f"of white noise. {_epochs(bursts)}"
        ),
    )


def _epochs(bursts: Bursts) -> str:
    """What shuffled epochs would leave in the recorded lags, where the record knows their length."""
    if bursts.replacement:
        return "The loop draws with replacement."
    batches, last = bursts.batches, int(bursts.lags.max())
    if batches < 2:
        return "A loop that shuffles in epochs takes all of it away over a whole epoch, which few lags cannot show."
    seen = 2 * sum(shuffled_autocorrelation(batches, lag) for lag in range(1, last + 1))
    return (
        f"Shuffled epochs of {batches:,} batches would leave {seen:.2g} up to lag {last}, and take all of it away over "
        "a whole epoch."
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
