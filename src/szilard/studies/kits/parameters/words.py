"""What the bursts say of the parameters as a reservoir, in sentences with numbers, for the summary and the page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from szilard.errors import RecordError
from szilard.estimate import Estimate, Kind
from szilard.numbers import number, with_error
from szilard.reservoir.replicates import fieller_interval, ratio_of_means
from szilard.studies.kits.parameters import statements as claims
from szilard.studies.kits.parameters.claims.temperatures import layer_temperatures
from szilard.studies.kits.watched.bursts import Bursts
from szilard.verdicts.bounds import FEWEST_BURSTS, LEVEL
from szilard.verdicts.finding import Finding, Verdict

if TYPE_CHECKING:
    import numpy as np

MOST_NAMED = 5
"""Layers that a sentence names."""

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

SEEN = 0.99
"""Level at which a force must differ from zero before a noise scale is made of it: pure noise has none."""

BELOW, ABOVE = 0.5, 2.0
"""Batch over noise scale within which the two count as alike."""


def in_words(bursts: Bursts, rows: tuple[Finding, ...]) -> list[tuple[str, str]]:
    """Sentences, each with a word to lead in: temperatures, the noise scale, and what the audit says of the noise.

    Args:
        bursts: of the record.
        rows: of its audit.
    """
    if bursts.records < FEWEST_BURSTS:
        return [("reservoir", bursts.too_few(FEWEST_BURSTS))]
    if bursts.silent:
        return [("noise", "none: every batch holds all the training data, so the temperature is 0.")]
    said = [
        ("temperature", _heat(bursts)),
        ("noise scale", _scale(bursts)),
        ("noise", " ".join(filter(None, [_noise(rows), _loop(rows)]))),
    ]
    return [(lead, text) for lead, text in said if text]


def _heat(bursts: Bursts) -> str:
    """How hot each layer runs, the hottest first."""
    try:
        found = layer_temperatures(bursts, bursts.late)
    except RecordError:
        return ""
    known = [layer for layer in range(bursts.groups) if math.isfinite(found[layer].value)]
    if not known:
        return f"not known. {bursts.without_temperature('No layer of it moved by a law.')}"
    order = sorted(known, key=lambda layer: -found[layer].value)
    shown = order if len(order) <= MOST_NAMED else [*order[: MOST_NAMED - 1], order[-1]]
    layers = [f"{bursts.names[layer]} {_number(found[layer])}" for layer in shown]
    if len(shown) < len(order):
        layers.insert(-1, f"… ({len(order) - len(shown)} between)")
    said = f"{', '.join(layers)} in units of the loss, {bursts.span(bursts.late)}"
    unknown = [bursts.names[layer] for layer in range(bursts.groups) if layer not in known]
    if unknown:
        said += f"; not known of {', '.join(unknown[:MOST_NAMED])}{' and others' if unknown[MOST_NAMED:] else ''}"
    if len(order) < 2 or found[order[-1]].value <= 0:
        return f"{said}."
    spread = over(found[order[0]], found[order[-1]])
    return f"{said}; hottest over coldest {with_error(spread.value, spread.error)}."


def over(hot: Estimate, cold: Estimate) -> Estimate:
    """The ratio of two positive temperatures, their errors added as if independent."""
    value = hot.value / cold.value
    error = value * math.hypot(hot.error / hot.value, cold.error / cold.value)
    return Estimate(value, error, Kind.ASYMPTOTIC, min(hot.degrees_of_freedom, cold.degrees_of_freedom))


def noise_scale(bursts: Bursts, rows: slice | np.ndarray) -> tuple[Estimate, tuple[float, float]]:
    """``tr C/‖∇U_B‖²`` of all layers together over some rows, in examples, with Fieller's interval.

    Where the force cannot be told from 0, at level :data:`SEEN`, the interval is infinite and the value undefined.

    Raises:
        RecordError: with fewer than two rows.
    """
    counts = bursts.weights
    noise, signal = (bursts.values(name)[rows] @ counts for name in ("noise_variance", "signal_variance"))
    trace = max(bursts.batch_size, 1) * noise
    if not math.isfinite(fieller_interval(trace, signal, SEEN)[1]) or signal.mean() <= 0:
        return Estimate(math.nan, math.nan, Kind.ASYMPTOTIC), (-math.inf, math.inf)
    return ratio_of_means(trace, signal), fieller_interval(trace, signal, LEVEL)


def _scale(bursts: Bursts) -> str:
    """The noise scale of the second half, and what it says of the batch."""
    if not bursts.batch_size:
        return ""
    value, (low, high) = noise_scale(bursts, bursts.late)
    batch = bursts.batch_size
    if not math.isfinite(high):
        return (
            f"no force can be told from zero over {bursts.span(bursts.late)}: at batches of {batch:,} the gradients "
            "are noise there, as far as one can see, and no noise scale is known. More bursts would tell whether a "
            "force is left."
        )
    earlier, (_, edge) = noise_scale(bursts, slice(0, bursts.records // 2))
    before = f" (first half {_number(earlier)})" if math.isfinite(edge) else ""
    if batch < BELOW * low:
        meaning = "batches far below it waste no examples: twice the batch would need nearly half the steps"
    elif batch > ABOVE * high:
        meaning = "batches far above it repeat themselves: most of the examples of a batch add nothing to its step"
    else:
        meaning = "the batch is of that order: larger ones would save steps but cost more examples"
    return f"{_number(value)} examples{before} at batches of {batch:,}: {meaning}."


def _noise(rows: tuple[Finding, ...]) -> str:
    """Whether the noise is stationary, white, of one temperature and isotropic, as the audit has it."""
    asked = {
        claims.STATIONARY.name: "stationary",
        claims.WHITE.name: "white",
        claims.ISOTROPIC.name: "isotropic",
        claims.ONE_TEMPERATURE.name: "of one temperature",
    }
    verdicts = {asked[row.name]: row.verdict for row in rows if row.name in asked}
    said = []
    for verdict, lead in ((Verdict.HELD, ""), (Verdict.FAILED, "not "), (Verdict.UNDECIDED, "undecided whether ")):
        found = [word for word in asked.values() if verdicts.get(word) is verdict]
        if found:
            said.append(lead + (f", {lead}" if verdict is Verdict.FAILED else ", ").join(found))
    return f"{'; '.join(said)}." if said else ""


def _loop(rows: tuple[Finding, ...]) -> str:
    """A warning where the loop's noise is plainly another than that of fresh batches."""
    row = next((row for row in rows if row.name == claims.LOOP.name), None)
    if row is None or row.verdict is not Verdict.FAILED:
        return ""
    return f"The loop's own differs from that of fresh batches, of which the above is made: {row.detail}"


def _number(estimate: Estimate) -> str:
    """Value and error, in powers of ten where it is small or large."""
    value, error = float(estimate.value), float(estimate.error)
    if not (math.isfinite(value) and math.isfinite(error) and error > 0):
        return number(value, 3)
    if 1e-3 <= abs(value) < 1e5:
        return with_error(value, error)
    power = math.floor(math.log10(abs(value))) if value else 0
    scaled = Estimate(value / 10.0**power, error / 10.0**power, Kind.ASYMPTOTIC)
    return f"({with_error(scaled.value, scaled.error)})·10{str(power).translate(RAISED)}"
