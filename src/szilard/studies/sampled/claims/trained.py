"""Whether the model was really trained: its score on held-out data against that of a simple baseline."""

from __future__ import annotations

import math

from szilard.numbers import with_error
from szilard.studies.sampled.reading import SampledReading
from szilard.verdicts.claim import Claim
from szilard.verdicts.finding import Concern, Finding
from szilard.verdicts.intervals import difference

BETTER = Claim(
    "better than the baseline",
    "held-out data are less surprising to the model than to {}",
    "the record",
    bound=(0.0, math.inf),
    concerns=Concern.COVERAGE,
)


def findings(reading: SampledReading) -> tuple[Finding, ...]:
    """The rows of this family; none where the record names no baseline."""
    held_out, baseline = reading.score("held_out"), reading.score("baseline")
    if held_out is None or baseline is None:
        return ()
    scores = [with_error(each.cost.value, each.cost.error) for each in (held_out, baseline)]
    return (
        BETTER.about(baseline.name).tested(
            *difference(baseline.cost, held_out.cost),
            measure=f"baseline less model, {held_out.units}",
            where="at the end",
            detail=(
                f"{scores[0]} against {scores[1]} {held_out.units}: a model that loses has learned nothing "
                "worth measuring."
            ),
        ),
    )
