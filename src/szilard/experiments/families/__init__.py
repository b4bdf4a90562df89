"""Runs of one model whose X is sampled: flows, latent variables, energies, text."""

from szilard.experiments.families.base import FamilySpec
from szilard.experiments.families.held_out import HeldOut, Score
from szilard.experiments.families.subject import Subject

__all__ = ["FamilySpec", "HeldOut", "Score", "Subject"]
