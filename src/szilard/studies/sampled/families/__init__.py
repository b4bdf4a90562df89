"""Runs of one model whose X is sampled: flows, latent variables, energies, text."""

from szilard.studies.sampled.spec import FamilySpec
from szilard.studies.sampled.subject import HeldOut, Score, Subject

__all__ = ["FamilySpec", "HeldOut", "Score", "Subject"]
