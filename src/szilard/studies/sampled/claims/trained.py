"""Whether the model was really trained: its score on held-out data against that of a simple baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping

from szilard.estimate import Estimate, Kind, format_with_error
from szilard.studies.sampled.evidence import SampledEvidence
from szilard.verdicts.finding import Concern, Finding
from szilard.verdicts.rows import difference, tested


def findings(evidence: SampledEvidence) -> tuple[Finding, ...]:
    """The rows of this family; none where the record names no baseline."""
    held_out, baseline = (_score(evidence, name) for name in ("held_out", "baseline"))
    if held_out is None or baseline is None:
        return ()
    about = evidence.attributes["baseline"]
    effect, interval = difference(baseline, held_out)
    units = str(evidence.attributes["held_out"].get("units", "nat"))
    return (
        tested(
            "better than the baseline",
            f"held-out data are less surprising to the model than to {about.get('name', 'the baseline')}",
            "the record",
            measure=f"baseline less model, {units}",
            effect=effect,
            interval=interval,
            bound=(0.0, math.inf),
            where="at the end",
            detail=(
                f"{format_with_error(held_out.value, held_out.error)} against "
                f"{format_with_error(baseline.value, baseline.error)} {units}: a model that loses has learned nothing "
                "worth measuring."
            ),
            concerns=Concern.COVERAGE,
        ),
    )


def _score(evidence: SampledEvidence, name: str) -> Estimate | None:
    given = evidence.attributes.get(name)
    value = given.get("value") if isinstance(given, Mapping) else None
    if not isinstance(given, Mapping) or not isinstance(value, int | float):
        return None
    return Estimate(float(value), float(given.get("error") or 0.0), Kind.UNBIASED)
