"""The figures of the parameters as a heat reservoir: each returns None where the record lacks what it shows."""

from __future__ import annotations

from szilard.studies.kits.parameters.figures.motion import force, relation, work
from szilard.studies.kits.parameters.figures.noise import correlation, noise, scale
from szilard.studies.kits.parameters.figures.temperatures import temperatures, thermometers

FIGURES = (noise, temperatures, thermometers, correlation, scale, relation, force, work)
"""In the order of the page."""
