"""Runs of one model whose X is sampled: flows, latent variables, energies, text."""

from szilard.studies.sampled.families.held_out import HeldOut, Score
from szilard.studies.sampled.families.subject import Subject
from szilard.studies.sampled.spec import FamilySpec

__all__ = ["FamilySpec", "HeldOut", "Score", "Subject"]
