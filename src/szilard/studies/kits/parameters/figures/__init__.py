"""The figures of the parameters as a heat reservoir: ``figure(reading)`` returns None where the record lacks it."""

from __future__ import annotations

from szilard.studies.kits.parameters.figures import (
    correlation,
    force,
    noise,
    relation,
    scale,
    temperatures,
    thermometers,
    work,
)

FAMILIES = (noise, temperatures, thermometers, correlation, scale, relation, force, work)
"""In the order of the page."""
