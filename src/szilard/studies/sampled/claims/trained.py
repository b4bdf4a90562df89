"""Whether the model was really trained: its score on held-out data against that of a simple baseline."""

from __future__ import annotations

import math

from szilard.numbers import with_error
from szilard.studies.sampled.reading import SampledReading
from szilard.verdicts.finding import Concern, Finding
from szilard.verdicts.rows import difference, tested


def findings(reading: SampledReading) -> tuple[Finding, ...]:
    """The rows of this family; none where the record names no baseline."""
    held_out, baseline = reading.score("held_out"), reading.score("baseline")
    if held_out is None or baseline is None:
        return ()
    effect, interval = difference(baseline.cost, held_out.cost)
    scores = [with_error(each.cost.value, each.cost.error) for each in (held_out, baseline)]
    return (
        tested(
            "better than the baseline",
            f"held-out data are less surprising to the model than to {baseline.name}",
            "the record",
            measure=f"baseline less model, {held_out.units}",
            effect=effect,
            interval=interval,
            bound=(0.0, math.inf),
            where="at the end",
            detail=(
                f"{scores[0]} against {scores[1]} {held_out.units}: a model that loses has learned nothing "
                "worth measuring."
            ),
            concerns=Concern.COVERAGE,
        ),
    )
