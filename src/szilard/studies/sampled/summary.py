"""A single run whose X is sampled, in a screenful of plain text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from szilard.estimate import Estimate, format_with_error
from szilard.printable import printable
from szilard.studies import lines
from szilard.studies.kits.watched.words import describe
from szilard.studies.sampled.claims.advice import in_words
from szilard.studies.sampled.evidence import SampledEvidence
from szilard.verdicts.audit import Audit

if TYPE_CHECKING:
    import xarray as xr

_LEDGER = (
    ("W", "work", "work"),
    ("Q", "heat absorbed", "heat"),
    ("ΔS", "change of conditional entropy", "entropy_change"),
    ("Σ", "conditional entropy production", "ep_conditional"),
    ("L", "statistical length", "length"),
    ("S", "conditional entropy at the end", "entropy_conditional"),
    ("ΔF", "change of free energy", "free_energy_change"),
    ("W_diss", "dissipated work of lagging chains", "work_dissipated"),
)
_UNITS = {"nat**0.5": "nat^½"}
_PER = {"sequential": ", per token"}


def summarise_sampled(name: str, tree: xr.DataTree, audit: Audit) -> str:
    """What came of it, what was watched, the ledger with errors and bounds, the sampler, and what held.

    Args:
        name: of the record.
        tree: as the reader returns it.
        audit: of the same record.
    """
    evidence = SampledEvidence.of(tree)
    attributes = evidence.attributes
    text = lines.heading(name, str(attributes.get("status")))
    if said := score(attributes):
        text += [*lines.entry("outcome", said), ""]
    text += _watched(evidence)
    if evidence.records:
        text += ["", *_numbers(evidence), ""]
        for label, told in (*_samples(evidence), *_sampler(evidence), ("motion", _motion(evidence))):
            text += lines.entry(label, told) if told else []
        text += lines.entry("audit", audit.verdict)
    else:
        text += lines.entry("ledger", "no record yet that is defined.")
    warned = lines.warnings(attributes)
    if evidence.run.undefined:
        warned.append(f"{evidence.run.undefined} record(s) are undefined (NaN) and were left out.")
    text += [line for warning in warned for line in lines.entry("!", warning)]
    return "\n".join(map(printable, text))


def score(attributes: Mapping[str, Any]) -> str:
    """Held-out score against the baseline, as a sentence; empty where the record has none.

    Example:
        >>> score({"held_out": {"value": 1.5, "error": 0.01, "units": "nat"},
        ...        "baseline": {"name": "bigrams", "value": 2.0, "error": 0.01}})
        'Held-out data cost the model 1.500 ± 0.010 nat, and the baseline (bigrams) 2.000 ± 0.010: the model is better.'
    """
    held_out, baseline = lines.mapping(attributes, "held_out"), lines.mapping(attributes, "baseline")
    if not isinstance(held_out.get("value"), int | float):
        return ""
    units = str(held_out.get("units", "nat"))
    value, error = float(held_out["value"]), float(held_out.get("error") or 0.0)
    said = f"Held-out data cost the model {format_with_error(value, error)} {units}"
    if not isinstance(baseline.get("value"), int | float):
        return said + "."
    other, other_error = float(baseline["value"]), float(baseline.get("error") or 0.0)
    gap, spread = other - value, math.hypot(error, other_error)
    verdict = "the model is better" if gap > 2 * spread else "the model is worse" if gap < -2 * spread else "a tie"
    who = baseline.get("name", "the baseline")
    return f"{said}, and the baseline ({who}) {format_with_error(other, other_error)}: {verdict}."


def _watched(evidence: SampledEvidence) -> list[str]:
    steps, every = evidence.steps, evidence.attributes.get("every")
    covered = f"steps {steps[0]:,} to {steps[-1]:,} in {len(steps):,} records" if len(steps) else "nothing yet"
    interval = f"every k = {every:,} steps" if isinstance(every, int) else "the interval was not fixed yet"
    family = str(evidence.attributes.get("family") or lines.mapping(evidence.attributes, "probe").get("family") or "")
    return [
        *lines.model(evidence.attributes),
        *(lines.entry("family", f"{family} ({evidence.capability})") if family else []),
        *lines.entry("recorded", f"{covered}; {interval}"),
    ]


def _numbers(evidence: SampledEvidence) -> list[str]:
    """The ledger with signs aligned; bounded quantities as the two ends."""
    table = []
    for symbol, words, column in _LEDGER:
        if not evidence.has(column):
            continue
        estimate, attributes = evidence.at_end(column), evidence.ledger[column].attrs
        units = str(attributes.get("units", ""))
        amount, kind = format_with_error(estimate.value, estimate.error), str(attributes.get("kind", ""))
        if evidence.has(f"{column}_lower"):
            below = evidence.at_end(f"{column}_lower")
            amount, kind = f"{_short(below)} … {_short(estimate)}", "lower … upper"
        table.append(
            (symbol, words, amount if amount.startswith("-") else f" {amount}", _UNITS.get(units, units), kind)
        )
    wide = max((len(amount) for _, _, amount, _, _ in table), default=0)
    note = f"  since the first record{_PER.get(evidence.capability, '')}; ± one standard error over samples"
    return [note, ""] + [
        f"  {symbol:7}{words:34}{amount:<{wide}}  {units:6} {kind}" for symbol, words, amount, units, kind in table
    ]


def _short(estimate: Estimate) -> str:
    return format_with_error(estimate.value, estimate.error)


def _samples(evidence: SampledEvidence) -> list[tuple[str, str]]:
    """How many samples it took, and what they are worth."""
    if not evidence.has("refreshes", "samples_drawn"):
        return []
    drawn, times = (int(evidence.ledger[name].values[-1]) for name in ("samples_drawn", "refreshes"))
    least = float(np.nanmin(evidence.column("effective_sample_size")))
    return [
        ("samples", f"{drawn:,} drawn, refreshed {_times(times)}; never worth less than {least:.0%} of their number")
    ]


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _sampler(evidence: SampledEvidence) -> list[tuple[str, str]]:
    """The sampler of an energy, and whether it is long enough."""
    if evidence.capability != "energetic":
        return []
    accepted, memory = evidence.mean("acceptance"), evidence.column("autocorrelation_time")
    remembered = memory[np.isfinite(memory)]
    steps = evidence.attributes.get("sampler_steps")
    said = f"τ = {steps} steps a record, " if isinstance(steps, int) else ""
    said += f"acceptance {accepted.value:.0%}"
    if remembered.size:
        said += f", energy remembered for {np.median(remembered):.3g} steps"
    return [("sampler", said + "."), ("lag", in_words(evidence))]


def _motion(evidence: SampledEvidence) -> str:
    if not evidence.has("work_by_interval"):
        return ""
    share = evidence.run.drift_share
    return "too few jumps to tell drift from diffusion." if share is None else describe(share, evidence.run.momentum)
