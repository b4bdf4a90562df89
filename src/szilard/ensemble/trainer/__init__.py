"""Trains all members of an ensemble at once."""

from szilard.ensemble.trainer.batches import Cohort
from szilard.ensemble.trainer.choice import STRATEGIES, make_trainer
from szilard.ensemble.trainer.chunking import suggested_chunk
from szilard.ensemble.trainer.trainer import Trainer

__all__ = ["STRATEGIES", "Cohort", "Trainer", "make_trainer", "suggested_chunk"]
